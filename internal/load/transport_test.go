package load

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// replier answers every message with the same bytes. It is the server of benchmarks and tests of the transport.
type replier struct{ answer []byte }

func (replier) Name() string { return "proto" }

func (r replier) Marshal(any) (grpcmem.BufferSlice, error) {
	return grpcmem.BufferSlice{grpcmem.SliceBuffer(r.answer)}, nil
}

func (replier) Unmarshal(grpcmem.BufferSlice, any) error { return nil }

// virtualServer serves a handler without a network, so that it can be called in virtual time. Stop must be called before the
// bubble ends.
func virtualServer(t *testing.T, answer []byte, handle func(stream grpc.ServerStream, message any) error) (Target, func()) {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	r := &replier{answer}
	s := grpc.NewServer(grpc.ForceServerCodecV2(r), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return handle(stream, r)
	}))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }
	return Target{Address: "virtual", Dial: dial}, func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// echo answers each message, after a pause that may depend on when it comes.
func echo(pause func() time.Duration) func(grpc.ServerStream, any) error {
	return func(stream grpc.ServerStream, message any) error {
		for {
			if err := stream.RecvMsg(message); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if d := pause(); d > 0 && !sleep(stream.Context(), d) {
				return stream.Context().Err()
			}
			if err := stream.SendMsg(message); err != nil {
				return err
			}
		}
	}
}

// audio is a chunk of a stream without an init.
func audio(n uint64) (head, body, tail []byte) {
	return binary.AppendUvarint(nil, n), make([]byte, 1000), nil
}

// Chunks in real time go on while the server stalls, and each one waits until it answers again: of 500 chunks, those of a
// second wait up to a second.
func TestAStallShowsInStreamsInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration {
			if at := time.Since(began); at >= 4*time.Second && at < 5*time.Second {
				return 5*time.Second - at
			}
			return time.Millisecond
		}))
		defer stop()
		w := &StreamWorkload{Method: "/echo/echo", Chunks: 500, Chunk: audio, Interval: 20 * time.Millisecond}
		r, err := Run(t.Context(), Config{
			Target: target, Workload: w, Concurrency: 3, Stagger: 20 * time.Millisecond, Requests: 3,
			Deadline: 100 * time.Millisecond, PlainTimers: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Units != 1500 || r.Failed != 0 || r.Streams != 3 {
			t.Fatalf("%d chunks, %d streams, %d failed: %+v", r.Units, r.Streams, r.Failed, r.Failures)
		}
		if p := r.Of(Latency).Quantile(0.99); !near(p.Seconds(), 0.9, 0.03) {
			t.Errorf("p99 %v: expected about 900 ms", p)
		}
		// Up to 100 ms before its end, the stall makes 45 chunks of each stream late; another few wait behind them.
		if r.Late < 3*43 || r.Late > 3*52 {
			t.Errorf("%d late: expected about 145", r.Late)
		}
		if r.Of(Lateness).Max() > time.Millisecond {
			t.Errorf("the generator was late by %v: it mustn't wait for answers", r.Of(Lateness).Max())
		}
		if !near(r.Of(Stream).Max().Seconds(), 10, 0.05) || r.Of(First).Count() != 3 {
			t.Errorf("streams took %v: expected 10 s; %d first", r.Of(Stream).Max(), r.Of(First).Count())
		}
	})
}

// A closed window waits for answers: a stall delays what is sent, and one chunk of each stream shows it.
func TestAStallHidesInStreamsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration {
			if at := time.Since(began); at >= time.Second && at < 2*time.Second {
				return 2*time.Second - at
			}
			return time.Millisecond
		}))
		defer stop()
		w := &StreamWorkload{Method: "/echo/echo", Chunks: 2000, Chunk: audio}
		r, err := Run(t.Context(), Config{Target: target, Workload: w, Requests: 1, PlainTimers: true})
		if err != nil {
			t.Fatal(err)
		}
		if l := r.Of(Latency); r.Units != 2000 || l.Quantile(0.99) > 2*time.Millisecond || !near(l.Max().Seconds(), 1, 0.01) {
			t.Errorf("%d chunks, p99 %v, max %v: the control must not see the stall in its p99", r.Units, l.Quantile(0.99), l.Max())
		}
	})
}

func TestAServerThatFallsSilentIsLeft(t *testing.T) {
	for name, interval := range map[string]time.Duration{"realtime": 20 * time.Millisecond, "closed": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration {
					if n.Add(1) > 10 {
						return time.Hour
					}
					return 0
				}))
				defer stop()
				w := &StreamWorkload{Method: "/echo/echo", Chunks: 10000, Chunk: audio, Interval: interval}
				r, err := Run(t.Context(), Config{Target: target, Workload: w, Requests: 1, Timeout: 3 * time.Second, PlainTimers: true})
				if err != nil {
					t.Fatal(err)
				}
				if r.Units != 10 || r.Failed != 1 || r.Failures[0].Origin != FromDeadline || r.Unanswered == 0 || r.Elapsed > 4*time.Second {
					t.Errorf("%d chunks, %d failed (%+v), %d unanswered in %v", r.Units, r.Failed, r.Failures, r.Unanswered, r.Elapsed)
				}
			})
		})
	}
}

