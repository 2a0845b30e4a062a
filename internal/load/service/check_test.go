package service

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	grpcmem "google.golang.org/grpc/mem"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

// rawCodec passes bytes.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (grpcmem.BufferSlice, error) {
	return grpcmem.BufferSlice{grpcmem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// meddler stands before a service and changes what it answers.
type meddler struct {
	behind *grpc.ClientConn
	// change is given each answer with its number, counted over all calls.
	change func(n int64, answer []byte) []byte
	count  atomic.Int64
}

func meddle(t *testing.T, behind load.Target, change func(n int64, answer []byte) []byte) load.Target {
	t.Helper()
	m := &meddler{change: change}
	var err error
	m.behind, err = grpc.NewClient(behind.Address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.UnknownServiceHandler(m.handle))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		m.behind.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return load.Target{Address: l.Addr().String()}
}

// handle passes a call on, in both directions.
func (m *meddler) handle(_ any, front grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(front)
	ctx, cancel := context.WithCancel(front.Context())
	defer cancel()
	back, err := m.behind.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return err
	}
	go func() {
		var message []byte
		for front.RecvMsg(&message) == nil {
			if back.SendMsg(&message) != nil {
				return
			}
			message = nil
		}
		back.CloseSend()
	}()
	for {
		var answer []byte
		if err := back.RecvMsg(&answer); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer = m.change(m.count.Add(1)-1, answer)
		if err := front.SendMsg(&answer); err != nil {
			return err
		}
	}
}

// asked is how many answers the version and the reference calls take.
const asked = 3

// spoil changes one bit of the audio in every answer but the first.
func spoil(n int64, answer []byte) []byte {
	if n >= asked && len(answer) > 10000 {
		answer = slices.Clone(answer)
		answer[len(answer)/2] ^= 1
	}
	return answer
}

// One spoilt bit in 176 KB is found in every call by the full check, in one call of sixteen by the sample, and only length and
// structure are looked at by the others.
func TestAWrongSampleIsCounted(t *testing.T) {
	service := serve(t)
	for check, found := range map[Check]uint64{CheckFull: 32, CheckSample: 2, CheckLength: 0, CheckNone: 0} {
		target := meddle(t, service, spoil)
		s := spec(t, "passthrough")
		s.Check = check
		w, err := Unary(bounded(t), target, s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Requests: 32})
		if err != nil {
			t.Fatal(err)
		}
		if r.Failed != found || r.Units != 32-found {
			t.Errorf("check %d: %d right, %d wrong (%+v): expected %d wrong", check, r.Units, r.Failed, r.Failures, found)
		}
		if found > 0 && (r.Failures[0].Origin != load.FromCheck || r.Failures[0].Code != "content") {
			t.Errorf("check %d: %+v", check, r.Failures)
		}
	}
}

func TestWrongAnswersOfEveryKindAreCounted(t *testing.T) {
	service := serve(t)
	for code, change := range map[string]func(answer []byte) []byte{
		"length":     func(b []byte) []byte { return cutAudio(t, b) },
		"malformed":  func(b []byte) []byte { return b[:len(b)-3] },
		"no outcome": func([]byte) []byte { return []byte{0x1a, 0} },
		"outputs":    func([]byte) []byte { return []byte{0x0a, 2, 5 << 3, 1} }, // a result with a status alone
		"status":     func([]byte) []byte { return []byte{0x0a, 2, 5 << 3, 2} },
	} {
		t.Run(code, func(t *testing.T) {
			target := meddle(t, service, func(n int64, answer []byte) []byte {
				if n < asked {
					return answer
				}
				return change(answer)
			})
			w, err := Unary(bounded(t), target, spec(t, "passthrough"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Requests: 3})
			if err != nil {
				t.Fatal(err)
			}
			if r.Failed != 3 || len(r.Failures) != 1 || r.Failures[0].Code != code || r.Failures[0].Origin != load.FromCheck {
				t.Errorf("%d wrong: %+v", r.Failed, r.Failures)
			}
		})
	}
}

// A chunk that is answered wrong is counted, and its stream goes on.
func TestAWrongSampleInAStreamIsCounted(t *testing.T) {
	service := serve(t)
	var streams atomic.Int64
	target := meddle(t, service, func(_ int64, answer []byte) []byte {
		if answer[0] == byte(streamReady<<3|2) {
			streams.Add(1)
		}
		if streams.Load() > 1 { // the first is that of the reference
			return spoil(asked, answer)
		}
		return answer
	})
	w, err := Stream(bounded(t), target, spec(t, "passthrough"), StreamSpec{Frames: 4410, Chunks: 10})
	if err != nil {
		t.Fatal(err)
	}
	w.Check = (&answers{check: CheckFull, chunks: expectedOf(t, service, 10)}).look
	r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Requests: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed != 20 || r.Units != 0 || r.Streams != 2 || r.Failures[0].Code != "content" {
		t.Errorf("%d right, %d wrong, %d streams: %+v", r.Units, r.Failed, r.Streams, r.Failures)
	}
}

func expectedOf(t *testing.T, target load.Target, chunks uint64) []*outputs {
	t.Helper()
	s := spec(t, "passthrough")
	f, err := s.feed(StreamSpec{Frames: 4410})
	if err != nil {
		t.Fatal(err)
	}
	a := new(answers)
	if err := a.ask(bounded(t), target, s, f, chunks); err != nil {
		t.Fatal(err)
	}
	return a.chunks
}
