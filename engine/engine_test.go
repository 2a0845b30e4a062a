package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The nodes of these tests, each one behaviour of the contract.

type none struct{}

type number struct {
	N int `param:"n" default:"0" doc:"A number."`
}

func define(name string, f func(c *node.Call, in node.Item) error) node.Spec {
	return node.Define(node.Spec{Name: name, Accepts: node.Any, Forwards: true},
		func(none, node.Env) (node.Processor, error) { return node.ProcessorFunc(f), nil })
}

// keeper holds every audio item back until it is flushed.
type keeper struct{ held []*audio.Buffer }

func (k *keeper) Process(_ *node.Call, in node.Item) error {
	k.held = append(k.held, in.Audio.Retain())
	return nil
}

func (k *keeper) Flush(c *node.Call) error {
	for _, b := range k.held {
		if err := c.EmitAudio(b); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) Close() {
	for _, b := range k.held {
		b.Release()
	}
}

// tagger emits where its items came from.
func tag(c *node.Call, in node.Item) error {
	return c.EmitJSON(fmt.Sprintf("%s:%s", in.From, in.Data), in.Stamp)
}

// The node Stuck tells that it was entered, and waits, deaf to cancel.
var entered, stuck = make(chan struct{}), make(chan struct{})

// loops is how often the node Loop checks.
const loops = 3

func catalog(t testing.TB) *node.Catalog {
	t.Helper()
	specs := []node.Spec{
		define("Pass", func(c *node.Call, in node.Item) error { return c.Emit(in) }),
		define("Drop", func(*node.Call, node.Item) error { return nil }),
		define("Tag", tag),
		define("Fail", func(*node.Call, node.Item) error { return errors.New("it broke") }),
		define("Panic", func(*node.Call, node.Item) error { panic("boom") }),
		define("Hog", func(c *node.Call, _ node.Item) error {
			_, err := c.NewAudio(audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.F32}, 1<<20)
			return err
		}),
		define("Flood", func(c *node.Call, in node.Item) error {
			for range 1 << 20 {
				if err := c.Emit(in); err != nil {
					return err
				}
			}
			return nil
		}),
		define("Loop", func(c *node.Call, in node.Item) error {
			for range loops {
				if err := c.Check(); err != nil {
					return err
				}
			}
			return c.Emit(in)
		}),
		define("Slow", func(c *node.Call, in node.Item) error {
			if err := c.Sleep(time.Hour); err != nil {
				return err
			}
			return c.Emit(in)
		}),
		define("Stuck", func(c *node.Call, in node.Item) error {
			entered <- struct{}{}
			<-stuck
			return c.Emit(in)
		}),
		node.Define(node.Spec{Name: "Keep", Accepts: node.Audio, Produces: node.Audio},
			func(none, node.Env) (node.Processor, error) { return &keeper{}, nil }),
		node.Define(node.Spec{Name: "Unbuildable", Accepts: node.Any},
			func(number, node.Env) (node.Processor, error) { return nil, errors.New("no such thing") }),
	}
	c, err := node.NewCatalog("test", specs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// plan makes a plan of "id:Type" nodes and "a>b" connections.
func plan(t testing.TB, parts ...string) *graph.Plan {
	t.Helper()
	m := &manifest.Manifest{Version: "v1"}
	for _, p := range parts {
		if from, to, ok := strings.Cut(p, ">"); ok {
			m.Connections = append(m.Connections, manifest.Connection{From: from, To: to})
			continue
		}
		id, typ, _ := strings.Cut(p, ":")
		m.Nodes = append(m.Nodes, manifest.Node{ID: id, Type: strings.TrimSuffix(typ, "!"), IsOutputNode: strings.HasSuffix(typ, "!")})
	}
	compiled, err := graph.Compile(m, catalog(t), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

type rig struct {
	*engine.Engine
	t *testing.T
}

// newRig is an engine whose pool shows use after release, checked for leaks at the end of the test.
func newRig(t *testing.T) rig {
	r := rig{engine.New(engine.Options{Pool: mem.NewPoisonedPool()}), t}
	t.Cleanup(func() {
		if r.OpenSessions() != 0 || r.Abandoned() != 0 || r.Pool().Out() != 0 {
			t.Errorf("leaked: %d sessions, %d workers, %d buffers", r.OpenSessions(), r.Abandoned(), r.Pool().Out())
		}
	})
	return r
}

func (r rig) open(p *graph.Plan, change ...func(*engine.Limits)) *engine.Session {
	r.t.Helper()
	limits := engine.DefaultLimits()
	for _, f := range change {
		f(&limits)
	}
	s, err := r.Open(p, limits)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func sound(t *testing.T, s *engine.Session, id string, raw ...byte) engine.Input {
	t.Helper()
	return soundOf(t, s, id, audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}, raw...)
}

func soundOf(t *testing.T, s *engine.Session, id string, f audio.Format, raw ...byte) engine.Input {
	t.Helper()
	n, ok := s.Plan().Lookup(id)
	if !ok {
		t.Fatalf("no node %q", id)
	}
	block, err := s.Account().Adopt(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := audio.FromWire(f, block)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Input{Node: n, Item: node.AudioItem(b)}
}

func data(s *engine.Session, id, text string) engine.Input {
	n, _ := s.Plan().Lookup(id)
	return engine.Input{Node: n, Item: node.DataItem([]byte(text))}
}

func (r rig) execute(s *engine.Session, inputs ...engine.Input) *engine.Output {
	r.t.Helper()
	out, err := s.Execute(r.t.Context(), inputs)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func wire(t *testing.T, s *engine.Session, b *audio.Buffer) []byte {
	t.Helper()
	raw, _, err := b.Wire(s.Account())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestOutputsAreThoseOfSinksAndMarkedNodes(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "b:Pass!", "c:Pass", "a>b", "b>c"))
	defer s.Close()
	out := r.execute(s, sound(t, s, "a", 1, 2))
	defer out.Release()
	var ids []string
	for _, n := range out.Nodes {
		ids = append(ids, n.ID)
		if got := wire(t, s, n.Audio); !slices.Equal(got, []byte{1, 2}) {
			t.Errorf("%s gave %v", n.ID, got)
		}
	}
	if !slices.Equal(ids, []string{"b", "c"}) {
		t.Errorf("outputs of %v, want b and c", ids)
	}
}

func TestItemsArriveInTheOrderOfTheContract(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "z:Pass", "y:Pass", "in:Tag", "y>in", "z>in"))
	defer s.Close()
	out := r.execute(s, data(s, "z", "1"), data(s, "y", "2"), data(s, "in", "3"))
	defer out.Release()
	if got, want := string(out.Nodes[0].Data), `[":3","y:2","z:1"]`; got != want {
		t.Errorf("order %s, want %s: external first, then connections in manifest order", got, want)
	}
}

// TestAudioEntersBeforeData, in whatever order the inputs are given.
func TestAudioEntersBeforeData(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"))
	defer s.Close()
	out := r.execute(s, data(s, "a", "1"), sound(t, s, "a", 1, 2))
	defer out.Release()
	if items := out.Nodes[0].Items; len(items) != 2 || items[0].Audio == nil || items[1].Audio != nil {
		t.Errorf("items %+v, want the audio and then the data", items)
	}
}

func TestOneDataItemIsItselfAndNoneIsAbsent(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "d:Drop"))
	defer s.Close()
	out := r.execute(s, data(s, "a", "[1]"), data(s, "d", "2"))
	defer out.Release()
	if got := string(out.Nodes[0].Data); got != "[1]" {
		t.Errorf("one item became %s", got)
	}
	if out.Nodes[1].Data != nil || out.Nodes[1].Audio != nil {
		t.Errorf("a node that gave nothing has an output: %+v", out.Nodes[1])
	}
}

func TestMergedDataIsChargedUntilItIsReleased(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "b:Pass", "c:Pass", "a>c", "b>c"), func(l *engine.Limits) { l.MemoryBytes = 10_000 })
	defer s.Close()
	text := `"` + strings.Repeat("x", 2000) + `"`
	out := r.execute(s, data(s, "a", text), data(s, "b", text))
	if used := s.Account().Used(); used < 2*4004 || len(out.Nodes[0].Data) != 2*2002+3 {
		t.Errorf("%d bytes are charged for two items of 2002 bytes and a text of %d", used, len(out.Nodes[0].Data))
	}
	out.Release()
	if used := s.Account().Used(); used != 0 {
		t.Errorf("%d bytes are charged after the release", used)
	}
	text = `"` + strings.Repeat("x", 3000) + `"`
	again := r.open(plan(t, "a:Pass", "b:Pass", "c:Pass", "a>c", "b>c"), func(l *engine.Limits) { l.MemoryBytes = 10_000 })
	defer again.Close()
	_, err := again.Execute(t.Context(), []engine.Input{data(again, "a", text), data(again, "b", text)})
	if f := fault.From(err); f == nil || f.Code != fault.CodeMemoryLimit || f.NodeID != "c" {
		t.Errorf("two items of 3000 bytes and their merged text within 10,000: %v", err)
	}
}