func TestAnInterruptedStreamIsGivenUp(t *testing.T) {
	for name, interval := range map[string]time.Duration{"realtime": 20 * time.Millisecond, "closed": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration { return time.Millisecond }))
				defer stop()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				w := &StreamWorkload{Method: "/echo/echo", Chunks: 1 << 40, Chunk: audio, Interval: interval}
				r, err := Run(ctx, Config{Target: target, Workload: w, Concurrency: 2, Duration: time.Hour, PlainTimers: true})
				if !errors.Is(err, context.DeadlineExceeded) || r == nil {
					t.Fatalf("%v, %v", r, err)
				}
				if r.Canceled != 2 || r.Failed != 0 || r.Units < 90 {
					t.Errorf("%d canceled, %d failed, %d chunks", r.Canceled, r.Failed, r.Units)
				}
			})
		})
	}
}

// The end of the measurement closes streams that would last longer; that is no failure.
func TestTheEndClosesStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration { return time.Millisecond }))
		defer stop()
		w := &StreamWorkload{Method: "/echo/echo", Chunks: 1 << 40, Chunk: audio, Interval: 20 * time.Millisecond}
		r, err := Run(t.Context(), Config{
			Target: target, Workload: w, Concurrency: 2, Warmup: time.Second, Duration: 2 * time.Second, PlainTimers: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Units != 200 || r.Warmup != 100 || r.Streams != 2 || r.Failed != 0 || r.Of(Final).Count() != 2 || r.Of(Open).Count() != 2 {
			t.Errorf("%d chunks, %d before, %d streams, %d final, %d failed: %+v", r.Units, r.Warmup, r.Streams, r.Of(Final).Count(), r.Failed, r.Failures)
		}
	})
}

// refusal is how the service refuses: with a detail and a pushback in the trailers.
func refusal(stream grpc.ServerStream, pushback string) error {
	stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", pushback, "x-remotemedia-error-type", "ERROR_TYPE_RESOURCE_LIMIT"))
	s, err := status.New(codes.Unavailable, "the queue is full").WithDetails(&pb.ErrorResponse{
		ErrorType: pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, Code: "queue_full",
	})
	if err != nil {
		return err
	}
	return s.Err()
}

func TestRefusalsAreRetriedWhenTheServerSays(t *testing.T) {
	for name, c := range map[string]struct {
		pushback string
		right    uint64
		atLeast  time.Duration
	}{"in 700 ms": {"700", 4, 700 * time.Millisecond}, "never": {"-1", 0, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				target, stop := virtualServer(t, []byte("answer"), func(stream grpc.ServerStream, message any) error {
					if err := stream.RecvMsg(message); err != nil {
						return err
					}
					if c.right == 0 || n.Add(1)%2 == 1 {
						return refusal(stream, c.pushback)
					}
					return stream.SendMsg(message)
				})
				defer stop()
				w := &UnaryWorkload{Method: "/echo/echo", Request: []byte("request")}
				r, err := Run(t.Context(), Config{Target: target, Workload: w, Requests: 4, Retries: 1, PlainTimers: true})
				if err != nil {
					t.Fatal(err)
				}
				if r.Units != c.right || r.Failed != 4-c.right || r.Retries != c.right || r.Of(Latency).Min() < c.atLeast*99/100 {
					t.Errorf("%d right, %d failed, %d retries, min %v: %+v", r.Units, r.Failed, r.Retries, r.Of(Latency).Min(), r.Failures)
				}
				if c.right == 0 && r.Failures[0].String() != "status UNAVAILABLE RESOURCE_LIMIT queue_full" {
					t.Errorf("%s", r.Failures[0])
				}
			})
		})
	}
}

// rawEcho is a workload over plain TCP: anything can be loaded by the same generator.
type rawEcho struct{ address string }

func (rawEcho) Kind() Kind { return Calls }

func (e rawEcho) Open(context.Context, Setup) (Session, error) { return e, nil }

func (e rawEcho) Operator(int) (Operator, error) {
	c, err := net.Dial("tcp", e.address)
	return rawCaller{c}, err
}

func (rawEcho) Close() error { return nil }

type rawCaller struct{ net.Conn }

func (c rawCaller) Do(_ context.Context, op *Op) error {
	message := []byte("twelve bytes")
	if _, err := c.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(c.Conn, message)
	op.Sent(len(message), op.Due)
	op.Received(len(message), op.Due)
	if op.Number == 9 {
		c.Close()
	}
	return err
}

func TestAnythingCanBeLoaded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			io.Copy(c, c)
			c.Close()
		}
	}()
	r, err := Run(t.Context(), Config{Workload: rawEcho{l.Addr().String()}, Requests: 10})
	if err != nil || r.Units != 10 || r.Sent != 120 || r.Received != 120 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAWaitIsGivenUpWithItsContext(t *testing.T) {
	for name, plain := range map[string]bool{"precise": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			a := newAlarms(plain)
			defer a.close()
			w := a.waiter()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := w.until(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if err := w.until(ctx, time.Now()); !errors.Is(err, context.Canceled) {
				t.Errorf("when it is time: %v", err)
			}
			// The alarm that was given up doesn't ring in place of the next one.
			began := time.Now()
			if err := w.until(t.Context(), began.Add(5*time.Millisecond)); err != nil || time.Since(began) < 5*time.Millisecond {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
	}
}

// A connection that can't be made for want of file descriptors says what to do.
func TestTheLimitOfOpenFilesIsTold(t *testing.T) {
	dial := func(context.Context, string) (net.Conn, error) { return nil, syscall.EMFILE }
	w := &UnaryWorkload{Method: "/echo/echo"}
	_, err := Run(t.Context(), Config{Target: Target{Address: "somewhere:1", Dial: dial}, Workload: w})
	if err == nil || !strings.Contains(err.Error(), "ulimit -n") || !strings.Contains(err.Error(), "somewhere:1") {
		t.Errorf("%v", err)
	}
}
