package load

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// full is a result in which every figure is set.
func full() *Result {
	r := measured()
	r.Name, r.Kind, r.OpenLoop, r.Interrupted = "resample", Streams, true, true
	r.Began = time.Date(2026, 11, 28, 9, 30, 0, 0, time.UTC)
	r.Deadline, r.Connections, r.Concurrency, r.Asked = 20*time.Millisecond, 2, 100, 505
	r.Counts = Counts{Units: 1000, Late: 5, Failed: 10, Streams: 50, Unanswered: 3, Unstarted: 90, Canceled: 1, Warmup: 7, Retries: 4, Sent: 1e6, Received: 5e5}
	r.Failures = []FailureCount{{Class{FromStatus, "UNAVAILABLE", "RESOURCE_LIMIT", "queue_full"}, 10, "the queue is full"}}
	for m := range measures {
		r.all[m].record(2*time.Millisecond, digits)
	}
	s := newSeries()
	s.add(sample{at: 100 * time.Millisecond, value: 3 * time.Millisecond, measure: Latency, late: true})
	s.add(sample{at: 600 * time.Millisecond, value: time.Millisecond, measure: Failed})
	r.Series = s.parts
	r.Server = &Use{CPU: time.Second, RSSFirst: 1e6, RSSLast: 2e6, RSSPeak: 3e6}
	r.Generator = Use{CPU: 500 * time.Millisecond, RSSFirst: 4e6, RSSLast: 5e6, RSSPeak: 6e6}
	r.Idle = &IdleResult{Streams: 10, Connections: 5, Opening: time.Second, Lost: 1, Before: 1e6, After: 1.4e6}
	r.Machine = Machine{CPU: "model", CPUs: 2, GOMAXPROCS: 2, System: "linux/amd64", Go: "go1.26", Generator: "1.2.3"}
	r.LoadBefore, r.LoadAfter = 0.5, 1.5
	return r
}

// The form of the report is an interface: what it had must stay.
func TestTheReportAsJSON(t *testing.T) {
	threshold, err := ParseThreshold("p99>5ms")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(full().Report([]Verdict{threshold.Check(full())}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/report.json"
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)+"\n"); d != "" {
		t.Errorf("the report isn't the golden one (-want +got); -update writes it anew:\n%s", d)
	}
}

// Every field is explained in the guide.
func TestTheGuideNamesEveryFieldOfTheReport(t *testing.T) {
	text, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/guides/load-testing.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := regexp.MustCompile(`"([a-z0-9_]+)":`).FindAllSubmatch(text, -1)
	if len(keys) < 100 {
		t.Fatalf("only %d fields were found", len(keys))
	}
	for _, key := range keys {
		if !bytes.Contains(guide, []byte("`"+string(key[1])+"`")) {
			t.Errorf("the guide lacks %s", key[1])
		}
	}
}

// A report of nothing is complete too: lists aren't null, and no figure is infinite, which JSON can't tell.
func TestAReportOfNothing(t *testing.T) {
	got, err := json.Marshal((&Result{}).Report(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"failures":[]`, `"series":[]`, `"thresholds":[]`, `"latencies":{}`, `"server":null`, `"idle":null`} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

func TestTheHDRLogIsReadByItsReader(t *testing.T) {
	var b bytes.Buffer
	r := full()
	if err := r.WriteHDR(&b); err != nil {
		t.Fatal(err)
	}
	tags := make(map[string]int64)
	intervals := 0
	for reader := hdrhistogram.NewHistogramLogReader(strings.NewReader(b.String())); ; {
		h, err := reader.NextIntervalHistogram()
		if err == io.EOF || err == nil && h == nil {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Tag() == "" {
			intervals++
			continue
		}
		tags[h.Tag()] = h.TotalCount()
	}
	if intervals != 1 || len(tags) != int(measures) || tags["latency"] != 1001 {
		t.Errorf("%d intervals, tags %v: expected 1 and %d", intervals, tags, measures)
	}
}

func TestQuantilesAreThoseOfTheTimes(t *testing.T) {
	h := measured().Of(Latency)
	for q, ms := range map[float64]float64{0: 1, 0.5: 500, 0.9: 900, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := millis(h.Quantile(q)); !near(got/ms, 1, 0.001) {
			t.Errorf("quantile %v is %v ms: expected %v", q, got, ms)
		}
	}
	var none, long Histogram
	if none.Quantile(0.5)+none.Min()+none.Max()+none.Mean() != 0 {
		t.Error("nothing has times")
	}
	long.record(time.Hour, digits)
	long.record(-time.Second, digits)
	long.Merge(none)
	none.Merge(long)
	if !near(none.Max().Seconds(), 1000, 1) || none.Min() != 0 || none.Count() != 2 {
		t.Errorf("max %v, min %v, %d: expected the bounds", none.Max(), none.Min(), none.Count())
	}
}

// However long it takes, there is a bounded number of intervals, and nothing is lost in joining them.
func TestTheSeriesIsBounded(t *testing.T) {
	s := newSeries()
	const n = 20000
	for i := range n {
		s.add(sample{at: time.Duration(i) * 100 * time.Millisecond, value: time.Millisecond, measure: Latency, late: i%10 == 0})
		s.add(sample{at: time.Duration(i) * 100 * time.Millisecond, measure: Failed})
	}
	var units, late, failed, times uint64
	for i, p := range s.parts {
		if p.Start != time.Duration(i)*s.width || p.Length != s.width {
			t.Fatalf("interval %d: %v for %v", i, p.Start, p.Length)
		}
		units, late, failed, times = units+p.Units, late+p.Late, failed+p.Failures, times+p.Latency.Count()
	}
	if units != n || late != n/10 || failed != n || times != n || len(s.parts) > mostIntervals || len(s.parts) < mostIntervals/2 {
		t.Errorf("%d right, %d late, %d failed, %d times in %d intervals", units, late, failed, times, len(s.parts))
	}
}
