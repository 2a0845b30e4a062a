// Package measure turns the figures of interleaved rounds into medians and ratios with their spread.
package measure

import (
	"fmt"
	"math"
	"slices"
)

// Spread is what several rounds gave for one figure.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

// Of makes the spread of the figures of several rounds. What isn't a number is left out; of nothing it is the zero Spread.
func Of(figures []float64) Spread {
	sorted := make([]float64, 0, len(figures))
	for _, f := range figures {
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			sorted = append(sorted, f)
		}
	}
	if len(sorted) == 0 {
		return Spread{}
	}
	slices.Sort(sorted)
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1], Rounds: n}
}

// Ratio makes the spread of the quotients of two figures, round by round: those of one round were measured within minutes of each
// other, so that a machine that is slow for a while is slow for both. A round that lacks either is left out.
func Ratio(over, under map[int]float64) Spread {
	var quotients []float64
	for round, a := range over {
		if b, ok := under[round]; ok && b != 0 {
			quotients = append(quotients, a/b)
		}
	}
	return Of(quotients)
}

// String shows the median, and the spread where there is more than one round.
func (s Spread) String() string {
	switch s.Rounds {
	case 0:
		return "-"
	case 1:
		return Number(s.Median)
	}
	return fmt.Sprintf("%s [%s..%s]", Number(s.Median), Number(s.Min), Number(s.Max))
}

// Number shows a figure with three digits or, from 1000 on, whole with separators.
func Number(f float64) string {
	a := math.Abs(f)
	switch {
	case f == 0:
		return "0"
	case a >= 999.5:
		return separated(int64(math.Round(f)))
	case a >= 99.95:
		return fmt.Sprintf("%.0f", f)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", f)
	case a >= 0.0995:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.3g", f)
}

func separated(n int64) string {
	if n < 0 {
		return "-" + separated(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", separated(n/1000), n%1000)
}

// Values is the spread of figures by round.
func Values(rounds map[int]float64) Spread {
	all := make([]float64, 0, len(rounds))
	for _, v := range rounds {
		all = append(all, v)
	}
	return Of(all)
}

// Quantile is the figure that a share q, 0 to 1, of all doesn't exceed; not a number where there are none.
func Quantile(figures []float64, q float64) float64 {
	if len(figures) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[min(max(int(math.Ceil(q*float64(len(sorted))))-1, 0), len(sorted)-1)]
}
