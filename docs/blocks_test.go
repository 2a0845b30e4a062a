// Package docs holds the documentation, and the tests that run it: commands, programs and outputs of the pages are what a
// reader gets, links lead somewhere, and the pages that are made are current.
//
// Behind the language of a fenced block stands what is done with it. Readers don't see these words:
//
//	sh               run by bash, in the order of the page, in one folder and with one environment; it must succeed
//	sh exit=2        must end with this code
//	sh background    a service that is started, awaited, and stopped as by Ctrl-C before the next one or at the page's end
//	sh norun         not run: it needs what a test hasn't, for instance a microphone
//	... file=NAME    written to this file, for the blocks after it
//	... output       what the block before printed: "..." stands for anything, as a line for any lines, and figures before ms, B, kB and MB may differ
package docs

import (
	"regexp"
	"strings"
	"testing"
)

// block is one fenced block of a page.
type block struct {
	line     int // of its first line
	language string
	words    map[string]string // what stands behind the language
	text     string
}

func (b *block) is(word string) bool {
	_, there := b.words[word]
	return there
}

// blocksOf returns the fenced blocks of a page, those in lists too.
func blocksOf(t *testing.T, page string) (out []*block) {
	t.Helper()
	var open *block
	indent := ""
	n := 0
	for line := range strings.Lines(read(t, page)) {
		n++
		text := strings.TrimPrefix(line, indent)
		switch fence := strings.TrimLeft(line, " "); {
		case open == nil && strings.HasPrefix(fence, "```"):
			indent = line[:len(line)-len(fence)]
			open = newBlock(n+1, strings.TrimSpace(strings.TrimPrefix(fence, "```")))
		case open != nil && strings.TrimRight(text, "\n") == "```":
			out, open, indent = append(out, open), nil, ""
		case open != nil:
			open.text += text
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block has no end", page, open.line)
	}
	return out
}

func newBlock(line int, info string) *block {
	b := &block{line: line, words: map[string]string{}}
	for i, word := range strings.Fields(info) {
		if i == 0 {
			b.language = word
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		b.words[name] = value
	}
	return b
}

// varying are the parts of an output that differ from run to run.
var varying = []struct{ pattern, mask string }{
	{`[0-9.,]+ (ms|s|B|kB|MB|MiB)\b`, "# $1"},
	{`[ \t]+`, " "},
	{` ?\n ?`, "\n"},
	{`# (ms|s) \(`, "# ("},
}

func masked(text string) string {
	for _, v := range varying {
		text = regexp.MustCompile(v.pattern).ReplaceAllString(text, v.mask)
	}
	return strings.TrimSpace(text)
}

// fits reports whether an output is what the page shows.
func fits(shown, got string) bool {
	pattern := "\n" + regexp.QuoteMeta(masked(shown)) // lines begin with their newline
	pattern = regexp.MustCompile(`(?m)\n\\\.\\\.\\\.$`).ReplaceAllString(pattern, `(?:\n.*?)?`)
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*?`)
	return regexp.MustCompile(`(?s)^` + pattern + `$`).MatchString("\n" + masked(got))
}

func TestOutputsMayDifferInTimesOnly(t *testing.T) {
	for _, c := range []struct {
		shown, got string
		want       bool
	}{
		{"done in 18.6 ms\n", "done in 7 ms", true},
		{"a  b\n", "a b\n", true},
		{"first\n...\nlast\n", "first\nsecond\nthird\nlast\n", true},
		{"...\nlast\n", "first\nlast\n", true},
		{"...\nlast\n", "last\n", true},
		{"first\n...\n", "first\n", true},
		{"first\n...\n", "first\nlast\n", true},
		{"first\n...\n", "firstly\n", false},
		{"[1, 2, ...]", "[1, 2, 3]", true},
		{"15.0\n", "15\n", false},
		{"16000 frames in 1 ms", "16001 frames in 1 ms", false},
		{"", "something", false},
	} {
		if fits(c.shown, c.got) != c.want {
			t.Errorf("%q shows %q: %v, want %v", c.shown, c.got, !c.want, c.want)
		}
	}
}