func TestAudioOfOneSinkIsConcatenated(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "b:Pass", "c:Pass", "a>c", "b>c"))
	defer s.Close()
	out := r.execute(s, sound(t, s, "b", 3, 4), sound(t, s, "a", 1, 2))
	defer out.Release()
	if got := wire(t, s, out.Nodes[0].Audio); !slices.Equal(got, []byte{1, 2, 3, 4}) || len(out.Nodes[0].Items) != 2 {
		t.Errorf("audio %v of %d items", got, len(out.Nodes[0].Items))
	}
}

func TestDifferentFormatsGiveTheLastAndAWarning(t *testing.T) {
	for name, last := range map[string]audio.Format{
		"rate":     {Rate: 16000, Channels: 1, Encoding: pcm.I16},
		"channels": {Rate: 8000, Channels: 2, Encoding: pcm.I16},
		"encoding": {Rate: 8000, Channels: 1, Encoding: pcm.I32},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.open(plan(t, "a:Pass", "b:Pass", "c:Pass", "a>c", "b>c"))
			defer s.Close()
			out := r.execute(s, sound(t, s, "a", 1, 2), soundOf(t, s, "b", last, 3, 4, 5, 6))
			defer out.Release()
			if got := out.Nodes[0].Audio; got.Format != last || !slices.Equal(wire(t, s, got), []byte{3, 4, 5, 6}) {
				t.Errorf("%v, want the last", got.Format)
			}
			if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "different formats") {
				t.Errorf("warnings %q", w)
			}
		})
	}
}

