package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// benchReportOf runs bench with a report to a file and returns it.
func benchReportOf(t *testing.T, server string, args ...string) (o outcome, report benchJSON) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	o = run(nil, append([]string{"bench", "--server", server, "--warmup", "0s", "--json", path}, args...)...)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return o, report
}

func TestBenchReportsCalls(t *testing.T) {
	server := startService(t)
	o, r := benchReportOf(t, server, "--requests", "30", "-n", "3", "-c", "2", "--pipeline", "resample", "--fail-if", "errors>0")
	if o.code != ExitOK || r.Counts.Right != 30 || r.Counts.Failed != 0 || r.Load.Unit != "calls" || r.Load.Loop != "closed" ||
		r.Load.Connections != 2 || r.Server != server || r.Service == "" || r.Latencies["latency"].Count != 30 {
		t.Errorf("exit %d, %+v\n%s", o.code, r, o.stderr)
	}
	for _, want := range []string{"resample on " + server, "closed loop of 3 workers, 2 connections", "30 right, 0 failed (0%)", "P99.9", "errors>0  0      ok"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, o.stdout)
		}
	}
}

func TestBenchRunsManifestsAndFiles(t *testing.T) {
	server := startService(t)
	for name, args := range map[string][]string{
		"manifest": {speech}, "file": {speech, "--audio", sentences}, "stream": {speech, "--stream", "--audio", sentences, "--window", "8"},
		"data": {"--pipeline", "calculator", "--data", `{"value": 3}`}, "data stream": {"--pipeline", "calculator", "--stream"},
		"format": {"--format", "s16le", "--rate-hz", "8000", "--channels", "2", "--seconds", "0.5"},
		"open":   {"--rate", "1000"}, "ramp": {"--ramp", "500:1000:1s", "--poisson", "--seed", "3"},
		"realtime": {"--realtime", "--chunk", "10ms", "--stream-seconds", "0.1", "-n", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			if o, r := benchReportOf(t, server, append(args, "--requests", "4")...); o.code != ExitOK || r.Counts.Right < 4 || r.Counts.Failed > 0 {
				t.Errorf("exit %d, %d right, %d failed: %s", o.code, r.Counts.Right, r.Counts.Failed, o.stderr)
			}
		})
	}
}

func TestBenchFailsByThreshold(t *testing.T) {
	server := startService(t)
	o, r := benchReportOf(t, server, "--requests", "5", "--fail-if", "p50>1ns", "--fail-if", "errors>0%")
	if o.code != ExitThreshold || len(r.Thresholds) != 2 || !r.Thresholds[0].Breached || r.Thresholds[1].Breached || !strings.Contains(o.stdout, "FAILED") {
		t.Errorf("exit %d, %+v\n%s", o.code, r.Thresholds, o.stdout)
	}
}

func TestBenchHoldsIdleStreams(t *testing.T) {
	server := startService(t)
	_, r := benchReportOf(t, server, "-n", "0", "--idle", "20", "--idle-connections", "4", "-d", "10ms", "--fail-if", "lost>0")
	if r.Idle == nil || r.Idle.Streams != 20 || r.Idle.Connections != 4 || r.Idle.Lost != 0 {
		t.Errorf("%+v", r.Idle)
	}
}

func TestBenchMeasuresAProcess(t *testing.T) {
	server := startService(t)
	if runtime.GOOS != "linux" {
		o := run(nil, "bench", "--server", server, "--pid", strconv.Itoa(os.Getpid()))
		if o.code == ExitOK || !strings.Contains(o.stderr, "on Linux only") {
			t.Errorf("%+v", o)
		}
		return
	}
	// The service runs in the process of this test.
	_, r := benchReportOf(t, server, "--requests", "20", "--pid", strconv.Itoa(os.Getpid()), "--fail-if", "rss>1kB")
	if r.Report.Server == nil || r.Report.Server.RSSPeak < 1<<20 || !r.Thresholds[0].Breached {
		t.Errorf("%+v", r.Report.Server)
	}
}

