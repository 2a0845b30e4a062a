package stress

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Trend is the slope of a line through points, with the ends of its 95 % interval.
type Trend struct {
	Slope, Low, High float64
	Points           int
}

// TrendOf fits a line by least squares. Fewer than three points, or points above one x, have no trend: it may be anything.
func TrendOf(x, y []float64) Trend {
	n := len(x)
	t := Trend{Low: math.Inf(-1), High: math.Inf(1), Points: n}
	if n < 3 || len(y) != n {
		return t
	}
	spread := stat.Variance(x, nil) * float64(n-1)
	if spread == 0 {
		return t
	}
	alpha, beta := stat.LinearRegression(x, y, nil, false)
	var residuals float64
	for i := range x {
		d := y[i] - alpha - beta*x[i]
		residuals += d * d
	}
	free := float64(n - 2)
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: free}
	const upper = 0.975
	half := student.Quantile(upper) * math.Sqrt(residuals/free/spread)
	t.Slope, t.Low, t.High = beta, beta-half, beta+half
	return t
}

// Grows reports whether it can't be that nothing grows, nor that it grows by no more than a bound.
func (t Trend) Grows(bound float64) bool { return t.Low > 0 && t.High > bound }

// String shows the slope and its interval.
func (t Trend) String() string { return fmt.Sprintf("%.3g [%.3g..%.3g]", t.Slope, t.Low, t.High) }
