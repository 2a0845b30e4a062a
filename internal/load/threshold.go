package load

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Threshold is a condition under which a run counts as failed, such as "p99>5ms".
type Threshold struct {
	text   string
	figure figure
	above  bool // it fails above the bound, otherwise below
	equal  bool // and at it
	bound  float64
}

// figure is what a threshold looks at.
type figure struct {
	name string
	unit unit
	// of gives the value; ok is false where the run has none.
	of func(r *Result) (value float64, ok bool)
}

// unit is how a bound is written.
type unit uint8

const (
	asTime  unit = iota // seconds inside
	asRate              // a second
	asShare             // 0 to 1
	asCount
	asBytes
)

var unitHelp = [...]string{
	asTime: "a time such as 5ms", asRate: "a number a second such as 8000", asShare: "a percentage such as 0.1%",
	asCount: "a number such as 0", asBytes: "a size such as 600MB",
}

var thresholdForm = regexp.MustCompile(`^\s*([a-z0-9_.]+)\s*(<=|>=|<|>)\s*(\S+)\s*$`)

// ParseThreshold reads a condition: a figure, one of > >= < <=, and a bound with its unit. The figures are the percentiles p0 to
// p100, min, mean and max of the latency, or of another measure when its name and a dot come before (first.p99); errors, late
// and unstarted, as a percentage or a number; throughput and goodput a second; cpu, the server's time for a unit; rss, its peak;
// and lost, the idle streams that ended.
func ParseThreshold(text string) (Threshold, error) {
	parts := thresholdForm.FindStringSubmatch(text)
	if parts == nil {
		return Threshold{}, fmt.Errorf("%q is no threshold: expected a figure, one of > >= < <=, and a bound, such as p99>5ms", text)
	}
	f, err := parseFigure(parts[1], strings.HasSuffix(parts[3], "%"))
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %w", text, err)
	}
	bound, err := f.unit.parse(parts[3])
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %q is no bound for %s: expected %s", text, parts[3], f.name, unitHelp[f.unit])
	}
	return Threshold{strings.TrimSpace(text), f, parts[2][0] == '>', len(parts[2]) == 2, bound}, nil
}

// String is the condition as it was written.
func (t Threshold) String() string { return t.text }

// NeedsProcess reports whether only the server's process gives the figure.
func (t Threshold) NeedsProcess() bool { return t.figure.name == "cpu" || t.figure.name == "rss" }

// Verdict is what a run makes of a threshold.
type Verdict struct {
	Threshold Threshold
	Value     float64 // of the figure: seconds, a second, a share, a number or bytes
	Known     bool    // the run has the figure; one without it is breached
	Breached  bool
}

// Check judges a run.
func (t Threshold) Check(r *Result) Verdict {
	v := Verdict{Threshold: t}
	v.Value, v.Known = t.figure.of(r)
	switch {
	case !v.Known:
		v.Breached = true
	case t.above:
		v.Breached = v.Value > t.bound || t.equal && v.Value == t.bound
	default:
		v.Breached = v.Value < t.bound || t.equal && v.Value == t.bound
	}
	return v
}

// String tells the value in the threshold's unit.
func (v Verdict) String() string {
	if !v.Known {
		return "nothing was measured"
	}
	switch v.Threshold.figure.unit {
	case asTime:
		return time.Duration(v.Value * float64(time.Second)).String()
	case asRate:
		return strconv.FormatFloat(v.Value, 'f', 1, 64) + "/s"
	case asShare:
		return strconv.FormatFloat(100*v.Value, 'g', 4, 64) + "%"
	case asBytes:
		return strconv.FormatFloat(v.Value/1e6, 'f', 1, 64) + "MB"
	}
	return strconv.FormatFloat(v.Value, 'f', -1, 64)
}

// shares are the figures that are told as a percentage or as a number.
var shares = map[string]struct {
	count func(*Result) uint64
	share func(*Result) float64
}{
	"errors":    {func(r *Result) uint64 { return r.Failed }, (*Result).ErrorShare},
	"late":      {func(r *Result) uint64 { return r.Late }, (*Result).LateShare},
	"unstarted": {func(r *Result) uint64 { return r.Unstarted }, (*Result).UnstartedShare},
}

