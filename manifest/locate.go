package manifest

import (
	"slices"
	"sync"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Locate finds the value at a path in the text that the manifest came from. Names are those of the package comment,
// whatever spelling the text uses. Where the text doesn't have the path, it is the place of the nearest value above it.
// The zero Position means that there is no text.
func (m *Manifest) Locate(path string) Position {
	_, value, _ := m.find(path)
	return value
}

// LocateKey finds the member name at the end of a path; for an element of a list, or where the text doesn't have the path,
// it is what Locate gives.
func (m *Manifest) LocateKey(path string) Position {
	key, value, _ := m.find(path)
	if key.Line == 0 {
		return value
	}
	return key
}

// Place fills Line, Column, Offset and Excerpt of a problem from its Path, unless it has a place already. Problems with a
// name are shown at the name, all others at the value.
func (m *Manifest) Place(p fault.Problem) fault.Problem {
	if p.Line > 0 {
		return p
	}
	key, value, source := m.find(p.Path)
	if source == nil {
		return p
	}
	if key.Line > 0 && aboutName(p.Code) {
		value = key
	}
	return source.placed(p, value)
}

// aboutName reports whether a code blames a member's name rather than its value.
func aboutName(code fault.Code) bool {
	switch code {
	case fault.CodeUnknownField, fault.CodeDuplicateField, fault.CodeUnknownParam, fault.CodeIgnored:
		return true
	}
	return false
}

// find gives the places of a path's key and value and the source that has them.
func (m *Manifest) find(path string) (key, value Position, source *Source) {
	segments := splitPath(path)
	if s, rest := m.paramsSource(segments); s != nil {
		key, value = s.find(rest)
		return key, value, s
	}
	if m.Source == nil {
		return Position{}, Position{}, nil
	}
	key, value = m.Source.find(segments)
	return key, value, m.Source
}

// paramsSource gives the source of a node's params where they are a text of their own, and the rest of the path there.
func (m *Manifest) paramsSource(segments []segment) (*Source, []segment) {
	if len(segments) < 3 || segments[0].name != "nodes" || segments[2].name != "params" {
		return nil, nil
	}
	i := segments[1].index
	if i < 0 || i >= len(m.Nodes) || m.Nodes[i].ParamsSource == nil {
		return nil, nil
	}
	if len(segments) == 3 && m.Source != nil { // the string itself, in the document
		return nil, nil
	}
	return m.Nodes[i].ParamsSource, segments[3:]
}

// find walks json along the segments as far as it goes.
func (s *Source) find(segments []segment) (key, value Position) {
	f := finder{json: s.json}
	f.at = nextStart(s.json, newDecoder(s.json))
	exact := true
	for _, seg := range segments {
		if exact = f.enter(seg); !exact {
			break
		}
	}
	value = s.position(f.token())
	if exact && f.key.end > 0 {
		key = s.position(f.key)
	}
	return key, value
}

// finder stands before a value of a JSON text. It takes any text: where the text ends or errs, the path does.
type finder struct {
	json []byte
	at   int  // where the value begins
	key  span // of the member whose value it is; zero for elements
}

// enter goes to the member or element of the value that seg names; false when there is none.
func (f *finder) enter(seg segment) bool {
	if seg.index >= 0 {
		return f.element(seg.index)
	}
	return f.member(seg.name)
}

func (f *finder) element(index int) bool {
	text := f.json[f.at:]
	dec := newDecoder(text)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '[' {
		return false
	}
	for range index {
		if dec.PeekKind() == ']' || dec.SkipValue() != nil {
			return false
		}
	}
	if dec.PeekKind() == ']' {
		return false
	}
	f.at, f.key = f.at+nextStart(text, dec), span{}
	return true
}

func (f *finder) member(name string) bool {
	text := f.json[f.at:]
	dec := newDecoder(text)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	best, base := 0, f.at
	for best < exactMatch && dec.PeekKind() == '"' {
		at := nextStart(text, dec)
		token, err := dec.ReadToken()
		if err != nil {
			break
		}
		if m := match(name, token.String()); m > best {
			best = m
			f.key = span{base + at, base + int(dec.InputOffset())}
			f.at = base + nextStart(text, dec)
		}
		if dec.SkipValue() != nil {
			break
		}
	}
	return best > 0
}

// token is the span of the value, of its opening bracket where it has one.
func (f *finder) token() span {
	text := f.json[min(f.at, len(f.json)):]
	dec := newDecoder(text)
	if _, err := dec.ReadToken(); err != nil {
		return span{f.at, f.at}
	}
	return span{f.at, f.at + int(dec.InputOffset())}
}

// How well the name of a path fits the one in the text.
const (
	foldMatch     = 1 + iota // the same but for case, _ and -: parameters may be in camelCase
	spellingMatch            // another spelling of a field of the document
	exactMatch
)

func match(name, inText string) int {
	switch {
	case name == inText:
		return exactMatch
	case slices.Contains(otherSpellings()[name], inText):
		return spellingMatch
	case foldName(name) == foldName(inText):
		return foldMatch
	}
	return 0
}

// otherSpellings leads from the canonical name of a field to all its spellings.
var otherSpellings = sync.OnceValue(func() map[string][]string {
	all := make(map[string][]string)
	collectSpellings(all, manifestFields)
	collectSpellings(all, metadataFields)
	collectSpellings(all, nodeFields)
	collectSpellings(all, capabilityFields)
	collectSpellings(all, gpuFields)
	collectSpellings(all, connectionFields)
	return all
})

func collectSpellings[T any](all map[string][]string, t *table[T]) {
	for i := range t.fields {
		f := &t.fields[i]
		all[f.name] = append(all[f.name], f.all()...)
	}
}
