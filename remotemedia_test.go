package remotemedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func compile(t *testing.T, text string, options ...remotemedia.Option) *remotemedia.Pipeline {
	t.Helper()
	p, err := remotemedia.Compile(text, options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func nodesOf(list string) string { return `{"version":"v1","nodes":[` + list + `]}` }

const chain = `{"version":"v1","nodes":[
	{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}},
	{"id":"vad","node_type":"VAD"}],
	"connections":[{"from":"resample","to":"vad"}]}`

func tone(hz float64, rate, frames int) []float32 {
	out := make([]float32, frames)
	for i := range out {
		out[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

func on(id string, a remotemedia.Audio) remotemedia.Inputs {
	return remotemedia.Inputs{Audio: map[string]remotemedia.Audio{id: a}}
}

func data(id, text string) remotemedia.Inputs {
	return remotemedia.Inputs{Data: map[string]json.RawMessage{id: json.RawMessage(text)}}
}

func TestRunReportsWhatHappened(t *testing.T) {
	p := compile(t, chain)
	r, err := p.Run(context.Background(), on("resample", remotemedia.Planar(44100, tone(440, 44100, 44100))))
	if err != nil {
		t.Fatal(err)
	}
	out := r.Audio["vad"]
	if out.Frames() != 16000 || out.Format.Rate != 16000 || out.Format.Encoding != pcm.F32 {
		t.Errorf("got %d frames, %v", out.Frames(), out.Format)
	}
	if len(r.Lists["vad"].Data) == 0 || r.Data["vad"] == nil || r.Data["resample"] != nil {
		t.Errorf("data outputs are %v", r.Data)
	}
	if r.Status != media.Success || len(r.Nodes) != 2 {
		t.Fatalf("status %q, %d nodes", r.Status, len(r.Nodes))
	}
	if n := r.Nodes[0]; n.ID != "resample" || n.Samples != 44100 || n.Time <= 0 || n.ItemsIn != 1 {
		t.Errorf("the resampler's report is %+v", n)
	}
	if m := r.Metrics; m.Wall < m.Busy || m.Busy <= 0 || m.PeakMemory < 4*44100 {
		t.Errorf("metrics are %+v", m)
	}
}

func TestStreamEqualsRunForAnyChunking(t *testing.T) {
	p := compile(t, nodesOf(`{"id":"r","node_type":"AudioResample"}`))
	samples := tone(1000, 48000, 20000)
	whole, err := p.Run(context.Background(), on("", remotemedia.Planar(48000, samples)))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{7, 479, 4096, len(samples)} {
		var got []byte
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(samples); at += size {
			r, err := s.Push(context.Background(), on("", remotemedia.Planar(48000, samples[at:min(at+size, len(samples))])))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Audio["r"].Bytes...)
		}
		r, err := s.Flush(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if got = append(got, r.Audio["r"].Bytes...); !bytes.Equal(got, whole.Audio["r"].Bytes) {
			t.Errorf("blocks of %d frames give other bytes than one run", size)
		}
		if r.Nodes[0].Samples != uint64(len(samples)) {
			t.Errorf("the stream's report counts %d samples, want %d", r.Nodes[0].Samples, len(samples))
		}
	}
}

// The caller may use its memory again at once, and the result doesn't change under its hands.
func TestValuesAreCopied(t *testing.T) {
	p := compile(t, nodesOf(`{"id":"pass","node_type":"PassThrough"}`))
	in := remotemedia.Planar(16000, tone(440, 16000, 1000))
	want := bytes.Clone(in.Bytes)
	r, err := p.Run(context.Background(), on("pass", in))
	if err != nil {
		t.Fatal(err)
	}
	clear(in.Bytes)
	if _, err := p.Run(context.Background(), on("pass", in)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Audio["pass"].Bytes, want) {
		t.Error("the result changed after the input was overwritten and the pipeline run again")
	}
}

func TestConcurrentRunsKeepToThemselves(t *testing.T) {
	p := compile(t, nodesOf(`{"id":"n","node_type":"MultiplyNode","params":{"factor":2}}`))
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			r, err := p.Run(context.Background(), data("n", fmt.Sprint(i)))
			if err != nil {
				t.Error(err)
			} else if got, want := string(r.Data["n"]), fmt.Sprint(2*i); got != want {
				t.Errorf("run %d got %s, want %s", i, got, want)
			}
		})
	}
	wg.Wait()
}

func TestInputFaults(t *testing.T) {
	good := remotemedia.Planar(16000, make([]float32, 100))
	bad := good
	bad.Format.Rate = 0
	two := nodesOf(`{"id":"a","node_type":"PassThrough"},{"id":"b","node_type":"PassThrough"}`)
	calc := nodesOf(`{"id":"calc","node_type":"CalculatorNode"}`)
	cases := []struct {
		name, manifest string
		in             remotemedia.Inputs
		code           fault.Code
		node, says     string
	}{
		{"unknown node", chain, on("resampel", good), fault.CodeUnknownInput, "resampel", "did you mean resample?"},
		{"no input", chain, remotemedia.Inputs{}, fault.CodeMissingInput, "resample", "got no input"},
		{"one of two", two, on("a", good), fault.CodeMissingInput, "b", "got no input"},
		{"no node named", two, on("", good), fault.CodeUnknownInput, "", "a, b"},
		{"data to audio", chain, data("resample", "1"), fault.CodeInputKind, "resample", "takes audio"},
		{"audio to data", calc, on("calc", good), fault.CodeInputKind, "calc", "is audio"},
		{"bad JSON", calc, data("calc", "{\"value\":\n 1,}"), fault.CodeDataSyntax, "calc", "line 2, column 3"},
		{"no JSON", calc, data("calc", ""), fault.CodeDataSyntax, "calc", "invalid JSON"},
		{"two values", calc, data("calc", "1 2"), fault.CodeDataSyntax, "calc", "line 1, column"},
		{"rate 0", chain, on("resample", bad), fault.CodeBadAudio, "resample", "sample_rate is 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, c.manifest).Run(context.Background(), c.in)
			f := fault.From(err)
			if f == nil || f.Code != c.code || f.NodeID != c.node || f.Kind != fault.Validation {
				t.Fatalf("got %+v", f)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("the message %q lacks %q", err, c.says)
			}
		})
	}
}

func TestEveryInputFaultIsTold(t *testing.T) {
	p := compile(t, nodesOf(`{"id":"a","node_type":"CalculatorNode"},{"id":"b","node_type":"AudioResample"}`))
	_, err := p.Run(context.Background(), remotemedia.Inputs{Data: map[string]json.RawMessage{
		"a": json.RawMessage("{"), "b": json.RawMessage("1"), "c": json.RawMessage("1"),
	}})
	if got := len(fault.From(err).Problems); got != 3 {
		t.Errorf("told are %d problems, want 3: %v", got, err)
	}
}

func TestCompileTellsEveryProblem(t *testing.T) {
	_, err := remotemedia.Compile(nodesOf(`{"id":"a","node_type":"Nope"},{"id":"a","node_type":"PassThrough","parms":{}}`))
	var codes []fault.Code
	for _, p := range fault.From(err).Problems {
		codes = append(codes, p.Code)
		if p.Line == 0 {
			t.Errorf("%s has no line", p.Code)
		}
	}
	for _, want := range []fault.Code{fault.CodeUnknownNodeType, fault.CodeDuplicateNodeID, fault.CodeUnknownField} {
		if !strings.Contains(fmt.Sprint(codes), string(want)) {
			t.Errorf("%s isn't told among %v", want, codes)
		}
	}
	if _, err := remotemedia.Compile("{"); fault.From(err).Code != fault.CodeSyntax {
		t.Errorf("half a document gives %v", err)
	}
	if _, err := remotemedia.CompileManifest(nil); fault.From(err).Code != fault.CodeManifestMissing {
		t.Errorf("no manifest gives %v", err)
	}
}

func TestCompileManifestBuiltByHand(t *testing.T) {
	p, err := remotemedia.CompileManifest(&manifest.Manifest{
		Version: "v1", Nodes: []manifest.Node{{ID: "a", Type: "Echo"}, {ID: "b", Type: "PassThrough"}},
		Connections: []manifest.Connection{{From: "a", To: "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Name(), p.Sources(), p.Outputs(), p.Plan().Order); got != "unnamed[a] [b] [0 1]" {
		t.Errorf("got %s", got)
	}
}

func TestWarningsOfTheManifestAreInTheResult(t *testing.T) {
	p := compile(t, nodesOf(`{"id":"a","node_type":"PassThrough","host":"elsewhere:1"}`))
	r, err := p.Run(context.Background(), data("a", "1"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "host") || len(p.Warnings()) != 1 {
		t.Errorf("warnings are %q", r.Warnings)
	}
}

func TestLimitsAreKept(t *testing.T) {
	big := remotemedia.Planar(16000, make([]float32, 10_000))
	cases := []struct {
		name   string
		limits remotemedia.Limits
		in     remotemedia.Inputs
		nodes  string
		code   fault.Code
	}{
		{"memory", remotemedia.Limits{MemoryBytes: 39_999}, on("n", big), `{"id":"n","node_type":"PassThrough"}`, fault.CodeMemoryLimit},
		{"samples", remotemedia.Limits{Samples: 9_999}, on("n", big), `{"id":"n","node_type":"PassThrough"}`, fault.CodeSampleLimit},
		{"time", remotemedia.Limits{Timeout: time.Millisecond}, data("n", "1"), `{"id":"n","node_type":"DelayNode","params":{"delay_ms":600000}}`, fault.CodeTimeLimit},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, nodesOf(c.nodes), remotemedia.WithLimits(c.limits)).Run(context.Background(), c.in)
			if f := fault.From(err); f == nil || f.Code != c.code || f.NodeID != "n" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCancelEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := compile(t, nodesOf(`{"id":"n","node_type":"DelayNode","params":{"delay_ms":600000}}`))
	if _, err := p.Run(ctx, data("n", "1")); fault.From(err).Kind != fault.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSkippedNodesMakeThePartOfASuccess(t *testing.T) {
	p := compile(t, `{"version":"v1","nodes":[
		{"id":"calc","node_type":"CalculatorNode"},{"id":"r","node_type":"AudioResample"},{"id":"v","node_type":"PassThrough"}],
		"connections":[{"from":"r","to":"v"}]}`)
	in := data("calc", `{"a":2,"b":3}`)
	in.Audio = map[string]remotemedia.Audio{"r": remotemedia.Planar(48000, nil)}
	r, err := p.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != media.Partial || r.Nodes[2].Status != media.Skipped || string(r.Data["calc"]) != "5" {
		t.Errorf("status %q, node %+v, data %s", r.Status, r.Nodes[2], r.Data["calc"])
	}
}

func TestStreamRefusesAnotherFormat(t *testing.T) {
	s, err := compile(t, chain).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if _, err := s.Push(ctx, on("resample", remotemedia.Planar(48000, make([]float32, 480)))); err != nil {
		t.Fatal(err)
	}
	_, err = s.Push(ctx, on("resample", remotemedia.Planar(44100, make([]float32, 441))))
	if f := fault.From(err); f == nil || f.Code != fault.CodeFormatChanged || f.NodeID != "resample" {
		t.Errorf("got %v", err)
	}
	if _, err := s.Push(ctx, on("resample", remotemedia.Planar(48000, make([]float32, 480)))); err != nil {
		t.Errorf("the stream can't be used on: %v", err)
	}
}

func TestWithCatalogReplacesTheNodeTypes(t *testing.T) {
	only, err := node.NewCatalog("test", flow.Nodes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remotemedia.Compile(chain, remotemedia.WithCatalog(only)); fault.From(err).Code != fault.CodeUnknownNodeType {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	p := compile(t, chain)
	for i := range 20 {
		in := on("resample", remotemedia.Planar(44100, tone(440, 44100, 2000+i)))
		if _, err := p.Run(context.Background(), in); err != nil {
			t.Fatal(err)
		}
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Push(context.Background(), in); err != nil {
			t.Fatal(err)
		}
		s.Close() // without a flush: the filters still hold samples
		s.Close()
	}
	// A session whose call was given up before this test ends when its worker does, after the call has returned.
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		buffers, sessions := remotemedia.Outstanding()
		if buffers == 0 && sessions == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d buffers and %d sessions are out", buffers, sessions)
		}
	}
}