// plain are the figures of one unit.
var plain = map[string]figure{
	"throughput": {unit: asRate, of: func(r *Result) (float64, bool) { return r.Throughput(), true }},
	"goodput":    {unit: asRate, of: func(r *Result) (float64, bool) { return r.Goodput(), true }},
	"cpu": {unit: asTime, of: func(r *Result) (float64, bool) {
		return r.CPUPerUnit().Seconds(), r.Server != nil && r.Units > 0
	}},
	"rss": {unit: asBytes, of: func(r *Result) (float64, bool) {
		if r.Server == nil {
			return 0, false
		}
		return float64(r.Server.RSSPeak), true
	}},
	"lost": {unit: asCount, of: func(r *Result) (float64, bool) {
		if r.Idle == nil {
			return 0, false
		}
		return float64(r.Idle.Lost), true
	}},
}

func parseFigure(name string, percent bool) (figure, error) {
	if f, ok := plain[name]; ok {
		f.name = name
		return f, nil
	}
	if s, ok := shares[name]; ok {
		if percent {
			return figure{name, asShare, func(r *Result) (float64, bool) { return s.share(r), r.Attempted()+r.Unstarted > 0 }}, nil
		}
		return figure{name, asCount, func(r *Result) (float64, bool) { return float64(s.count(r)), true }}, nil
	}
	measure, statistic := Latency, name
	if before, after, ok := strings.Cut(name, "."); ok && !strings.HasPrefix(before, "p9") {
		i := slices.Index(measureNames[:], before)
		if i < 0 {
			return figure{}, fmt.Errorf("there is no measure %q: expected one of %s", before, strings.Join(measureNames[:], ", "))
		}
		measure, statistic = Measure(i), after
	}
	of, err := parseStatistic(statistic)
	if err != nil {
		return figure{}, err
	}
	return figure{name, asTime, func(r *Result) (float64, bool) {
		h := r.Of(measure)
		return of(h).Seconds(), h.Count() > 0
	}}, nil
}

var statistics = map[string]func(Histogram) time.Duration{"min": Histogram.Min, "mean": Histogram.Mean, "max": Histogram.Max}

func parseStatistic(name string) (func(Histogram) time.Duration, error) {
	if of, ok := statistics[name]; ok {
		return of, nil
	}
	if digits, ok := strings.CutPrefix(name, "p"); ok {
		if p, err := strconv.ParseFloat(digits, 64); err == nil && p >= 0 && p <= 100 {
			return func(h Histogram) time.Duration { return h.Quantile(p / 100) }, nil
		}
	}
	return nil, fmt.Errorf("there is no figure %q: expected p0 to p100 (p99, p99.9), min, mean, max, first.p99 or the like, errors, late, unstarted, throughput, goodput, cpu, rss or lost", name)
}

func (u unit) parse(s string) (float64, error) {
	switch u {
	case asTime:
		d, err := time.ParseDuration(s)
		if err == nil && d < 0 {
			err = strconv.ErrRange
		}
		return d.Seconds(), err
	case asShare:
		v, err := parseNumber(strings.TrimSuffix(s, "%"))
		if v > 100 {
			err = strconv.ErrRange
		}
		return v / 100, err
	case asBytes:
		return parseSize(s)
	}
	return parseNumber(strings.TrimSuffix(s, "/s"))
}

// parseNumber takes decimal numbers from 0 on, and no infinities.
func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && !(v >= 0 && v <= 1e18) {
		err = strconv.ErrRange
	}
	return v, err
}

func parseSize(s string) (float64, error) {
	for _, u := range []struct {
		suffix string
		bytes  float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}} {
		if digits, ok := strings.CutSuffix(s, u.suffix); ok {
			v, err := parseNumber(digits)
			return v * u.bytes, err
		}
	}
	return parseNumber(s)
}
