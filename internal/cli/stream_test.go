package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/media"
)

// withoutReport gives the lines before that of the report.
func withoutReport(t *testing.T, stdout string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	last := len(lines) - 1
	var r struct {
		Type  string
		Nodes []nodeReport
	}
	if err := json.Unmarshal([]byte(lines[last]), &r); err != nil || r.Type != "report" || len(r.Nodes) != 2 {
		t.Fatalf("the last line is no report: %v in %s", err, lines[last])
	}
	return lines[:last]
}

func TestStreamHereAndThereGiveTheSameBytes(t *testing.T) {
	server, dir := startService(t), t.TempDir()
	whole, local, remote := filepath.Join(dir, "whole.wav"), filepath.Join(dir, "local.wav"), filepath.Join(dir, "remote.wav")
	succeed(t, "run", speech, "-i", sentences, "-o", whole)
	for _, chunk := range []string{"100ms", "20ms", "1600", "7s"} {
		args := []string{"stream", speech, "-i", sentences, "--chunk", chunk, "--json", "--out-format", "wav", "-o"}
		here := withoutReport(t, succeed(t, append(args, local)...).stdout)
		there := withoutReport(t, succeed(t, append(args, remote, "--server", server)...).stdout)
		if !slices.Equal(here, there) || len(here) < 4 {
			t.Errorf("chunks of %s: %d lines here, %d there, and they differ", chunk, len(here), len(there))
		}
		got := readFile(t, local)
		if !bytes.Equal(got, readFile(t, remote)) || !bytes.Equal(rawOf(t, local, pcm.F32), rawOf(t, whole, pcm.F32)) {
			t.Errorf("chunks of %s: the audio differs", chunk)
		}
	}
}

func TestStreamTellsEventsWithTheirTimes(t *testing.T) {
	var want string
	for _, chunk := range []string{"100ms", "479"} {
		out := succeed(t, "stream", speech, "-i", sentences, "--chunk", chunk).stdout
		events := strings.Join(regexp.MustCompile(`(?m)^ .* s  vad  .*$`).FindAllString(out, -1), "\n")
		if want == "" {
			want = events
			golden(t, "stream-events.txt", events+"\n")
		}
		if events != want {
			t.Errorf("chunks of %s frames: events\n%s", chunk, events)
		}
		if !strings.Contains(out, "pipeline") || !strings.Contains(out, "speech at node vad") {
			t.Errorf("the report is missing:\n%s", out)
		}
	}
}

func TestStreamTellsDataWithTheTimeOfItsChunk(t *testing.T) {
	echo := temp(t, "echo.json", `{"version":"v1","nodes":[{"id":"e","node_type":"Echo"}]}`)
	out := run(bytes.NewReader(make([]byte, 2*2500)), "stream", echo, "-i", "-", "--in-format", "s16le", "--rate", "10000", "-q")
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	if out.code != ExitOK || len(lines) != 3 {
		t.Fatalf("exit code %d, %q, %s", out.code, lines, out.stderr)
	}
	for i, at := range []string{"0.000 s  e  {", "0.100 s  e  {", "0.200 s  e  {"} {
		if !strings.HasPrefix(strings.TrimSpace(lines[i]), at) {
			t.Errorf("line %d is %q", i, lines[i])
		}
	}
}

func TestStreamAsAFilter(t *testing.T) {
	server := startService(t)
	raw := rawOf(t, sentences, pcm.I16)
	whole := filepath.Join(t.TempDir(), "whole.wav")
	succeed(t, "run", speech, "-i", sentences, "-o", whole)
	want := string(rawOf(t, whole, pcm.I16))
	form := []string{"-i", "-", "-o", "-", "--in-format", "s16le", "--rate", "44100"}
	for _, args := range [][]string{
		{"stream", speech},
		{"stream", speech, "--server", server},
		{"run", speech, "--server", server},
		{"run", speech, "--server", server, "--block", "1001"},
	} {
		o := run(bytes.NewReader(raw), append(args, form...)...)
		if o.code != ExitOK || o.stdout != want || !strings.Contains(o.stderr, "speech at node vad") {
			t.Errorf("%q: exit code %d, %d bytes, want %d; %s", args, o.code, len(o.stdout), len(want), o.stderr)
		}
	}
}

