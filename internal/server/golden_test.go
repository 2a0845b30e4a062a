package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

var update = flag.Bool("update", false, "write the golden files of the error answers anew")

var sound = buffer([]byte{1, 2, 3, 4})

// badInputs are requests that must fail, each told by a golden file.
func badInputs() map[string]*pb.ExecuteRequest {
	one := pipeline("a:Pass")
	audio := func(change func(*pb.AudioBuffer)) *pb.ExecuteRequest {
		return request(pipeline("mic:Sound"), map[string]any{"mic": buffer([]byte{1, 2, 3, 4}, change)})
	}
	withVersion := func(v string) *pb.PipelineManifest {
		m := pipeline("a:Pass")
		m.Version = v
		return m
	}
	capable := func(c *pb.CapabilityRequirements) *pb.ExecuteRequest {
		m := pipeline("a:Pass")
		m.Nodes[0].Capabilities = c
		return request(m, map[string]any{"a": "1"})
	}
	port := pipeline("a:Pass", "b:Pass", "a>b")
	port.Connections[0].ToInput = "side"
	limited := request(pipeline("mic:Sound"), map[string]any{"mic": sound})
	limited.ResourceLimits = &pb.ResourceLimits{MaxAudioSamples: 1}
	client := request(one, map[string]any{"a": "1"})
	client.ClientVersion = "v2"
	output := request(one, map[string]any{"a": "1"})
	output.OutputNodes = []string{"b"}
	slow := request(pipeline("a:Pass", `slow:Sleep{"ms": 3600000}`, "b:Pass", "a>slow", "slow>b"), map[string]any{"a": sound})
	slow.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 20}
	many := request(pipeline("a:Pass", "a:Nope", `g:Gain{"gain": 1000, "gian": 1}`, "x:Drop{]", "a>x", "x>q"), map[string]any{
		"a": `{"x": }`, "nobody": "1", "g": buffer([]byte{1}, func(b *pb.AudioBuffer) { b.NumSamples = 0 }),
	})
	return map[string]*pb.ExecuteRequest{
		"missing_manifest":      {},
		"no_nodes":              request(pipeline(), nil),
		"no_manifest_version":   request(withVersion(""), map[string]any{"a": "1"}),
		"manifest_version":      request(withVersion("v2"), map[string]any{"a": "1"}),
		"client_version":        client,
		"unknown_type":          request(pipeline("a:Soudn"), map[string]any{"a": "1"}),
		"no_type":               request(pipeline("a:"), map[string]any{"a": "1"}),
		"empty_id":              request(pipeline(":Pass"), nil),
		"bad_id":                request(pipeline("a b:Pass"), map[string]any{"a b": "1"}),
		"duplicate_id":          request(pipeline("a:Pass", "a:Sound"), map[string]any{"a": "1"}),
		"malformed_params":      request(pipeline("a:Gain{\n\"gain\": 1,\n \"x\" }"), map[string]any{"a": sound}),
		"params_not_an_object":  request(&pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "Pass", Params: "[1]"}}}, map[string]any{"a": "1"}),
		"unknown_parameter":     request(pipeline(`a:Gain{"gian": 2}`), map[string]any{"a": sound}),
		"bad_parameter":         request(pipeline(`a:Gain{"gain": 1000}`), map[string]any{"a": sound}),
		"secret_in_bad_params":  request(pipeline(`a:Gain{"token": ["hunter2"], "gain": 1000}`), map[string]any{"a": sound}),
		"dangling_connection":   request(pipeline("a:Pass", "a>b"), map[string]any{"a": "1"}),
		"empty_connection":      request(pipeline("a:Pass", "b:Pass", "a>b", ">"), map[string]any{"a": "1"}),
		"empty_connection_from": request(pipeline("a:Pass", "b:Pass", ">b"), map[string]any{"a": "1", "b": "1"}),
		"self_loop":             request(pipeline("a:Pass", "a>a"), map[string]any{"a": "1"}),
		"cycle":                 request(pipeline("a:Pass", "b:Pass", "c:Pass", "a>b", "b>c", "c>b"), map[string]any{"a": "1"}),
		"unknown_port":          request(port, map[string]any{"a": "1"}),
		"kind_mismatch":         request(pipeline("a:Sound", "b:Words", "a>b"), map[string]any{"a": sound}),
		"gpu_required":          capable(&pb.CapabilityRequirements{Gpu: &pb.GpuRequirement{Type: "cuda", Required: true}}),
		"memory_required":       capable(&pb.CapabilityRequirements{MemoryGb: 64}),
		"unknown_input":         request(one, map[string]any{"a": "1", "microphone": sound}),
		"unknown_output":        output,
		"missing_input":         request(pipeline("a:Pass", "b:Sound", "c:Pass", "b>c"), map[string]any{"a": "1"}),
		"data_for_audio_node":   request(pipeline("a:Sound"), map[string]any{"a": "1"}),
		"audio_for_data_node":   request(pipeline("a:Words"), map[string]any{"a": sound}),
		"data_not_json":         request(one, map[string]any{"a": "{\"value\": 1,\n \"x\" 2}"}),
		"data_empty":            request(one, map[string]any{"a": ""}),
		"data_trailing":         request(one, map[string]any{"a": "1 2"}),
		"data_truncated":        request(one, map[string]any{"a": `{"a": [1, 2`}),
		"audio_rate_0":          audio(func(b *pb.AudioBuffer) { b.SampleRate = 0 }),
		"audio_rate_high":       audio(func(b *pb.AudioBuffer) { b.SampleRate = 768_001 }),
		"audio_channels_0":      audio(func(b *pb.AudioBuffer) { b.Channels = 0 }),
		"audio_channels_high":   audio(func(b *pb.AudioBuffer) { b.Channels = 65 }),
		"audio_format_0":        audio(func(b *pb.AudioBuffer) { b.Format = 0 }),
		"audio_format_unknown":  audio(func(b *pb.AudioBuffer) { b.Format = 9 }),
		"audio_length":          audio(func(b *pb.AudioBuffer) { b.NumSamples = 3 }),
		"audio_length_overflow": audio(func(b *pb.AudioBuffer) { b.NumSamples = 1<<63 + 2 }),
		"audio_no_bytes":        audio(func(b *pb.AudioBuffer) { b.Samples = nil }),
		"audio_part_of_a_frame": audio(func(b *pb.AudioBuffer) { b.Channels, b.Samples, b.NumSamples = 2, []byte{1, 2, 3, 4, 5, 6}, 3 }),
		"audio_metadata":        audio(func(b *pb.AudioBuffer) { b.MetadataJson = []byte("{") }),
		"audio_everything":      audio(func(b *pb.AudioBuffer) { b.Reset() }),
		"sample_limit":          limited,
		"many_faults":           many,
		"node_failed":           request(pipeline("a:Pass", "bad:Fail", "c:Pass", "a>bad", "bad>c"), map[string]any{"a": sound}),
		"node_failed_secret":    request(pipeline("a:Pass", "g:Gain{\"token\":\"hunter2\"}", "bad:Fail", "a>g", "g>bad"), map[string]any{"a": sound, "bad": `{"x": 1}`}),
		"node_panicked":         request(pipeline("a:Panic"), map[string]any{"a": "1"}),
		"memory_limit":          request(pipeline("a:Pass", "hog:Hog", "a>hog"), map[string]any{"a": "1"}),
		"time_limit":            slow,
		"manifest_too_large":    request(pipeline(`a:Pass{"x":"`+strings.Repeat("x", 1<<20)+`"}`), map[string]any{"a": "1"}),
	}
}

