package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// makeWAV writes frames of a falling tone in a format.
func makeWAV(t *testing.T, format wav.Format, rate, channels, frames int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tone.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, wav.Config{Rate: rate, Channels: channels, Format: format, Frames: int64(frames)})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([][]float32, channels)
	for c := range samples {
		samples[c] = make([]float32, frames)
		for i := range frames {
			samples[c][i] = float32(0.7 * math.Sin(float64(i*(c+1))/20/(1+float64(i)/20000)))
		}
	}
	if err := w.WriteFloats(samples); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openWAV(t *testing.T, b []byte) (*wav.Reader, []byte) {
	t.Helper()
	r, err := wav.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	samples, err := r.ReadAll(r.Encoding(), 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	return r, samples
}

func TestRemoteGivesTheSameBytes(t *testing.T) {
	server := startService(t)
	kept := map[wav.Format]wav.Format{
		wav.PCM8: wav.PCM16, wav.PCM16: wav.PCM16, wav.PCM24: wav.PCM32, wav.PCM32: wav.PCM32,
		wav.Float32: wav.Float32, wav.Float64: wav.Float32,
	}
	dir := t.TempDir()
	local, remote := filepath.Join(dir, "local.wav"), filepath.Join(dir, "remote.wav")
	for format, want := range kept {
		t.Run(format.String(), func(t *testing.T) {
			in := makeWAV(t, format, 22050, 2, 5001)
			succeed(t, "run", speech, "-i", in, "-o", local)
			succeed(t, "run", speech, "-i", in, "-o", remote, "--server", server)
			got := readFile(t, local)
			if !bytes.Equal(got, readFile(t, remote)) {
				t.Error("local and remote runs differ")
			}
			if r, _ := openWAV(t, got); r.Format() != want || r.Rate() != 16000 || r.Channels() != 2 {
				t.Errorf("written is %v at %d Hz, %d channels", r.Format(), r.Rate(), r.Channels())
			}
		})
	}
}

func TestRemoteReportHasWhatTheLocalOneHas(t *testing.T) {
	server := startService(t)
	args := []string{"run", "../../examples/manifests/both.yaml", "-i", "resample=" + dialogue, "--data", `calc={"a": 6, "b": 7}`, "--json"}
	var here, there report
	if err := json.Unmarshal([]byte(succeed(t, args...).stdout), &here); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--server", server)...).stdout), &there); err != nil {
		t.Fatal(err)
	}
	if there.Request == "" || there.Server != server || there.Wall <= 0 || there.Memory == 0 {
		t.Errorf("the remote report lacks its own figures: %+v", there)
	}
	for _, r := range []*report{&here, &there} { // what may differ
		r.Server, r.Request, r.Wall, r.Busy, r.Memory = "", "", 0, 0, 0
		for i := range r.Nodes {
			r.Nodes[i].Time, r.Nodes[i].Memory = 0, 0
		}
	}
	a, _ := json.Marshal(here)
	b, _ := json.Marshal(there)
	if !bytes.Equal(a, b) {
		t.Errorf("here  %s\nthere %s", a, b)
	}
}

func TestRemoteFaultsAreShownInTheLocalText(t *testing.T) {
	server := startService(t)
	manifest := temp(t, "bad.yaml", strings.Replace(faulty, "to: vat", "to: vad", 1))
	args := []string{"run", manifest, "-i", "resample=" + sentences}
	here, there := run(nil, args...), run(nil, append(args, "--server", server)...)
	if there.code != ExitUsage || there.stderr != here.stderr {
		t.Errorf("exit code %d; here\n%s\nthere\n%s", there.code, here.stderr, there.stderr)
	}
	for _, place := range []string{"bad.yaml:4:16", "bad.yaml:7:14", "bad.yaml:7:55"} {
		if !strings.Contains(there.stderr, place) {
			t.Errorf("%s isn't told in\n%s", place, there.stderr)
		}
	}
}

func TestHealthAndVersionOfAService(t *testing.T) {
	server := startService(t)
	if got := succeed(t, "health", "--server", server).stdout; got != "SERVING\n" {
		t.Errorf("health prints %q", got)
	}
	if o := run(nil, "health", "--server", server, "--service", "no.such.Service"); o.code == ExitOK {
		t.Errorf("an unknown service is healthy: %+v", o)
	}
	if got := succeed(t, "version", "--server", server).stdout; !strings.HasPrefix(got, "service 0.3.0\nprotocol v1\n") {
		t.Errorf("version prints %q", got)
	}
}

func TestServeEndsInOrder(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	stdout, log := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--admin", "none"}, Env{Stdout: log, Stderr: io.Discard})
		log.Close()
	}()
	var messages []string
	for lines := json.NewDecoder(stdout); ; {
		var line struct{ Message, Address string }
		if err := lines.Decode(&line); err != nil {
			break
		}
		messages = append(messages, line.Message)
		if line.Message == "serving" {
			if o := run(nil, "health", "--server", line.Address); o.code != ExitOK {
				t.Errorf("it isn't healthy: %+v", o)
			}
			cancel()
		}
	}
	if code := <-done; code != ExitOK || messages[0] != "serving" {
		t.Errorf("exit code %d, log %q", code, messages)
	}
	cancel()
}