func TestFlushRunsOnceInOrderAndFlowsOn(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "k:Keep", "p:Pass", "k>p"))
	defer s.Close()
	for i := range 3 {
		out, err := s.Turn(t.Context(), []engine.Input{sound(t, s, "k", byte(i), 0)})
		if err != nil || out.Nodes[0].Audio != nil {
			t.Fatalf("turn %d: %v", i, err)
		}
		out.Release()
	}
	out, err := s.Flush(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := wire(t, s, out.Nodes[0].Audio); !slices.Equal(got, []byte{0, 0, 1, 0, 2, 0}) {
		t.Errorf("flushed %v", got)
	}
	if at := out.Nodes[0].Items[2].Audio.Stamp; at.Position != 2 || at.Micros != 250 {
		t.Errorf("third chunk is at %+v, want frame 2, 250 us", at)
	}
	out.Release()
	again, err := s.Flush(t.Context(), nil)
	if err != nil || again.Nodes[0].Audio != nil {
		t.Errorf("a second flush gave audio, or %v", err)
	}
	again.Release()
}

func TestStatsCountInputsPerNode(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "d:Drop", "e:Pass", "a>d", "d>e"))
	defer s.Close()
	out := r.execute(s, sound(t, s, "a", 1, 2, 3, 4))
	defer out.Release()
	a, d, e := out.Stats[0], out.Stats[1], out.Stats[2]
	if a.Samples != 2 || a.ItemsIn != 1 || a.ItemsOut != 1 || !a.Ran || a.Time <= 0 {
		t.Errorf("a: %+v", a)
	}
	if d.ItemsIn != 1 || d.ItemsOut != 0 || !d.Ran {
		t.Errorf("d: %+v", d)
	}
	if e.Ran || e.ItemsIn != 0 {
		t.Errorf("e got nothing and is counted: %+v", e)
	}
}

