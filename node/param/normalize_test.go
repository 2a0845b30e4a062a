package param_test

import (
	"reflect"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/param"
)

type normalParams struct {
	Rate   int              `param:"sample_rate" alias:"rate" default:"16000" doc:"Rate."`
	Mode   string           `param:"mode" enum:"hard,soft" default:"soft" doc:"Mode."`
	Points []point          `param:"points" doc:"Points."`
	Named  map[string]point `param:"named" doc:"Points by name."`
	Ramp   *float64         `param:"ramp_ms" doc:"Ramp."`
	Key    string           `param:"key" default:"" secret:"true" doc:"Key."`
	_      struct{}         `param:"runtime_hint" ignored:"true"`
}

func TestNormalizeMeansTheSame(t *testing.T) {
	s, err := param.For[normalParams]()
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		``: `{"sample_rate":16000,"mode":"soft","points":[],"named":{},"key":""}`,
		`{"runtimeHint":"auto", "points": [{"y": 0.25,"x":0.5},{"x":0}], "mode":"HARD", "rate": 8e3, "key":"k"}`: `{"sample_rate":8e3,"mode":"hard","points":[{"x":0.5,"y":0.25},{"x":0,"y":0.5}],"named":{},"key":"k"}`,
		`{"named":{"a \"b\"":{"x":1}}, "rampMs": null}`:                                                          `{"sample_rate":16000,"mode":"soft","points":[],"named":{"a \"b\"":{"x":1,"y":0.5}},"ramp_ms":null,"key":""}`,
	} {
		got := s.Normalize([]byte(given))
		if string(got) != want {
			t.Errorf("%s became\n%s, want\n%s", given, got, want)
		}
		if again := s.Normalize(got); string(again) != want {
			t.Errorf("%s became %s at the second time", given, again)
		}
		var before, behind normalParams
		if problems := append(s.Decode([]byte(given), &before), s.Decode(got, &behind)...); len(problems) > 1 { // the ignored one
			t.Errorf("%s: %v", given, problems)
		}
		if !reflect.DeepEqual(before, behind) {
			t.Errorf("%s means %+v, and %s means %+v", given, before, got, behind)
		}
	}
	for _, broken := range []string{`{`, `[]`, `{"rate":`} {
		if got := s.Normalize([]byte(broken)); string(got) != broken {
			t.Errorf("%s became %s", broken, got)
		}
	}
}
