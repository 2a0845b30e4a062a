package param_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// rate is a union of an integer and "auto".
type rate struct{ Hz int64 }

func (r *rate) DecodeParam(raw []byte) error {
	if s, ok := param.ParseString(raw); ok && s == "auto" {
		r.Hz = 0
		return nil
	}
	n, ok := param.ParseInt(raw)
	if !ok || n < 8000 || n > 768000 {
		return errors.New(`expected "auto" or 8000 to 768000 Hz`)
	}
	r.Hz = n
	return nil
}

func (*rate) ParamSchema() []byte {
	return []byte(`{"anyOf":[{"type":"integer","minimum":8000,"maximum":768000},{"const":"auto"}]}`)
}

type point struct {
	X float64 `param:"x" min:"-1" max:"1" doc:"Where."`
	Y float64 `param:"y" default:"0.5" doc:"How much."`
}

func (p *point) Validate() error {
	if p.X+p.Y > 1.5 {
		return param.Errorf("x", "x and y are together %g: expected at most 1.5", p.X+p.Y)
	}
	return nil
}

type login struct {
	User  string `param:"user" default:"me" doc:"Who."`
	Token string `param:"auth_token" secret:"true" doc:"The token."`
}

type level string

type shared struct {
	Gain float32 `param:"gain_db" alias:"gain" min:"-96" max:"24" unit:"dB" doc:"Gain."`
}

// everything has one parameter of each kind.
type everything struct {
	shared
	Rate     int                `param:"target_sample_rate" alias:"target_rate,sample_rate" default:"16000" min:"8000" max:"768000" unit:"Hz" doc:"Rate."`
	Source   rate               `param:"source_rate" default:"auto" unit:"Hz" doc:"Rate of the input."`
	Quality  level              `param:"quality" enum:"low,Medium,high" default:"high" doc:"Quality."`
	Flag     bool               `param:"flag" default:"true" doc:"A flag."`
	Small    uint8              `param:"small" doc:"A byte."`
	Big      uint64             `param:"big" doc:"Large."`
	Signed   int64              `param:"signed" doc:"Signed."`
	Fixed    int                `param:"fixed_rate" enum:"8000,16000" default:"8000" unit:"Hz" doc:"One of two."`
	Value    param.Number       `param:"value" max:"100" doc:"A literal."`
	Threads  *int               `param:"n_threads" min:"1" doc:"Threads."`
	Maybe    *point             `param:"maybe" doc:"A point."`
	Auto     *rate              `param:"auto" doc:"A union."`
	Any      param.Raw          `param:"any" doc:"Anything."`
	Ops      []string           `param:"operations" enum:"upper,lower" default:"[\"upper\"]" doc:"What to do."`
	Points   []point            `param:"points" doc:"A curve."`
	Gains    map[string]float64 `param:"gains_db" min:"-96" max:"24" unit:"dB" doc:"Gain by source."`
	Matrix   [][]float32        `param:"matrix" doc:"A matrix."`
	Corner   point              `param:"corner" doc:"A point."`
	Login    login              `param:"login" doc:"Who."`
	Pin      int                `param:"pin" secret:"true" min:"0" max:"9999" doc:"A pin."`
	Logins   []login            `param:"logins" doc:"More."`
	ByName   map[string]login   `param:"by_name" doc:"More."`
	Computed int                `param:"-"`
	private  int
	_        struct{} `param:"runtime_hint" alias:"hint" ignored:"true"`
}

func (e *everything) Validate() error {
	e.Computed, e.private = e.Rate/1000, 1
	var faults []error
	if e.Rate == 11025 {
		faults = append(faults, param.Errorf("target_sample_rate", "11025 Hz isn't liked: expected another"))
	}
	if len(e.Points) > 2 {
		faults = append(faults, fmt.Errorf("wrapped: %w", param.Errorf("points[2].x", "there is a third point")))
	}
	if e.Small == 13 {
		faults = append(faults, errors.New("thirteen brings bad luck"))
	}
	return errors.Join(faults...)
}

type resample struct {
	Rate    int    `param:"target_sample_rate" alias:"target_rate" required:"true" min:"8000" max:"768000" unit:"Hz" doc:"Rate."`
	Quality string `param:"quality" enum:"low,high" default:"high" doc:"Quality."`
	Group   group  `param:"group" required:"true" doc:"A group."`
}

type group struct {
	Name string `param:"name" required:"true" doc:"A name."`
}

type none struct{}

func schemaOf[P any](t testing.TB) *param.Schema {
	t.Helper()
	s, err := param.For[P]()
	if err != nil {
		t.Fatalf("For: %v", err)
	}
	return s
}

// line renders a problem for comparison.
func line(p fault.Problem) string {
	s := fmt.Sprintf("%s|%s|%s", p.Code, p.Path, p.Message)
	if p.Hint != "" {
		s += "|" + p.Hint
	}
	if p.Severity != fault.SeverityError {
		s = p.Severity.String() + "|" + s
	}
	return s
}

func lines(problems []fault.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, line(p))
	}
	return out
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
