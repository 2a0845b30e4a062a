package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes"
)

// slowStream is a call whose request is there after some time.
type slowStream struct {
	grpc.ServerStream
	after time.Duration
	codec *wire.Codec
	raw   []byte
}

func (*slowStream) Context() context.Context { return context.Background() }

func (s *slowStream) RecvMsg(m any) error {
	time.Sleep(s.after)
	return s.codec.Unmarshal(grpcmem.BufferSlice{grpcmem.SliceBuffer(s.raw)}, m)
}

func (*slowStream) SendMsg(any) error { return nil }

// A request that comes after its time holds no memory, and one that comes in time is the handler's.
func TestALateRequestIsLetGo(t *testing.T) {
	raw, err := proto.Marshal(&pb.ExecuteRequest{AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: make([]byte, 5000)}}})
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := node.NewCatalog("test", nil)
	if err != nil {
		t.Fatal(err)
	}
	for after, late := range map[time.Duration]bool{time.Second: false, time.Minute: true} {
		synctest.Test(t, func(t *testing.T) {
			pool := mem.NewPoisonedPool()
			s, err := New(Options{Engine: engine.New(engine.Options{Pool: pool}), Catalog: catalog})
			if err != nil {
				t.Fatal(err)
			}
			in := &wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true}
			done := false
			err = s.serve(t.Context(), &slowStream{after: after, codec: s.codec, raw: raw}, in, doing(func() (any, error) {
				if done = true; pool.Out() != 1 {
					t.Errorf("%d buffers are out for one input", pool.Out())
				}
				in.Release()
				return nil, nil
			}))
			var f *fault.Error
			if late != (errors.As(err, &f) && f.Code == fault.CodeTimeLimit) || !late && err != nil {
				t.Errorf("after %v: error %v", after, err)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if done == late {
				t.Errorf("after %v: the work was done: %t", after, done)
			}
			if pool.Out() != 0 {
				t.Errorf("after %v: %d buffers are out", after, pool.Out())
			}
			s.Stop()
		})
	}
}

// BenchmarkCallWithoutTransport is what a call costs from its handler's start to its encoded answer, with a goroutine that stands for
// the one that the transport makes.
func BenchmarkCallWithoutTransport(b *testing.B) {
	catalog, err := nodes.Catalog("test")
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Engine: engine.New(engine.Options{}), Catalog: catalog})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	calculator := &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "CalculatorNode", Params: "{}"}}}
	input := map[string]string{"a": `{"operation": "add", "operands": [1, 2]}`}
	raw, err := proto.Marshal(&pb.ExecuteRequest{Manifest: calculator, DataInputs: input})
	if err != nil {
		b.Fatal(err)
	}
	call, ended := &slowStream{codec: s.codec, raw: raw}, make(chan error)
	b.ReportAllocs()
	for b.Loop() {
		go func() {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			ended <- s.executePipeline(ctx, call)
		}()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
	}
}
