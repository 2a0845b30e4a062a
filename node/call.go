package node

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/mem"
)

// CheckFrames is how many frames a node may process at most between two calls of [Call.Check]. One that takes more than a few nanoseconds for a
// sample, or reads many channels, processes fewer.
const CheckFrames = 16_384

// Host is what runs a node: the engine, or the harness of nodetest.
type Host interface {
	// Emit passes an item on; the host retains what it keeps.
	Emit(item Item) error
	// Warn records a warning for the result.
	Warn(text string)
	// Context is done when the execution is to stop.
	Context() context.Context
	// Account is charged for what the node allocates.
	Account() *mem.Account
	// Wait runs f, which waits for something outside the processor, while the compute slot is given back.
	Wait(f func(ctx context.Context) error) error
	// GiveWay lets others have the compute slot who are in a greater hurry, if any are, and returns when the execution may go on or is to stop.
	// It is called often, and must cost next to nothing where nobody is.
	GiveWay()
}

// Call is a node's handle on the execution while it processes one item or flushes. It is valid until the node
// returns and isn't safe for concurrent use.
type Call struct {
	host    Host
	scratch []*audio.Buffer
}

// NewCall makes a handle for a host; the host calls [Call.Done] after each Process or Flush and may then use it again.
func NewCall(h Host) *Call { return &Call{host: h} }

// Done releases the buffers that were made during the call. For hosts.
func (c *Call) Done() {
	for i, b := range c.scratch {
		b.Release()
		c.scratch[i] = nil
	}
	c.scratch = c.scratch[:0]
}

// Emit passes an item to every successor, or to the result. An audio buffer may be the one that came in or one made with
// this call; the node doesn't write to it afterwards.
func (c *Call) Emit(item Item) error { return c.host.Emit(item) }

// EmitAudio passes a buffer on.
func (c *Call) EmitAudio(b *audio.Buffer) error { return c.host.Emit(AudioItem(b)) }

// EmitJSON encodes v and passes it on, stamped with the media time at. Numbers that aren't finite become null where v
// says so (as a pointer); others are an error of the node.
func (c *Call) EmitJSON(v any, at audio.Stamp) error {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fault.Wrap(fault.CodeNodeFailed, err, "the result can't be encoded as JSON")
	}
	item := DataItem(text)
	item.Stamp = at
	return c.host.Emit(item)
}

// NewAudio makes a buffer of undefined samples for the node to write (through Samples) and emit. Its memory is charged to
// the execution; when that has none left, the error is to be returned.
func (c *Call) NewAudio(f audio.Format, frames int) (*audio.Buffer, error) {
	b, err := audio.NewPlanar(c.host.Account(), f, frames)
	if err != nil {
		return nil, err
	}
	return c.own(b), nil
}

// Samples returns the samples of a buffer for reading, planar, with 0 in place of what isn't finite. Where there are many to be made it checks
// between, and the error may be the reason to stop.
func (c *Call) Samples(b *audio.Buffer) ([][]float32, error) {
	before := b.Replaced()
	x, err := b.PlanarInParts(c.host.Account(), c)
	if n := b.Replaced() - before; n > 0 {
		c.Warnf("%d samples weren't finite or were denormal and were replaced by 0", n)
	}
	return x, err
}

// Writable returns a buffer with the content of b whose samples may be written: b itself where nobody else holds it.
func (c *Call) Writable(b *audio.Buffer) (*audio.Buffer, [][]float32, error) {
	if _, err := c.Samples(b); err != nil {
		return nil, nil, err
	}
	w, x, err := b.Writable(c.host.Account())
	if err != nil {
		return nil, nil, err
	}
	return c.own(w), x, nil
}

// Adopt makes the call the owner of a buffer that the node made by other means, so that it is released after return.
func (c *Call) Adopt(b *audio.Buffer) *audio.Buffer { return c.own(b) }

// Account is charged for memory that a node keeps beyond its buffers.
func (c *Call) Account() *mem.Account { return c.host.Account() }

// Check lets a live chunk that waits for the processor go first, where the execution isn't one itself, and returns the reason to stop, or nil.
// A loop over samples calls it at least every [CheckFrames] frames, and one that takes long for a frame more often: a chunk waits no longer than it
// takes between two calls, which is to be a few hundred microseconds at most. It costs a few nanoseconds.
func (c *Call) Check() error {
	c.host.GiveWay()
	ctx := c.host.Context()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
		return nil
	}
}

// Warnf records a warning for the result.
func (c *Call) Warnf(format string, args ...any) { c.host.Warn(fmt.Sprintf(format, args...)) }

// Sleep waits, with the compute slot given back, and returns the reason to stop when there is one first.
func (c *Call) Sleep(d time.Duration) error {
	return c.Wait(func(ctx context.Context) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// Wait runs f, which waits for something outside the processor, while the compute slot is given back.
func (c *Call) Wait(f func(ctx context.Context) error) error { return c.host.Wait(f) }

func (c *Call) own(b *audio.Buffer) *audio.Buffer {
	c.scratch = append(c.scratch, b)
	return b
}
