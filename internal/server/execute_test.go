package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

// sine is a second of a sine as I16.
func sine(hz float64) []byte {
	out := make([]byte, 2*16000)
	for i := range 16000 {
		v := int16(12000 * math.Sin(2*math.Pi*hz*float64(i)/16000))
		out[2*i], out[2*i+1] = byte(v), byte(v>>8)
	}
	return out
}

func TestFR001_OutputsOfSinksByTheirId(t *testing.T) {
	r := newRig(t)
	raw := sine(440)
	got := r.result(request(pipeline("in:Pass", "mid:Pass", "out:Pass", "words:Words", "in>mid", "mid>out"), map[string]any{
		"in": buffer(raw), "words": `{"text": "hello",  "n": 15.0}`,
	}))
	if len(got.GetAudioOutputs()) != 1 || len(got.GetDataOutputs()) != 1 {
		t.Fatalf("outputs %v and %v, want one of out and one of words", got.GetAudioOutputs(), got.GetDataOutputs())
	}
	out := got.GetAudioOutputs()["out"]
	if !bytes.Equal(out.GetSamples(), raw) || out.GetFormat() != pb.AudioFormat_AUDIO_FORMAT_I16 || out.GetSampleRate() != 16000 ||
		out.GetChannels() != 1 || out.GetNumSamples() != 16000 {
		t.Errorf("audio came back changed: %d bytes, %v", len(out.GetSamples()), out.GetFormat())
	}
	if data := got.GetDataOutputs()["words"]; data != `{"text": "hello",  "n": 15.0}` {
		t.Errorf("data came back as %s", data)
	}
	if got.GetStatus() != pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS || got.GetProtocolVersion() != "v1" || got.GetRequestId() == "" {
		t.Errorf("status %v, protocol %q, request %q", got.GetStatus(), got.GetProtocolVersion(), got.GetRequestId())
	}
}

func TestOutputNodesAreReturnedBesidesTheSinks(t *testing.T) {
	r := newRig(t)
	req := request(pipeline("in:Pass", "mid:Gain{\"gain\":2}", "out:Gain{\"gain\":2}", "in>mid", "mid>out"), map[string]any{"in": buffer([]byte{1, 0, 2, 0})})
	if got := r.result(req); len(got.GetAudioOutputs()) != 1 {
		t.Fatalf("outputs %v, want the sink's alone", got.GetAudioOutputs())
	}
	req.OutputNodes = []string{"mid"}
	for range 2 { // compiled, then from the cache
		got := r.result(req).GetAudioOutputs()
		if !bytes.Equal(got["mid"].GetSamples(), []byte{2, 0, 4, 0}) || !bytes.Equal(got["out"].GetSamples(), []byte{4, 0, 8, 0}) || len(got) != 2 {
			t.Errorf("outputs %v, want mid's and out's", got)
		}
	}
	req.OutputNodes = nil
	if got := r.result(req); len(got.GetAudioOutputs()) != 1 {
		t.Errorf("outputs %v after a call that asked for more", got.GetAudioOutputs())
	}
}

func TestListsHoldEveryItem(t *testing.T) {
	r := newRig(t)
	got := r.result(request(pipeline("a:Split", "d:Split", "one:Pass"), map[string]any{"a": buffer([]byte{1, 2}), "d": "[7]", "one": "[8]"}))
	if a := got.GetAudioOutputs()["a"].GetSamples(); !bytes.Equal(a, []byte{1, 2, 1, 2}) {
		t.Errorf("merged audio %v", a)
	}
	if list := got.GetAudioOutputLists()["a"].GetBuffers(); len(list) != 2 || !bytes.Equal(list[1].GetSamples(), []byte{1, 2}) {
		t.Errorf("audio list %v", list)
	}
	if d, list := got.GetDataOutputs()["d"], got.GetDataOutputLists()["d"].GetItems(); d != "[[7],[7]]" || len(list) != 2 || list[0] != "[7]" {
		t.Errorf("data %s of %q", d, list)
	}
	if d, list := got.GetDataOutputs()["one"], got.GetDataOutputLists()["one"].GetItems(); d != "[8]" || len(list) != 1 {
		t.Errorf("data %s of %q", d, list)
	}
}