// An interrupt closes the stream in order, wherever it runs: what was read comes out whole.
func TestInterruptedStreamIsClosedInOrder(t *testing.T) {
	server := startService(t)
	raw := rawOf(t, sentences, pcm.I16)[:2*44100]
	for _, where := range [][]string{nil, {"--server", server}} {
		ctx, cancel := context.WithCancel(context.Background())
		stdin, feed := io.Pipe()
		out := filepath.Join(t.TempDir(), "out.wav")
		go func() {
			feed.Write(raw)
			feed.Write([]byte{0}) // once it is taken, all chunks before it are read; its own never fills
			cancel()
		}()
		args := append([]string{"stream", speech, "-i", "-", "-o", out, "--in-format", "s16le", "--out-format", "wav", "--rate", "44100", "--chunk", "10ms"}, where...)
		o := runIn(ctx, stdin, args...)
		if o.code != ExitInterrupted || !strings.Contains(o.stderr, "interrupted") || !strings.Contains(o.stdout, "pipeline") {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", where, o.code, o.stdout, o.stderr)
		}
		if r, samples := openWAV(t, readFile(t, out)); len(samples) != 2*16000 || len(r.Warnings()) > 0 {
			t.Errorf("%v: %d bytes of samples were written, want %d; warnings %q", where, len(samples), 2*16000, r.Warnings())
		}
		feed.Close()
	}
}

// A stream that fails on the service ends the command, though its input goes on.
func TestFailedStreamDoesNotWaitForItsInput(t *testing.T) {
	server := startService(t)
	failing := temp(t, "failing.json", `{"version":"v1","nodes":[{"id":"in","node_type":"PassThrough"},
		{"id":"calc","node_type":"CalculatorNode","params":{"operation":"divide","value":0}}]}`)
	for _, where := range [][]string{nil, {"--server", server}} {
		stdin, feed := io.Pipe()
		go feed.Write(make([]byte, 3200))
		out := filepath.Join(t.TempDir(), "out.raw")
		args := append([]string{"stream", failing, "-i", "in=-", "-o", out, "--data", "calc=1", "--in-format", "s16le", "--rate", "16000", "--json"}, where...)
		o := run(stdin, args...)
		var got struct {
			Error errorJSON `json:"error"`
		}
		if err := json.Unmarshal([]byte(o.stderr), &got); err != nil || o.code != ExitFailed || got.Error.NodeID != "calc" || got.Error.Code != "node_failed" {
			t.Errorf("%v: exit code %d, %v, %s", where, o.code, err, o.stderr)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("the output file is still there")
		}
		feed.Close()
	}
}

func TestStreamExitCodes(t *testing.T) {
	server := startService(t)
	bad := temp(t, "bad.yaml", faulty)
	cases := []struct {
		name string
		want int
		says string
		args []string
	}{
		{"no input", ExitUsage, "--input", []string{speech}},
		{"no length", ExitUsage, "100ms", []string{speech, "-i", sentences, "--chunk", "0"}},
		{"a length below 0", ExitUsage, "100ms", []string{speech, "-i", sentences, "--chunk=-20ms"}},
		{"a length of words", ExitUsage, "100ms", []string{speech, "-i", sentences, "--chunk", "short"}},
		{"raw without a rate", ExitUsage, "--rate", []string{speech, "-i", "-", "--in-format", "s16le"}},
		{"both from stdin", ExitUsage, "standard input", []string{"-", "-i", "-"}},
		{"nobody there", ExitRefused, "127.0.0.1:1", []string{speech, "-i", sentences, "--server", "127.0.0.1:1"}},
		{"a bad manifest", ExitUsage, "bad.yaml:4:16", []string{bad, "-i", sentences}},
		{"a bad manifest there", ExitUsage, "bad.yaml:4:16", []string{bad, "-i", sentences, "--server", server}},
		{"no such node", ExitUsage, "nobody", []string{speech, "-i", "nobody=" + sentences}},
		{"no such node there", ExitUsage, "nobody", []string{speech, "-i", "nobody=" + sentences, "--server", server}},
		{"too large", ExitLimit, "max_audio_samples", []string{speech, "-i", sentences, "--max-samples", "1000"}},
		{"too large there", ExitLimit, "max_audio_samples", []string{speech, "-i", sentences, "--max-samples", "1000", "--server", server}},
		{"onto itself", ExitUsage, "overwrite", []string{speech, "-i", sentences, "-o", sentences}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := run(strings.NewReader(""), append([]string{"stream"}, c.args...)...)
			if o.code != c.want || !strings.Contains(o.stderr, c.says) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it", o.code, c.want, o.stderr, c.says)
			}
		})
	}
}

func TestChunkLengths(t *testing.T) {
	for text, want := range map[string]int{"100ms": 4410, "1600": 1600, "1": 1, "1us": 1, "33.3ms": 1469, "1s": 44100} {
		var l chunkLength
		if err := l.UnmarshalText([]byte(text)); err != nil || l.frames(44100) != want {
			t.Errorf("%s is %d frames at 44100 Hz, want %d; %v", text, l.frames(44100), want, err)
		}
	}
}

