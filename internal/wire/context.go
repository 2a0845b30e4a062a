package wire

import (
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// contextProblem is an element of the context's problems.
type contextProblem struct {
	Code    string `json:"code"`
	NodeID  string `json:"node_id"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Hint    string `json:"hint,omitempty"`
}

// appendContext appends the JSON object of a fault's context.
func appendContext(b []byte, f *fault.Error, problems []fault.Problem, requestID string) []byte {
	if text, ok := appendPlainContext(b, f, problems, requestID); ok {
		return text
	}
	m := make(map[string]any, len(f.Context)+3)
	for k, v := range f.Context {
		m[k] = finite(v)
	}
	m["request_id"] = requestID
	if f.ID != "" {
		m["error_id"] = f.ID
	}
	if f.Kind == fault.Validation || len(problems) > 0 {
		m["problems"] = describe(f, problems)
	}
	text, err := EncodeJSON(m)
	if err != nil {
		text, _ = EncodeJSON(map[string]any{"request_id": requestID, "error_id": f.ID}) // two strings can always be encoded
	}
	return append(b, text...)
}

// appendPlainContext appends that of a fault whose context has plain values only, as those of refusals do, of which there may be thousands a second.
func appendPlainContext(b []byte, f *fault.Error, problems []fault.Problem, requestID string) (text []byte, ok bool) {
	const usual = 12
	if f.Kind == fault.Validation || len(problems) > 0 || f.ID != "" || len(f.Context) >= usual {
		return b, false
	}
	members := append(make([]member, 0, usual), member{"request_id", requestID})
	for name, v := range f.Context {
		if name != "request_id" {
			members = append(members, member{name, v})
		}
	}
	return appendObject(b, members)
}

// describe lists the problems; a validation error that is a single fault is its own problem.
func describe(f *fault.Error, problems []fault.Problem) []contextProblem {
	if len(problems) == 0 {
		return []contextProblem{{Code: string(f.Code), NodeID: f.NodeID, Message: f.Text()}}
	}
	out := make([]contextProblem, len(problems))
	for i, p := range problems {
		out[i] = contextProblem{string(p.Code), p.NodeID, p.Path, p.Message, p.Line, p.Column, p.Hint}
	}
	return out
}

// EncodeJSON renders a value for one of the contract's string fields: valid JSON with sorted names, whatever strings it holds.
// Numbers must be finite.
func EncodeJSON(v any) (string, error) {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.EscapeForHTML(false))
	return string(text), err
}

// FiniteMap returns m with null in place of the numbers that JSON doesn't have.
func FiniteMap(m map[string]any) map[string]any { return finite(m).(map[string]any) }

func finite(v any) any {
	switch v := v.(type) {
	case float64:
		return finiteNumber(v, v)
	case float32:
		return finiteNumber(float64(v), v)
	case map[string]any:
		return finiteValues(v)
	case []any:
		return finiteList(v)
	case []map[string]any:
		return finiteList(v)
	case []float64:
		return finiteList(v)
	case []float32:
		return finiteList(v)
	}
	return v
}

func finiteNumber(f float64, v any) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return v
}

func finiteValues(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		out[k] = finite(v)
	}
	return out
}

func finiteList[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = finite(v)
	}
	return out
}

// readContext fills a fault from the context of an error that a service told.
func readContext(f *fault.Error, text string) {
	var m map[string]any
	if json.Unmarshal([]byte(text), &m) != nil {
		return
	}
	var told struct {
		ErrorID  string           `json:"error_id"`
		Problems []contextProblem `json:"problems"`
	}
	if json.Unmarshal([]byte(text), &told) == nil {
		for _, p := range told.Problems {
			f.Problems = append(f.Problems, fault.Problem{
				Code: fault.Code(p.Code), NodeID: p.NodeID, Path: p.Path, Message: p.Message, Hint: p.Hint, Line: p.Line, Column: p.Column,
			})
		}
		f.ID = told.ErrorID
	}
	delete(m, "problems")
	f.Context = m
}
