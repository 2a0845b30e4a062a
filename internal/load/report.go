package load

import (
	"time"
)

// Schema names the form of a [Report]. Fields may be added under the same name; none is removed or changes its meaning.
const Schema = "remotemedia.bench.v1"

// Report is a result as JSON. Times are in the unit that their name ends with, sizes in bytes, shares from 0 to 1.
type Report struct {
	Schema      string    `json:"schema"`
	Name        string    `json:"name"`
	Began       time.Time `json:"began"`     // of the measurement, after the warm-up
	Elapsed     float64   `json:"elapsed_s"` // from there to the last answer
	Interrupted bool      `json:"interrupted"`
	Load        Loading   `json:"load"`

	Throughput float64                 `json:"throughput_per_s"` // right answers
	Goodput    float64                 `json:"goodput_per_s"`    // right answers within the deadline
	Counts     CountsReport            `json:"counts"`
	Latencies  map[string]Distribution `json:"latencies"` // by measure; those without values are left out
	Failures   []FailureCount          `json:"failures"`  // the most frequent first

	Server     *UseReport        `json:"server"` // null where its process wasn't told
	Generator  UseReport         `json:"generator"`
	Idle       *IdleReport       `json:"idle"` // null where there were none
	Machine    MachineReport     `json:"machine"`
	Series     []IntervalReport  `json:"series"`
	Thresholds []ThresholdReport `json:"thresholds"`
}

// Loading is how the load was made.
type Loading struct {
	Unit        string  `json:"unit"` // what is counted: calls or chunks
	Loop        string  `json:"loop"` // closed or open
	Connections int     `json:"connections"`
	Concurrency int     `json:"concurrency"`
	Asked       float64 `json:"asked_per_s"` // of an open loop; 0 for a closed one
	Deadline    float64 `json:"deadline_ms"` // 0 for none
}

// CountsReport are the counts of a run; see [Counts].
type CountsReport struct {
	Right      uint64 `json:"right"`
	Late       uint64 `json:"late"`
	Failed     uint64 `json:"failed"`
	Streams    uint64 `json:"streams"`
	Unanswered uint64 `json:"unanswered"`
	Unstarted  uint64 `json:"unstarted"`
	Canceled   uint64 `json:"canceled"`
	Warmup     uint64 `json:"warmup"`
	Retries    uint64 `json:"retries"`
	Sent       uint64 `json:"bytes_sent"`
	Received   uint64 `json:"bytes_received"`
}

// Distribution sums up times.
type Distribution struct {
	Count uint64  `json:"count"`
	Min   float64 `json:"min_ms"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p99_9_ms"`
	P9999 float64 `json:"p99_99_ms"`
	Max   float64 `json:"max_ms"`
}

// UseReport is what a process used.
type UseReport struct {
	CPU        float64 `json:"cpu_s"`
	CPUPerUnit float64 `json:"cpu_us_per_unit"`
	Cores      float64 `json:"cores"` // that it kept busy
	RSSFirst   uint64  `json:"rss_first_bytes"`
	RSSLast    uint64  `json:"rss_last_bytes"`
	RSSPeak    uint64  `json:"rss_peak_bytes"`
}

// IdleReport is what became of idle streams.
type IdleReport struct {
	Streams      int     `json:"streams"`
	Connections  int     `json:"connections"`
	Opening      float64 `json:"opening_ms"`
	Lost         int     `json:"lost"`
	RSSBefore    uint64  `json:"rss_before_bytes"`
	RSSAfter     uint64  `json:"rss_after_bytes"`
	RSSPerStream float64 `json:"rss_per_stream_bytes"` // 0 where the process wasn't told
}

// MachineReport is what the generator ran on.
type MachineReport struct {
	CPU        string  `json:"cpu"`
	CPUs       int     `json:"cpus"`
	GOMAXPROCS int     `json:"gomaxprocs"`
	System     string  `json:"system"`
	Go         string  `json:"go"`
	Generator  string  `json:"generator_version"`
	LoadBefore float64 `json:"load_before"`
	LoadAfter  float64 `json:"load_after"`
}

