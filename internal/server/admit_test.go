package server_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// gate is a node at which calls compute until it is opened. It counts how many are in it.
type gate struct {
	inside atomic.Int64
	open   chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) serve(t testing.TB) func(*server.Options) {
	return func(o *server.Options) {
		var err error
		o.Catalog, err = node.NewCatalog("test", []node.Spec{
			simple(node.Spec{Name: "Pass", Accepts: node.Any, Forwards: true}, pass),
			simple(node.Spec{Name: "Gate", Accepts: node.Any, Forwards: true}, func(c *node.Call, in node.Item) error {
				g.inside.Add(1)
				<-g.open
				return c.Emit(in)
			}),
			simple(node.Spec{Name: "Wait", Accepts: node.Any, Forwards: true}, func(c *node.Call, in node.Item) error {
				err := c.Wait(func(context.Context) error {
					g.inside.Add(1)
					<-g.open
					return nil
				})
				if err != nil {
					return err
				}
				return c.Emit(in)
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func admitting(c *admission.Controller) func(*server.Options) {
	return func(o *server.Options) { o.Admission = c }
}

func gateRequest(nodeType string) *pb.ExecuteRequest {
	req := request(pipeline("a:"+nodeType), map[string]any{"a": "1"})
	req.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 30_000}
	return req
}

// begin makes n calls at once and returns what collects their errors.
func (r *rig) begin(n int, req *pb.ExecuteRequest) (wait func() []error) {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _, errs[i] = r.call(context.Background(), req) })
	}
	return func() []error { all.Wait(); return errs }
}

func count(errs []error, code codes.Code) (n int) {
	for _, err := range errs {
		if status.Code(err) == code {
			n++
		}
	}
	return n
}

// TestEDGE3_WhatThereIsNoRoomForIsRefusedAtOnce: of 100 calls at once as many are served as places and queue hold, and the rest is told to
// come back. The control is the same without admission.
func TestEDGE3_WhatThereIsNoRoomForIsRefusedAtOnce(t *testing.T) {
	const calls, places, queue = 100, 4, 4
	g := newGate()
	c := admission.New(admission.Options{Places: places, Queue: queue, Slots: places})
	r := newRig(t, g.serve(t), admitting(c))
	wait := r.begin(calls, gateRequest("Gate"))
	waitFor(t, func() bool { return c.Stats().Refused[admission.ReasonFull] == calls-places-queue })
	if s := c.Stats(); s.Places != places || s.Queued != queue || g.inside.Load() > places {
		t.Errorf("in are %d, queued %d, at work %d", s.Places, s.Queued, g.inside.Load())
	}
	waitFor(t, r.server.Refusing)
	waitFor(t, func() bool { return len(r.server.InFlight()) == places+queue }) // no refusal is on its way that would be the newest
	close(g.open)
	errs := wait()
	if ok, refused := count(errs, codes.OK), count(errs, codes.Unavailable); ok != places+queue || refused != calls-places-queue {
		t.Errorf("%d were served, %d refused", ok, refused)
	}
	if s := c.Stats(); s.Places+s.Queued+s.Slots+s.Tenants != 0 {
		t.Errorf("left behind: %+v", s)
	}
	if r.server.Refusing() { // the last ones were let in from the queue
		t.Error("connections still wait for refusals")
	}

	control := newGate()
	r = newRig(t, control.serve(t))
	wait = r.begin(calls, gateRequest("Gate"))
	waitFor(t, func() bool { return control.inside.Load() == calls })
	close(control.open)
	if ok := count(wait(), codes.OK); ok != calls {
		t.Errorf("without admission %d were served", ok)
	}
}

// TestEDGE3_ARefusalTellsAllThatAClientNeeds, and says so with trailers alone.
func TestEDGE3_ARefusalTellsAllThatAClientNeeds(t *testing.T) {
	g := newGate()
	c := admission.New(admission.Options{Places: 1, Queue: -1, RetryAfter: 250 * time.Millisecond})
	r := newRig(t, g.serve(t), admitting(c))
	wait := r.begin(1, gateRequest("Gate"))
	waitFor(t, func() bool { return g.inside.Load() == 1 })
	a, err := r.call(t.Context(), gateRequest("Pass"), "x-request-id", "refused-1")
	close(g.open)
	wait()
	s := status.Convert(err)
	var info *errdetails.RetryInfo
	var detail *pb.ErrorResponse
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			info = d
		case *pb.ErrorResponse:
			detail = d
		}
	}
	if s.Code() != codes.Unavailable || !strings.Contains(s.Message(), "retry after") {
		t.Errorf("status %v", s)
	}
	if d := info.GetRetryDelay().AsDuration(); d < 250*time.Millisecond || d > 500*time.Millisecond {
		t.Errorf("RetryInfo says %v", d)
	}
	if detail.GetErrorType() != pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT || detail.GetCode() != "overloaded" {
		t.Errorf("detail %v", detail)
	}
	for _, want := range []string{`"reason":"queue_full"`, `"limit":"queue_size"`, `"current":0`, `"allowed":0`} {
		if !strings.Contains(strings.ReplaceAll(detail.GetContext(), " ", ""), want) {
			t.Errorf("the context %s lacks %s", detail.GetContext(), want)
		}
	}
	for name, want := range map[string]string{
		"grpc-retry-pushback-ms": fmt.Sprint(info.GetRetryDelay().AsDuration().Milliseconds()), "retry-after": "1",
		"x-remotemedia-error-type": "ERROR_TYPE_RESOURCE_LIMIT", "x-request-id": "refused-1", "x-remotemedia-protocol": "v1",
	} {
		if got := a.trailer.Get(name); len(got) != 1 || got[0] != want {
			t.Errorf("trailer %s is %q, want %q", name, got, want)
		}
	}
	if len(a.header) > 0 {
		t.Errorf("headers %v make it impossible to retry", a.header)
	}
}

