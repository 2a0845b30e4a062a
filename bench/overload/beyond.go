package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// beyond offers multiples of the capacity (rows 1, 2 and 3).
func (t *trial) beyond(ctx context.Context) error {
	for _, x := range []struct{ times, goodput, slow float64 }{{2, 95, 3}, {5, 92, 3}, {10, 90, 5}} {
		var refusals stress.Refusals
		r, err := t.offer(ctx, t.main, x.times, t.seconds(10), func(_ *load.Config, w *load.UnaryWorkload) { w.Ended = refusals.Ended })
		if err != nil {
			return err
		}
		t.judge(fmt.Sprintf("%gx C", x.times), r, &refusals, x.goodput, x.slow)
	}
	return nil
}

func (t *trial) judge(at string, r *load.Result, refusals *stress.Refusals, goodput, slow float64) {
	o, rep := split(r), t.report
	late := r.Of(load.Lateness).Quantile(0.99)
	rep.AtLeast("1", at+": goodput of C", 100*r.Goodput()/t.capacity, goodput, "%",
		fmt.Sprintf("offered %.0f/s of %.0f/s asked; %d good, %d refused", float64(r.Attempted())/r.Elapsed.Seconds(), r.Asked, o.good, o.refused))
	rep.AtMost("2", at+": p99 of the accepted", ms(r.Of(load.Latency).Quantile(0.99)), slow*ms(t.usual), "ms",
		fmt.Sprintf("%g L; p50 %.1f ms; generator late p99 %.1f ms", slow, ms(r.Of(load.Latency).Quantile(0.5)), ms(late)))
	rep.AtMost("2", at+": late of the accepted", percent(o.late, o.accepted()), 0.1, "%", fmt.Sprintf("%d of %d", o.late, o.accepted()))
	rep.AtMost("2", at+": neither answered nor refused", float64(o.other), 0, "calls", worst(r))
	wrong, example := refusals.Wrong()
	rep.AtMost("3", at+": refusals without RetryInfo, detail or pushback", float64(wrong), 0, "", fmt.Sprintf("of %d (%s); %s", refusals.Count(), refusals.Reasons(), example))
	rep.AtMost("3", at+": refusal p50", ms(refusals.Quantile(0.5)), 2, "ms", "")
	rep.AtMost("3", at+": refusal p99", ms(refusals.Quantile(0.99)), 25, "ms", "")
	if served := time.Duration(r.Units) * t.work; r.Server != nil && o.refused > 0 {
		rep.Fact(at+": processor", "%.2f of one core; what isn't the work of the answers: %.0f us a refusal",
			r.Server.CPU.Seconds()/r.Elapsed.Seconds(), float64((r.Server.CPU-served).Microseconds())/float64(o.refused))
	}
	if r.Unstarted > 0 {
		rep.Invalid("%s: the generator couldn't begin %d of the calls that were due", at, r.Unstarted)
	}
}

// worst names the most frequent failure that is neither a refusal nor late.
func worst(r *load.Result) string {
	for _, f := range r.Failures {
		if f.Origin != load.FromDeadline && f.Status != "UNAVAILABLE" {
			return f.String() + ": " + f.Example
		}
	}
	return ""
}

// withoutAdmission is the control of row 1: the same load without the protection.
func (t *trial) withoutAdmission(ctx context.Context) error {
	s, err := t.start(ctx, "without-admission", "admission: {enabled: false}\n")
	if err != nil {
		return err
	}
	r, err := t.offer(ctx, s, 2, t.seconds(10), nil)
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	t.report.AtMost("1", "control, admission off, 2x C: goodput of C", 100*r.Goodput()/t.capacity, 50, "%", fmt.Sprintf("%+v: it must collapse", split(r)))
	return s.Stop()
}

// recovery offers ten times the capacity and then half of it, to clients that retry (row 4), while operators look at the service (row 6).
func (t *trial) recovery(ctx context.Context) error {
	flood, calm := t.seconds(10), t.seconds(8)
	probes, err := startProbes(ctx, t.main)
	if err != nil {
		return err
	}
	time.AfterFunc(flood, probes.cancel) // what they ask for in calm times is no feat
	r, err := t.offer(ctx, t.main, 10, flood, func(c *load.Config, w *load.UnaryWorkload) {
		c.Arrivals.Stages = append(c.Arrivals.Stages, load.Stage{From: t.capacity / 2, To: t.capacity / 2, For: calm})
		c.Retries, c.Workload = 3, stress.WithBudget(w)
	})
	if err = errors.Join(err, probes.stop()); err != nil {
		return err
	}
	probes.judge(t.report)
	const enough = 0.9
	var back time.Duration // after the flood, when it was back
	var after, good uint64
	for _, part := range r.Series {
		if part.Start < flood {
			continue
		}
		all, right := part.Units+part.Failures, part.Units-part.Late
		after, good = after+all, good+right
		if float64(right) < enough*float64(all) {
			back = part.Start + part.Length - flood
		}
	}
	t.report.AtMost("4", "after 10x C, at 0.5 C: time until 9 of 10 are answered in time", back.Seconds(), 2, "s", fmt.Sprintf("%d of %d calls after the flood", good, after))
	attempts := 1 + float64(r.Retries)/float64(max(1, r.Attempted()))
	t.report.AtMost("4", "attempts a call, 3 retries within a budget", attempts, 1.2, "", fmt.Sprintf("%d calls, %d retries", r.Attempted(), r.Retries))
	return nil
}

// shortDeadlines gives calls less time than the queue would take (row 5): what is finished for nobody is wasted.
func (t *trial) shortDeadlines(ctx context.Context) error {
	const services = 4
	short := max(services*t.work, 5*time.Millisecond)
	before, err := t.main.Figures(ctx)
	if err != nil {
		return err
	}
	r, err := t.offer(ctx, t.main, 3, t.seconds(8), func(c *load.Config, _ *load.UnaryWorkload) {
		c.Timeout, c.Deadline, c.Warmup = short, short, 0
	})
	if err != nil {
		return err
	}
	after, err := t.main.Figures(ctx)
	if err != nil {
		return err
	}
	const probing = 2 // calls that find out what the answer is
	finished := executed(after) - executed(before) - probing
	wasted := max(0, finished-float64(r.Units))
	o := split(r)
	t.report.AtMost("5", fmt.Sprintf("deadline %.0f ms, 3x C: work done for callers that got nothing", ms(short)), 100*wasted/max(1, finished), 1, "%",
		fmt.Sprintf("%.0f reached their last node, %d were answered, %d refused, %d late", finished, r.Units, o.refused, o.late))
	return nil
}

// executed is how many executions came as far as their last node.
func executed(f stress.Figures) float64 {
	return f.Sum("remotemedia_node_executions_total", `node_type="SileroVADNode"`)
}