func failure(t *testing.T, s *engine.Session, inputs ...engine.Input) *fault.Error {
	t.Helper()
	_, err := s.Execute(t.Context(), inputs)
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a fault", err)
	}
	return f
}

func TestUS4_3_FailureTellsNodeAndState(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass", "b:Fail", "c:Pass", "a>b", "b>c"))
	defer s.Close()
	f := failure(t, s, sound(t, s, "a", 1, 2))
	if f.Kind != fault.NodeExecution || f.NodeID != "b" || !strings.Contains(f.Error(), "it broke") {
		t.Errorf("%v of node %q: %v", f.Kind, f.NodeID, f)
	}
	if got := fmt.Sprintln(f.Context["completed_nodes"], f.Context["pending_nodes"], f.Context["node_type"]); got != "[a] [c] Fail\n" {
		t.Errorf("state %s", got)
	}
	if got := fmt.Sprint(f.Context["inputs"]); !strings.Contains(got, "num_samples:1") {
		t.Errorf("inputs %s", got)
	}
}

func TestT069_PanicIsContained(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Panic"))
	defer s.Close()
	f := failure(t, s, sound(t, s, "a", 1, 2))
	if f.Kind != fault.Internal || f.ID == "" || f.NodeID != "a" || !strings.Contains(f.Stack, "engine_test") {
		t.Errorf("%+v", f)
	}
	if strings.Contains(f.Error(), "boom") {
		t.Errorf("the message tells the panic's value: %v", f)
	}
}

func TestUnbuildableNodeIsAFault(t *testing.T) {
	r := newRig(t)
	_, err := r.Open(plan(t, "a:Unbuildable"), engine.DefaultLimits())
	if err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("got %v", err)
	}
}

func TestFR011_MemoryLimit(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Hog"), func(l *engine.Limits) { l.MemoryBytes = 1 << 20 })
	defer s.Close()
	f := failure(t, s, sound(t, s, "a", 1, 2))
	if f.Kind != fault.ResourceLimit || f.NodeID != "a" || f.Context["limit"] != "max_memory_bytes" {
		t.Errorf("%+v", f)
	}
	if f.Context["requested"] != int64(4<<20) || f.Context["allowed"] != int64(1<<20) || f.Context["used"] != int64(2) {
		t.Errorf("figures %v", f.Context)
	}
}

func TestFR011_FloodOfItemsMeetsTheMemoryLimit(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Flood", "b:Pass", "a>b"), func(l *engine.Limits) { l.MemoryBytes = 1 << 20 })
	defer s.Close()
	if f := failure(t, s, data(s, "a", "1")); f.Code != fault.CodeMemoryLimit || f.NodeID != "a" {
		t.Errorf("%+v", f)
	}
}

func TestMediaTimeDoesNotDrift(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"))
	defer s.Close()
	for i := range 3000 { // one frame at 44.1 kHz is 22.68 us
		in := sound(t, s, "a", 1, 2)
		in.Item.Audio.Format.Rate = 44100
		out, err := s.Turn(t.Context(), []engine.Input{in})
		if err != nil {
			t.Fatal(err)
		}
		if at, want := out.Nodes[0].Audio.Stamp, int64(i)*1_000_000/44100; at.Micros != want || at.Position != int64(i) {
			t.Fatalf("chunk %d is at %+v, want %d us", i, at, want)
		}
		out.Release()
	}
}

func TestFR011_SampleLimit(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"), func(l *engine.Limits) { l.Samples = 2 })
	defer s.Close()
	r.execute(s, sound(t, s, "a", 1, 2, 3, 4)).Release()
	f := failure(t, s, sound(t, s, "a", 1, 2, 3, 4, 5, 6))
	if f.Code != fault.CodeSampleLimit || f.NodeID != "a" || f.Context["requested"] != uint64(3) || f.Context["allowed"] != uint64(2) {
		t.Errorf("%+v", f)
	}
}

