package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// create returns a file that can seek, and its content after the test's writes.
func create(t *testing.T) (f *os.File, content func() []byte) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out.wav"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, func() []byte {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// signal returns planar floats that 8 bits hold exactly.
func signal(channels, frames int) [][]float32 {
	p := make([][]float32, channels)
	for c := range p {
		p[c] = make([]float32, frames)
		for i := range p[c] {
			p[c][i] = float32((i*7+c*31)%256-128) / 128
		}
	}
	return p
}

func interleaved(p [][]float32, enc pcm.Encoding) []byte {
	b := make([]byte, len(p)*len(p[0])*enc.Bytes())
	pcm.Encode(b, p, enc)
	return b
}

func write(t *testing.T, w io.Writer, cfg Config, p [][]float32) {
	t.Helper()
	out, err := NewWriter(w, cfg)
	if err != nil {
		t.Fatal(err)
	}
	half := len(p[0]) / 2
	first, rest := make([][]float32, len(p)), make([][]float32, len(p))
	for c := range p {
		first[c], rest[c] = p[c][:half], p[c][half:]
	}
	err = errors.Join(out.WriteFloats(first), out.Write(interleaved(rest, pcm.F32), pcm.F32), out.Close(), out.Close())
	if err != nil {
		t.Fatal(err)
	}
	if out.Clipped() != 0 {
		t.Errorf("%d clipped, want 0", out.Clipped())
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	for f := PCM8; f.Valid(); f++ {
		for _, channels := range []int{1, 2, 3, 6, 9} {
			want := signal(channels, 12345) // odd, and more than a block
			file, content := create(t)
			write(t, file, Config{Rate: 44100, Channels: channels, Format: f}, want)
			var pipe, exact bytes.Buffer
			write(t, &pipe, Config{Rate: 44100, Channels: channels, Format: f}, want)
			write(t, &exact, Config{Rate: 44100, Channels: channels, Format: f, Frames: 12345}, want)
			for name, b := range map[string][]byte{"file": content(), "pipe": pipe.Bytes(), "exact": exact.Bytes()} {
				r := open(t, b)
				if r.Rate() != 44100 || r.Channels() != channels || r.Format() != f {
					t.Fatalf("%s: %d Hz, %d channels of %v, want %v", name, r.Rate(), r.Channels(), r.Format(), f)
				}
				n, known := r.Frames()
				if known != (name != "pipe") || known && n != 12345 {
					t.Errorf("%s %v: %d frames, known %v", name, f, n, known)
				}
				if name != "pipe" {
					if got := int(binary.LittleEndian.Uint32(b[4:])) + 8; got != len(b) {
						t.Errorf("%s %v: the RIFF size says %d bytes, the file has %d", name, f, got, len(b))
					}
				}
				got := floats(t, r)
				if name == "pipe" { // the padding is indistinguishable from data in a stream
					got = got[:min(len(got), 12345*channels*4)]
				}
				if !bytes.Equal(got, interleaved(want, pcm.F32)) {
					t.Errorf("%s: %v with %d channels isn't read back", name, f, channels)
				}
			}
		}
	}
}

// TestHeaderBytes compares with the header as the specification has it.
func TestHeaderBytes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	write(t, &b, Config{Rate: 16000, Channels: 1, Format: PCM16, Frames: 2}, [][]float32{{0.5, -1}})
	want := "RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00" +
		"data\x04\x00\x00\x00\x00\x40\x00\x80"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

func TestClippingOnTheWayToAFile(t *testing.T) {
	t.Parallel()
	for f, want := range map[Format]int64{PCM8: 2, PCM16: 2, PCM24: 2, PCM32: 2, Float32: 0, Float64: 0} {
		w, err := NewWriter(io.Discard, Config{Rate: 8000, Channels: 1, Format: f})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteFloats([][]float32{{2, -2, 0.5, float32(math.NaN())}}); err != nil {
			t.Fatal(err)
		}
		if got := w.Clipped(); got != want {
			t.Errorf("%v: %d clipped, want %d", f, got, want)
		}
	}
}

func TestAnAbandonedFileIsReadable(t *testing.T) {
	t.Parallel()
	file, content := create(t)
	w, err := NewWriter(file, Config{Rate: 8000, Channels: 1, Format: PCM16})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]byte{1, 0, 2, 0}, pcm.I16); err != nil {
		t.Fatal(err)
	}
	if got := floats(t, open(t, content())); len(got) != 8 {
		t.Errorf("%d bytes without Close, want 8", len(got))
	}
}

