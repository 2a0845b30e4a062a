package manifest

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Field is the path of a member of the object at path; the document itself has the path "". Names that aren't plain words
// are quoted in brackets, as in params["a b"].
func Field(path, name string) string {
	switch {
	case !isWord(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// Index is the path of an element of the array at path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func isWord(name string) bool {
	for _, r := range name {
		if !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return name != ""
}

// segment is one step of a path: a member by name, or an element by index.
type segment struct {
	name  string
	index int // -1 for a member
}

// joinPath is the path of segments; it undoes splitPath.
func joinPath(segments []segment) string {
	path := ""
	for _, s := range segments {
		if s.index >= 0 {
			path = Index(path, s.index)
		} else {
			path = Field(path, s.name)
		}
	}
	return path
}

// splitPath reads a path as far as it is well-formed.
func splitPath(path string) []segment {
	var out []segment
	for path != "" {
		var s segment
		var ok bool
		if s, path, ok = nextSegment(path); !ok {
			break
		}
		out = append(out, s)
	}
	return out
}

func nextSegment(path string) (s segment, rest string, ok bool) {
	if path[0] == '[' {
		return bracketSegment(path[1:])
	}
	path = strings.TrimPrefix(path, ".")
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	return segment{path[:end], -1}, path[end:], end > 0
}

func bracketSegment(path string) (s segment, rest string, ok bool) {
	if quoted, err := strconv.QuotedPrefix(path); err == nil {
		name, err := strconv.Unquote(quoted)
		rest, ok = strings.CutPrefix(path[len(quoted):], "]")
		return segment{name, -1}, rest, ok && err == nil
	}
	digits, rest, ok := strings.Cut(path, "]")
	i, err := strconv.Atoi(digits)
	return segment{"", i}, rest, ok && err == nil && i >= 0
}

// pointerPath is the path of a JSON pointer below the value at path. Numbers in a pointer are indexes only below arrays,
// which a pointer doesn't tell: isArray does, by depth.
func pointerPath(path string, pointer jsontext.Pointer, isArray func(depth int) bool) string {
	depth := 0
	for token := range pointer.Tokens() {
		depth++
		if i, err := strconv.Atoi(token); err == nil && isArray(depth) {
			path = Index(path, i)
		} else {
			path = Field(path, token)
		}
	}
	return path
}
