package server

import (
	"errors"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

var errGone = errors.New("the stream is gone")

// goneStream takes nothing any more, and doesn't look at what it gets.
type goneStream struct{ grpc.ServerStream }

func (goneStream) SendMsg(any) error { return errGone }

// An answer that couldn't be sent is let go.
func TestUnsentResultsAreLetGo(t *testing.T) {
	pool := mem.NewPoisonedPool()
	frame, err := wire.NewCodec(pool).EncodeChunk(nil, nil, &pb.ChunkResult{Sequence: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := &live{grpc: goneStream{}}
	if err := l.SendResult(&frame); !errors.Is(err, errGone) || pool.Out() != 0 {
		t.Errorf("error %v, %d buffers are out", err, pool.Out())
	}
}
