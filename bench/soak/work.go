package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// The pipelines of good calls and streams: as users have them, and cheap enough that there are many.
const (
	speech = `{"version":"v1","metadata":{"name":"speech"},"nodes":[{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}},
		{"id":"vad","node_type":"SileroVADNode"}],"connections":[{"from":"resample","to":"vad"}]}`
	live = `{"version":"v1","metadata":{"name":"live"},"nodes":[{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}},
		{"id":"vad","node_type":"VAD"}],"connections":[{"from":"resample","to":"vad"}]}`
	leaking = `{"version":"v1","metadata":{"name":"leaking"},"nodes":[{"id":"a","node_type":"LeakNode","params":{"bytes":1024}}]}`
)

func specOf(text string) (service.Spec, error) {
	m, problems := manifest.Parse("soak", []byte(text))
	if f := fault.FromProblems(problems); f != nil {
		return service.Spec{}, f
	}
	a, err := service.Signal(audio.Format{Rate: 44100, Channels: 1, Encoding: pcm.F32}, 44100, 1)
	return service.Spec{Manifest: m, Audio: map[string]media.Audio{"": a}}, err
}

// nuisance is a kind of call that goes wrong on purpose.
type nuisance struct {
	name, nodeType, params string
	code                   string        // of the error that it must get; "": the caller goes away before there is one
	timeout                time.Duration // of the caller
	rate                   float64       // a second
}

var nuisances = []nuisance{
	{"panics", "PanicNode", `{}`, "panic", time.Second, 5},
	{"failures of nodes", "ErrorNode", `{}`, "node_failed", time.Second, 5},
	{"invalid manifests", "NoSuchNode", `{}`, "unknown_node_type", time.Second, 5},
	{"breaches of the memory limit", "AllocNode", `{"bytes": 1099511627776}`, "memory_limit", time.Second, 2},
	{"callers that go away", "SleepNode", `{"ms": 100}`, "", 10 * time.Millisecond, 5},
}

// workload calls a node and takes nothing but the expected error for right.
func (n nuisance) workload() (*load.UnaryWorkload, error) {
	body, err := proto.Marshal(&pb.ExecuteRequest{
		Manifest:   &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: n.nodeType, Params: n.params}}},
		DataInputs: map[string]string{"a": "1"},
	})
	return &load.UnaryWorkload{Method: service.ExecuteMethod, Request: body, Check: func(answer []byte, _ uint64) error {
		got := new(pb.ExecuteResponse)
		if err := proto.Unmarshal(answer, got); err != nil {
			return load.Wrong("undecodable", err.Error())
		}
		if code := got.GetError().GetCode(); code != n.code {
			return load.Wrong("another error", fmt.Sprintf("%s got %q: %s", n.name, code, got.GetError().GetMessage()))
		}
		return nil
	}}, err
}

// run makes the calls at their rate.
func (n nuisance) run(ctx context.Context, t load.Target, during time.Duration) (*load.Result, error) {
	w, err := n.workload()
	if err != nil {
		return nil, err
	}
	a := load.Rate(n.rate, during)
	a.Poisson = true
	return load.Run(ctx, load.Config{Name: n.name, Target: t, Workload: w, Arrivals: a, Timeout: n.timeout, Seed: 1})
}

// tally is what became of calls, for the error budget: what was let in and went wrong counts, what was refused at once doesn't.
type tally struct{ right, refused, wrong uint64 }

func (t *tally) add(r *load.Result, goingAway bool) (example string) {
	t.right += r.Units - r.Late
	t.wrong += r.Late
	for _, f := range r.Failures {
		switch {
		case f.Origin == load.FromStatus && f.Status == "UNAVAILABLE":
			t.refused += f.Count
		case goingAway && f.Origin == load.FromDeadline:
			t.right += f.Count
		default:
			t.wrong += f.Count
			example = f.String() + ": " + f.Example
		}
	}
	return example
}

// String is the tally in figures.
func (t tally) String() string {
	return fmt.Sprintf("%d right, %d refused, %d wrong", t.right, t.refused, t.wrong)
}