// rawOf gives a file's samples as raw bytes.
func rawOf(t *testing.T, path string, encoding pcm.Encoding) []byte {
	t.Helper()
	r, err := wav.NewReader(bytes.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	samples, err := r.ReadAll(encoding, 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func TestFilterEqualsOneRunForAnyBlocks(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.wav")
	succeed(t, "run", speech, "-i", sentences, "-o", whole)
	_, want := openWAV(t, readFile(t, whole))
	raw := rawOf(t, sentences, pcm.I16)
	for _, block := range []string{"1001", "479", "4096", "300000"} {
		o := run(iotest.HalfReader(bytes.NewReader(raw)),
			"run", speech, "-i", "-", "-o", "-", "--in-format", "s16le", "--rate", "44100", "--block", block)
		if o.code != ExitOK || o.stdout != string(want) {
			t.Errorf("blocks of %s frames: exit code %d, %d bytes, want %d: %s", block, o.code, len(o.stdout), len(want), o.stderr)
		}
		if !strings.Contains(o.stderr, "speech at node vad") {
			t.Errorf("the report isn't on standard error: %q", o.stderr)
		}
	}
}

func TestFilterConvertsBetweenForms(t *testing.T) {
	pass := temp(t, "pass.json", `{"version":"v1","nodes":[{"id":"n","node_type":"PassThrough"}]}`)
	forms := map[string]pcm.Encoding{"f32le": pcm.F32, "s16le": pcm.I16, "s32le": pcm.I32}
	for in, encoding := range forms {
		raw := rawOf(t, dialogue, encoding)
		for out, wanted := range forms {
			o := run(iotest.OneByteReader(bytes.NewReader(raw[:8000])), "run", pass, "-q", "-i", "-", "-o", "-",
				"--in-format", in, "--out-format", out, "--rate", "22050", "--channels", "2")
			want := make([]byte, 8000/encoding.Bytes()*wanted.Bytes())
			pcm.Convert(want, raw[:8000], wanted, encoding)
			if o.code != ExitOK || o.stdout != string(want) || o.stderr != "" {
				t.Errorf("%s to %s: exit code %d, %d bytes, want %d, stderr %q", in, out, o.code, len(o.stdout), len(want), o.stderr)
			}
		}
	}
	o := run(bytes.NewReader(readFile(t, dialogue)), "run", pass, "-q", "-i", "-", "-o", "-")
	r, samples := openWAV(t, []byte(o.stdout))
	if r.Format() != wav.PCM16 || !bytes.Equal(samples, rawOf(t, dialogue, pcm.I16)) {
		t.Errorf("WAV to WAV: %v, %d bytes", r.Format(), len(samples))
	}
}

// endless is a tone without an end, which counts what is taken of it.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left) / 4 * 4
	for i := 0; i < n; i += 4 {
		binary.LittleEndian.PutUint32(p[i:], math.Float32bits(float32(i%400)/800))
	}
	e.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestFilterNeedsNoMoreMemoryForMore(t *testing.T) {
	peak := func(bytes int) uint64 {
		var errs strings.Builder
		code := Run(context.Background(), []string{"run", speech, "-i", "-", "-o", "-", "--in-format", "f32le", "--rate", "48000", "--json"},
			Env{Stdin: &endless{bytes}, Stdout: io.Discard, Stderr: &errs})
		var r report
		if err := json.Unmarshal([]byte(errs.String()), &r); err != nil || code != ExitOK {
			t.Fatalf("exit code %d: %v: %s", code, err, errs.String())
		}
		if r.Nodes[0].Samples != uint64(bytes/4) || len(r.Data["vad"]) != 0 {
			t.Errorf("%d samples went in, counted are %d; %d items were kept", bytes/4, r.Nodes[0].Samples, len(r.Data["vad"]))
		}
		return r.Memory
	}
	if little, much := peak(1<<18), peak(1<<23); much > little {
		t.Errorf("32 times as much input takes %d bytes instead of %d", much, little)
	}
}

// An interrupt ends the input: what was read comes out whole, and the file is complete.
func TestInterruptedFilterKeepsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	stdin, feed := io.Pipe()
	out := filepath.Join(t.TempDir(), "out.wav")
	raw := rawOf(t, sentences, pcm.I16)[:2*44100]
	go func() {
		feed.Write(raw[:80000])
		feed.Write(raw[80000:])
		feed.Write([]byte{0}) // once it is taken, all blocks before it are done; its own never fills
		cancel()
	}()
	o := runIn(ctx, stdin, "run", speech, "-i", "-", "-o", out, "--in-format", "s16le", "--out-format", "wav", "--rate", "44100", "--block", "441")
	if o.code != ExitInterrupted || !strings.Contains(o.stderr, "interrupted") {
		t.Errorf("exit code %d, stderr %q", o.code, o.stderr)
	}
	if r, samples := openWAV(t, readFile(t, out)); len(samples) != 2*16000 || len(r.Warnings()) > 0 {
		t.Errorf("%d bytes of samples were written, want %d; warnings %q", len(samples), 2*16000, r.Warnings())
	}
	feed.Close() // lets the read that was left alone end
}

func TestBadInputIsMendedWithAWarning(t *testing.T) {
	whole := readFile(t, sentences)
	cut := temp(t, "cut.wav", string(whole[:len(whole)/2+1]))
	if o := succeed(t, "run", speech, "-i", cut); !strings.Contains(o.stdout, "truncated") {
		t.Errorf("a truncated file isn't told:\n%s", o.stdout)
	}
	o := run(bytes.NewReader(make([]byte, 4001)), "run", speech, "-i", "-", "--in-format", "s16le", "--rate", "16000")
	if o.code != ExitOK || !strings.Contains(o.stdout, "ends in a frame of 1 bytes instead of 2") {
		t.Errorf("half a sample isn't told: %+v", o)
	}
}

func TestAFailedRunLeavesNoFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.wav")
	o := run(bytes.NewReader(make([]byte, 1<<20)), "run", speech, "-i", "-", "-o", out, "--in-format", "s16le", "--rate", "16000", "--max-memory", "20000", "--block", "100000")
	if _, err := os.Stat(out); o.code != ExitLimit || err == nil {
		t.Errorf("exit code %d, the file: %v", o.code, err)
	}
}

func TestStreamDoesNotOverwriteItsInput(t *testing.T) {
	in := makeWAV(t, wav.PCM16, 16000, 1, 1000)
	before := readFile(t, in)
	o := run(nil, "run", speech, "-i", in, "-o", in, "--block", "100")
	if o.code != ExitUsage || !bytes.Equal(before, readFile(t, in)) {
		t.Errorf("exit code %d: %s", o.code, o.stderr)
	}
}

func TestEventsAreLinesOfJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	succeed(t, "run", speech, "-i", sentences, "--block", "4410", "--events", path)
	lines := strings.Split(strings.TrimSpace(string(readFile(t, path))), "\n")
	if len(lines) != 61 { // 263126 frames are 60 blocks, and the flush tells once
		t.Errorf("%d lines, want 61", len(lines))
	}
	starts := 0
	for _, line := range lines {
		var e struct {
			Node string
			Data struct {
				IsSpeechStart bool `json:"is_speech_start"`
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Node != "vad" {
			t.Fatalf("%v in %s", err, line)
		}
		if e.Data.IsSpeechStart {
			starts++
		}
	}
	if starts != 2 {
		t.Errorf("%d starts of speech, want 2", starts)
	}
}

func TestPlotDrawsAPicture(t *testing.T) {
	out := filepath.Join(t.TempDir(), "speech.png")
	succeed(t, "plot", sentences, dialogue, "-o", out, "--vad", "--width", "500", "--height", "400", "--title", "two files")
	img, err := png.Decode(bytes.NewReader(readFile(t, out)))
	if err != nil || img.Bounds().Dx() != 500 || img.Bounds().Dy() != 400 {
		t.Errorf("got %v, %v", img, err)
	}
	without := run(nil, "plot", sentences, dialogue, "-o", "-", "--width", "500", "--height", "400", "--title", "two files").stdout
	if _, err := png.Decode(strings.NewReader(without)); err != nil || without == string(readFile(t, out)) {
		t.Errorf("without --vad the picture is the same, or none: %v", err)
	}
}

func TestSpeechIsFoundForThePlot(t *testing.T) {
	a, err := readWAV(sentences, &Env{Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	found, err := findSpeech(context.Background(), a)
	if err != nil || len(found) != 2 || found[0].Start > 0.6 || found[1].End < 5 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestProgressIsShownForLongWorkOnATerminal(t *testing.T) {
	show := func(terminal bool, work time.Duration) string {
		var stderr bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			p := startProgress(&Env{Stderr: &stderr, Terminal: terminal}, "speech.wav", 1000)
			for range 10 {
				time.Sleep(work / 10) // virtual
				p.add(100)
			}
			p.stop()
		})
		return stderr.String()
	}
	if got := show(true, 5*time.Second); !strings.Contains(got, "speech.wav") || !strings.Contains(got, "%") {
		t.Errorf("five seconds on a terminal show %q", got)
	}
	if got := show(true, 900*time.Millisecond); strings.Contains(got, "speech.wav") {
		t.Errorf("less than a second shows %q", got)
	}
	if got := show(false, 5*time.Second); got != "" {
		t.Errorf("in a pipe it shows %q", got)
	}
}
