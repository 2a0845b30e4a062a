package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/work"
)

// works are calls and streams, each made once.
type works struct {
	mu      sync.Mutex
	calls   map[string]*work.Call
	streams map[string]*work.Stream
}

func (w *works) call(name string) (*work.Call, error) {
	return once(&w.mu, &w.calls, name, work.NewCall)
}

func (w *works) stream(name string) (*work.Stream, error) {
	return once(&w.mu, &w.streams, name, work.NewStream)
}

func once[T any](mu *sync.Mutex, made *map[string]T, name string, make_ func(string) (T, error)) (T, error) {
	mu.Lock()
	defer mu.Unlock()
	if v, ok := (*made)[name]; ok {
		return v, nil
	}
	v, err := make_(name)
	if err != nil {
		return v, err
	}
	if *made == nil {
		*made = make(map[string]T)
	}
	(*made)[name] = v
	return v, nil
}

// answer is the file with what the echoes answer to a call or a stream.
func (f Folder) answer(name string) string { return f.path("answers", slug(name)) }

// Prepare asks the service once for everything that the echoes will answer.
func (r *Runner) Prepare(ctx context.Context, scenarios []Scenario) (err error) {
	if err := r.Folder.secure(); err != nil {
		return err
	}
	server, err := r.Folder.StartService(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	conn, err := grpc.NewClient("passthrough:///"+server.Address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r.answers = make(map[string]int)
	for i := range scenarios {
		s := &scenarios[i]
		if _, done := r.answers[s.Work]; done {
			continue
		}
		answer, err := r.ask(ctx, conn, s)
		if err != nil {
			return fmt.Errorf("the answer to %s: %w", s.Work, err)
		}
		if err := document.WriteFile(r.Folder.answer(s.Work), answer); err != nil {
			return err
		}
		r.answers[s.Work] = len(answer)
	}
	return nil
}

func (r *Runner) ask(ctx context.Context, conn *grpc.ClientConn, s *Scenario) ([]byte, error) {
	if s.Mode == Unary {
		return r.askCall(ctx, conn, s.Work)
	}
	return r.askStream(ctx, conn, s.Work)
}

func (r *Runner) askCall(ctx context.Context, conn *grpc.ClientConn, name string) ([]byte, error) {
	call, err := r.works.call(name)
	if err != nil {
		return nil, err
	}
	request, answer := new(pb.ExecuteRequest), new(pb.ExecuteResponse)
	if err := proto.Unmarshal(call.Request, request); err != nil {
		return nil, err
	}
	if err := conn.Invoke(ctx, work.ExecuteMethod, request, answer); err != nil {
		return nil, err
	}
	encoded, err := proto.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return encoded, call.Check(work.ServedBy{})(encoded, 0)
}

// settled is the chunk whose answer is taken: by then a resampler gives as much as it takes.
const settled = 20

func (r *Runner) askStream(ctx context.Context, conn *grpc.ClientConn, name string) ([]byte, error) {
	s, err := r.works.stream(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, work.StreamMethod)
	if err != nil {
		return nil, err
	}
	send := func(parts ...[]byte) error {
		m := new(pb.StreamRequest)
		var joined []byte
		for _, p := range parts {
			joined = append(joined, p...)
		}
		if err := proto.Unmarshal(joined, m); err != nil {
			return err
		}
		return stream.SendMsg(m)
	}
	if err := send(s.Init); err != nil {
		return nil, err
	}
	for n := range uint64(settled + 1) {
		head, body, tail := s.Chunk(n)
		if err := send(head, body, tail); err != nil {
			return nil, err
		}
	}
	for {
		m := new(pb.StreamResponse)
		if err := stream.RecvMsg(m); err != nil {
			return nil, err
		}
		if e := m.GetError(); e != nil {
			return nil, errors.New(e.GetMessage())
		}
		if result := m.GetResult(); result != nil && result.GetSequence() == settled {
			result.Sequence = 0
			return proto.Marshal(result)
		}
	}
}
