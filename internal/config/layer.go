package config

import (
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// layer is what one source says: typed values in nested maps, as koanf merges them, and the place of each.
type layer struct {
	values   map[string]any
	origins  map[string]Origin
	problems []fault.Problem
}

func newLayer() *layer { return &layer{values: map[string]any{}, origins: map[string]Origin{}} }

// Read makes a layer a provider of koanf.
func (l *layer) Read() (map[string]any, error) { return l.values, nil }

// ReadBytes belongs to koanf's interface for providers of text, which a layer isn't.
func (l *layer) ReadBytes() ([]byte, error) {
	return nil, fault.New(fault.CodeInternal, "a layer of the configuration has no text")
}

// set puts a value at a path.
func (l *layer) set(path string, value any, from Origin) {
	at := l.values
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		below, ok := at[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[name] = below
		}
		at = below
	}
	at[names[len(names)-1]] = value
	l.origins[path] = from
}

// fail notes a problem of the value of a variable or flag. The text of the value isn't told: it may be a secret.
func (l *layer) fail(from Origin, p fault.Problem) {
	p.Message = from.String() + ": " + p.Message
	l.problems = append(l.problems, p)
}

// setText puts the text of an environment variable or flag at a key. Lists and tables may be given in YAML; a list also
// as texts with commas between.
func (l *layer) setText(k *key, text string, from Origin) {
	value, err := textValue(k, text, from, l)
	if err != nil {
		l.fail(from, problem(k.path, "", "%s is invalid: %s", k.path, err))
		return
	}
	l.set(k.path, value, from)
}

func textValue(k *key, text string, from Origin, l *layer) (any, error) {
	text = strings.TrimSpace(text)
	switch {
	case k.shape == leaf:
		return k.parse(text)
	case strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{"):
		return parseInline(k, text, from, l)
	case k.textKey == "":
		return nil, expected("YAML in the form {name: {...}}")
	}
	return textElements(k, text), nil
}

// textElements makes a list's elements of texts with commas between.
func textElements(k *key, text string) []any {
	out := []any{}
	for _, part := range splitList(text) {
		value, _ := k.elem.field(k.textKey).parse(part)
		out = append(out, map[string]any{k.textKey: value})
	}
	return out
}

// mergeOrigins returns where each value came from when the layers are put over one another, lowest first.
func mergeOrigins(layers []*layer) map[string]Origin {
	out := map[string]Origin{}
	for _, l := range layers {
		for path := range l.origins {
			for old := range out {
				if strings.HasPrefix(old, path+"[") {
					delete(out, old)
				}
			}
		}
		for path, o := range l.origins {
			out[path] = o
		}
	}
	return out
}

func listPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