// In real time a stream takes as long as its audio; the clock is a virtual one.
func TestRealtimeFollowsTheAudiosClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		raw := make([]byte, 2*16000*5/2)
		o := run(bytes.NewReader(raw), "stream", speech, "-i", "-", "--in-format", "s16le", "--rate", "16000", "--realtime", "-q")
		if took := time.Since(began); o.code != ExitOK || took != 2500*time.Millisecond {
			t.Errorf("2.5 s of audio took %v: exit code %d, %s", took, o.code, o.stderr)
		}
	})
}

func TestPacerDoesNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := pacer{rate: 44100}
		for i := range 1000 {
			if i == 500 {
				time.Sleep(7 * time.Millisecond) // virtual: the reader was late, which the next ones make up for
			}
			p.wait(t.Context(), 441)
			if at := time.Since(began); at != time.Duration(i+1)*10*time.Millisecond {
				t.Fatalf("chunk %d is let go after %v", i, at)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		p.wait(ctx, 100*44100)
		if at := time.Since(began); at != 11*time.Second {
			t.Errorf("an interrupt after a second is heeded after %v", at-10*time.Second)
		}
	})
	if got := playTime(400*24*3600*48000+24000, 48000); got != 400*24*time.Hour+500*time.Millisecond {
		t.Errorf("400 days and half a second of frames are %v", got)
	}
}

func TestTheMeterIsForTerminals(t *testing.T) {
	show := func(terminal bool, args ...string) string {
		var stderr bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			args := append([]string{"stream", speech, "-i", sentences, "--realtime"}, args...)
			if code := Run(t.Context(), args, Env{Stdout: io.Discard, Stderr: &stderr, Terminal: terminal}); code != ExitOK {
				t.Errorf("exit code %d: %s", code, stderr.String())
			}
		})
		return stderr.String()
	}
	got := show(true)
	if n := strings.Count(got, "dBFS"); n != 60 || !strings.HasSuffix(got, eraseLine) {
		t.Errorf("the meter was drawn %d times, want once for each of 60 chunks; at the end %q", n, got[max(len(got)-100, 0):])
	}
	if n := strings.Count(show(true, "--chunk", "10ms"), "dBFS"); n < 100 || n > 121 {
		t.Errorf("with chunks of 10 ms it was drawn %d times, want every 50 ms", n)
	}
	for _, none := range []string{show(false), show(true, "-q"), show(true, "--json")} {
		if none != "" {
			t.Errorf("shown is %q", none)
		}
	}
}

func TestTheMeterShowsTheLevel(t *testing.T) {
	samples := make([]float32, 100)
	for i := range samples {
		samples[i] = 0.1 // -20 dBFS
	}
	samples[0] = -1
	var w strings.Builder
	m := &meter{w: &w}
	m.show(1500*time.Millisecond, media.Planar(8000, samples))
	if want := eraseLine + "    1.500 s  [" + strings.Repeat("=", 29) + strings.Repeat(" ", 10) + "|]  -17.0 dBFS, peak    0.0"; w.String() != want {
		t.Errorf("shown is %q, want %q", w.String(), want)
	}
	if got := bar(-120, -120); strings.TrimSpace(got) != "" || len(got) != meterWidth {
		t.Errorf("silence is %q", got)
	}
}

// brokenWriter is a standard output that is gone.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the pipe is broken") }

func TestStreamEndsWhenNobodyReadsItsLines(t *testing.T) {
	server := startService(t)
	for _, where := range [][]string{nil, {"--server", server}} {
		var stderr bytes.Buffer
		code := Run(t.Context(), append([]string{"stream", speech, "-i", sentences}, where...), Env{Stdout: brokenWriter{}, Stderr: &stderr})
		if code != ExitFailed || !strings.Contains(stderr.String(), "the pipe is broken") {
			t.Errorf("%v: exit code %d, %s", where, code, stderr.String())
		}
	}
}

// A service that shuts down ends the command as one that can't be reached, though the input goes on.
func TestStreamToAServiceThatShutsDown(t *testing.T) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- app.Serve(ctx, app.Options{
			Listen: []string{"127.0.0.1:0"}, Catalog: catalog, Log: slog.New(slog.DiscardHandler),
			Ready: func(address, _ string) { ready <- address },
		})
	}()
	stdin, feed := io.Pipe()
	go feed.Write(make([]byte, 3200)) // and no more
	var stderr bytes.Buffer
	args := []string{"stream", speech, "-i", "-", "--in-format", "s16le", "--rate", "16000", "--json", "--server", <-ready}
	code := Run(t.Context(), args, Env{Stdin: stdin, Stdout: writerFunc(func([]byte) { cancel() }), Stderr: &stderr})
	if code != ExitRefused || !strings.Contains(stderr.String(), "Server shutting down") || !strings.Contains(stderr.String(), "after 1 answers") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
	feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// writerFunc is told what is written.
type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
