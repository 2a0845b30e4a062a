package load

import (
	"strings"
	"testing"
	"time"
)

// measured is a run with figures: latencies of 1 to 1000 ms, 10 of 1,010 failed, 5 late, in 2 s.
func measured() *Result {
	r := &Result{Elapsed: 2 * time.Second, Counts: Counts{Units: 1000, Failed: 10, Late: 5, Unstarted: 90}}
	for i := range 1000 {
		r.all[Latency].record(time.Duration(i+1)*time.Millisecond, digits)
	}
	r.all[First].record(20*time.Millisecond, digits)
	r.Server = &Use{CPU: 100 * time.Millisecond, RSSPeak: 50e6}
	r.Idle = &IdleResult{Lost: 2}
	return r
}

func TestThresholds(t *testing.T) {
	for text, breached := range map[string]bool{
		"p99>5ms": true, "p99>2s": false, "p50 <= 400ms": false, "p50<=600ms": true, "p99.9>998ms": true, "p99.9>1.1s": false,
		"max>=1s": true, "min<0.9ms": false, "mean>499ms": true, "latency.p99>5ms": true,
		"first.p99>19ms": true, "first.p99>21ms": false, "final.p99>1h": true, // nothing was measured
		"errors>0.1%": true, "errors>1%": false, "errors>9": true, "errors>10": false, "errors>=10": true,
		"late>0.1%": true, "late>0.5%": false, "unstarted>8%": true, "unstarted>9%": false,
		"throughput<8000": true, "throughput<500": false, "throughput<=500/s": true, "goodput<498": true,
		"cpu>99us": true, "cpu>101us": false, "rss>49MB": true, "rss>50MB": false, "rss>47MiB": true, "lost>1": true, "lost>2": false,
	} {
		threshold, err := ParseThreshold(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if v := threshold.Check(measured()); v.Breached != breached {
			t.Errorf("%s: breached %v with %v", text, v.Breached, v)
		}
	}
}

func TestThresholdsTellWhatIsWrongWithThem(t *testing.T) {
	for text, want := range map[string]string{
		"":               "expected a figure",
		"p99":            "expected a figure",
		"p99=5ms":        "expected a figure",
		"p99>":           "expected a figure",
		"p99>5":          `"5" is no bound for p99: expected a time such as 5ms`,
		"p99>-5ms":       "expected a time",
		"p101>5ms":       `there is no figure "p101"`,
		"p-1>5ms":        "expected a figure",
		"frist.p99>5ms":  `there is no measure "frist": expected one of latency`,
		"first.p999>5ms": `there is no figure "p999"`,
		"errors>1ms":     "expected a number such as 0",
		"errors>101%":    "expected a percentage",
		"late>x%":        "expected a percentage",
		"throughput<1ms": "expected a number a second",
		"throughput<NaN": "expected a number a second",
		"rss>5ms":        "expected a size such as 600MB",
		"speed>5":        `there is no figure "speed"`,
	} {
		if _, err := ParseThreshold(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}

func TestVerdictsTellTheValue(t *testing.T) {
	for text, want := range map[string]string{
		"throughput<2": "500.0/s", "errors>1%": "0.9901%", "errors>1": "10", "late>1%": "0.5%", "rss>1B": "50.0MB",
		"final.p50>1s": "nothing was measured",
	} {
		threshold, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := threshold.Check(measured()).String(); got != want {
			t.Errorf("%s: %q, expected %q", text, got, want)
		}
	}
}

func FuzzParseThreshold(f *testing.F) {
	for _, s := range []string{"p99>5ms", "errors>0.1%", "throughput<8000", "first.p99.9>=1h", "rss>600MiB", "p>1", ".>1", "late>%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		threshold, err := ParseThreshold(text)
		if err == nil {
			threshold.Check(&Result{})
			threshold.Check(measured())
		}
	})
}
