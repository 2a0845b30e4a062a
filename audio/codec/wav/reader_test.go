package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// golden describes the files that testdata/make.py makes.
var golden = []struct {
	name     string
	format   Format
	channels int
	encoding pcm.Encoding
}{
	{"u8", PCM8, 1, pcm.I16},
	{"i16", PCM16, 2, pcm.I16},
	{"i24", PCM24, 1, pcm.I32},
	{"i32", PCM32, 2, pcm.I32},
	{"f32", Float32, 1, pcm.F32},
	{"f64", Float64, 2, pcm.F32},
	{"extensible-i24", PCM24, 3, pcm.I32},
	{"extensible-f32", Float32, 6, pcm.F32},
	{"rf64-i16", PCM16, 2, pcm.I16},
}

const goldenFrames, goldenRate = 50, 22050

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, file []byte) *Reader {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// floats reads the rest as interleaved F32 bytes.
func floats(t testing.TB, r *Reader) []byte {
	t.Helper()
	b, err := r.ReadAll(pcm.F32, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadsWhatLibsndfileWrites(t *testing.T) {
	t.Parallel()
	for _, tc := range golden {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file, want := load(t, tc.name+".wav"), load(t, tc.name+".f32")
			r := open(t, file)
			if r.Rate() != goldenRate || r.Channels() != tc.channels || r.Format() != tc.format || r.Encoding() != tc.encoding {
				t.Errorf("%d Hz, %d channels, %v as %v", r.Rate(), r.Channels(), r.Format(), r.Encoding())
			}
			if n, known := r.Frames(); n != goldenFrames || !known {
				t.Errorf("%d frames, known %v, want %d", n, known, goldenFrames)
			}
			if got := floats(t, r); !bytes.Equal(got, want) {
				t.Error("the samples differ from what libsndfile reads")
			}
			if w := r.Warnings(); len(w) != 0 {
				t.Errorf("warnings %q", w)
			}
			// The same, one byte at a time from the source and 7 frames at a time to planar floats.
			r, err := NewReader(iotest.OneByteReader(bytes.NewReader(file)))
			if err != nil {
				t.Fatal(err)
			}
			if got := planar(t, r, 7); !bytes.Equal(got, want) {
				t.Error("planar: the samples differ from what libsndfile reads")
			}
		})
	}
}

// planar reads the rest by blocks of frames and returns it as interleaved F32 bytes.
func planar(t testing.TB, r *Reader, frames int) (out []byte) {
	t.Helper()
	block := make([][]float32, r.Channels())
	for {
		for c := range block {
			block[c] = make([]float32, frames)
		}
		n, err := r.ReadFloats(block)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			for c := range block {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(block[c][i]))
			}
		}
	}
}

func TestNativeEncodingsAreBitExact(t *testing.T) {
	t.Parallel()
	file := load(t, "i16.wav")
	r := open(t, file)
	got, err := r.ReadAll(pcm.I16, 1<<20)
	if err != nil || !bytes.Equal(got, file[44:]) {
		t.Errorf("16 bits: %v; the bytes of the file: %v", err, bytes.Equal(got, file[44:]))
	}
	eight := open(t, load(t, "u8.wav"))
	got, err = eight.ReadAll(pcm.I16, 1<<20)
	if raw := load(t, "u8.wav")[44:]; err != nil || got[0] != 0 || got[1] != raw[0]^0x80 {
		t.Errorf("8 bits: %v, %x for %x", err, got[:2], raw[0])
	}
}

func TestClippingIsCounted(t *testing.T) {
	t.Parallel()
	file := build(tagFloat, 1, 8000, 32, le32(math.Float32bits(2), math.Float32bits(0.5), math.Float32bits(-2)))
	r := open(t, file)
	got, err := r.ReadAll(pcm.I16, 100)
	if err != nil || r.Clipped() != 2 || !bytes.Equal(got, []byte{0xff, 0x7f, 0, 0x40, 0, 0x80}) {
		t.Errorf("%v, %d clipped, want 2; %x", err, r.Clipped(), got)
	}
}

