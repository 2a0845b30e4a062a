package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	remotemedia "github.com/remotemedia/remotemedia-go"
	inprocess "github.com/remotemedia/remotemedia-go/conformance/local"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What was wrong with the input isn't part of the report.
func TestQuietRunsStillWarn(t *testing.T) {
	o := run(bytes.NewReader(make([]byte, 4001)), "run", speech, "-i", "-", "-q", "--in-format", "s16le", "--rate", "16000")
	if o.code != ExitOK || o.stdout != "" || o.stderr != "warning: -: the input ends in a frame of 1 bytes instead of 2, which was ignored\n" {
		t.Errorf("%+v", o)
	}
	if o := run(bytes.NewReader(make([]byte, 4000)), "run", speech, "-i", "-", "-q", "--in-format", "s16le", "--rate", "16000"); o.stdout+o.stderr != "" {
		t.Errorf("nothing was wrong: %+v", o)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	speech    = "../../examples/manifests/speech.yaml"
	sentences = "../../testdata/speech/two-sentences-44k1.wav"
	dialogue  = "../../testdata/speech/dialogue-stereo-22k.wav"
)

// outcome is what a command line left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

func run(stdin io.Reader, args ...string) outcome {
	return runIn(context.Background(), stdin, args...)
}

func runIn(ctx context.Context, stdin io.Reader, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := Run(ctx, args, Env{Stdin: stdin, Stdout: &stdout, Stderr: &stderr})
	return outcome{code, stdout.String(), stderr.String()}
}

// succeed runs and insists on exit code 0.
func succeed(t *testing.T, args ...string) outcome {
	t.Helper()
	o := run(nil, args...)
	if o.code != ExitOK {
		t.Fatalf("%q exits with %d: %s", args, o.code, o.stderr)
	}
	return o
}

// temp writes a file that ends with the test.
func temp(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// startService serves on a free port for the length of the test.
func startService(t *testing.T) (address string) {
	t.Helper()
	return inprocess.Serve(t, nil)
}

// varying are the parts of reports that differ from run to run.
var varying = []struct{ pattern, mask string }{
	{`[0-9.]+ ms`, "# ms"},
	{`[0-9.]+ (B|kB|MB)\b`, "# B"},
	{`"(\w+_ms|memory_bytes)": [0-9.]+`, `"$1": 0`},
	{` +# `, " # "},
	{`(STATUS|SAMPLES|OUT) +(TIME|MEMORY)`, "$1 $2"},
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, v := range varying {
		if !strings.HasPrefix(name, "run") {
			break // nothing varies there
		}
		got = regexp.MustCompile(v.pattern).ReplaceAllString(got, v.mask)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, path)); got != want {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", name, got)
	}
}

func TestGolden(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.wav")
	cases := map[string][]string{
		"run.txt":            {"run", speech, "-i", sentences},
		"run-json.txt":       {"run", speech, "-i", sentences, "--json"},
		"run-data.txt":       {"run", "../../examples/manifests/arithmetic.yaml", "--data", "100"},
		"graph-mermaid.txt":  {"graph", "../../examples/manifests/anchors.yaml"},
		"graph-dot.txt":      {"graph", "../../examples/manifests/both.yaml", "--format", "dot"},
		"validate-good.txt":  {"validate", speech, "../../examples/manifests/calculator.json"},
		"run-written.txt":    {"run", speech, "-i", "resample=" + sentences, "-o", "vad=" + out},
		"validate-warns.txt": {"validate", "../../examples/manifests/legacy.json"},
	}
	for name, args := range cases {
		t.Run(name, func(t *testing.T) {
			o := succeed(t, args...)
			golden(t, name, strings.ReplaceAll(o.stdout+o.stderr, out, "out.wav"))
		})
	}
}

const faulty = `version: v1
nodes:
  - id: resample
    node_type: AudioResampel
  - id: vad
    node_type: VAD
    params: {energy_treshold: 0.1, frame_duration_ms: 1}
connections:
  - {from: resample, to: vat}
`

func TestUS4_1_ValidateTellsEveryFault(t *testing.T) {
	o := run(strings.NewReader(faulty), "validate", "-")
	if o.code != ExitUsage || o.stdout != "" {
		t.Errorf("exit code %d, stdout %q", o.code, o.stdout)
	}
	golden(t, "validate-faulty.txt", o.stderr)
	o = run(strings.NewReader(faulty), "validate", "-", "--json")
	var verdicts []verdict
	if err := json.Unmarshal([]byte(o.stdout), &verdicts); err != nil {
		t.Fatal(err)
	}
	if o.code != ExitUsage || len(verdicts) != 1 || verdicts[0].Valid || len(verdicts[0].Problems) != 4 || o.stderr != "" {
		t.Errorf("exit code %d, verdicts %+v, stderr %q", o.code, verdicts, o.stderr)
	}
}

func TestValidateJudgesEachManifest(t *testing.T) {
	o := run(strings.NewReader(faulty), "validate", speech, "-", "../../examples/manifests/both.yaml")
	if o.code != ExitUsage || strings.Count(o.stdout, ": valid\n") != 2 {
		t.Errorf("exit code %d, stdout:\n%s", o.code, o.stdout)
	}
}

func TestExitCodes(t *testing.T) {
	slow := temp(t, "slow.json", `{"version":"v1","nodes":[{"id":"n","node_type":"DelayNode","params":{"delay_ms":60000}}]}`)
	divide := temp(t, "divide.json", `{"version":"v1","nodes":[{"id":"n","node_type":"CalculatorNode","params":{"operation":"divide","value":0}}]}`)
	garbage := temp(t, "garbage.wav", "this is no audio at all, whatever its name says")
	_, missing := os.Stat("nothing.yaml")
	absent := errors.Unwrap(missing).Error() // each system says it in its own words
	cases := []struct {
		name string
		want int
		says string
		args []string
	}{
		{"help", ExitOK, "", []string{"--help"}},
		{"a node fails", ExitFailed, `node "n"`, []string{"run", divide, "--data", "1"}},
		{"no place for the output", ExitFailed, "open /nonexistent/x.wav", []string{"run", speech, "-i", sentences, "-o", "/nonexistent/x.wav"}},
		{"no command", ExitUsage, "--help", nil},
		{"unknown flag", ExitUsage, "--colour", []string{"run", speech, "--colour"}},
		{"no such manifest", ExitUsage, absent, []string{"run", "nothing.yaml"}},
		{"no such input", ExitUsage, absent, []string{"run", speech, "-i", "nothing.wav"}},
		{"garbage input", ExitUsage, "RIFF", []string{"run", speech, "-i", garbage}},
		{"input missing", ExitUsage, "got no input", []string{"run", speech}},
		{"input for nobody", ExitUsage, "did you mean resample?", []string{"run", speech, "-i", "resampl=" + sentences}},
		{"bad JSON", ExitUsage, "line 1, column", []string{"run", divide, "--data", "{"}},
		{"nothing to write", ExitUsage, "none of the outputs is audio", []string{"run", "../../examples/manifests/arithmetic.yaml", "--data", "1", "-o", filepath.Join(t.TempDir(), "x.wav")}},
		{"several to write", ExitUsage, "-o NODE=PATH", []string{"run", "../../examples/manifests/anchors.yaml", "-i", sentences, "-o", filepath.Join(t.TempDir(), "x.wav")}},
		{"an output twice", ExitUsage, "given twice", []string{"run", speech, "-i", sentences, "-o", "a", "-o", "b"}},
		{"raw without a rate", ExitUsage, "--rate", []string{"run", speech, "-i", "-", "--in-format", "s16le"}},
		{"stream of two", ExitUsage, "exactly one", []string{"run", speech, "-i", "a=-", "-i", "b=-"}},
		{"remote stream", ExitRefused, "127.0.0.1:1", []string{"run", speech, "-i", sentences, "--block", "4096", "--server", "127.0.0.1:1"}},
		{"unknown node type", ExitUsage, "did you mean AudioResample?", []string{"nodes", "info", "AudioResampel"}},
		{"nobody there", ExitRefused, "127.0.0.1:1", []string{"run", speech, "-i", sentences, "--server", "127.0.0.1:1"}},
		{"nobody healthy", ExitRefused, "127.0.0.1:1", []string{"health", "--server", "127.0.0.1:1"}},
		{"too slow", ExitLimit, "max_timeout_ms", []string{"run", slow, "--data", "1", "--timeout", "10ms"}},
		{"too large", ExitLimit, "max_audio_samples", []string{"run", speech, "-i", sentences, "--max-samples", "1000"}},
		{"too much", ExitLimit, "max_memory_bytes", []string{"run", speech, "-i", sentences, "--max-memory", "1000"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := run(strings.NewReader(""), c.args...)
			if o.code != c.want || !strings.Contains(o.stderr, c.says) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it", o.code, c.want, o.stderr, c.says)
			}
		})
	}
}

func TestInterruptedRunEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	slow := temp(t, "slow.json", `{"version":"v1","nodes":[{"id":"n","node_type":"DelayNode","params":{"delay_ms":600000}}]}`)
	if o := runIn(ctx, nil, "run", slow, "--data", "1"); o.code != ExitInterrupted || !strings.Contains(o.stderr, "interrupted") {
		t.Errorf("exit code %d, stderr %q", o.code, o.stderr)
	}
}

func TestErrorsAsJSON(t *testing.T) {
	o := run(nil, "run", speech, "--json")
	var got struct {
		Error errorJSON `json:"error"`
	}
	if err := json.Unmarshal([]byte(o.stderr), &got); err != nil {
		t.Fatalf("%v in %q", err, o.stderr)
	}
	if got.Error.Kind != "validation" || got.Error.Code != "missing_input" || got.Error.NodeID != "resample" || o.code != ExitUsage {
		t.Errorf("got %+v, exit code %d", got.Error, o.code)
	}
}

func TestVersionIsThreeLines(t *testing.T) {
	want := "service 0.3.0\nprotocol v1\nruntime 0.3.0\n"
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if got := succeed(t, args...).stdout; got != want {
			t.Errorf("%q prints %q", args, got)
		}
	}
	var v versions
	if err := json.Unmarshal([]byte(succeed(t, "version", "--json").stdout), &v); err != nil || v.Protocol != "v1" || v.Go == "" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestNodesShowsTheCatalogue(t *testing.T) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	list := succeed(t, "nodes", "list").stdout
	var listed []nodeJSON
	if err := json.Unmarshal([]byte(succeed(t, "nodes", "list", "--json").stdout), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed) != len(catalog.Specs()) {
		t.Errorf("%d types are listed, want %d", len(listed), len(catalog.Specs()))
	}
	for _, s := range catalog.Specs() {
		if !strings.Contains(list, "\n"+s.Name+" ") {
			t.Errorf("%s isn't listed", s.Name)
		}
		info := succeed(t, "nodes", "info", s.Name).stdout
		for _, f := range s.Params().Fields() {
			if f.Name != "" && !strings.Contains(info, "\n"+f.Name+" ") {
				t.Errorf("the parameter %s of %s isn't shown in\n%s", f.Name, s.Name, info)
			}
		}
		var one struct{ Name string }
		if err := json.Unmarshal([]byte(succeed(t, "nodes", "info", s.Name, "--json").stdout), &one); err != nil || one.Name != s.Name {
			t.Errorf("%s as JSON: %v, %q", s.Name, err, one.Name)
		}
	}
}

func TestSchemaOfTheRepositoryIsCurrent(t *testing.T) {
	want := succeed(t, "schema").stdout
	if got := string(readFile(t, "../../schema/manifest.schema.json")); got != want {
		t.Error("schema/manifest.schema.json isn't what remotemedia schema prints: make generate writes it anew")
	}
	if !json.Valid([]byte(want)) || !strings.Contains(want, "target_sample_rate") {
		t.Error("the schema lacks the nodes' parameters")
	}
}

func TestGraphEscapesWhatItDraws(t *testing.T) {
	manifest := `{"version":"v1","metadata":{"name":"a\"b\nc"},"nodes":[{"id":"x","node_type":"Echo"}]}`
	if got := run(strings.NewReader(manifest), "graph", "-").stdout; !strings.Contains(got, `title: "a\"b\nc"`) {
		t.Errorf("Mermaid:\n%s", got)
	}
	if got := run(strings.NewReader(manifest), "graph", "-", "--format", "dot").stdout; !strings.Contains(got, `digraph "a\"b\nc" {`) {
		t.Errorf("DOT:\n%s", got)
	}
	if got := mermaidText(`<"#>`); got != "#lt;#quot;#35;#gt;" {
		t.Errorf("escaped as %q", got)
	}
}
