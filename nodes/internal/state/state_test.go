package state_test

import (
	"errors"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

func account(limit int64) *mem.Account {
	return mem.NewAccount(mem.NewPoisonedPool(), mem.Unlimited{}, limit)
}

func buffer(t *testing.T, frames int, at audio.Stamp) *audio.Buffer {
	t.Helper()
	f := audio.Format{Rate: 44_100, Channels: 1, Encoding: pcm.F32}
	b, err := audio.NewPlanar(account(1<<30), f, frames)
	if err != nil {
		t.Fatal(err)
	}
	b.Stamp = at
	return b
}

// TestTimesDoNotDependOnTheCut: an item's stamp is cut to whole microseconds, which would add up.
func TestTimesDoNotDependOnTheCut(t *testing.T) {
	for _, size := range []int64{1, 7, 441, 44_100} {
		var line state.Timeline
		at := audio.Stamp{Micros: 5}
		for position := int64(0); position < 44_100; position += size {
			b := buffer(t, int(size), at)
			line.Append(b)
			at = b.End()
		}
		start, end := line.Span(22_050, 11_025)
		if start.Position != 22_050 || start.Micros != 500_005 || end.Position != 33_075 || end.Micros != 750_005 {
			t.Errorf("in items of %d frames: %+v to %+v, expected 500005 and 750005 us", size, start, end)
		}
		if line.Frames() < 44_100 {
			t.Errorf("it counts %d frames", line.Frames())
		}
	}
}

func TestAJumpCountsFromWhereItHappened(t *testing.T) {
	var line state.Timeline
	line.Append(buffer(t, 441, audio.Stamp{}))
	line.Append(buffer(t, 441, audio.Stamp{Position: 441, Micros: 2_000_000})) // the client's clock jumped
	for _, c := range []struct{ index, micros int64 }{{0, 0}, {440, 9977}, {441, 2_000_000}, {882, 2_010_000}} {
		if got, _ := line.Span(c.index, 1); got.Micros != c.micros || got.Position != c.index {
			t.Errorf("frame %d is at %+v, expected %d us", c.index, got, c.micros)
		}
	}
}

func TestScaledKeepsMediaTime(t *testing.T) {
	var line state.Timeline
	line.Append(buffer(t, 441, audio.Stamp{Position: 44_100, Micros: 1_000_000, StreamID: "s"}))
	line.Append(buffer(t, 441, audio.Stamp{Position: 44_541, Micros: 3_000_000, StreamID: "s"}))
	for _, c := range []struct{ k, position, micros int64 }{
		{0, 16_000, 1_000_000}, {159, 16_159, 1_009_937}, {160, 16_160, 3_000_000}, {320, 16_320, 3_010_000},
	} {
		want := audio.Stamp{Position: c.position, Micros: c.micros, StreamID: "s"}
		if got := line.Scaled(c.k, 16_000); got != want {
			t.Errorf("frame %d is at %+v, expected %+v", c.k, got, want)
		}
	}
}

func TestARunEndsWithItsFormatAndStream(t *testing.T) {
	var line state.Timeline
	b := buffer(t, 1, audio.Stamp{StreamID: "a"})
	if line.Started() || !line.Continues(b) {
		t.Error("a run takes any first item")
	}
	line.Append(b)
	other := buffer(t, 1, audio.Stamp{StreamID: "b"})
	format := buffer(t, 1, audio.Stamp{StreamID: "a"})
	format.Format.Encoding = pcm.I16
	if !line.Continues(b) || line.Continues(other) || line.Continues(format) {
		t.Error("expected the run to go on for the same stream and format only")
	}
	line.Reset()
	if line.Started() || !line.Continues(other) {
		t.Error("a reset run takes any first item")
	}
}

func TestMemoryIsChargedOnceAndGivenBack(t *testing.T) {
	a := account(100)
	var m state.Memory
	for _, n := range []int{40, 90, 10} {
		if err := m.Set(a, n); err != nil || a.Used() != int64(n) {
			t.Errorf("set to %d: %d used, error %v", n, a.Used(), err)
		}
	}
	var limit *mem.LimitError
	if err := m.Set(a, 101); !errors.As(err, &limit) || a.Used() != 10 {
		t.Errorf("beyond the limit: error %v, %d used", err, a.Used())
	}
	m.Release()
	m.Release()
	if a.Used() != 0 {
		t.Errorf("%d used after release", a.Used())
	}
}