// le32 returns values as bytes.
func le32(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func chunk(id string, body []byte) []byte {
	b := append([]byte(id), le32(uint32(len(body)))...)
	b = append(b, body...)
	if len(body)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

func fmtChunk(tag uint16, channels int, rate uint32, bits int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, tag)
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = append(b, le32(rate, rate*uint32(channels*bits/8))...)
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	return chunk("fmt ", binary.LittleEndian.AppendUint16(b, uint16(bits)))
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(append([]byte("RIFF"), le32(uint32(len(body)))...), body...)
}

func build(tag uint16, channels int, rate uint32, bits int, data []byte) []byte {
	return riff(fmtChunk(tag, channels, rate, bits), chunk("data", data))
}

func TestUnknownChunksAreSkipped(t *testing.T) {
	t.Parallel()
	data := []byte{1, 0, 2, 0}
	file := riff(chunk("JUNK", make([]byte, 99)), fmtChunk(1, 1, 8000, 16), chunk("LIST", []byte("odd")), chunk("", nil)[:0],
		fmtChunk(1, 2, 9000, 8), chunk("data", data), chunk("id3 ", []byte("after the samples")))
	r := open(t, file)
	if got, err := r.ReadAll(pcm.I16, 100); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, %v, want %v", err, got, data)
	}
	if w := r.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "a second fmt chunk") {
		t.Errorf("warnings %q", w)
	}
}

func TestUnknownLengths(t *testing.T) {
	t.Parallel()
	data := []byte{1, 0, 2, 0, 3, 0}
	whole := build(1, 1, 8000, 16, data)
	with := func(riffSize, dataSize uint32) []byte {
		b := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(b[4:], riffSize)
		binary.LittleEndian.PutUint32(b[40:], dataSize)
		return b
	}
	rf64 := riff(chunk("ds64", make([]byte, 28)), fmtChunk(1, 1, 8000, 16), chunk("data", data))
	copy(rf64, "RF64\xff\xff\xff\xff")
	binary.LittleEndian.PutUint32(rf64[len(rf64)-len(data)-4:], unknownSize)
	for name, file := range map[string][]byte{
		"both sizes unknown": with(unknownSize, unknownSize), "both zero": with(0, 0), "the header's own": with(36, 0),
		"zero in a stream": with(unknownSize, 0), "RF64 without sizes": rf64,
	} {
		r := open(t, file)
		if _, known := r.Frames(); known {
			t.Errorf("%s: the length is called known", name)
		}
		if got, err := r.ReadAll(pcm.I16, 100); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v, %v", name, err, got)
		}
		if w := r.Warnings(); len(w) != 0 {
			t.Errorf("%s: warnings %q", name, w)
		}
	}
	empty := riff(fmtChunk(1, 1, 8000, 16), chunk("data", nil), chunk("LIST", []byte("no samples")))
	if got := floats(t, open(t, empty)); len(got) != 0 {
		t.Errorf("a chunk after an empty data chunk was read as %d bytes of samples", len(got))
	}
}

