package engine_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

func TestStatsTellWhatANodeGave(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "b:Drop", "a>b"))
	defer s.Close()
	stereo := audio.Format{Rate: 8000, Channels: 2, Encoding: pcm.I16}
	out := r.execute(s, soundOf(t, s, "a", stereo, 1, 2, 3, 4), data(s, "a", `"x"`))
	defer out.Release()
	a, b := out.Stats[0], out.Stats[1]
	if a.Kinds != node.Audio|node.Text || a.ItemsOut != 2 || a.SamplesOut != 2 || a.Format != stereo {
		t.Errorf("a gave %v, %d items, %d samples, %v", a.Kinds, a.ItemsOut, a.SamplesOut, a.Format)
	}
	if b.Kinds != 0 || b.SamplesOut != 0 || b.ItemsIn != 2 {
		t.Errorf("b gave %v, %d samples of %d items", b.Kinds, b.SamplesOut, b.ItemsIn)
	}
}

func TestStatsTellWaitingFromWorking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Slow"), func(l *engine.Limits) { l.Timeout = 2 * time.Hour })
		defer s.Close()
		out := r.execute(s, data(s, "a", "1"))
		defer out.Release()
		if st := out.Stats[0]; st.Waited != time.Hour || st.Time < st.Waited {
			t.Errorf("waited %v of %v, want an hour", st.Waited, st.Time)
		}
	})
}

func TestFailureTellsHowLongItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Slow", "b:Fail", "a>b"), func(l *engine.Limits) { l.Timeout = 2 * time.Hour })
		defer s.Close()
		_, err := s.Execute(t.Context(), []engine.Input{data(s, "a", "1")})
		if got := fault.From(err).Context["elapsed_ms"]; got != 3.6e6 {
			t.Errorf("elapsed_ms is %v, want an hour", got)
		}
	})
}

func TestUnbuildableNodeIsAFaultOfItsParameters(t *testing.T) {
	r := newRig(t)
	_, err := r.Open(plan(t, "a:Pass", "b:Unbuildable"), engine.DefaultLimits())
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.CodeBadParam || f.NodeID != "b" {
		t.Errorf("got %+v", err)
	}
}
