package measure

import (
	"math"
	"testing"
)

func TestSpreadIsMedianAndBounds(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want Spread
	}{
		{nil, Spread{}},
		{[]float64{math.NaN(), math.Inf(1)}, Spread{}},
		{[]float64{3}, Spread{3, 3, 3, 1}},
		{[]float64{5, 1, 3}, Spread{3, 1, 5, 3}},
		{[]float64{4, 1, 2, math.NaN(), 3}, Spread{2.5, 1, 4, 4}},
	} {
		if got := Of(c.in); got != c.want {
			t.Errorf("Of(%v) = %+v, want %+v", c.in, got, c.want)
		}
	}
}

func TestSpreadLeavesItsInputAsItWas(t *testing.T) {
	in := []float64{3, 1, 2}
	Of(in)
	if in[0] != 3 || in[1] != 1 || in[2] != 2 {
		t.Errorf("the figures were reordered: %v", in)
	}
}

// The ratio is taken within rounds: a machine that was twice as slow in one round changes nothing.
func TestRatioIsTakenWithinRounds(t *testing.T) {
	ours, theirs := map[int]float64{0: 10, 1: 20, 2: 11, 4: 1}, map[int]float64{0: 5, 1: 10, 2: 5, 3: 7}
	if got, want := Ratio(ours, theirs), (Spread{2, 2, 2.2, 3}); got != want {
		t.Errorf("Ratio = %+v, want %+v", got, want)
	}
	if got := Ratio(ours, map[int]float64{0: 0}); got != (Spread{}) {
		t.Errorf("a ratio over nothing is %+v", got)
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 0.00012345: "0.000123", 0.5: "0.50", 1.234: "1.23", 12.34: "12.3", 99.97: "100", 999.4: "999", 999.6: "1,000",
		1234567: "1,234,567", -1234.4: "-1,234",
	} {
		if got := Number(f); got != want {
			t.Errorf("Number(%v) = %q, want %q", f, got, want)
		}
	}
	if got := (Spread{1.5, 1, 2, 3}).String(); got != "1.50 [1.00..2.00]" {
		t.Error(got)
	}
	if got := (Spread{1.5, 1.5, 1.5, 1}).String(); got != "1.50" {
		t.Error(got)
	}
	if got := (Spread{}).String(); got != "-" {
		t.Error(got)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		v            Verdict
		met          bool
		margin, want string
	}{
		{Verdict{Figure: Of([]float64{4}), Limit: 5, Unit: "ms"}, true, "+20 %", "<= 5.00 ms"},
		{Verdict{Figure: Of([]float64{5}), Limit: 5}, true, "+0 %", "<= 5.00"},
		{Verdict{Figure: Of([]float64{6}), Limit: 5}, false, "-20 %", "<= 5.00"},
		{Verdict{Figure: Of([]float64{12000}), Limit: 10000, Least: true}, true, "+20 %", ">= 10,000"},
		{Verdict{Figure: Of([]float64{9000}), Limit: 10000, Least: true}, false, "-10 %", ">= 10,000"},
		{Verdict{Figure: Of([]float64{0}), Limit: 0}, true, "+0 %", "<= 0"},
		{Verdict{Figure: Of([]float64{1}), Limit: 0}, false, "above 0", "<= 0"},
		{Verdict{Limit: 5}, false, "not measured", "<= 5.00"},
		{Verdict{Figure: Of([]float64{6}), Limit: 5, Told: true}, true, "", ""},
		{Verdict{Told: true}, true, "not measured", ""},
	} {
		if got := c.v; got.Met() != c.met || got.Margin() != c.margin || got.Demand() != c.want {
			t.Errorf("%+v: %v, %q, %q", c.v, got.Met(), got.Margin(), got.Demand())
		}
	}
	figure := Of([]float64{6})
	for want, v := range map[string]Verdict{
		"-": {Limit: 5}, "no": {Figure: figure, Limit: 5}, "yes": {Figure: figure, Limit: 7}, "told": {Figure: figure, Told: true},
	} {
		if got := v.Result(); got != want {
			t.Errorf("%+v: %q", v, got)
		}
	}
	if got := (Verdict{Figure: Of([]float64{1, 2, 3}), Unit: "us"}).Shown(); got != "2.00 [1.00..3.00] us" {
		t.Error(got)
	}
}

func TestQuantiles(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.95: 95, 1: 100} {
		if got := Quantile(hundred, q); got != want {
			t.Errorf("quantile %v is %v, not %v", q, got, want)
		}
	}
	if got := Quantile([]float64{7}, 0.95); got != 7 {
		t.Error(got)
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("nothing has a quantile")
	}
	if got := Values(map[int]float64{3: 1, 9: 2}); got != (Spread{1.5, 1, 2, 2}) {
		t.Error(got)
	}
}