func TestBenchWritesPlotsAndHDRLogs(t *testing.T) {
	server := startService(t)
	dir := t.TempDir()
	pngPath, svgPath, hdrPath := filepath.Join(dir, "a.png"), filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.hlog")
	succeed(t, "bench", "--server", server, "--requests", "20", "--warmup", "0s", "-q", "--plot", pngPath, "--hdr", hdrPath)
	succeed(t, "bench", "--server", server, "--requests", "3", "--warmup", "0s", "-q", "--stream", "--plot", svgPath)
	if _, err := png.Decode(bytes.NewReader(readFile(t, pngPath))); err != nil {
		t.Error(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(readFile(t, svgPath))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	h, err := hdrhistogram.NewHistogramLogReader(bytes.NewReader(readFile(t, hdrPath))).NextIntervalHistogram()
	if err != nil || h.TotalCount() != 20 {
		t.Errorf("%v, %v: expected 20 latencies", h, err)
	}
}

func TestBenchWritesToStandardOutput(t *testing.T) {
	server := startService(t)
	o := succeed(t, "bench", "--server", server, "--requests", "2", "--warmup", "0s", "--json", "-")
	var r benchJSON
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil || !strings.Contains(o.stderr, "2 right") {
		t.Errorf("%v: %+v", err, o)
	}
}

func TestBenchTellsWhatIsWrongWithItsFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"expected a figure":         {"--fail-if", "slow"},
		"needs --pid":               {"--fail-if", "cpu>1ms"},
		"--rate is 0":               {"--rate", "0"},
		"both given":                {"--rate", "5", "--ramp", "1:2:1s"},
		"expected FROM:TO:TIME":     {"--ramp", "1:2"},
		"have their own length":     {"--ramp", "1:2:1s", "-d", "1s"},
		"finite rates":              {"--ramp", "0:0:1s"},
		"lasts -1s":                 {"--ramp", "1:2:-1s"},
		"needs --rate or --ramp":    {"--poisson"},
		"needs --idle":              {"-n", "0"},
		"--audio and --data":        {"--audio", "x", "--data", "1"},
		"ends with .svg or .png":    {"--plot", "x.gif"},
		"standard output":           {"--json", "-", "--hdr", "-"},
		"the timeout is -1s":        {"--timeout=-1s"},
		"connections is -2":         {"--connections=-2"},
		"audio of 1 to":             {"--seconds", "1e9"},
		"at most a day":             {"--stream-seconds", "NaN"},
		"--rate-hz and --channels":  {"--rate-hz", "0"},
		missing("nowhere.wav"):      {"--audio", "nowhere.wav"},
		"--token and --token-file":  {"--token", "a", "--token-file", "b"},
		"needs both its file":       {"--cert", "a.pem"},
		"one of \"passthrough\"":    {"--pipeline", "magic"},
		missing("nowhere.yaml"):     {"nowhere.yaml"},
		"expected a time up to 1m":  {"--chunk", "0"},
		"expected a valid":          {"-n", "many"},
		"holds no PEM certificate":  {"--ca", speech},
		"unexpected argument again": {speech, "again"},
	} {
		if o := run(nil, append([]string{"bench", "--server", "127.0.0.1:1"}, args...)...); o.code != ExitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("%q: exit %d, %q: expected %q", args, o.code, o.stderr, want)
		}
	}
}

// missing is what the system says of a file that isn't there.
func missing(name string) string {
	_, err := os.Open(name)
	return err.Error()
}

func TestBenchTellsThatThereIsNoService(t *testing.T) {
	for _, args := range [][]string{{}, {"--check", "none"}, {"--stream"}, {"--stream", "--check", "none"}, {"-n", "0", "--idle", "2"}} {
		o := run(nil, append([]string{"bench", "--server", "127.0.0.1:1"}, args...)...)
		if o.code != ExitRefused || !strings.Contains(o.stderr, "127.0.0.1:1") || o.stdout != "" {
			t.Errorf("%q: %+v", args, o)
		}
	}
}

