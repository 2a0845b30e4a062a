package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
	"github.com/remotemedia/remotemedia-go/media"
)

var benchChecks = map[string]service.Check{
	"sample": service.CheckSample, "full": service.CheckFull, "length": service.CheckLength, "none": service.CheckNone,
}

// config makes the run of the flags. It asks the service for the answer that is expected.
func (c *benchCmd) config(ctx context.Context, env *Env) (load.Config, error) {
	out := load.Config{
		Connections: c.Connections, Concurrency: c.Concurrency, Outstanding: c.Outstanding,
		Duration: c.Duration, Requests: c.Requests, Warmup: c.Warmup, Stagger: c.Stagger, Timeout: c.Timeout,
		Deadline: c.Deadline, Retries: c.Retries, Process: c.PID, Seed: c.Seed, Arrivals: c.arrivals(),
	}
	err := out.Check()
	if err != nil {
		return out, usageError{err.Error()}
	}
	out.Target.Address = c.Server
	if out.Target.TLS, err = c.tls(); err != nil {
		return out, err
	}
	if out.Target.Token, err = c.token(); err != nil {
		return out, err
	}
	spec, err := c.spec(env)
	if err != nil {
		return out, err
	}
	out.Name = spec.Manifest.DisplayName()
	if c.Idle != 0 {
		out.Idle = load.Idle{Streams: c.Idle, Connections: c.IdleConnections}
		if out.Idle.Stream, err = service.Idle(spec); err != nil {
			return out, err
		}
	}
	if c.Concurrency == 0 {
		return out, nil
	}
	return out, c.workload(ctx, spec, &out)
}

// longest is the longest run that makes sense.
const longest = 365 * 24 * time.Hour

// arrivals are those of an open loop, the zero value for a closed one.
func (c *benchCmd) arrivals() load.Arrivals {
	a := load.Arrivals{Poisson: c.Poisson}
	for _, r := range c.Ramp {
		a.Stages = append(a.Stages, load.Stage(r))
	}
	if c.Rate != nil {
		d := cmp.Or(c.Duration, 10*time.Second)
		if c.Duration == 0 && c.Requests > 0 { // it lasts until there were so many
			d = time.Duration(min(float64(c.Requests) / *c.Rate + 1, longest.Seconds()) * float64(time.Second))
		}
		a.Stages = load.Rate(*c.Rate, d).Stages
	}
	return a
}

// spec is what is run, with its input.
func (c *benchCmd) spec(env *Env) (s service.Spec, err error) {
	s.Check = benchChecks[c.Check]
	var data json.RawMessage
	if c.Manifest != "" {
		s.Manifest, err = loadManifest(c.Manifest, env)
	} else {
		s.Manifest, data, err = service.Pipeline(c.Pipeline)
	}
	if err != nil {
		return s, err
	}
	switch {
	case c.Data != "":
		node, text := splitNode(c.Data)
		s.Data = map[string]json.RawMessage{node: json.RawMessage(text)}
	case data != nil && c.Audio == "":
		s.Data = map[string]json.RawMessage{"": data}
	default:
		var node string
		var a media.Audio
		if node, a, err = c.sound(env); err == nil {
			s.Audio = map[string]media.Audio{node: a}
		}
	}
	return s, err
}

// sound reads the audio or makes it.
func (c *benchCmd) sound(env *Env) (node string, a media.Audio, err error) {
	if c.Audio != "" {
		node, path := splitNode(c.Audio)
		a, err := readWAV(path, env)
		return node, a, err
	}
	encoding, err := pcm.Parse(c.Format)
	if err != nil {
		return "", a, usageError{err.Error()}
	}
	format := audio.Format{Rate: c.RateHz, Channels: c.Channels, Encoding: encoding}
	if err := format.Check(); err != nil {
		return "", a, usagef("--rate-hz and --channels: %v", err)
	}
	frames := c.Seconds * float64(c.RateHz)
	if most := engine.MaxLimits().Samples; !(frames >= 1 && frames*float64(c.Channels) <= float64(most)) {
		return "", a, usagef("--seconds is %v: expected audio of 1 to %d samples", c.Seconds, most)
	}
	a, err = service.Signal(format, int(frames), c.Seed)
	return "", a, err
}

// workload asks the service for the first answer.
func (c *benchCmd) workload(ctx context.Context, spec service.Spec, out *load.Config) (err error) {
	first, cancel := context.WithTimeout(ctx, firstTimeout)
	defer cancel()
	if c.Stream {
		out.Workload, err = c.streams(first, spec, out)
	} else {
		out.Workload, err = service.Unary(first, out.Target, spec)
	}
	if err != nil {
		return placed(spec.Manifest, c.Server, err)
	}
	return nil
}

// firstTimeout bounds the asking for the answers that are expected.
const firstTimeout = 2 * time.Minute

func (c *benchCmd) streams(ctx context.Context, spec service.Spec, out *load.Config) (load.Workload, error) {
	how := service.StreamSpec{Frames: 1, Chunks: 1, Realtime: c.Realtime, Window: c.Window}
	if spec.Audio == nil {
		how.Chunks = dataChunks
	}
	for _, a := range spec.Audio {
		how.Frames = c.Chunk.frames(a.Format.Rate)
		how.Chunks = c.chunks(a, how.Frames)
	}
	w, err := service.Stream(ctx, out.Target, spec, how)
	if err != nil {
		return nil, err
	}
	if c.Realtime {
		out.Stagger = cmp.Or(out.Stagger, w.Interval)
		out.Deadline = cmp.Or(out.Deadline, w.Interval)
	}
	return w, nil
}

// dataChunks is the length of streams of data items.
const dataChunks = 100

// chunks is the length of a stream.
func (c *benchCmd) chunks(a media.Audio, frames int) uint64 {
	seconds := c.StreamSeconds
	if seconds == 0 && c.Realtime && c.Requests == 0 && !c.open() {
		seconds = (c.Warmup + c.Stagger + cmp.Or(c.Duration, 10*time.Second)).Seconds() + 1
	}
	if seconds == 0 {
		return uint64(max(a.Frames()/frames, 1))
	}
	return uint64(max(math.Ceil(seconds*float64(a.Format.Rate)/float64(frames)), 1))
}

// serviceVersion asks for the release, "" where the service doesn't tell it.
func (c *benchCmd) serviceVersion(ctx context.Context) string {
	remote, err := c.dial(c.Server, client.WithRetry(client.NoRetry), client.WithTimeout(5*time.Second))
	if err != nil {
		return ""
	}
	defer remote.Close()
	v, err := remote.Version(ctx)
	if err != nil {
		return "" // only the report lacks it
	}
	return v.String()
}

// unreachable makes a fault of a load that couldn't begin because the service refused or wasn't there.
func (c *benchCmd) unreachable(err error) error {
	var f *load.Failure
	if !errors.As(err, &f) {
		return err
	}
	code := fault.CodeUnreachable
	if f.Origin == load.FromAnswer || f.Origin == load.FromCheck {
		code = fault.CodeInternal
	}
	return fmt.Errorf("%s: %w", c.Server, fault.New(code, "%s", f.Error()))
}
