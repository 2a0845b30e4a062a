package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// matcher compares an observation with a pattern. Every difference is noted with its place.
type matcher struct {
	sounds map[string]*sound // the case's signals
	golden string            // folder of expected samples
	wrong  []string
}

func (m *matcher) fail(at, format string, args ...any) {
	m.wrong = append(m.wrong, strings.TrimPrefix(at, ".")+": "+fmt.Sprintf(format, args...))
}

func (m *matcher) match(at string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		if isOperator(want) {
			m.operate(at, want, got)
			return
		}
		m.object(at, want, got)
	case []any:
		m.list(at, want, got)
	default:
		if !reflect.DeepEqual(want, got) {
			m.fail(at, "got %s, want %s", short(got), short(want))
		}
	}
}

// exactKeys are the members of results that must have no more than what is named.
var exactKeys = map[string]bool{"audio": true, "data": true}

func (m *matcher) object(at string, want map[string]any, got any) {
	object, ok := got.(map[string]any)
	if !ok {
		m.fail(at, "got %s, want an object", short(got))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		place := at + "." + key
		if exactKeys[key] && isPlainObject(want[key]) {
			m.onlyKeys(place, want[key].(map[string]any), object[key])
		}
		if key == "audio" && isPlainObject(want[key]) {
			m.audio(place, want[key].(map[string]any), object[key])
			continue
		}
		m.match(place, want[key], object[key])
	}
}

func isPlainObject(v any) bool {
	m, ok := v.(map[string]any)
	return ok && !isOperator(m)
}

func (m *matcher) onlyKeys(at string, want map[string]any, got any) {
	object, _ := got.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, ok := want[key]; !ok {
			m.fail(at, "%q came too, which wasn't expected", key)
		}
	}
}

func (m *matcher) list(at string, want []any, got any) {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		m.fail(at, "got %s, want %d elements: %s", short(got), len(want), short(want))
		return
	}
	for i := range want {
		m.match(fmt.Sprintf("%s[%d]", at, i), want[i], list[i])
	}
}

func isOperator(m map[string]any) bool {
	for key := range m {
		if strings.HasPrefix(key, "$") {
			return true
		}
	}
	return false
}

// operator takes the place of a value: it gets its argument, what was observed, and the object that it stands in.
type operator func(m *matcher, at string, argument, got any, all map[string]any)

func operatorOf(name string) (f operator, ok bool) {
	f, ok = map[string]operator{
		"$min": (*matcher).min, "$max": (*matcher).max, "$has": (*matcher).has, "$some": (*matcher).some, "$none": (*matcher).none,
		"$len": (*matcher).length, "$near": (*matcher).near, "$within": func(*matcher, string, any, any, map[string]any) {},
		"$one": (*matcher).one, "$each": (*matcher).each, "$any": (*matcher).any, "$count": (*matcher).count,
	}[name]
	return f, ok
}

func (m *matcher) operate(at string, want map[string]any, got any) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		f, ok := operatorOf(name)
		if !ok {
			m.fail(at, "the expectation has an unknown operator %s", name)
			continue
		}
		f(m, at, want[name], got, want)
	}
}

func (m *matcher) min(at string, argument, got any, _ map[string]any) {
	if n, ok := got.(float64); !ok || n < number(argument) {
		m.fail(at, "got %s, want at least %v", short(got), argument)
	}
}

func (m *matcher) max(at string, argument, got any, _ map[string]any) {
	if n, ok := got.(float64); !ok || n > number(argument) {
		m.fail(at, "got %s, want at most %v", short(got), argument)
	}
}

// number is NaN for what isn't one, with which no comparison holds.
func number(v any) float64 {
	if n, ok := v.(float64); ok {
		return n
	}
	return math.NaN()
}

func (m *matcher) near(at string, argument, got any, all map[string]any) {
	if d := math.Abs(number(got) - number(argument)); !(d <= number(all["$within"])) {
		m.fail(at, "got %s, want %v within %v", short(got), argument, all["$within"])
	}
}

// has finds texts in a text, or elements in a list.
func (m *matcher) has(at string, argument, got any, _ map[string]any) {
	wanted, ok := argument.([]any)
	if !ok {
		wanted = []any{argument}
	}
	for _, w := range wanted {
		if !contains(got, w) {
			m.fail(at, "got %s, which lacks %s", short(got), short(w))
		}
	}
}

func contains(got, wanted any) bool {
	switch got := got.(type) {
	case string:
		text, ok := wanted.(string)
		return ok && strings.Contains(got, text)
	case []any:
		return slices.ContainsFunc(got, func(e any) bool {
			return reflect.DeepEqual(e, wanted) || isText(e) && contains(e, wanted)
		})
	}
	return false
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func isEmpty(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return r.Len() == 0
	}
	return r.IsZero()
}

func (m *matcher) some(at string, _, got any, _ map[string]any) {
	if isEmpty(got) {
		m.fail(at, "got %s, want something", short(got))
	}
}

func (m *matcher) none(at string, _, got any, _ map[string]any) {
	if !isEmpty(got) {
		m.fail(at, "got %s, want nothing", short(got))
	}
}

func (m *matcher) length(at string, argument, got any, _ map[string]any) {
	list, _ := got.([]any)
	if float64(len(list)) != number(argument) {
		m.fail(at, "got %d elements, want %v", len(list), argument)
	}
}

// matches tries a pattern without noting anything.
func (m *matcher) matches(want, got any) bool {
	try := &matcher{sounds: m.sounds, golden: m.golden}
	try.match("", want, got)
	return len(try.wrong) == 0
}

func (m *matcher) one(at string, argument, got any, _ map[string]any) {
	patterns, _ := argument.([]any)
	if !slices.ContainsFunc(patterns, func(p any) bool { return m.matches(p, got) }) {
		m.fail(at, "got %s, want one of %s", short(got), short(argument))
	}
}

func (m *matcher) each(at string, argument, got any, _ map[string]any) {
	list, ok := got.([]any)
	if !ok || len(list) == 0 {
		m.fail(at, "got %s, want a list", short(got))
	}
	for i, e := range list {
		m.match(fmt.Sprintf("%s[%d]", at, i), argument, e)
	}
}

func (m *matcher) any(at string, argument, got any, _ map[string]any) {
	m.count(at, map[string]any{"pattern": argument, "$min": 1.0}, got, nil)
}

// count matches how many elements of a list match a pattern.
func (m *matcher) count(at string, argument, got any, _ map[string]any) {
	how, _ := argument.(map[string]any)
	pattern, ok := how["pattern"]
	if !ok {
		m.fail(at, "the expectation's $count has no pattern")
		return
	}
	list, _ := got.([]any)
	n := 0
	for _, e := range list {
		if m.matches(pattern, e) {
			n++
		}
	}
	bounds := maps.Clone(how)
	delete(bounds, "pattern")
	m.match(at+": how many match "+short(pattern), any(bounds), float64(n))
}

// short shows a value in a line.
func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "..."
	}
	return string(text)
}