func TestNodeResultsInManifestOrderAndPartialSuccess(t *testing.T) {
	r := newRig(t)
	got := r.result(request(pipeline("z:Pass", "b:Drop", "a:Pass", "c:Clock", "z>b", "b>a"), map[string]any{"z": buffer([]byte{1, 2, 3, 4})}))
	want := []struct {
		id, metadata string
		status       pb.NodeStatus
	}{
		{"z", `{"channels":1,"items":1,"kinds":["audio"],"num_samples":2,"output_format":"i16","sample_rate":16000}`, pb.NodeStatus_NODE_STATUS_SUCCESS},
		{"b", `{"items":0,"kinds":[]}`, pb.NodeStatus_NODE_STATUS_SUCCESS},
		{"a", `{"items":0,"kinds":[]}`, pb.NodeStatus_NODE_STATUS_SKIPPED},
		{"c", `{"items":1,"kinds":["text"]}`, pb.NodeStatus_NODE_STATUS_SUCCESS},
	}
	for i, w := range want {
		g := got.GetNodeResults()[i]
		if g.GetNodeId() != w.id || g.GetStatus() != w.status || g.GetOutputMetadata() != w.metadata || g.GetError() != nil {
			t.Errorf("result %d is %v, want %+v", i, g, w)
		}
	}
	if got.GetStatus() != pb.ExecutionStatus_EXECUTION_STATUS_PARTIAL_SUCCESS || len(got.GetWarnings()) != 1 || !strings.Contains(got.GetWarnings()[0], `"a"`) {
		t.Errorf("status %v, warnings %q", got.GetStatus(), got.GetWarnings())
	}
	if _, told := got.GetMetrics().GetNodeMetrics()["a"]; told {
		t.Error("a node that was skipped has metrics")
	}
	if _, there := got.GetDataOutputs()["a"]; there {
		t.Error("a node that gave nothing has an output")
	}
}

func TestFR005_MetricsArePlausible(t *testing.T) {
	r := newRig(t)
	start := time.Now()
	got := r.result(request(pipeline("in:Pass", `slow:Sleep{"ms": 30}`, `g:Gain{"gain": 0.5}`, "c:Clock", "in>slow", "slow>g"), map[string]any{"in": buffer(sine(100))}))
	elapsed := float64(time.Since(start)) / 1e6
	m := got.GetMetrics()
	if m.GetWallTimeMs() < 30 || m.GetWallTimeMs() > elapsed {
		t.Errorf("wall time %v ms, want 30 to %v", m.GetWallTimeMs(), elapsed)
	}
	if m.GetCpuTimeMs() <= 0 || m.GetCpuTimeMs() > m.GetWallTimeMs()-25 {
		t.Errorf("cpu time %v ms of %v, want it without the wait", m.GetCpuTimeMs(), m.GetWallTimeMs())
	}
	if s := m.GetSerializationTimeMs(); s <= 0 || s > m.GetWallTimeMs() || math.Abs(s-m.GetProtoToRuntimeMs()-m.GetRuntimeToProtoMs()) > 1e-9 {
		t.Errorf("serialization %v ms, in %v, out %v", s, m.GetProtoToRuntimeMs(), m.GetRuntimeToProtoMs())
	}
	if m.GetMemoryUsedBytes() < 32000+64000 {
		t.Errorf("memory %d, want the wire's bytes and the samples at least", m.GetMemoryUsedBytes())
	}
	sum := 0.0
	for id, n := range m.GetNodeMetrics() {
		sum += n.GetExecutionTimeMs()
		var custom map[string]any
		if err := json.Unmarshal([]byte(n.GetCustomMetrics()), &custom); err != nil {
			t.Errorf("%s: custom metrics %q: %v", id, n.GetCustomMetrics(), err)
		}
		if n.GetExecutionTimeMs() <= 0 {
			t.Errorf("%s took %v", id, n.GetExecutionTimeMs())
		}
		if id == "c" {
			if custom["ticks"] != 1.0 || custom["items_out"] != 1.0 || custom["items_in"] != 0.0 {
				t.Errorf("c: custom metrics %v", custom)
			}
			continue
		}
		if n.GetSamplesProcessed() != 16000 || custom["items_in"] != 1.0 || custom["items_out"] != 1.0 {
			t.Errorf("%s: %d samples, %v", id, n.GetSamplesProcessed(), custom)
		}
	}
	if len(m.GetNodeMetrics()) != 4 || sum > m.GetWallTimeMs() || m.GetNodeMetrics()["slow"].GetExecutionTimeMs() < 30 {
		t.Errorf("%d nodes took %v of %v ms", len(m.GetNodeMetrics()), sum, m.GetWallTimeMs())
	}
	if m.GetDataTypeBreakdown()["audio"] != 1 {
		t.Errorf("breakdown %v", m.GetDataTypeBreakdown())
	}
	if tiny := r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"})).GetMetrics(); tiny.GetMemoryUsedBytes() == 0 || tiny.GetWallTimeMs() <= 0 {
		t.Errorf("a call without audio used %d bytes in %v ms", tiny.GetMemoryUsedBytes(), tiny.GetWallTimeMs())
	}
}