// IntervalReport is a part of the measurement.
type IntervalReport struct {
	Start  float64 `json:"start_s"`
	Length float64 `json:"length_s"`
	Right  uint64  `json:"right"`
	Late   uint64  `json:"late"`
	Failed uint64  `json:"failed"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Max    float64 `json:"max_ms"`
}

// ThresholdReport is what became of a threshold.
type ThresholdReport struct {
	Condition string `json:"condition"`
	Value     string `json:"value"`
	Breached  bool   `json:"breached"`
}

// Report makes the report of a result and the verdicts over it.
func (r *Result) Report(verdicts []Verdict) Report {
	out := Report{
		Schema: Schema, Name: r.Name, Began: r.Began.UTC(), Elapsed: r.Elapsed.Seconds(), Interrupted: r.Interrupted,
		Load: Loading{
			Unit: r.Kind.String(), Loop: "closed", Connections: r.Connections, Concurrency: r.Concurrency, Asked: r.Asked,
			Deadline: millis(r.Deadline),
		},
		Throughput: r.Throughput(), Goodput: r.Goodput(),
		Counts: CountsReport{
			Right: r.Units, Late: r.Late, Failed: r.Failed, Streams: r.Streams, Unanswered: r.Unanswered, Unstarted: r.Unstarted,
			Canceled: r.Canceled, Warmup: r.Warmup, Retries: r.Retries, Sent: r.Sent, Received: r.Received,
		},
		Latencies: make(map[string]Distribution), Failures: append([]FailureCount{}, r.Failures...),
		Generator: r.use(&r.Generator), Idle: r.Idle.report(), Machine: r.machine(),
		Series: make([]IntervalReport, 0, len(r.Series)), Thresholds: make([]ThresholdReport, 0, len(verdicts)),
	}
	if r.OpenLoop {
		out.Load.Loop = "open"
	}
	for _, m := range Measures() {
		if h := r.Of(m); h.Count() > 0 {
			out.Latencies[m.String()] = h.report()
		}
	}
	if r.Server != nil {
		use := r.use(r.Server)
		out.Server = &use
	}
	for _, i := range r.Series {
		out.Series = append(out.Series, i.report())
	}
	for _, v := range verdicts {
		out.Thresholds = append(out.Thresholds, ThresholdReport{v.Threshold.String(), v.String(), v.Breached})
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (h Histogram) report() Distribution {
	q := func(share float64) float64 { return millis(h.Quantile(share)) }
	return Distribution{
		Count: h.Count(), Min: millis(h.Min()), Mean: millis(h.Mean()), P50: q(0.5), P90: q(0.9), P95: q(0.95),
		P99: q(0.99), P999: q(0.999), P9999: q(0.9999), Max: millis(h.Max()),
	}
}

func (r *Result) use(u *Use) UseReport {
	out := UseReport{
		CPU: u.CPU.Seconds(), CPUPerUnit: float64(perUnit(u, r.Units)) / float64(time.Microsecond),
		RSSFirst: u.RSSFirst, RSSLast: u.RSSLast, RSSPeak: u.RSSPeak,
	}
	if r.Elapsed > 0 {
		out.Cores = u.CPU.Seconds() / r.Elapsed.Seconds()
	}
	return out
}

// PerStream is what an idle stream costs the server in memory, 0 where that isn't known.
func (i *IdleResult) PerStream() float64 {
	if i.Before == 0 || i.After < i.Before {
		return 0
	}
	return float64(i.After-i.Before) / float64(i.Streams)
}

func (i *IdleResult) report() *IdleReport {
	if i == nil {
		return nil
	}
	return &IdleReport{
		Streams: i.Streams, Connections: i.Connections, Opening: millis(i.Opening), Lost: i.Lost,
		RSSBefore: i.Before, RSSAfter: i.After, RSSPerStream: i.PerStream(),
	}
}

func (r *Result) machine() MachineReport {
	m := r.Machine
	return MachineReport{m.CPU, m.CPUs, m.GOMAXPROCS, m.System, m.Go, m.Generator, r.LoadBefore, r.LoadAfter}
}

func (i Interval) report() IntervalReport {
	return IntervalReport{
		Start: i.Start.Seconds(), Length: i.Length.Seconds(), Right: i.Units, Late: i.Late, Failed: i.Failures,
		P50: millis(i.Latency.Quantile(0.5)), P99: millis(i.Latency.Quantile(0.99)), Max: millis(i.Latency.Max()),
	}
}