func TestMoreThan4GiBBecomesRF64(t *testing.T) {
	t.Parallel()
	file, content := create(t)
	w, err := NewWriter(file, Config{Rate: 48000, Channels: 2, Format: PCM16})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]byte{1, 0, 2, 0}, pcm.I16); err != nil {
		t.Fatal(err)
	}
	w.data = 5 << 30 // as if so much had been written
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file2 := content()
	r := open(t, file2[:84]) // Close went to the end of the 5 GiB
	if n, known := r.Frames(); string(file2[:4]) != "RF64" || n != 5<<28 || !known {
		t.Errorf("%q with %d frames, known %v, want RF64 with %d", file2[:4], n, known, 5<<28)
	}
	if got := floats(t, r); len(got) != 8 {
		t.Errorf("%d bytes of floats, want 8", len(got))
	}
	if riffSize := binary.LittleEndian.Uint64(file2[20:]); riffSize != 5<<30+72 {
		t.Errorf("the ds64 chunk says %d bytes, want %d", riffSize, 5<<30+72)
	}

	var pipe bytes.Buffer
	if _, err := NewWriter(&pipe, Config{Rate: 48000, Channels: 2, Format: PCM16, Frames: 5 << 28}); err != nil {
		t.Fatal(err)
	}
	if n, known := open(t, pipe.Bytes()).Frames(); n != 5<<28 || !known {
		t.Errorf("announced: %d frames, known %v", n, known)
	}
}

func TestWrongAnnouncements(t *testing.T) {
	t.Parallel()
	cfg := Config{Rate: 8000, Channels: 1, Format: PCM16, Frames: 3}
	w, err := NewWriter(new(bytes.Buffer), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]byte{1, 0}, pcm.I16)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "1 frames written, but the header says 3") {
		t.Errorf("pipe: %v", err)
	}
	file, content := create(t)
	write(t, file, cfg, [][]float32{{0.5, 0.25}})
	if n, _ := open(t, content()).Frames(); n != 2 {
		t.Errorf("a file is mended to %d frames, want 2", n)
	}
}

func TestWriterRefusesWrongArguments(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{0, 1, PCM16, 0}, {MaxRate + 1, 1, PCM16, 0}, {8000, 0, PCM16, 0}, {8000, 65, PCM16, 0}, {8000, 1, 0, 0}, {8000, 1, 7, 0}, {8000, 1, PCM16, -1},
	} {
		if _, err := NewWriter(io.Discard, cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
	w, err := NewWriter(io.Discard, Config{Rate: 8000, Channels: 2, Format: PCM16})
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range []error{
		w.Write([]byte{1, 2}, pcm.I16), w.Write([]byte{1, 2, 3, 4}, 0), w.WriteFloats([][]float32{{0}}), w.WriteFloats([][]float32{{0}, {0, 1}}),
	} {
		if err == nil {
			t.Errorf("call %d is accepted", i)
		}
	}
	if err := errors.Join(w.Close(), w.Write(nil, pcm.I16)); err != nil {
		t.Error(err)
	}
	if err := w.Write([]byte{0, 0, 0, 0}, pcm.I16); err == nil {
		t.Error("a write after Close is accepted")
	}
}

// failing takes some bytes and then fails.
type failing struct{ room int }

func (f *failing) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestWriteErrorsArePassedOn(t *testing.T) {
	t.Parallel()
	cfg := Config{Rate: 8000, Channels: 1, Format: PCM8}
	if _, err := NewWriter(&failing{10}, cfg); !errors.Is(err, errDisk) {
		t.Errorf("header: %v", err)
	}
	w, err := NewWriter(&failing{45}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]byte{1, 0}, pcm.I16); err != nil {
		t.Errorf("one byte fits: %v", err)
	}
	if err := w.Close(); !errors.Is(err, errDisk) {
		t.Errorf("padding: %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, f := range []Format{PCM16, PCM24, Float32} {
		b.Run(f.String(), func(b *testing.B) {
			var file bytes.Buffer
			w, err := NewWriter(&file, Config{Rate: 44100, Channels: 1, Format: f, Frames: 44100})
			if err != nil {
				b.Fatal(err)
			}
			if err := errors.Join(w.WriteFloats(signal(1, 44100)), w.Close()); err != nil {
				b.Fatal(err)
			}
			dst := [][]float32{make([]float32, 44100)}
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file.Bytes()))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := r.ReadFloats(dst); n != 44100 {
					b.Fatal(n, err)
				}
			}
		})
	}
}
