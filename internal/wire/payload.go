package wire

import (
	"unsafe"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Payloads own the pooled buffers in which the samples of a message lie. The zero value owns none, as for a message that the
// standard codec read: its samples belong to the garbage collector. Not safe for concurrent use.
type Payloads struct {
	pool   *mem.Pool
	bufs   []*[]byte
	inline [1]*[]byte // most messages have one
}

// gather copies the next n bytes of a message, which must be there, into a buffer of the pool: the only copy on the way in.
func (p *Payloads) gather(pool *mem.Pool, c *cursor, n int) []byte {
	buf := pool.Get(n)
	c.copy(*buf)
	if p.bufs == nil {
		p.bufs = p.inline[:0]
	}
	p.pool, p.bufs = pool, append(p.bufs, buf)
	return *buf
}

// take gives up the buffer that some samples lie in, nil for none.
func (p *Payloads) take(samples []byte) *[]byte {
	for i, buf := range p.bufs {
		if buf != nil && unsafe.SliceData(*buf) == unsafe.SliceData(samples) {
			p.bufs[i] = nil
			return buf
		}
	}
	return nil
}

// Release gives back what nobody took. The message's samples must not be used afterwards.
func (p *Payloads) Release() {
	for i, buf := range p.bufs {
		if buf != nil {
			p.pool.Put(buf)
		}
		p.bufs[i] = nil
	}
	p.bufs = p.bufs[:0]
}

// Audio adopts the samples of a buffer that [CheckAudio] has passed into the account, without copying them: they go back to the pool
// when the audio is released. The account's pool must be the codec's. Afterwards the message has no samples. The error is a
// *mem.LimitError. HasTime reports whether the client gave a media time.
func (p *Payloads) Audio(in *pb.AudioBuffer, account *mem.Account) (b *audio.Buffer, hasTime bool, err error) {
	if b, err = p.adopt(in, account); err != nil {
		return nil, false, err
	}
	in.Samples = nil // the buffer alone holds them now, and lets go when it can
	b.Stamp = audio.Stamp{Position: in.GetPositionFrames(), Micros: in.GetTimestampUs(), StreamID: in.GetStreamId()}
	if len(in.GetMetadataJson()) > 0 {
		b.Metadata = in.GetMetadataJson()
	}
	return b, in.GetTimestampUs() != 0, nil
}

func (p *Payloads) adopt(in *pb.AudioBuffer, account *mem.Account) (*audio.Buffer, error) {
	if buf := p.take(in.GetSamples()); buf != nil {
		b, err := audio.FromPooled(formatOf(in), account, buf)
		if err != nil {
			p.pool.Put(buf)
		}
		return b, err
	}
	block, err := account.Adopt(in.GetSamples(), nil)
	if err != nil {
		return nil, err
	}
	b, err := audio.FromWire(formatOf(in), block)
	if err != nil {
		block.Release()
	}
	return b, err
}
