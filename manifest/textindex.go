package manifest

import (
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// textIndex leads from lines and columns, which the YAML library gives reliably, to byte offsets, which it doesn't. A
// lookup takes constant time, so that aliases that jump about in a long line cost nothing.
type textIndex struct {
	text    []byte
	lines   []lineIndex
	strides []int32 // byte offset of every runeStride-th character; nil where each character is one byte
}

type lineIndex struct{ offset, runes int32 }

const runeStride = 64

func (x *textIndex) build(text []byte) {
	x.text = text
	x.lines = []lineIndex{{}}
	ascii := utf8.RuneCount(text) == len(text)
	runes := int32(0)
	for i, c := range text {
		if !utf8.RuneStart(c) {
			continue
		}
		if !ascii && runes%runeStride == 0 {
			x.strides = append(x.strides, int32(i))
		}
		runes++
		if c == '\n' {
			x.lines = append(x.lines, lineIndex{int32(i + 1), runes})
		}
	}
}

// offset gives the byte offset of a line and column, both from 1, kept within the text.
func (x *textIndex) offset(line, column int) int {
	if line < 1 || line > len(x.lines) {
		return len(x.text)
	}
	l := x.lines[line-1]
	skip := max(0, column-1)
	if x.strides == nil {
		return min(int(l.offset)+skip, len(x.text))
	}
	runes := int(l.runes) + skip
	if runes/runeStride >= len(x.strides) {
		return len(x.text)
	}
	at := int(x.strides[runes/runeStride])
	for range runes % runeStride {
		_, size := utf8.DecodeRune(x.text[at:])
		at += size
	}
	return at
}

// line gives the offset at which a line begins.
func (x *textIndex) line(line int) int { return x.offset(line, 1) }

func (x *textIndex) token(tk *token.Token) int {
	if tk == nil || tk.Position == nil {
		return 0
	}
	return x.offset(tk.Position.Line, tk.Position.Column)
}