func TestTruncatedFilesGiveWhatIsThere(t *testing.T) {
	t.Parallel()
	whole := build(1, 2, 8000, 16, []byte{1, 0, 2, 0, 3, 0, 4, 0})
	for cut, want := range map[int]int{1: 1, 3: 1, 4: 1, 5: 0, 8: 0} {
		r := open(t, whole[:len(whole)-cut])
		got, err := r.ReadAll(pcm.I16, 100)
		if err != nil || len(got) != 4*want {
			t.Errorf("cut by %d: %v, %d bytes, want %d frames", cut, err, len(got), want)
		}
		if w := r.Warnings(); len(w) != 1 || !strings.Contains(w[0], "truncated") || !strings.Contains(w[0], "8 claimed") {
			t.Errorf("cut by %d: warnings %q", cut, w)
		}
		if n, err := r.Read(make([]byte, 100), pcm.I16); n != 0 || err != io.EOF {
			t.Errorf("cut by %d: after the end: %d, %v", cut, n, err)
		}
	}
	ragged := build(1, 2, 8000, 16, []byte{1, 0, 2, 0, 3, 0})
	r := open(t, ragged)
	if got, err := r.ReadAll(pcm.I16, 100); err != nil || len(got) != 4 || len(r.Warnings()) != 1 {
		t.Errorf("ragged: %v, %d bytes, warnings %q", err, len(got), r.Warnings())
	}
	binary.LittleEndian.PutUint32(ragged[40:], unknownSize)
	r = open(t, ragged)
	if got, err := r.ReadAll(pcm.I16, 100); err != nil || len(got) != 4 || len(r.Warnings()) != 1 {
		t.Errorf("ragged stream: %v, %d bytes, warnings %q", err, len(got), r.Warnings())
	}
}

func TestGarbageIsRefused(t *testing.T) {
	t.Parallel()
	ext := fmtChunk(tagExtensible, 1, 8000, 16)
	misaligned := fmtChunk(1, 2, 8000, 16)
	misaligned[20] = 5
	for _, tc := range []struct {
		file   []byte
		offset int64
		want   string
	}{
		{nil, 0, `found the end of the file, expected a WAV file`},
		{[]byte("OggS-and-so-on"), 0, `found "OggS", expected a WAV file, which begins with "RIFF" or "RF64"`},
		{[]byte("RIFF\x00\x00\x00\x00AVI LIST"), 8, `found "AVI "`},
		{riff(), 12, "expected a fmt chunk and a data chunk"},
		{riff(fmtChunk(1, 1, 8000, 16)), 36, "expected a data chunk"},
		{riff(chunk("data", []byte{1, 2})), 12, "found the data chunk, expected a fmt chunk before it"},
		{riff(chunk("fmt ", make([]byte, 8))), 16, "found a fmt chunk of 8 bytes, expected at least 16"},
		{riff(chunk("ds64", make([]byte, 8))), 16, "found a ds64 chunk of 8 bytes, expected at least 28"},
		{build(1, 0, 8000, 16, nil), 22, "found 0 channels, expected 1 to 64"},
		{build(1, 65, 8000, 16, nil), 22, "found 65 channels"},
		{build(1, 1, 0, 16, nil), 24, "found a sample rate of 0 Hz, expected 1 to 768000"},
		{build(1, 1, 1<<31, 16, nil), 24, "found a sample rate of 2147483648 Hz"},
		{build(6, 1, 8000, 8, nil), 20, "found A-law of 8 bits, expected PCM of 8, 16, 24 or 32 bits"},
		{build(0x1234, 1, 8000, 8, nil), 20, "found format tag 0x1234 of 8 bits"},
		{build(1, 1, 8000, 40, nil), 20, "found PCM of 40 bits"},
		{build(3, 1, 8000, 16, nil), 20, "found float of 16 bits"},
		{riff(misaligned, chunk("data", nil)), 32, "found frames of 5 bytes, expected 4 for 2 channels of 16-bit PCM"},
		{riff(ext, chunk("data", nil)), 44, "unknown sub-format"},
		{riff(fmtChunk(1, 1, 8000, 16), chunk("LIST", make([]byte, 50))[:20]), 56, `expected 50 bytes of the chunk "LIST"`},
	} {
		_, err := NewReader(bytes.NewReader(tc.file))
		var fault *FormatError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), tc.want) || fault.Offset != tc.offset {
			t.Errorf("got %v, want %q at byte %d", err, tc.want, tc.offset)
		}
	}
}

