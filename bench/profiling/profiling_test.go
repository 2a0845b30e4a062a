package profiling

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/remotemedia/remotemedia-go/bench/benchtest"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// stacks makes a profile of CPU time; each stack is from the innermost frame out.
func stacks(values map[string]int64) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	for stack, value := range values {
		s := &profile.Sample{Value: []int64{1, value}}
		for name := range strings.SplitSeq(stack, " < ") {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

var example = stacks(map[string]int64{
	"internal/runtime/syscall/linux.Syscall6 < syscall.write < internal/poll.(*FD).Write < google.golang.org/grpc/internal/transport.(*bufWriter).flush": 40,
	"runtime.memmove < " + module + "internal/wire.(*cursor).copy":                                                                                       20,
	"strconv.AppendInt < log/slog.appendValue < " + module + "internal/app.(*sink).Write":                                                                10,
	"runtime.nextFreeFast < runtime.mallocgc < " + module + "engine.(*Engine).Open":                                                                      10,
	module + "audio/resample.tileAVX2 < " + module + "nodes.(*resampler).Process":                                                                        15,
	"main.main": 5,
})

func TestTimeFallsToTheInnermostLayer(t *testing.T) {
	got := make(map[string]float64)
	last := math.Inf(1)
	for _, s := range Shares(example, Index(example, "cpu")) {
		got[s.Layer] = s.Part
		if s.Part > last {
			t.Errorf("%s isn't in order", s.Layer)
		}
		last = s.Part
	}
	for name, want := range map[string]float64{
		"kernel (system calls)": 0.4, "copying and clearing memory": 0.2, "metrics, traces and log": 0.1, "allocation": 0.1,
		"resampler and conversions": 0.15, rest: 0.05,
	} {
		if math.Abs(got[name]-want) > 1e-9 {
			t.Errorf("%s has %v, not %v", name, got[name], want)
		}
	}
	if Shares(stacks(nil), 1) != nil || Top(stacks(nil), 1, 3, false) != nil {
		t.Error("an empty profile has shares")
	}
}

func TestTopNamesWhoAskedForIt(t *testing.T) {
	at := Index(example, "cpu")
	if got := Top(example, at, 2, false); len(got) != 2 || got[0].Function != "internal/runtime/syscall/linux.Syscall6" || got[0].Value != 40 {
		t.Errorf("%+v", got)
	}
	got := Top(example, at, 10, true)
	if len(got) != 6 || got[0].Function != "google.golang.org/grpc/internal/transport.(*bufWriter).flush" || got[1].Function != module+"internal/wire.(*cursor).copy" {
		t.Errorf("%+v", got)
	}
	if Total(example, at) != 100 || Index(example, "delay") != -1 {
		t.Error(Total(example, at), Index(example, "delay"))
	}
}

// Profiles of a service under load for a second each: they are there, and none is empty. How the time spreads isn't looked at.
func TestT086_ProfilesOfTheServiceAreTaken(t *testing.T) {
	dir := benchtest.Programs(t)
	o := Options{Folder: suite.Folder(dir), Out: filepath.Join(dir, "profile"), Length: time.Second, Progress: &bytes.Buffer{}}
	taken, err := o.take(t.Context(), target{"small, calls", false, "calculator", 4})
	if err != nil {
		t.Fatal(err)
	}
	for kind, p := range map[string]*profile.Profile{"cpu": taken.CPU, "allocs": taken.Alloc, "block": taken.Block, "mutex": taken.Mutex} {
		if p == nil || kind != "mutex" && len(p.Sample) == 0 { // nobody may have had to wait for a lock
			t.Errorf("the profile %s is empty", kind)
		}
		if _, err := os.Stat(filepath.Join(o.Out, "small--calls."+kind+".pprof")); err != nil {
			t.Error(err)
		}
	}
	for _, wanted := range []string{"CPU by part", "bytes allocated", "waiting for channels"} {
		if !strings.Contains(taken.Long(), wanted) {
			t.Errorf("the table lacks %q", wanted)
		}
	}
	if text := Short([]Taken{taken}); !strings.Contains(text, "| allocations each |") || !strings.Contains(text, "small, calls, by who asked for it: `") {
		t.Error(text)
	}
}
