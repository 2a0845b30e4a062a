package measure

import "fmt"

// Verdict is a figure beside what is demanded of it.
type Verdict struct {
	ID     string  `json:"id"` // of the requirement; "" for a goal
	What   string  `json:"what"`
	Figure Spread  `json:"figure"`
	Limit  float64 `json:"limit"`
	Least  bool    `json:"least"`          // the limit is the least that will do, not the most
	Told   bool    `json:"told,omitempty"` // nothing is demanded: the figure is only told
	Unit   string  `json:"unit"`
	Note   string  `json:"note,omitempty"`
}

// Known reports whether there is a figure.
func (v Verdict) Known() bool { return v.Figure.Rounds > 0 }

// Met reports whether the figure, as its median, does; one that isn't known doesn't, and one that is only told always does.
func (v Verdict) Met() bool {
	if v.Told {
		return true
	}
	if !v.Known() {
		return false
	}
	if v.Least {
		return v.Figure.Median >= v.Limit
	}
	return v.Figure.Median <= v.Limit
}

// Demand shows the limit.
func (v Verdict) Demand() string {
	if v.Told {
		return ""
	}
	sign := "<="
	if v.Least {
		sign = ">="
	}
	return sign + " " + withUnit(Number(v.Limit), v.Unit)
}

// Shown shows the figure.
func (v Verdict) Shown() string { return withUnit(v.Figure.String(), v.Unit) }

func withUnit(number, unit string) string {
	if unit == "" || number == "-" {
		return number
	}
	return number + " " + unit
}

// Margin tells how far the figure is from the limit, as a share of it: positive where it is met.
func (v Verdict) Margin() string {
	switch {
	case !v.Known():
		return "not measured"
	case v.Told:
		return ""
	case v.Limit == 0 && v.Figure.Median == 0:
		return "+0 %"
	case v.Limit == 0:
		return "above 0"
	}
	share := (v.Limit - v.Figure.Median) / v.Limit * 100
	if v.Least {
		share = -share
	}
	return fmt.Sprintf("%+.0f %%", share)
}

// Result is "yes" or "no", and "-" where nothing is known.
func (v Verdict) Result() string {
	switch {
	case !v.Known():
		return "-"
	case v.Told:
		return "told"
	case v.Met():
		return "yes"
	}
	return "no"
}
