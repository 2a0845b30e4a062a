package manifest

import (
	"bytes"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Source is a text with positions: a whole document, or the params text of one node. It is read-only once made and may
// be used concurrently.
type Source struct {
	name string // of the file, for messages; "" when there is none
	text []byte // as it came, without a byte order mark

	// json is the same document as JSON: text itself where that is JSON, a translation of YAML, or the decoded string
	// when the JSON lies within a string of text. Paths are looked up in it.
	json []byte
	// marks leads from offsets in json to offsets in text, ordered by at; nil where both are the same.
	marks []mark
	// embedded has the marks of strings in json that may hold JSON themselves, by the string's offset.
	embedded map[int][]mark
}

// mark says that what begins at offset at of json begins at src in text and takes up to size bytes there. Where it is a
// piece of a string, the bytes agree one by one; what follows them, up to the next mark, counts as the end of the piece.
type mark struct{ at, src, size int32 }

// Position is a place in a text. Line and Column count from 1, Column and Length in characters; Offset counts bytes
// from 0. The zero Position means that the place is unknown.
type Position struct {
	Line   int
	Column int
	Offset int
	Length int // of the token that stands there, as far as its line goes; at least 1
}

// span is a piece of json: a key or a value.
type span struct{ at, end int }

// Name is the name that the text was given when it was parsed.
func (s *Source) Name() string { return s.name }

// Text is the text; the caller may not change it.
func (s *Source) Text() []byte { return s.text }

// offset leads from an offset in json to one in text.
func (s *Source) offset(at int) int {
	if s.marks == nil {
		return at
	}
	m, _ := s.markAt(at)
	return int(m.src) + min(at-int(m.at), int(m.size))
}

// position describes the place of a span of json in text.
func (s *Source) position(p span) Position {
	from := s.offset(p.at)
	end := from + p.end - p.at
	if m, ok := s.markAt(p.at); ok {
		end = int(m.src) + min(p.end-int(m.at), int(m.size))
	}
	return s.at(min(from, len(s.text)), end)
}

// markAt gives the last mark at or before an offset in json.
func (s *Source) markAt(at int) (mark, bool) {
	i := sort.Search(len(s.marks), func(i int) bool { return int(s.marks[i].at) > at }) - 1
	if i < 0 {
		return mark{}, false
	}
	return s.marks[i], true
}

// at describes the bytes [from, end) of text. Only the part on the first line counts for the length.
func (s *Source) at(from, end int) Position {
	start := lineStart(s.text, from)
	token := s.text[from:min(max(end, from), len(s.text))]
	if i := bytes.IndexByte(token, '\n'); i >= 0 {
		token = token[:i]
	}
	return Position{
		Line:   1 + bytes.Count(s.text[:start], []byte{'\n'}),
		Column: 1 + utf8.RuneCount(s.text[start:from]),
		Offset: from,
		Length: max(1, utf8.RuneCount(bytes.TrimRight(token, "\r"))),
	}
}

func lineStart(text []byte, offset int) int {
	return bytes.LastIndexByte(text[:offset], '\n') + 1
}

// Width of the piece of a line that an excerpt shows, and how much of it may stand before the fault, in characters.
const (
	excerptWidth  = 100
	excerptBefore = 60
)

// excerpt renders the line of a position and a caret below it. Long lines are cut around the fault, and characters that
// don't print are replaced, so that a hostile document can't steer a terminal.
func (s *Source) excerpt(p Position) string {
	if p.Line == 0 {
		return ""
	}
	column := p.Column - 1
	start := lineStart(s.text, p.Offset)
	from, cut := cutBefore(s.text[start:p.Offset], column)
	line := s.text[start+from:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	shown, cutAfter := printable(line, excerptWidth)
	before := utf8.RuneCount(s.text[start+from : p.Offset])
	var b strings.Builder
	if cut {
		b.WriteString("...")
		before += 3
	}
	b.WriteString(strings.TrimRight(shown, " "))
	if cutAfter {
		b.WriteString("...")
	}
	b.WriteByte('\n')
	b.WriteString(strings.Repeat(" ", before))
	b.WriteByte('^')
	b.WriteString(strings.Repeat("~", min(p.Length, excerptWidth-min(before, excerptWidth-1))-1))
	return b.String()
}

// cutBefore gives the byte offset in head from which an excerpt shows it, and whether that cuts anything off.
func cutBefore(head []byte, characters int) (int, bool) {
	if characters <= excerptBefore {
		return 0, false
	}
	from := len(head)
	for range excerptBefore {
		_, size := utf8.DecodeLastRune(head[:from])
		from -= size
	}
	return from, true
}

// printable gives at most width characters of a line, one for one, and whether there are more.
func printable(line []byte, width int) (string, bool) {
	var b strings.Builder
	line = bytes.TrimRight(line, "\r")
	for i := 0; i < len(line); width-- {
		if width == 0 {
			return b.String(), true
		}
		r, size := utf8.DecodeRune(line[i:])
		i += size
		b.WriteRune(visible(r))
	}
	return b.String(), false
}

func visible(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsPrint(r):
		return r
	}
	return utf8.RuneError
}
