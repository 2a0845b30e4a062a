// Package profiling takes profiles of the service under load, from its own port for operators, and says in a few lines where the time
// goes.
package profiling

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// layer is a part of the service: samples whose innermost frame that belongs to any layer belongs to this one.
type layer struct {
	name     string
	prefixes []string // of the names of functions
}

const module = "github.com/remotemedia/remotemedia-go/"

// layers in the order in which they are tried.
var layers = []layer{
	{"kernel (system calls)", []string{"internal/runtime/syscall.", "syscall.", "runtime/internal/syscall."}},
	{"copying and clearing memory", []string{"runtime.memmove", "runtime.memclr"}},
	{"garbage collector", []string{
		"runtime.gcBgMarkWorker", "runtime.gcDrain", "runtime.scanobject", "runtime.greyobject", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcAssist",
		"runtime.sweepone", "runtime.(*sweepLocked)", "runtime.scanblock", "runtime.markroot", "runtime.wbBufFlush",
	}},
	{"allocation", []string{"runtime.mallocgc", "runtime.newobject", "runtime.makeslice", "runtime.growslice", "runtime.(*mcache)", "runtime.(*mcentral)", "runtime.(*mheap)"}},
	{"scheduler", []string{
		"runtime.schedule", "runtime.findRunnable", "runtime.mcall", "runtime.park_m", "runtime.goready", "runtime.ready", "runtime.wakep", "runtime.futex",
		"runtime.notesleep", "runtime.notewakeup", "runtime.goschedImpl", "runtime.netpoll", "runtime.stealWork", "runtime.runqgrab", "runtime.mstart", "runtime.morestack",
		"runtime.newproc", "runtime.gopark", "runtime.lock2", "runtime.unlock2", "runtime.selectgo", "runtime.chansend", "runtime.chanrecv", "runtime.systemstack",
	}},
	{"sockets, outside of the kernel", []string{"internal/poll.", "net."}},
	{"resampler and conversions", []string{module + "audio/"}},
	{"nodes and engine", []string{module + "nodes", module + "node.", module + "node/", module + "engine", module + "graph"}},
	{"codec", []string{module + "internal/wire", "google.golang.org/protobuf"}},
	{"admission and authentication", []string{module + "internal/admission", module + "internal/auth"}},
	{"metrics, traces and log", []string{module + "internal/metrics", module + "internal/app", "log/slog", "github.com/prometheus", "go.opentelemetry.io"}},
	{"service", []string{module + "internal/server"}},
	{"buffer pool and accounts", []string{module + "mem"}},
	{"gRPC and HTTP/2", []string{"google.golang.org/grpc", "golang.org/x/net/http2"}},
}

const rest = "everything else"

// Share is the part of a layer, 0 to 1.
type Share struct {
	Layer string
	Part  float64
}

// Shares tells how the samples of a profile spread over the layers, the largest first. Index is that of the sample's value.
func Shares(p *profile.Profile, index int) []Share {
	sums := make(map[string]int64)
	total := int64(0)
	for _, s := range p.Sample {
		sums[layerOf(s)] += s.Value[index]
		total += s.Value[index]
	}
	if total == 0 {
		return nil
	}
	out := make([]Share, 0, len(sums))
	for name, sum := range sums {
		out = append(out, Share{name, float64(sum) / float64(total)})
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Part, a.Part), cmp.Compare(a.Layer, b.Layer)) })
	return out
}

// layerOf gives the layer of the innermost frame that has one.
func layerOf(s *profile.Sample) string {
	for name := range frames(s) {
		for _, l := range layers {
			if slices.ContainsFunc(l.prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
				return l.name
			}
		}
	}
	return rest
}

// frames gives the functions of a sample, from the innermost out.
func frames(s *profile.Sample) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, at := range s.Location {
			for _, line := range at.Line {
				if line.Function != nil && !yield(line.Function.Name) {
					return
				}
			}
		}
	}
}

// Line is a function with what it stands for, in the unit of the profile.
type Line struct {
	Function string
	Value    int64
	Part     float64 // of all, 0 to 1
}

// Top gives the n functions that most of a value falls to. A sample falls to its innermost frame or, for own, to the innermost one that
// isn't of the runtime or the standard library, which says who asked for it.
func Top(p *profile.Profile, index, n int, own bool) []Line {
	sums := make(map[string]int64)
	total := int64(0)
	for _, s := range p.Sample {
		sums[attributed(s, own)] += s.Value[index]
		total += s.Value[index]
	}
	if total == 0 {
		return nil
	}
	out := make([]Line, 0, len(sums))
	for name, sum := range sums {
		out = append(out, Line{name, sum, float64(sum) / float64(total)})
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Function, b.Function))
	})
	return out[:min(n, len(out))]
}

func attributed(s *profile.Sample, own bool) string {
	first := ""
	for name := range frames(s) {
		if first == "" {
			first = name
		}
		if !own || isOthers(name) {
			return name
		}
	}
	if first == "" {
		return "unknown"
	}
	return first
}

// isOthers tells packages with a domain in their path from the standard library.
func isOthers(function string) bool {
	first, _, found := strings.Cut(function, "/")
	return found && strings.Contains(first, ".")
}

// Total is the sum of a value.
func Total(p *profile.Profile, index int) (total int64) {
	for _, s := range p.Sample {
		total += s.Value[index]
	}
	return total
}

// Index is the place of a value by its name, -1 where the profile hasn't it.
func Index(p *profile.Profile, name string) int {
	return slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == name })
}
