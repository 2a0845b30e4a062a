package nodetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

var latencyClasses = []string{"realtime", "fast", "medium", "slow", "batch"}

// checkDeclaration holds what the documentation is made from, and that the parameters are valid.
func checkDeclaration(t testing.TB, s *subject) {
	for what, text := range map[string]string{"Category": s.Category, "Summary": s.Summary, "Doc": s.Doc, "Example": s.Example} {
		if text == "" {
			t.Errorf("%s is empty", what)
		}
	}
	if s.Accepts == 0 && !s.Source {
		t.Error("it accepts nothing and isn't a source")
	}
	if s.Produces == 0 && !s.Forwards {
		t.Error("it neither produces nor forwards anything")
	}
	if !slices.Contains(latencyClasses, s.LatencyClass) {
		t.Errorf("LatencyClass is %q: expected one of %q", s.LatencyClass, latencyClasses)
	}
	if _, problems := s.Decode([]byte(s.params)); len(problems) > 0 {
		t.Errorf("parameters %s have problems: %v", s.params, problems)
	}
	s.rig(t)
}

// checkKinds gives every item of every kind. The node may fail on one, but it answers in valid JSON, and what it doesn't accept
// goes on unchanged.
func checkKinds(t testing.TB, s *subject) {
	r := s.rig(t)
	for kind := range data {
		for _, item := range dataItems(kind) {
			before := len(r.Items)
			checkError(t, string(item.Data), r.Process(item))
			if got := r.Items[before:]; s.Accepts&kind == 0 && (len(got) != 1 || !reflect.DeepEqual(got[0], item)) {
				t.Errorf("%s of kind %s, which it doesn't accept, came out as %v", item.Data, kind, got)
			}
		}
	}
	for _, f := range s.taken(t) {
		checkError(t, f.String(), r.Process(r.Wire(f, 0, Signal(f, 500, 1))))
	}
	checkError(t, "flush", r.Flush())
	checkItems(t, r)
}

// checkError accepts a failure of the node's own, but no fault of the service.
func checkError(t testing.TB, what string, err error) {
	t.Helper()
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.NodeExecution && f.Kind != fault.Validation {
		t.Errorf("%s: error of kind %s: %v", what, f.Kind, err)
	}
}

// checkItems holds for everything that was emitted.
func checkItems(t testing.TB, r *Rig) {
	t.Helper()
	for _, item := range r.Items {
		if item.Kind&r.spec.Produces == 0 && !r.spec.Forwards && item.Kind&r.spec.Accepts != 0 {
			t.Errorf("it emitted an item of kind %s, which it neither produces nor forwards", item.Kind)
		}
		if (item.Kind == node.Audio) != (item.Audio != nil) || (item.Audio == nil) != (item.Data != nil) {
			t.Errorf("item of kind %s has audio %v and data %q", item.Kind, item.Audio, item.Data)
		}
		if item.Audio == nil && !jsontext.Value(item.Data).IsValid(jsontext.AllowDuplicateNames(true)) {
			t.Errorf("it emitted invalid JSON: %s", item.Data)
		}
	}
}

// checkChunks holds for nodes of granularity sample: the audio doesn't depend on how the input is cut.
func checkChunks(t testing.TB, s *subject) {
	if !s.takesAudio() || s.Granularity != node.PerSample {
		return
	}
	for _, f := range s.taken(t) {
		signal := Signal(f, invarianceFrames, 3)
		want := s.runCut(t, f, signal, constant(invarianceFrames))
		random := rand.New(rand.NewPCG(4, 0))
		cuts := map[string]func() int{"random": func() int { return 1 + random.IntN(3000) }}
		for _, n := range []int{1, 7, 160, 479, 480, 4096} {
			cuts[fmt.Sprint(n)] = constant(n)
		}
		for name, size := range cuts {
			got := s.runCut(t, f, signal, size)
			if got.format != want.format || !bytes.Equal(got.audio, want.audio) {
				t.Errorf("%v in items of %s frames gives other audio: %d bytes of %v, expected %d of %v; first difference at byte %d",
					f, name, len(got.audio), got.format, len(want.audio), want.format, firstDifference(got.audio, want.audio))
			}
		}
	}
}