// What fails all the time is told with its reason, and the exit code is that of a failure.
func TestBenchTellsThatNothingWasRight(t *testing.T) {
	server := startService(t)
	broken := temp(t, "broken.yaml", "version: v1\nnodes:\n  - id: in\n    node_type: NoSuchNode\n")
	if o := run(nil, "bench", broken, "--server", server, "--requests", "3"); o.code != ExitUsage || !strings.Contains(o.stderr, "NoSuchNode") {
		t.Errorf("checked: %+v", o)
	}
	o := run(nil, "bench", broken, "--server", server, "--requests", "3", "--warmup", "0s", "--check", "none")
	if o.code != ExitFailed || !strings.Contains(o.stdout, "unknown_node_type") || !strings.Contains(o.stderr, "nothing was answered right") {
		t.Errorf("unchecked: %+v", o)
	}
}

func TestAnInterruptedBenchPrintsWhatItHas(t *testing.T) {
	server := startService(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stdout, stderr bytes.Buffer
	// It is interrupted when the first progress is told, after a second.
	code := Run(ctx, []string{"bench", "--server", server, "-d", "1h", "--warmup", "0s"},
		Env{Stdout: &stdout, Stderr: interrupter{&stderr, cancel}, Terminal: true})
	if code != ExitInterrupted || !strings.Contains(stdout.String(), "interrupted") || !strings.Contains(stdout.String(), " right, 0 failed") {
		t.Errorf("exit %d:\n%s\n%s", code, stdout.String(), stderr.String())
	}
}

type interrupter struct {
	io.Writer
	interrupt func()
}

func (i interrupter) Write(p []byte) (int, error) {
	i.interrupt()
	return i.Writer.Write(p)
}

// The examples of the guide run: each line that begins with the program is run for a moment.
func TestTheGuideToLoadTestingRuns(t *testing.T) {
	server := startService(t)
	text := string(readFile(t, "../../docs/guides/load-testing.md"))
	ran := 0
	for _, command := range guideCommands(text) {
		args, err := splitCommand(command)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if runtime.GOOS != "linux" && slices.Contains(args, "--pid") {
			t.Logf("not run: the use of a process is measured on Linux only: %s", command)
			ran++
			continue
		}
		args = shorten(t, args[1:])
		o := run(nil, append(args, "--server", server, "--warmup", "0s")...)
		if o.code != ExitOK && o.code != ExitThreshold {
			t.Errorf("%s: exit %d: %s", command, o.code, o.stderr)
		}
		ran++
	}
	if ran < 6 {
		t.Errorf("only %d examples were found", ran)
	}
}

// guideCommands gives the commands of bench in blocks of sh, with continued lines joined.
func guideCommands(text string) (out []string) {
	for i, block := range strings.Split(text, "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "sh\n") {
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			if strings.HasPrefix(line, "remotemedia bench") {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	return out
}

// splitCommand splits as a shell does, with single quotes alone.
func splitCommand(line string) (out []string, err error) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	if strings.Count(line, "'")%2 == 1 {
		err = fmt.Errorf("a quote isn't closed")
	}
	return out, err
}

// shorten makes a run short and small, and puts its files into a folder of the test.
func shorten(t *testing.T, args []string) []string {
	dir := t.TempDir()
	inDir := func(p string) string { return filepath.Join(dir, filepath.Base(p)) }
	shorter := map[string]func(string) string{
		"-d": moment, "--warmup": moment, "--ramp": func(string) string { return "50:100:100ms" },
		"--rate": func(string) string { return "100" }, "--idle": func(string) string { return "20" },
		"--streams": func(string) string { return "5" },
		"--json":    inDir, "--plot": inDir, "--hdr": inDir,
		"--pid":   func(string) string { return strconv.Itoa(os.Getpid()) },
		"--audio": func(p string) string { return "../../" + p },
	}
	for i := range len(args) - 1 {
		if change := shorter[args[i]]; change != nil {
			args[i+1] = change(args[i+1])
		}
		if strings.HasPrefix(args[i+1], "examples/") {
			args[i+1] = "../../" + args[i+1]
		}
	}
	return args
}

func moment(string) string { return (50 * time.Millisecond).String() }