func TestMissingFrameSizeIsMended(t *testing.T) {
	t.Parallel()
	file := build(1, 1, 8000, 16, []byte{1, 0})
	file[32], file[33] = 0, 0
	r := open(t, file)
	if got := floats(t, r); len(got) != 4 || len(r.Warnings()) != 1 {
		t.Errorf("%d bytes, warnings %q", len(got), r.Warnings())
	}
}

var errDisk = errors.New("disk on fire")

func TestErrorsOfTheSourceArePassedOn(t *testing.T) {
	t.Parallel()
	file := load(t, "i16.wav")
	if _, err := NewReader(io.MultiReader(bytes.NewReader(file[:20]), iotest.ErrReader(errDisk))); !errors.Is(err, errDisk) {
		t.Errorf("in the header: %v", err)
	}
	r, err := NewReader(io.MultiReader(bytes.NewReader(file[:52]), iotest.ErrReader(errDisk)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 400), pcm.I16); n != 2 || err != nil {
		t.Errorf("before the error: %d frames, %v, want 2", n, err)
	}
	if n, err := r.Read(make([]byte, 400), pcm.I16); n != 0 || !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "byte 52") {
		t.Errorf("the error: %d, %v", n, err)
	}
}

func TestWrongArgumentsAreErrors(t *testing.T) {
	t.Parallel()
	r := open(t, load(t, "i16.wav"))
	for _, err := range []error{
		second(r.Read(make([]byte, 3), pcm.I16)), second(r.Read(make([]byte, 100), 0)), second(r.ReadFloats(nil)),
		second(r.ReadFloats(make([][]float32, 2))), second(r.ReadAll(9, 10)), second(r.ReadAll(pcm.I16, 10)),
	} {
		if err == nil || err == io.EOF {
			t.Errorf("got %v, want an error", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestClaimsAllocateNothing: the sizes in a file are claims, memory is for what is there.
func TestClaimsAllocateNothing(t *testing.T) {
	file := build(1, 1, 8000, 24, make([]byte, 300))
	binary.LittleEndian.PutUint32(file[40:], unknownSize-1)
	huge := riff(chunk("ds64", append(le32(0, 256, 0, 256, 0, 256), make([]byte, 4)...)), fmtChunk(1, 1, 8000, 24), chunk("data", make([]byte, 300)))
	copy(huge, "RF64\xff\xff\xff\xff")
	binary.LittleEndian.PutUint32(huge[len(huge)-304:], unknownSize) // 2^40 bytes by ds64
	junk := riff(chunk("JUNK", nil), fmtChunk(1, 1, 8000, 16))
	binary.LittleEndian.PutUint32(junk[16:], unknownSize-1)
	for name, b := range map[string][]byte{"4 GB of data": file, "1 TB of data": huge, "4 GB to skip": junk} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if r, err := NewReader(bytes.NewReader(b)); err == nil {
			if got := floats(t, r); len(got) != 400 || len(r.Warnings()) != 1 {
				t.Errorf("%s: %d bytes, warnings %q", name, len(got), r.Warnings())
			}
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 256<<10 {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, got, len(b))
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, tc := range golden {
		f.Add(load(f, tc.name+".wav"), byte(3))
	}
	f.Add(build(1, 64, 768000, 24, make([]byte, 400)), byte(1))
	f.Add(riff(chunk("ds64", bytes.Repeat([]byte{0xff}, 30)), fmtChunk(3, 1, 1, 64), chunk("data", make([]byte, 9))), byte(2))
	f.Fuzz(func(t *testing.T, file []byte, enc byte) {
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		e := pcm.Encoding(enc%3 + 1)
		all, err := r.ReadAll(e, 64*(len(file)+1))
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		frames := len(all) / e.Bytes() / r.Channels()
		if frames*r.Channels()*r.Format().Bytes() > len(file) {
			t.Fatalf("%d frames from %d bytes", frames, len(file))
		}
		again := open(t, file)
		if got := planar(t, again, 33); len(got) != frames*r.Channels()*4 {
			t.Fatalf("planar: %d bytes, want %d frames", len(got), frames)
		}
	})
}