// A real socket, and a hundred clients at once that each must get their own tone back.
func TestUS11_EachOfAHundredClientsGetsItsOwnTone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	r := serveRig(t, l, func(ctx context.Context, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", l.Addr().String())
	})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			raw := sine(100 + 37*float64(i))
			a, err := r.call(t.Context(), request(pipeline("in:Pass", "out:Gain{\"gain\": -1}", "in>out"), map[string]any{"in": buffer(raw)}))
			if err != nil || a.GetError() != nil {
				t.Errorf("client %d: %v %v", i, err, a.GetError())
				return
			}
			got := a.GetResult().GetAudioOutputs()["out"].GetSamples()
			for k := 0; k < len(raw); k += 2 {
				want, is := int16(raw[k])|int16(raw[k+1])<<8, int16(got[k])|int16(got[k+1])<<8
				if is != -want {
					t.Errorf("client %d: sample %d is %d, want %d", i, k/2, is, -want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestEDGE_OneBadCallAmongGoodOnesHarmsNone(t *testing.T) {
	for name, bad := range map[string]struct {
		pipeline string
		want     pb.ErrorType
	}{
		"failure": {"a:Fail", pb.ErrorType_ERROR_TYPE_NODE_EXECUTION},
		"panic":   {"a:Panic", pb.ErrorType_ERROR_TYPE_INTERNAL},
		"memory":  {"a:Hog", pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT},
		"timeout": {`a:Sleep{"ms": 3600000}`, pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT},
		"invalid": {"a:Nothing", pb.ErrorType_ERROR_TYPE_VALIDATION},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					p := "a:Pass"
					if i == 50 {
						p = bad.pipeline
					}
					req := request(pipeline(p), map[string]any{"a": buffer([]byte{byte(i), 0})})
					req.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 10_000}
					if i == 50 && name == "timeout" {
						req.ResourceLimits.MaxTimeoutMs = 20
					}
					a, err := r.call(t.Context(), req)
					switch {
					case err != nil:
						t.Errorf("call %d: %v", i, err)
					case i == 50 && a.GetError().GetErrorType() != bad.want:
						t.Errorf("the bad call got %v, want %v", a.GetError(), bad.want)
					case i != 50 && !bytes.Equal(a.GetResult().GetAudioOutputs()["a"].GetSamples(), []byte{byte(i), 0}):
						t.Errorf("call %d got %v", i, &a)
					}
				})
			}
			wg.Wait()
		})
	}
}

// eventually waits until a counter that other goroutines change has a value; the test's own deadline is the limit.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: it never happened", what)
		}
	}
}

