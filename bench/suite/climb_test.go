package suite

import (
	"errors"
	"slices"
	"testing"
)

func TestAClimbEndsWhereStreamsAreLate(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		late    map[int]Figures // of the numbers that are; others aren't
		fails   int             // the number that can't be measured
		tried   []int
		streams int
		rate    float64 // of the number whose figures are kept
	}{
		"all on time":              {nil, 0, []int{100, 200, 300, 400, 600}, 600, 600},
		"late from 300 on":         {map[int]Figures{300: {Units: 1000, Late: 2}}, 0, []int{100, 200, 300}, 200, 200},
		"as many late as may be":   {map[int]Figures{100: {Units: 1000, Late: 1}}, 0, []int{100, 200, 300, 400, 600}, 600, 600},
		"never answered is late":   {map[int]Figures{200: {Units: 997, Failed: 3}}, 0, []int{100, 200}, 100, 100},
		"late from the first one":  {map[int]Figures{100: {Units: 10, Late: 10}}, 0, []int{100}, 0, 100},
		"one that can't be loaded": {nil, 200, []int{100, 200}, 100, 100},
	} {
		var tried []int
		cell := Cell{Subject: Service}
		err := climb((&Scenario{Concurrency: 600}).levels(), &cell, func(n int, cell *Cell) error {
			tried = append(tried, n)
			if n == c.fails {
				return broken
			}
			f, late := c.late[n]
			if !late {
				f = Figures{Units: 1000}
			}
			f.Rate = float64(n)
			cell.Figures = f
			return nil
		})
		if (err != nil) != (c.fails != 0) || !slices.Equal(tried, c.tried) {
			t.Errorf("%s: %v were tried, %v", name, tried, err)
		}
		if cell.Streams != c.streams || cell.Rate != c.rate || cell.Subject != Service {
			t.Errorf("%s: %+v", name, cell)
		}
	}
}

func TestLateShareIsOfAllThatWasAsked(t *testing.T) {
	if got := (&Figures{Units: 997, Late: 1, Failed: 3}).LateShare(); got != 0.4 {
		t.Error(got)
	}
	if got := (&Figures{}).LateShare(); got != 0 {
		t.Error("of nothing: ", got)
	}
}
