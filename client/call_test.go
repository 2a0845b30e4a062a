package client_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/fault"
)

// gate is a server that is asked by a rule for each call, and notes the headers.
type gate struct {
	rule func(g *gate, stream grpc.ServerStream) (proto.Message, error)

	mutex   sync.Mutex
	methods []string
	headers []metadata.MD
	at      []time.Time
}

// refused is a rule that fails the first n calls of any method but GetVersion.
func refused(n int, fail func(grpc.ServerStream) error) func(*gate, grpc.ServerStream) (proto.Message, error) {
	return func(g *gate, stream grpc.ServerStream) (proto.Message, error) {
		if len(g.methods) <= n {
			return nil, fail(stream)
		}
		return &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{}}}, nil
	}
}

func (g *gate) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	head, _ := metadata.FromIncomingContext(stream.Context())
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.methods, g.headers, g.at = append(g.methods, method), append(g.headers, head), append(g.at, time.Now())
	if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
		return err
	}
	m, err := g.rule(g, stream)
	if err != nil {
		return err
	}
	return stream.SendMsg(m)
}

// start serves in memory and connects.
func (g *gate) start(t *testing.T, options ...client.Option) *client.Client {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.UnknownServiceHandler(g.handle))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	dialer := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })
	c, err := client.Dial("passthrough:///test", append([]client.Option{client.WithVersionCheck(false), client.WithDialOptions(dialer)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func execute(t *testing.T, ctx context.Context, c *client.Client) error {
	t.Helper()
	_, err := c.Execute(ctx, client.Request{Manifest: parse(t, calculator), Inputs: number("calc", "1")})
	return err
}

func busy(grpc.ServerStream) error { return status.Error(codes.Unavailable, "busy") }

func pushedBack(ms string) func(grpc.ServerStream) error {
	return func(stream grpc.ServerStream) error {
		stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", ms))
		return busy(stream)
	}
}

func detailed(code codes.Code, details ...*pb.ErrorResponse) func(grpc.ServerStream) error {
	return func(grpc.ServerStream) error {
		s := status.New(code, "no")
		for _, d := range details {
			s, _ = s.WithDetails(d)
		}
		return s.Err()
	}
}

// In virtual time: how often and when a call is made, and what it gives in the end.
func TestEDGE3_CallsAreRepeatedAsTheServiceAsks(t *testing.T) {
	hinted := func(grpc.ServerStream) error {
		s, _ := status.New(codes.Unavailable, "busy").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
		return s.Err()
	}
	limited := detailed(codes.ResourceExhausted, &pb.ErrorResponse{ErrorType: 3, Code: "rate_limited", Message: "slower", RetryAfterMs: 3000})
	invalid := detailed(codes.InvalidArgument, &pb.ErrorResponse{ErrorType: 1, Code: "cycle", Message: "a cycle"})
	cases := map[string]struct {
		failures int
		fail     func(grpc.ServerStream) error
		timeout  time.Duration
		calls    int
		waited   [2]time.Duration // before the second call, at least and at most
		kind     fault.Kind       // of the error; Internal means none
	}{
		"no failure":         {calls: 1},
		"twice":              {failures: 2, fail: busy, calls: 3, waited: [2]time.Duration{80 * time.Millisecond, 120 * time.Millisecond}},
		"for ever":           {failures: 99, fail: busy, calls: 5, waited: [2]time.Duration{80 * time.Millisecond, 120 * time.Millisecond}, kind: fault.Unavailable},
		"pushback":           {failures: 1, fail: pushedBack("60000"), calls: 2, waited: [2]time.Duration{time.Minute, time.Minute}},
		"pushback of 0":      {failures: 1, fail: pushedBack("0"), calls: 2},
		"asked not to come":  {failures: 1, fail: pushedBack("-1"), calls: 1, kind: fault.Unavailable},
		"unreadable":         {failures: 1, fail: pushedBack("soon"), calls: 1, kind: fault.Unavailable},
		"RetryInfo":          {failures: 1, fail: hinted, calls: 2, waited: [2]time.Duration{7 * time.Second, 7 * time.Second}},
		"rate limit":         {failures: 1, fail: limited, calls: 2, waited: [2]time.Duration{3 * time.Second, 3 * time.Second}},
		"beyond the timeout": {failures: 1, fail: pushedBack("60000"), timeout: 5 * time.Second, calls: 1, kind: fault.Unavailable},
		"not safe":           {failures: 1, fail: invalid, calls: 1, kind: fault.Validation},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{rule: refused(tc.failures, tc.fail)}
				err := execute(t, t.Context(), g.start(t, client.WithTimeout(tc.timeout)))
				if f := fault.From(err); (f == nil) != (tc.kind == fault.Internal) || f != nil && f.Kind != tc.kind {
					t.Errorf("got %v, want %v", err, tc.kind)
				}
				if len(g.at) != tc.calls {
					t.Fatalf("%d calls, want %d", len(g.at), tc.calls)
				}
				if tc.calls > 1 {
					if d := g.at[1].Sub(g.at[0]); d < tc.waited[0] || d > tc.waited[1] {
						t.Errorf("it waited %v, want %v", d, tc.waited)
					}
				}
				first := g.headers[0].Get("x-request-id")
				for _, h := range g.headers {
					if got := h.Get("x-request-id"); len(got) != 1 || !slices.Equal(got, first) {
						t.Errorf("ids %v and %v: a call is one request in the log, however often it is tried", first, got)
					}
				}
			})
		})
	}
}

func TestWaitsDoubleUpToTheLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{rule: refused(99, busy)}
		err := execute(t, t.Context(), g.start(t, client.WithRetry(client.Retry{Attempts: 6, First: time.Second, Longest: 5 * time.Second})))
		if fault.From(err).Kind != fault.Unavailable || len(g.at) != 6 {
			t.Fatalf("%d calls: %v", len(g.at), err)
		}
		for i, want := range []float64{1, 2, 4, 5, 5} {
			if got := g.at[i+1].Sub(g.at[i]).Seconds(); got < 0.8*want || got > 1.2*want {
				t.Errorf("wait %d was %v s, want about %v", i, got, want)
			}
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{rule: refused(99, pushedBack("60000"))}
		c := g.start(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		err := execute(t, ctx, c)
		if f := fault.From(err); f.Kind != fault.Canceled || !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestStreamsAreRepeatedUntilTheyAreOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		g.rule = func(g *gate, stream grpc.ServerStream) (proto.Message, error) {
			if len(g.methods) < 3 {
				return nil, busy(stream)
			}
			return isReady, nil
		}
		s, err := g.start(t).Stream(t.Context(), parse(t, echo), client.StreamOptions{RequestID: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Cancel()
		if len(g.methods) != 3 || s.RequestID() != "mine" || g.headers[2].Get("x-request-id")[0] != "mine" {
			t.Errorf("%d calls, id %q", len(g.methods), s.RequestID())
		}
		g.rule = refused(99, busy)
		if _, err := g.start(t, client.WithRetry(client.NoRetry)).Stream(t.Context(), parse(t, echo), client.StreamOptions{}); fault.From(err).Kind != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

func TestTokensAreAskedForEachCall(t *testing.T) {
	g := &gate{rule: refused(0, nil)}
	n := 0
	c := g.start(t, client.WithTokenSource(func(context.Context) (string, error) {
		if n++; n == 3 {
			return "", errors.New("the vault is shut")
		}
		return strings.Repeat("x", n), nil
	}))
	for range 2 {
		if err := execute(t, t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := g.headers[0].Get("authorization"), g.headers[1].Get("authorization"); !slices.Equal(a, []string{"Bearer x"}) || !slices.Equal(b, []string{"Bearer xx"}) {
		t.Errorf("sent %v and %v", a, b)
	}
	err := execute(t, t.Context(), c)
	if f := fault.From(err); f.Kind != fault.Authentication || !strings.Contains(err.Error(), "the vault is shut") || len(g.methods) != 2 {
		t.Errorf("got %v after %d calls", err, len(g.methods))
	}
}

func TestStatusesWithoutDetailsSayWhatToDo(t *testing.T) {
	for code, want := range map[codes.Code]struct {
		kind fault.Kind
		says string
	}{
		codes.Unavailable:        {fault.Unavailable, "is it running there"},
		codes.Unauthenticated:    {fault.Authentication, "WithToken"},
		codes.PermissionDenied:   {fault.Authentication, "scope"},
		codes.Unimplemented:      {fault.VersionMismatch, "too old"},
		codes.FailedPrecondition: {fault.VersionMismatch, "can't serve"},
		codes.ResourceExhausted:  {fault.ResourceLimit, "larger"},
		codes.NotFound:           {fault.Validation, "doesn't have"},
		codes.InvalidArgument:    {fault.Validation, "refused"},
		codes.DeadlineExceeded:   {fault.DeadlineExceeded, "no"},
		codes.DataLoss:           {fault.Internal, "DataLoss"},
	} {
		g := &gate{rule: refused(99, detailed(code))}
		err := execute(t, t.Context(), g.start(t, client.WithRetry(client.NoRetry)))
		if f := fault.From(err); f.Kind != want.kind || !strings.Contains(err.Error(), want.says) || f.RequestID() == "" {
			t.Errorf("%v gives %v: %v", code, f.Kind, err)
		}
	}
}

// told answers GetVersion, and everything else with an empty result.
func told(v *pb.VersionResponse) func(*gate, grpc.ServerStream) (proto.Message, error) {
	return func(g *gate, _ grpc.ServerStream) (proto.Message, error) {
		if strings.HasSuffix(g.methods[len(g.methods)-1], "GetVersion") {
			return v, nil
		}
		return &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{}}}, nil
	}
}

func TestFR015_ServicesOfOtherReleasesAreRefusedBeforeACall(t *testing.T) {
	cases := map[string]struct {
		answer *pb.VersionResponse
		says   string
	}{
		"too old":      {&pb.VersionResponse{Compatible: true, VersionInfo: &pb.VersionInfo{RuntimeVersion: "0.1.9", SupportedProtocols: []string{"v1"}}}, "too old for this client: update it to 0.2"},
		"protocol":     {&pb.VersionResponse{Compatible: true, VersionInfo: &pb.VersionInfo{RuntimeVersion: "3.0.0", SupportedProtocols: []string{"v2"}}}, "doesn't speak v1"},
		"incompatible": {&pb.VersionResponse{VersionInfo: &pb.VersionInfo{RuntimeVersion: "3.0.0"}, CompatibilityMessage: "speaks v2 only"}, "speaks v2 only"},
		"0.2":          {&pb.VersionResponse{Compatible: true, VersionInfo: &pb.VersionInfo{RuntimeVersion: "0.2.1"}}, ""},
		"odd":          {&pb.VersionResponse{Compatible: true, VersionInfo: &pb.VersionInfo{RuntimeVersion: "nightly"}}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := &gate{rule: told(tc.answer)}
			c := g.start(t, client.WithVersionCheck(true))
			err := execute(t, t.Context(), c)
			_, also := c.Stream(t.Context(), parse(t, echo), client.StreamOptions{})
			if tc.says == "" {
				if err != nil || len(g.methods) != 3 {
					t.Errorf("%v: %v", g.methods, err)
				}
				return
			}
			for _, err := range []error{err, also} {
				if f := fault.From(err); f.Kind != fault.VersionMismatch || f.Code != fault.CodeVersion || !strings.Contains(f.Error(), tc.says) {
					t.Errorf("got %v", err)
				}
			}
			if i := slices.IndexFunc(g.methods, func(m string) bool { return !strings.HasSuffix(m, "GetVersion") }); i >= 0 {
				t.Errorf("it called %v", g.methods)
			}
		})
	}
}

func TestTheVersionIsAskedOnce(t *testing.T) {
	g := &gate{rule: told(&pb.VersionResponse{Compatible: true, VersionInfo: &pb.VersionInfo{RuntimeVersion: "0.3.0"}})}
	c := g.start(t, client.WithVersionCheck(true), client.WithClientVersion("v1.2-test"))
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			if err := execute(t, t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := strings.Count(strings.Join(g.methods, " "), "GetVersion"); n != 1 || len(g.methods) != 9 {
		t.Errorf("asked %d times in %d calls", n, len(g.methods))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := execute(t, ended, c); fault.From(err).Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestHeadersThatCannotBe(t *testing.T) {
	address := local.Serve(t, nil)
	for _, token := range []string{"abc\n", "schlüssel"} {
		err := execute(t, t.Context(), dial(t, address, client.WithToken(token)))
		if f := fault.From(err); f.Code != fault.CodeTokenMalformed || strings.Contains(err.Error(), token) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	_, err := dial(t, address).Execute(t.Context(), client.Request{Manifest: parse(t, echo), Inputs: number("a", "1"), RequestID: "a\nb"})
	if f := fault.From(err); f.Code != fault.CodeWrongType {
		t.Errorf("request id: %v", err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	if _, err := client.Dial("localhost:1", client.WithRetry(client.Retry{})); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("got %v", err)
	}
}

// Go programs ask with errors.Is why a call ended.
func TestCallsThatEndByTheirContextSaySo(t *testing.T) {
	address := local.Serve(t, nil)
	c := dial(t, address)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for ctx, want := range map[context.Context]error{canceled: context.Canceled, late: context.DeadlineExceeded} {
		err := execute(t, ctx, c)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), c.Target()) {
			t.Errorf("a call gives %v", err)
		}
		if _, err := c.Stream(ctx, parse(t, echo), client.StreamOptions{}); !errors.Is(err, want) {
			t.Errorf("a stream gives %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := c.Stream(ctx, parse(t, echo), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.Recv(); !errors.Is(err, context.Canceled) {
		t.Errorf("Recv gives %v", err)
	}
	closed, err := client.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := execute(t, t.Context(), closed); fault.From(err).Kind != fault.Canceled || !strings.Contains(err.Error(), "the client was closed") {
		t.Errorf("a closed client gives %v", err)
	}
}

// At its own deadline a service resets the call, which looks like a cancel.
func TestTheServicesClockMayBeFirst(t *testing.T) {
	for timeout, want := range map[time.Duration]fault.Kind{50 * time.Millisecond: fault.DeadlineExceeded, time.Hour: fault.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			g := &gate{rule: refused(9, detailed(codes.Canceled))}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			if err := execute(t, ctx, g.start(t)); fault.From(err).Kind != want {
				t.Errorf("with %v left: %v", timeout, err)
			}
		})
	}
}
