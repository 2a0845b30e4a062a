package param_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/param"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n       param.Number
		text    string
		value   float64
		integer bool
	}{
		{"", "0", 0, true},
		{"5", "5", 5, true},
		{"-5", "-5", -5, true},
		{"5.0", "5.0", 5, false},
		{"5e0", "5e0", 5, false},
		{"1E2", "1E2", 100, false},
		{"1e999", "1e999", math.Inf(1), false},
	} {
		if c.n.String() != c.text || c.n.Float64() != c.value || c.n.IsInteger() != c.integer {
			t.Errorf("%q: got %s, %g, %v; want %s, %g, %v",
				string(c.n), c.n, c.n.Float64(), c.n.IsInteger(), c.text, c.value, c.integer)
		}
		if got := text(t, c.n); got != c.text {
			t.Errorf("%q as JSON: got %s, want %s", string(c.n), got, c.text)
		}
	}
	for _, n := range []param.Number{"x", `"5"`, "5 6", "05"} {
		if b, err := json.Marshal(n); err == nil {
			t.Errorf("%q as JSON: got %s, want an error", string(n), b)
		}
	}
	if x := param.Number("x").Float64(); !math.IsNaN(x) {
		t.Errorf("no number: got %g, want NaN", x)
	}
}

func TestRawMarshal(t *testing.T) {
	t.Parallel()
	if got, want := text(t, []param.Raw{nil, param.Raw(`{"a":1}`)}), `[null,{"a":1}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{`"a\n"`: "a\n", `""`: ""} {
		if got, ok := param.ParseString([]byte(raw)); !ok || got != want {
			t.Errorf("ParseString(%s): got %q, %v", raw, got, ok)
		}
	}
	for _, raw := range []string{"5", "null", "[]", "", `"x`} {
		if got, ok := param.ParseString([]byte(raw)); ok {
			t.Errorf("ParseString(%s): got %q, want none", raw, got)
		}
	}
	for raw, want := range map[string]int64{"5": 5, "-0": 0, "1.60e1": 16, "9223372036854775807": math.MaxInt64} {
		if got, ok := param.ParseInt([]byte(raw)); !ok || got != want {
			t.Errorf("ParseInt(%s): got %d, %v, want %d", raw, got, ok, want)
		}
	}
	for _, raw := range []string{`"5"`, "null", "", "5.5", "1e-1", "9223372036854775808", "1e400"} {
		if got, ok := param.ParseInt([]byte(raw)); ok {
			t.Errorf("ParseInt(%s): got %d, want none", raw, got)
		}
	}
}

func TestErrorf(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("outer: %w", param.Errorf("gain_db", "%d is too much", 7))
	var e *param.Error
	if !errors.As(err, &e) || e.Field != "gain_db" || e.Error() != `parameter "gain_db": 7 is too much` {
		t.Errorf("got %v", err)
	}
}

// GainParams are the parameters of a gain.
type GainParams struct {
	GainDB float64  `param:"gain_db" alias:"gain" default:"0" min:"-96" max:"24" unit:"dB" doc:"Gain that is applied."`
	Mode   string   `param:"mode" enum:"hard,soft" default:"soft" doc:"What happens above full scale."`
	Ramp   *float64 `param:"ramp_ms" min:"0" unit:"ms" doc:"Length of the fade between two gains."`
}

func Example() {
	schema, err := param.For[GainParams]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var p GainParams
	fmt.Println(schema.Decode([]byte(`{"gainDb": -6, "mode": "HARD"}`), &p), p.GainDB, p.Mode, p.Ramp)
	for _, problem := range schema.Decode([]byte(`{"gain_db": 60, "mod": "hard", "ramp_ms": "slow"}`), &p) {
		fmt.Println(problem)
	}
	fmt.Println(string(schema.Defaults()))
	// Output:
	// [] -6 hard <nil>
	// parameter "gain_db": 60 is out of range: expected -96 to 24 dB
	// parameter "mod" is unknown (did you mean mode?)
	// parameter "ramp_ms": "slow" is a string: expected a number, at least 0 ms
	// {"gain_db":0,"mode":"soft"}
}
