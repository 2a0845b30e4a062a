package suite

import (
	"time"

	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// config makes the load of a cell.
func (r *Runner) config(s *Scenario, subject string, server *process.Server) (c load.Config, err error) {
	length, warmup := r.Scale.length(s)
	c = load.Config{
		Name: s.Name(), Target: load.Target{Address: server.Address}, Connections: s.connections(), Concurrency: s.Concurrency,
		Duration: length, Warmup: warmup, Timeout: callTimeout, Process: server.PID,
	}
	if subject == Secure {
		if c.Target.TLS, err = r.Folder.trust(); err != nil {
			return c, err
		}
	}
	if s.Mode == Unary {
		err = r.loadCalls(s, subject, &c)
	} else {
		err = r.loadStreams(s, subject, &c)
	}
	return c, err
}

func (r *Runner) loadCalls(s *Scenario, subject string, c *load.Config) error {
	call, err := r.works.call(s.Work)
	if err != nil {
		return err
	}
	c.Workload = call.Workload(subjects[subject].by)
	if subject == Raw {
		c.Workload = &work.Raw{Request: len(call.Request), Answer: r.answers[s.Work]}
	}
	if r.Scale.Count > 0 {
		c.Requests, c.Duration = uint64(r.Scale.Count*s.Concurrency), 0
	}
	return nil
}

func (r *Runner) loadStreams(s *Scenario, subject string, c *load.Config) error {
	stream, err := r.works.stream(s.Work)
	if err != nil {
		return err
	}
	frames := 1
	if s.Mode == Pipelined {
		frames = window
	}
	w := stream.Window(frames, subjects[subject].by)
	if s.Mode.live() {
		w.Window, w.Interval = 0, stream.Interval()
		c.Deadline, c.Stagger = stream.Interval(), stream.Interval()
	}
	if r.Scale.Count > 0 && s.Mode != Idle {
		w.Chunks, c.Requests, c.Duration = uint64(r.Scale.Count), uint64(s.Concurrency), 0
	}
	switch {
	case s.Mode == Idle:
		c.Connections, c.Concurrency = 1, 1
		c.Idle = load.Idle{Streams: s.Concurrency, Stream: w}
	case subject == Raw:
		head, body, tail := stream.Chunk(settled)
		c.Workload = &work.Raw{Request: len(head) + len(body) + len(tail), Answer: r.answers[s.Work], Window: frames, Chunks: r.Scale.Count}
	default:
		c.Workload = w
	}
	return nil
}

// callTimeout bounds a call: a server that is slower than that in a closed loop is one that has stopped.
const callTimeout = 20 * time.Second

// measureKernel times the resampler of the service on one second of audio, as the service uses it: tables made before, one core.
func measureKernel(sc Scale) (Figures, error) {
	const from, to = 44100, 16000
	r, err := resample.New(from, to, 1, resample.High)
	if err != nil {
		return Figures{}, err
	}
	in := [][]float32{work.Tone(from, from)}
	out := [][]float32{make([]float32, to+r.FlushFrames())}
	var took []float64
	started := time.Now()
	for time.Since(started) < sc.Measure {
		begin := time.Now()
		n, err := r.Process(out, in)
		if err != nil {
			return Figures{}, err
		}
		if _, err := r.Flush([][]float32{out[0][n:]}); err != nil {
			return Figures{}, err
		}
		took = append(took, us(time.Since(begin)))
		r.Reset()
	}
	elapsed := time.Since(started).Seconds()
	s := measure.Of(took)
	return Figures{
		Units: uint64(len(took)), Seconds: elapsed, Rate: float64(len(took)) / elapsed, P50: s.Median,
		P95: measure.Quantile(took, 0.95), P99: measure.Quantile(took, 0.99), Max: s.Max, ServerCPU: s.Median, OwnCPU: s.Median,
	}, nil
}
