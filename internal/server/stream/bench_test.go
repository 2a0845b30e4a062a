package stream

import (
	"context"
	"io"
	"testing"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// direct is a client without a transport, who sends a chunk when the last one is answered.
type direct struct {
	*peer
	next     chan *pb.StreamRequest
	answered chan struct{}
}

func (d *direct) Recv() (*pb.StreamRequest, error) {
	if r, ok := <-d.next; ok {
		return r, nil
	}
	return nil, io.EOF
}

func (d *direct) Send(*pb.StreamResponse) error { return nil }

func (d *direct) SendResult(*wire.Frame) error {
	d.answered <- struct{}{}
	return nil
}

func (d *direct) Result(*pb.ChunkResult, *engine.Session, *engine.Output) (wire.Frame, error) {
	return wire.Frame{}, nil
}

// BenchmarkChunk is what the way of a chunk from the receiver through the session to its answer costs by itself.
func BenchmarkChunk(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	d := &direct{&peer{engine: engine.New(engine.Options{}), ctx: ctx}, make(chan *pb.StreamRequest, 1), make(chan struct{}, 1)}
	ended := make(chan error)
	go func() { ended <- Run(d, d, Options{}) }()
	d.next <- request(pipeline("a:Pass", "b:Pass", "a>b"))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		d.next <- request(&pb.JsonChunk{NodeId: "a", Sequence: uint64(i), Json: "1"})
		<-d.answered
	}
	b.StopTimer()
	close(d.next)
	if err := <-ended; err != nil {
		b.Error(err)
	}
}