func TestUS43_CancelAndDeadlineFreeEverything(t *testing.T) {
	for name, end := range map[string]struct {
		context func(context.Context) (context.Context, context.CancelFunc)
		want    codes.Code
	}{
		"cancel": {context.WithCancel, codes.Canceled},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 500*time.Millisecond)
		}, codes.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"})) // there is a connection: else the time may be over before the call is sent
			ctx, cancel := end.context(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			req := request(pipeline(`a:Sleep{"ms": 3600000}`), map[string]any{"a": buffer(sine(440))})
			req.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 30_000}
			go func() {
				_, err := r.call(ctx, req, "x-request-id", name)
				failed <- err
			}()
			if name == "cancel" {
				eventually(t, "the node waits", func() bool { return sleeping.Load() == 1 })
				if r.budget.Used() == 0 || r.engine.OpenSessions() != 1 {
					t.Error("nothing is held while the node waits")
				}
				cancel()
			}
			if err := <-failed; status.Code(err) != end.want {
				t.Errorf("got %v, want %v", err, end.want)
			}
			eventually(t, "everything is free", func() bool {
				return r.engine.OpenSessions() == 0 && r.engine.Abandoned() == 0 && r.budget.Used() == 0
			})
			eventually(t, "the call is logged", func() bool { return len(r.logs.lines(t, name)) == 1 })
			// The client resets the stream when its deadline passes, which may reach the server before its own timer does.
			line := r.logs.lines(t, name)[0]
			switch line["status"] {
			case codes.Canceled.String():
				if line["code"] != "canceled" || line["error_type"] != "CANCELED" || line["level"] != "INFO" {
					t.Errorf("logged as %v", line)
				}
			case end.want.String():
				if line["code"] != "deadline_exceeded" || line["level"] != "WARN" {
					t.Errorf("logged as %v", line)
				}
			default:
				t.Errorf("logged as %v", line)
			}
		})
	}
}

func TestFR011_LimitsJustBelowAndJustAbove(t *testing.T) {
	r := newRig(t)
	call := func(samples int, limits *pb.ResourceLimits) *pb.ExecuteResponse {
		req := request(pipeline("a:Pass"), map[string]any{"a": buffer(make([]byte, 2*samples))})
		req.ResourceLimits = limits
		return r.execute(req).ExecuteResponse
	}
	if e := call(1000, &pb.ResourceLimits{MaxAudioSamples: 1000}).GetError(); e != nil {
		t.Errorf("1000 samples of 1000: %v", e)
	}
	e := call(1001, &pb.ResourceLimits{MaxAudioSamples: 1000}).GetError()
	if e.GetErrorType() != pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT || e.GetCode() != "sample_limit" || e.GetFailingNodeId() != "a" {
		t.Errorf("1001 samples of 1000: %v", e)
	}
	if e := call(10_485_760, nil).GetError(); e != nil {
		t.Errorf("the default limit of samples: %v", e)
	}
	if e := call(10_485_761, nil).GetError(); e.GetCode() != "sample_limit" {
		t.Errorf("one sample above the default: %v", e)
	}
	if e := call(50_000, &pb.ResourceLimits{MaxMemoryBytes: 101_000}).GetError(); e != nil {
		t.Errorf("100,000 bytes and a manifest in 101,000: %v", e)
	}
	e = call(50_000, &pb.ResourceLimits{MaxMemoryBytes: 99_999}).GetError()
	if e.GetCode() != "memory_limit" || e.GetFailingNodeId() != "a" {
		t.Errorf("100,000 bytes in 99,999: %v", e)
	}
}

func TestLimitsAboveTheCapAreClampedWithAWarning(t *testing.T) {
	r := newRig(t, func(o *server.Options) {
		o.MaxLimits = engine.Limits{MemoryBytes: 1 << 20, Timeout: time.Second, Samples: 1000}
	})
	req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	if got := r.result(req).GetEffectiveLimits(); got.GetMaxMemoryBytes() != 1<<20 || got.GetMaxTimeoutMs() != 1000 || got.GetMaxAudioSamples() != 1000 {
		t.Errorf("defaults above the caps are in force: %v", got)
	}
	req.ResourceLimits = &pb.ResourceLimits{MaxMemoryBytes: math.MaxUint64, MaxTimeoutMs: math.MaxUint64, MaxAudioSamples: 999}
	a := r.execute(req)
	got := a.GetResult()
	if l := got.GetEffectiveLimits(); l.GetMaxMemoryBytes() != 1<<20 || l.GetMaxTimeoutMs() != 1000 || l.GetMaxAudioSamples() != 999 {
		t.Errorf("limits in force: %v", l)
	}
	if w := got.GetWarnings(); len(w) != 2 || !strings.Contains(w[0], "max_memory_bytes") || !strings.Contains(w[1], "max_timeout_ms") {
		t.Errorf("warnings %q", w)
	}
	if n := a.trailer.Get("x-remotemedia-warnings"); len(n) != 1 || n[0] != "2" {
		t.Errorf("trailer %q, want 2", n)
	}
	req.ResourceLimits = &pb.ResourceLimits{MaxMemoryBytes: 1 << 20, MaxTimeoutMs: 1000, MaxAudioSamples: 1000}
	if w := r.result(req).GetWarnings(); len(w) != 0 {
		t.Errorf("limits just at the caps: warnings %q", w)
	}
}