func TestFR011_TimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "p:Pass", "a:Slow", "p>a"))
		start := time.Now()
		f := failure(t, s, sound(t, s, "p", 1, 2))
		s.Close()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("stopped after %v, want 5s", took)
		}
		if f.Code != fault.CodeTimeLimit || f.NodeID != "a" || f.Context["allowed"] != int64(5000) || fmt.Sprint(f.Context["completed_nodes"]) != "[p]" {
			t.Errorf("%+v", f)
		}
		synctest.Wait()
	})
}

func TestNodeTimeLimitOfTheManifest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		p := plan(t, "a:Slow")
		p.Nodes[0].TimeoutMS = 20
		s := r.open(p)
		defer s.Close()
		start := time.Now()
		f := failure(t, s, sound(t, s, "a", 1, 2))
		if f.Code != fault.CodeTimeLimit || f.NodeID != "a" || time.Since(start) != 20*time.Millisecond {
			t.Errorf("after %v: %+v", time.Since(start), f)
		}
	})
}

func TestEDGE1_CancelReturnsAtOnceAndFreesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Slow"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := s.Execute(ctx, []engine.Input{sound(t, s, "a", 1, 2)})
		s.Close()
		if f := fault.From(err); f.Kind != fault.Canceled || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		synctest.Wait()
		if s.Account().Used() != 0 {
			t.Errorf("%d bytes are still held", s.Account().Used())
		}
	})
}

func TestNodeDeafToCancelIsLeftBehindAndStaysCharged(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Stuck"))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, err := s.Execute(ctx, []engine.Input{sound(t, s, "a", 1, 2)})
	s.Close()
	if f := fault.From(err); f.Kind != fault.Canceled || f.NodeID != "a" {
		t.Errorf("%+v", f)
	}
	if r.Abandoned() != 1 || s.Account().Used() != 2 {
		t.Errorf("%d workers left behind with %d bytes, want 1 with 2", r.Abandoned(), s.Account().Used())
	}
	if _, err := s.Turn(t.Context(), nil); err == nil {
		t.Error("the session can be used on")
	}
	stuck <- struct{}{}
	for r.Abandoned() != 0 || r.OpenSessions() != 0 { // its worker ends now
		runtimeYield()
	}
	if s.Account().Used() != 0 {
		t.Errorf("%d bytes are still held", s.Account().Used())
	}
}

func TestCallerDeadlineIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Slow"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Execute(ctx, []engine.Input{sound(t, s, "a", 1, 2)})
		s.Close()
		if f := fault.From(err); f.Kind != fault.DeadlineExceeded || f.NodeID != "a" {
			t.Errorf("%v", err)
		}
		synctest.Wait()
	})
}

func TestNodeErrorLeavesTheSessionUsable(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "p:Pass", "a:Fail", "p>a"))
	defer s.Close()
	for range 3 {
		if _, err := s.Turn(t.Context(), []engine.Input{sound(t, s, "p", 1, 2)}); fault.From(err).Kind != fault.NodeExecution {
			t.Fatal(err)
		}
		if s.Account().Used() != 0 {
			t.Fatalf("%d bytes are still held", s.Account().Used())
		}
	}
}

func TestClientTimeSetsTheMediaTime(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"))
	defer s.Close()
	turn := func(in engine.Input) audio.Stamp {
		out, err := s.Turn(t.Context(), []engine.Input{in})
		if err != nil {
			t.Fatal(err)
		}
		defer out.Release()
		return out.Nodes[0].Audio.Stamp
	}
	first := sound(t, s, "a", make([]byte, 16)...)
	first.Item.Audio.Stamp.Micros, first.HasTime = 50_000, true
	if got := turn(first); got.Micros != 50_000 || got.Position != 0 {
		t.Errorf("first chunk at %+v", got)
	}
	if got := turn(sound(t, s, "a", 1, 2)); got.Micros != 51_000 || got.Position != 8 {
		t.Errorf("second chunk at %+v, want 51000 us, frame 8", got)
	}
}