// opener opens a gate when the first call is refused.
type opener struct {
	gate *gate
	once sync.Once
}

func (*opener) Waited(admission.Stage, time.Duration) {}
func (*opener) Shedding(admission.Reason, bool)       {}
func (o *opener) Refused(admission.Reason)            { o.once.Do(func() { close(o.gate.open) }) }

// TestEDGE3_ARetryingClientSucceeds: one of grpc's own, with the usual service configuration.
func TestEDGE3_ARetryingClientSucceeds(t *testing.T) {
	g := newGate()
	c := admission.New(admission.Options{Places: 1, Queue: -1, RetryAfter: 20 * time.Millisecond, Observer: &opener{gate: g}})
	r, address := tcpRig(t, g.serve(t), admitting(c))
	wait := r.begin(1, gateRequest("Gate"))
	waitFor(t, func() bool { return g.inside.Load() == 1 })
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(`{
		"methodConfig": [{"name": [{"service": "remotemedia.v1.PipelineExecutionService"}], "retryPolicy": {
			"maxAttempts": 5, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]
		}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got := new(pb.ExecuteResponse)
	if err := conn.Invoke(t.Context(), executePath, gateRequest("Pass"), got); err != nil || got.GetResult() == nil {
		t.Errorf("got %v, %v", got, err)
	}
	if ok := count(wait(), codes.OK); ok != 1 {
		t.Error("the call that held the place failed")
	}
	if s := c.Stats(); s.Refused[admission.ReasonFull] == 0 || s.Admitted != 2 {
		t.Errorf("it wasn't refused first: %+v", s)
	}
}

// TestRel3_ARefusalReadsNothingOfTheBody: it comes although none is sent.
func TestRel3_ARefusalReadsNothingOfTheBody(t *testing.T) {
	g := newGate()
	c := admission.New(admission.Options{Places: 1, Queue: -1, Streams: 1})
	r, address := tcpRig(t, g.serve(t), admitting(c))
	wait := r.begin(1, gateRequest("Gate"))
	waitFor(t, func() bool { return g.inside.Load() == 1 })
	raw := dialFrames(t, address)
	first := raw.begin(streamPath)
	waitFor(t, func() bool { return c.Stats().Streams == 1 })
	for _, method := range []string{executePath, streamPath} {
		fields, only := raw.headers(raw.begin(method))
		if fields["grpc-status"] != "14" || fields["grpc-retry-pushback-ms"] == "" || !only {
			t.Errorf("%s: %v, only trailers %v", method, fields, only)
		}
	}
	raw.must(raw.WriteRSTStream(first, http2.ErrCodeCancel))
	for method, m := range map[string][2]proto.Message{
		versionPath: {&pb.VersionRequest{}, &pb.VersionResponse{}},
		"/remotemedia.v1.PipelineExecutionService/GetMetrics": {&pb.MetricsRequest{}, &pb.MetricsResponse{}},
		"/grpc.health.v1.Health/Check":                        {&grpc_health_v1.HealthCheckRequest{}, &grpc_health_v1.HealthCheckResponse{}},
	} {
		if err := r.Invoke(t.Context(), method, m[0], m[1]); err != nil {
			t.Errorf("%s isn't served at capacity: %v", method, err)
		}
	}
	close(g.open)
	wait()
}

// TestRelT7_ComputeSlotsBoundWhatComputes, but not what waits. The control is the same without admission.
func TestRelT7_ComputeSlotsBoundWhatComputes(t *testing.T) {
	const calls = 20
	for _, x := range []struct {
		name, nodeType string
		slots          int // 0: no admission
		inside         int64
	}{
		{"a slot for each", "Gate", 3, 3},
		{"nodes that wait give theirs back", "Wait", 3, calls},
		{"without admission", "Gate", 0, calls},
	} {
		t.Run(x.name, func(t *testing.T) {
			g := newGate()
			c := admission.New(admission.Options{Slots: x.slots})
			options := []func(*server.Options){g.serve(t)}
			if x.slots > 0 {
				options = append(options, admitting(c))
			}
			r := newRig(t, options...)
			wait := r.begin(calls, gateRequest(x.nodeType))
			waitFor(t, func() bool {
				return g.inside.Load() == x.inside && (x.inside == calls || c.Stats().Waiting == calls-int(x.inside))
			})
			close(g.open)
			if ok := count(wait(), codes.OK); ok != calls {
				t.Errorf("%d of %d were served", ok, calls)
			}
			if s := c.Stats(); s.Places+s.Slots+s.Tenants != 0 {
				t.Errorf("left behind: %+v", s)
			}
		})
	}
}

// TestRel15_AStuckNodeGivesItsSlotUp: the call ends at its limit, and others compute although the node goes on, and while it ends.
func TestRel15_AStuckNodeGivesItsSlotUp(t *testing.T) {
	const calls = 10
	g := newGate()
	c := admission.New(admission.Options{Slots: 1})
	r := newRig(t, g.serve(t), admitting(c))
	stuck := gateRequest("Gate")
	stuck.ResourceLimits.MaxTimeoutMs = 20
	for i := range calls {
		if e := r.execute(stuck).GetError(); e.GetCode() != "time_limit" || e.GetFailingNodeId() != "a" {
			t.Errorf("the stuck one got %v", e)
		}
		r.passes()
		if n := r.engine.Abandoned(); n != int64(i+1) {
			t.Errorf("%d are stuck, want %d", n, i+1)
		}
	}
	close(g.open)
	for range calls {
		r.passes()
	}
	waitFor(t, func() bool { return r.engine.Abandoned() == 0 })
	if s := c.Stats(); s.Places+s.Slots+s.Tenants != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

// passes makes a call whose answer is its input.
func (r *rig) passes() {
	r.t.Helper()
	if got := r.result(gateRequest("Pass")).GetDataOutputs()["a"]; got != "1" {
		r.t.Errorf("got %q", got)
	}
}

// TestChunksTakeSlots: a stream holds none between its chunks, and its right ends with it.
func TestChunksTakeSlots(t *testing.T) {
	c := admission.New(admission.Options{Slots: 1})
	r := newRig(t, library(t), admitting(c))
	ctx, cancel := context.WithCancel(t.Context())
	live := r.live(ctx, &pb.StreamInit{Manifest: pipeline("in:AudioResample")})
	for i := range uint64(5) {
		live.chunk("in", i, buffer(tone(160, 1)))
		if a := live.next(); a.GetResult() == nil {
			t.Fatalf("chunk %d got %v", i, a)
		}
		waitFor(t, func() bool { return c.Stats().Slots == 0 })
	}
	if s := c.Stats(); s.Streams != 1 || s.Places != 0 {
		t.Errorf("%+v", s)
	}
	cancel()
	waitFor(t, func() bool { return c.Stats().Tenants == 0 })
	waitFor(t, func() bool { return r.engine.OpenSessions() == 0 }) // the turn's goroutine outlives the call by a moment
}

// TestRel11_ABodyMustArriveInTime: headers and the beginning of a long message hold a place until then, and no longer.
func TestRel11_ABodyMustArriveInTime(t *testing.T) {
	c := admission.New(admission.Options{Places: 1})
	r, address := tcpRig(t, admitting(c), func(o *server.Options) { o.BodyTimeout = 50 * time.Millisecond })
	raw := dialFrames(t, address)
	stream := raw.begin(executePath)
	raw.must(raw.WriteData(stream, false, []byte{0, 1, 0, 0, 0, 1, 2, 3})) // 16 MiB are claimed
	if fields, _ := raw.headers(stream); fields[":status"] != "200" {
		t.Errorf("headers %v", fields)
	}
	if fields, ended := raw.headers(stream); fields["x-remotemedia-error-type"] != "ERROR_TYPE_RESOURCE_LIMIT" || !ended {
		t.Errorf("trailers %v", fields)
	}
	waitFor(t, func() bool { return c.Stats().Places == 0 })
	r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"}))
}

// TestRelT13_CompressedBodiesAreReserved from the shared memory while they are read, and what isn't used is given back.
func TestRelT13_CompressedBodiesAreReserved(t *testing.T) {
	roomy, tight := mem.NewRoot(1<<30), mem.NewRoot(1<<20)
	for _, x := range []struct {
		root *mem.Root
		code codes.Code
	}{{roomy, codes.OK}, {tight, codes.Unavailable}} {
		c := admission.New(admission.Options{Memory: x.root})
		r := newRig(t, admitting(c))
		req := request(pipeline("a:Pass"), map[string]any{"a": buffer(make([]byte, 1<<16))})
		err := r.Invoke(t.Context(), executePath, req, new(pb.ExecuteResponse), grpc.UseCompressor(gzip.Name))
		if status.Code(err) != x.code {
			t.Errorf("with %d bytes: %v, want %v", x.root.Limit(), err, x.code)
		}
		if err := r.Invoke(t.Context(), executePath, req, new(pb.ExecuteResponse)); err != nil {
			t.Errorf("not compressed: %v", err)
		}
		waitFor(t, func() bool { return x.root.Used() == 0 })
	}
}

func TestT037_OneConnectionTooManyIsTold(t *testing.T) {
	r, address := tcpRig(t, func(o *server.Options) { o.MaxConnections = 1 })
	req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	r.result(req)
	second, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	err = second.Invoke(t.Context(), executePath, req, new(pb.ExecuteResponse))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the second connection got %v", err)
	}
	waitFor(t, func() bool { return strings.Contains(r.logs.String(), "too many connections") })
	r.result(req) // the first one goes on
	r.server.Configure(server.Settings{MaxConnections: 2})
	if err := second.Invoke(t.Context(), executePath, req, new(pb.ExecuteResponse), grpc.WaitForReady(true)); err != nil {
		t.Errorf("with a higher limit it got %v", err)
	}
}

// TestRel10_RapidResetsEndTheirConnection, after 500 at most, and no other.
func TestRel10_RapidResetsEndTheirConnection(t *testing.T) {
	r, address := tcpRig(t)
	raw := dialFrames(t, address)
	done := make(chan struct{})
	go func() { // answers are taken, so that nothing is held up by them
		defer close(done)
		for {
			if _, err := raw.ReadFrame(); err != nil {
				return
			}
		}
	}()
	sent := 0
	for ; sent < 100_000; sent++ {
		if !raw.rapidReset() {
			break
		}
	}
	<-done
	raw.Conn.Close()
	if sent == 100_000 {
		t.Error("the connection lives")
	}
	waitFor(t, func() bool { return strings.Contains(r.logs.String(), "reset right after they were opened") })
	r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"}))
}

// rapidReset opens a call and resets it; it reports false where the connection is gone.
func (c *rawClient) rapidReset() bool {
	id := c.next
	c.next += 2
	if err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block(executePath), EndHeaders: true}); err != nil {
		return false
	}
	return c.WriteRSTStream(id, http2.ErrCodeCancel) == nil
}
