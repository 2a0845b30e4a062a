package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
)

// world is an account on a pool that shows leaks and uses after release.
type world struct {
	*mem.Account
	pool *mem.Pool
}

func newWorld(t *testing.T) world {
	pool := mem.NewPoisonedPool()
	w := world{mem.NewAccount(pool, mem.Unlimited{}, 1<<20), pool}
	t.Cleanup(func() {
		if w.Used() != 0 || pool.Out() != 0 {
			t.Errorf("leaked %d bytes, %d buffers", w.Used(), pool.Out())
		}
	})
	return w
}

func (w world) wire(t *testing.T, f Format, raw []byte) *Buffer {
	t.Helper()
	block, err := w.Adopt(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := FromWire(f, block)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func floats(x ...float32) []byte {
	var out []byte
	for _, v := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func TestFormatCheck(t *testing.T) {
	good := Format{16000, 1, pcm.F32}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, f := range []Format{{0, 1, pcm.F32}, {768_001, 1, pcm.F32}, {16000, 0, pcm.F32}, {16000, 65, pcm.F32}, {16000, 1, 0}, {16000, 1, 9}} {
		if f.Check() == nil {
			t.Errorf("%v passes", f)
		}
	}
}

func TestMonoFloatsAreUsedInPlaceAndBytesStayTheSame(t *testing.T) {
	w := newWorld(t)
	raw := floats(0.5, -0.25, 0)
	b := w.wire(t, Format{8000, 1, pcm.F32}, raw)
	defer b.Release()
	x, err := b.Planar(w.Account)
	if err != nil {
		t.Fatal(err)
	}
	if w.Used() != int64(len(raw)) {
		t.Errorf("%d bytes are charged for a buffer of %d in place", w.Used(), len(raw))
	}
	if x[0][1] != -0.25 {
		t.Errorf("samples %v", x[0])
	}
	if out, _, _ := b.Wire(w.Account); &out[0] != &raw[0] {
		t.Error("the untouched bytes were copied")
	}
}

func TestSamplesThatAreNotFiniteReadAsZeroAndPassUntouched(t *testing.T) {
	w := newWorld(t)
	raw := floats(1, float32(math.NaN()), float32(math.Inf(1)), 1e-40, -0.5)
	before := bytes.Clone(raw)
	b := w.wire(t, Format{8000, 1, pcm.F32}, raw)
	defer b.Release()
	x, err := b.Planar(w.Account)
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{1, 0, 0, 0, -0.5}
	for i := range want {
		if x[0][i] != want[i] {
			t.Errorf("sample %d is %v, want %v", i, x[0][i], want[i])
		}
	}
	if b.Replaced() != 3 {
		t.Errorf("%d replaced, want 3", b.Replaced())
	}
	if !bytes.Equal(raw, before) {
		t.Error("the client's bytes were changed")
	}
}

func TestWritableNeverChangesWhatOthersHold(t *testing.T) {
	for _, f := range []Format{{8000, 1, pcm.F32}, {8000, 2, pcm.I16}} {
		w := newWorld(t)
		raw := make([]byte, 8*f.FrameBytes())
		b := w.wire(t, f, bytes.Clone(raw))
		b.Retain()
		c, x, err := b.Writable(w.Account)
		if err != nil {
			t.Fatal(err)
		}
		x[0][0] = 0.5
		if got, _, _ := b.Wire(w.Account); !bytes.Equal(got, raw) {
			t.Errorf("%v: the shared buffer changed", f)
		}
		if got, _, _ := c.Wire(w.Account); bytes.Equal(got, raw) {
			t.Errorf("%v: the written sample is lost", f)
		}
		c.Release()
		b.Release()
		b.Release()
	}
}

// A buffer in another encoding has the samples in common with the first one: whoever writes into either gets a copy.
func TestWritableLeavesOtherEncodingsAlone(t *testing.T) {
	w := newWorld(t)
	b := w.wire(t, Format{8000, 2, pcm.F32}, make([]byte, 64))
	other, err := b.WithEncoding(w.Account, pcm.I16)
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []struct{ written, kept *Buffer }{{b, other}, {other, b}} {
		c, x, err := held.written.Writable(w.Account)
		if err != nil {
			t.Fatal(err)
		}
		x[1][0] = 0.5
		kept, err := held.kept.Planar(w.Account)
		if err != nil {
			t.Fatal(err)
		}
		if kept[1][0] != 0 {
			t.Errorf("the samples in %v changed with those in %v", held.kept.Format.Encoding, held.written.Format.Encoding)
		}
		c.Release()
	}
	b.Release()
	other.Release()
}

func TestWritableOfTheOnlyHolderDropsTheOldBytes(t *testing.T) {
	w := newWorld(t)
	b := w.wire(t, Format{8000, 2, pcm.I16}, make([]byte, 32))
	c, x, err := b.Writable(w.Account)
	if err != nil {
		t.Fatal(err)
	}
	if c != b {
		t.Error("the only holder got a copy")
	}
	x[1][0] = 0.5
	got, _, err := b.Wire(w.Account)
	if err != nil {
		t.Fatal(err)
	}
	if v := int16(binary.LittleEndian.Uint16(got[2:])); v != 16384 {
		t.Errorf("second sample is %d, want 16384", v)
	}
	c.Release()
	b.Release()
}

func TestWithEncodingKeepsTheSamples(t *testing.T) {
	w := newWorld(t)
	b := w.wire(t, Format{8000, 1, pcm.I16}, []byte{0, 0x40, 0, 0xC0})
	c, err := b.WithEncoding(w.Account, pcm.F32)
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	got, _, err := c.Wire(w.Account)
	if err != nil || !bytes.Equal(got, floats(0.5, -0.5)) {
		t.Errorf("bytes %x, %v", got, err)
	}
	c.Release()
}

func TestPlanarIsRefusedBeyondTheAccount(t *testing.T) {
	pool := mem.NewPool(0)
	a := mem.NewAccount(pool, mem.Unlimited{}, 100)
	block, err := a.Adopt(make([]byte, 80), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := FromWire(Format{8000, 2, pcm.I16}, block)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Planar(a); err == nil {
		t.Error("160 bytes of samples fit into 20")
	}
	b.Release()
	if a.Used() != 0 || pool.Out() != 0 {
		t.Errorf("leaked %d bytes, %d buffers", a.Used(), pool.Out())
	}
}

// asked counts how often it was asked, and has an error from the nth time on.
type asked struct {
	times, stop int
	err         error
}

func (a *asked) Check() error {
	if a.times++; a.times == a.stop {
		return a.err
	}
	return nil
}

func TestSamplesMadeInPartsAreTheSame(t *testing.T) {
	const frames = PartSamples + 7 // of two channels: three parts
	for _, e := range []pcm.Encoding{pcm.I16, pcm.F32} {
		w := newWorld(t)
		f := Format{8000, 2, e}
		raw := make([]byte, frames*f.FrameBytes())
		for i := range raw {
			raw[i] = byte(i * 31 >> 3)
		}
		for _, frame := range []int{0, PartSamples / 2, frames - 1} {
			if e == pcm.F32 {
				binary.LittleEndian.PutUint32(raw[frame*8+4:], math.Float32bits(float32(math.NaN())))
			}
		}
		other := newWorld(t)
		whole, parts := other.wire(t, f, raw), w.wire(t, f, raw)
		want, err := whole.Planar(other.Account)
		if err != nil {
			t.Fatal(err)
		}
		stop := &asked{stop: 2, err: errors.New("stop")}
		before := w.Used()
		if _, err := parts.PlanarInParts(w.Account, stop); !errors.Is(err, stop.err) || w.Used() != before {
			t.Errorf("%v: stopped in the middle: %v, and %d bytes are held", e, err, w.Used()-before)
		}
		c := &asked{}
		got, err := parts.PlanarInParts(w.Account, c)
		if err != nil || c.times != 2 {
			t.Fatalf("%v: %v, asked %d times", e, err, c.times)
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%v: channel %d isn't the same", e, i)
			}
		}
		if whole.Replaced() != parts.Replaced() || e == pcm.F32 && whole.Replaced() < 3 {
			t.Errorf("%v: %d samples were replaced, %d in parts", e, whole.Replaced(), parts.Replaced())
		}
		if _, err := parts.PlanarInParts(w.Account, c); err != nil || c.times != 2 {
			t.Errorf("%v: the second time: %v, asked %d times", e, err, c.times)
		}
		whole.Release()
		parts.Release()
	}
}

func TestStampAdd(t *testing.T) {
	s := Stamp{Position: 100, Micros: 5, StreamID: "a"}.Add(16000, 16000)
	if s.Position != 16100 || s.Micros != 1_000_005 || s.StreamID != "a" {
		t.Errorf("%+v", s)
	}
}