func TestFR012_EveryBadInputIsToldByItsGoldenFile(t *testing.T) {
	r := newRig(t)
	for name, req := range badInputs() {
		t.Run(name, func(t *testing.T) {
			a := r.execute(req, "x-request-id", "golden")
			if a.GetError() == nil {
				t.Fatalf("it was answered: %v", a.GetResult())
			}
			checkGolden(t, name, render(t, a.GetError()))
			if got, want := a.trailer.Get("x-remotemedia-error-type"), a.GetError().GetErrorType().String(); len(got) != 1 || got[0] != want {
				t.Errorf("trailer %q, want %s", got, want)
			}
		})
	}
	if t.Failed() {
		return
	}
	if got := r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"})); got.GetDataOutputs()["a"] != "1" {
		t.Error("the service doesn't live on")
	}
	if strings.Contains(r.logs.String(), "hunter2") {
		t.Error("a secret is in the log")
	}
}

func TestLimitAboveTheCapIsRefusedWhereTheServiceIsSetSo(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.RejectAboveCap = true; o.MaxLimits = engine.Limits{MemoryBytes: 1 << 20} })
	req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	req.ResourceLimits = &pb.ResourceLimits{MaxMemoryBytes: 1<<20 + 1}
	checkGolden(t, "limit_above_cap", render(t, r.execute(req, "x-request-id", "golden").GetError()))
}

func TestTooManyNodes(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.MaxNodes = 2 })
	req := request(pipeline("a:Pass", "b:Pass", "c:Pass"), map[string]any{"a": "1"})
	checkGolden(t, "too_many_nodes", render(t, r.execute(req, "x-request-id", "golden").GetError()))
	huge := &pb.PipelineManifest{Version: "v1", Nodes: make([]*pb.NodeManifest, 200_000)}
	for i := range huge.Nodes {
		huge.Nodes[i] = &pb.NodeManifest{}
	}
	checkGolden(t, "absurdly_many_nodes", render(t, r.execute(request(huge, nil), "x-request-id", "golden").GetError()))
}

// goldenError is an error as its golden file has it: the context as an object, what differs from run to run as a word.
type goldenError struct {
	ErrorType     string         `json:"error_type"`
	Code          string         `json:"code"`
	FailingNodeID string         `json:"failing_node_id"`
	Message       string         `json:"message"`
	Problems      []string       `json:"problems"`
	Context       map[string]any `json:"context"`
	StackTrace    string         `json:"stack_trace"`
}

func render(t *testing.T, e *pb.ErrorResponse) []byte {
	t.Helper()
	g := goldenError{
		ErrorType: e.GetErrorType().String(), Code: e.GetCode(), FailingNodeID: e.GetFailingNodeId(),
		Message: e.GetMessage(), Problems: e.GetProblems(), StackTrace: e.GetStackTrace(),
	}
	if err := json.Unmarshal([]byte(e.GetContext()), &g.Context); err != nil {
		t.Fatalf("the context isn't a JSON object: %v: %s", err, e.GetContext())
	}
	replace := map[string]string{"elapsed_ms": "<ms>"}
	if id, ok := g.Context["error_id"].(string); ok {
		replace["error_id"] = "<id>"
		g.Message = strings.ReplaceAll(g.Message, id, "<id>")
	}
	if limit := g.Context["limit"]; limit == "max_timeout_ms" || limit == "max_memory_bytes" && g.Code == "memory_limit" {
		g.Message = strings.Replace(g.Message, "used "+jsonNumber(g.Context["used"]), "used <n>", 1)
		replace["used"] = "<n>"
	}
	for key, word := range replace {
		if _, ok := g.Context[key]; ok {
			g.Context[key] = word
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jsonNumber(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "errors", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