func constant(n int) func() int { return func() int { return n } }

type outcome struct {
	audio  []byte
	format audio.Format
}

// runCut runs a new instance on a signal and checks that its stamps follow from each other.
func (s *subject) runCut(t testing.TB, f audio.Format, signal []byte, size func() int) outcome {
	t.Helper()
	r := s.rig(t)
	r.Run(r.Cut(f, signal, size)...)
	checkItems(t, r)
	checkStamps(t, r)
	all, format := r.Audio()
	r.Close()
	return outcome{all, format}
}

// checkStamps holds for audio in at most one stream: positions follow without a gap, and media time with them.
func checkStamps(t testing.TB, r *Rig) {
	t.Helper()
	position := int64(0)
	for i, item := range r.Items {
		if item.Audio == nil {
			continue
		}
		got := item.Audio.Stamp
		want := position * 1_000_000 / int64(item.Audio.Format.Rate)
		if got.Position != position || got.Micros < want-1 || got.Micros > want+1 {
			t.Errorf("item %d has position %d and media time %d us: expected %d and %d", i, got.Position, got.Micros, position, want)
			return
		}
		position += int64(item.Audio.Frames())
	}
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// checkFlush holds that nothing is left after a flush, and that the node then starts anew.
func checkFlush(t testing.TB, s *subject) {
	s.again(t, "flush", func(r *Rig) error { return r.Flush() })
}

// checkReset holds that a reset node is as new. What it held back is lost.
func checkReset(t testing.TB, s *subject) {
	s.again(t, "reset", func(r *Rig) error {
		r.Reset()
		return nil
	})
}

// again runs a node, ends the run, and compares the next run with one of a new instance.
func (s *subject) again(t testing.TB, what string, end func(*Rig) error) {
	for _, f := range s.taken(t) {
		if !s.takesAudio() {
			return
		}
		signal := Signal(f, 3000, 5)
		fresh := s.rig(t)
		fresh.Run(fresh.Cut(f, signal, constant(1000))...)
		r := s.rig(t)
		if err := r.Process(r.Cut(f, signal, constant(1000))...); err != nil {
			t.Fatal(err)
		}
		if err := end(r); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		r.Release()
		if err := end(r); err != nil || len(r.Items) > 0 {
			t.Errorf("a second %s gives %d items and error %v", what, len(r.Items), err)
		}
		_, resets := r.proc.(node.Resetter)
		if s.Stateful && what == "reset" && !resets {
			t.Errorf("it keeps state but has no Reset")
		}
		if _, flushes := r.proc.(node.Flusher); what == "flush" && (!flushes || s.Granularity == node.PerItem) {
			continue // what has nothing to end goes on, and counters count on
		}
		r.Run(r.Cut(f, signal, constant(1000))...)
		compare(t, "after "+what, r, fresh)
	}
}

// compare expects two rigs to have emitted the same.
func compare(t testing.TB, what string, got, want *Rig) {
	t.Helper()
	gotAudio, gotFormat := got.Audio()
	wantAudio, wantFormat := want.Audio()
	if gotFormat != wantFormat || !bytes.Equal(gotAudio, wantAudio) {
		t.Errorf("%s the audio differs: %d bytes of %v, expected %d of %v", what, len(gotAudio), gotFormat, len(wantAudio), wantFormat)
	}
	if !slices.Equal(got.Data(), want.Data()) {
		t.Errorf("%s the data differs:\n got %q\nwant %q", what, got.Data(), want.Data())
	}
}

// checkInput holds that what comes in isn't written to, before or after the node returns.
func checkInput(t testing.TB, s *subject) {
	for kind := range data {
		r := s.rig(t)
		for _, item := range dataItems(kind) {
			text := bytes.Clone(item.Data)
			checkError(t, string(text), r.Process(item))
			if !bytes.Equal(text, item.Data) {
				t.Errorf("it wrote to its input: %q became %q", text, item.Data)
			}
		}
	}
	if !s.takesAudio() {
		return
	}
	for _, f := range s.taken(t) {
		s.checkAudioInput(t, f)
	}
}

func (s *subject) checkAudioInput(t testing.TB, f audio.Format) {
	r := s.rig(t)
	signal := Signal(f, 5000, 8)
	item := r.Wire(f, 0, signal)
	b := item.Audio
	b.Metadata = []byte(`{"k":1}`)
	stamp := b.Stamp
	x, err := b.Planar(r.account)
	if err != nil {
		t.Fatal(err)
	}
	before := make([][]float32, len(x))
	for c := range x {
		before[c] = slices.Clone(x[c])
	}
	r.Run(retained(item))
	raw, ok := b.Raw()
	if !ok || !bytes.Equal(raw, signal) {
		t.Errorf("%v: it wrote to the bytes of its input", f)
	}
	for c := range x {
		if !slices.Equal(x[c], before[c]) {
			t.Errorf("%v: it wrote to the samples of its input", f)
		}
	}
	if b.Format != f || b.Stamp != stamp || string(b.Metadata) != `{"k":1}` {
		t.Errorf("%v: it changed format, stamp or metadata of its input", f)
	}
	b.Release()
}

// checkEmpty gives audio without frames, alone and within a stream: it makes no audio but for an identity.
func checkEmpty(t testing.TB, s *subject) {
	if !s.takesAudio() {
		return
	}
	for _, f := range s.taken(t) {
		alone := s.rig(t)
		alone.Run(alone.Wire(f, 0, nil))
		checkItems(t, alone)
		for _, item := range alone.Items {
			if item.Audio != nil && item.Audio.Frames() > 0 {
				t.Errorf("%v: %d frames came of none", f, item.Audio.Frames())
			}
		}
		signal := Signal(f, 4000, 11)
		want := s.rig(t)
		want.Run(want.Wire(f, 0, signal))
		got := s.rig(t)
		got.Run(got.Wire(f, 0, nil), got.Wire(f, 0, signal), got.Wire(f, 4000, nil))
		gotAudio, _ := got.Audio()
		wantAudio, _ := want.Audio()
		if s.Granularity == node.PerSample && !bytes.Equal(gotAudio, wantAudio) {
			t.Errorf("%v: items without frames change the audio", f)
		}
	}
}

// checkHostile gives samples that aren't finite or are denormal. What the node makes of them is finite; what it hands on
// without reading stays as it is.
func checkHostile(t testing.TB, s *subject) {
	if !s.takesAudio() {
		return
	}
	f := audio.Format{Rate: 44_100, Channels: 1, Encoding: pcm.F32}
	signal := Hostile()
	r := s.rig(t)
	items := r.Cut(f, signal, constant(1000))
	for _, item := range items {
		item.Audio.Retain()
	}
	r.Run(items...)
	checkItems(t, r)
	for _, out := range r.Items {
		untouched := slices.ContainsFunc(items, func(in node.Item) bool { return in.Audio == out.Audio })
		if out.Audio != nil && !untouched && !s.regroups(r, out.Audio, signal) {
			checkFinite(t, r, out.Audio)
		}
	}
	for _, item := range items {
		item.Audio.Release()
	}
}

// regroups reports whether a buffer is a piece of the signal, bit for bit.
func (s *subject) regroups(r *Rig, b *audio.Buffer, signal []byte) bool {
	return bytes.Contains(signal, r.Bytes(b))
}

func checkFinite(t testing.TB, r *Rig, b *audio.Buffer) {
	t.Helper()
	if b.Format.Encoding != pcm.F32 {
		return
	}
	x := make([][]float32, b.Format.Channels)
	for c := range x {
		x[c] = make([]float32, b.Frames())
	}
	pcm.Decode(x, r.Bytes(b), pcm.F32)
	for c := range x {
		for i, v := range x[c] {
			if v64 := float64(v); math.IsNaN(v64) || math.IsInf(v64, 0) {
				t.Errorf("channel %d has %v at frame %d", c, v, i)
				return
			}
		}
	}
}