func TestWarningsOfManifestAndNodes(t *testing.T) {
	r := newRig(t)
	m := pipeline("a:Warn", "b:Pass", "a>b", "a>b")
	m.Nodes[0].Host = "elsewhere:1"
	w := r.result(request(m, map[string]any{"a": "1"})).GetWarnings()
	if len(w) != 3 || !strings.Contains(w[0], "host") || !strings.Contains(w[1], "counts once") || !strings.Contains(w[2], "careful") {
		t.Errorf("warnings %q", w)
	}
}

func TestZeroFramesAndDerivedLength(t *testing.T) {
	r := newRig(t)
	got := r.result(request(pipeline("empty:Sound", "derived:Sound"), map[string]any{
		"empty":   buffer(nil),
		"derived": buffer([]byte{1, 0, 2, 0}, func(b *pb.AudioBuffer) { b.NumSamples = 0 }),
	}))
	if b := got.GetAudioOutputs()["empty"]; b == nil || b.GetNumSamples() != 0 || b.GetFormat() != pb.AudioFormat_AUDIO_FORMAT_I16 || b.GetSampleRate() != 16000 {
		t.Errorf("an empty buffer came back as %v", b)
	}
	if b := got.GetAudioOutputs()["derived"]; b.GetNumSamples() != 2 {
		t.Errorf("%d samples, want 2", b.GetNumSamples())
	}
}

func TestUnknownFieldsAreTolerated(t *testing.T) {
	r := newRig(t)
	req := request(pipeline("a:Pass"), map[string]any{"a": buffer([]byte{1, 2})})
	extra := protowire.AppendString(protowire.AppendTag(nil, 99, protowire.BytesType), "from the future")
	req.ProtoReflect().SetUnknown(extra)
	req.Manifest.ProtoReflect().SetUnknown(extra)
	req.Manifest.Nodes[0].ProtoReflect().SetUnknown(extra)
	req.AudioInputs["a"].ProtoReflect().SetUnknown(extra)
	req.Manifest.Nodes[0].RuntimeHint = 77
	if got := r.result(req).GetAudioOutputs()["a"]; !bytes.Equal(got.GetSamples(), []byte{1, 2}) || len(got.ProtoReflect().GetUnknown()) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAudioMetadataAndTimeTravelWithTheAudio(t *testing.T) {
	r := newRig(t)
	in := buffer([]byte{1, 2}, func(b *pb.AudioBuffer) {
		b.MetadataJson, b.TimestampUs, b.StreamId = []byte(`{"speaker":"ada"}`), 1_500_000, "left"
	})
	got := r.result(request(pipeline("a:Pass"), map[string]any{"a": in})).GetAudioOutputs()["a"]
	if string(got.GetMetadataJson()) != `{"speaker":"ada"}` || got.GetTimestampUs() != 1_500_000 || got.GetStreamId() != "left" || got.GetPositionFrames() != 0 {
		t.Errorf("got %v", got)
	}
}

func TestStackTracesAreToldInDebugOnly(t *testing.T) {
	req := request(pipeline("a:Panic"), map[string]any{"a": "1"})
	quiet, loud := newRig(t), newRig(t, func(o *server.Options) { o.Debug = true })
	e := quiet.execute(req, "x-request-id", "quiet").GetError()
	if e.GetStackTrace() != "" || strings.Contains(e.String(), "a bug with a secret") {
		t.Errorf("the client sees %v", e)
	}
	if trace := loud.execute(req).GetError().GetStackTrace(); !strings.Contains(trace, "nodes_test.go") {
		t.Errorf("in debug the trace is %q", trace)
	}
	lines := quiet.logs.lines(t, "quiet")
	if len(lines) != 1 || !strings.Contains(lines[0]["stack"].(string), "nodes_test.go") || lines[0]["level"] != "ERROR" ||
		!strings.Contains(lines[0]["op"].(string), "a bug with a secret") || !strings.Contains(e.GetContext(), lines[0]["error_id"].(string)) {
		t.Errorf("the log says %v, the client was told %s", lines, e.GetContext())
	}
}
