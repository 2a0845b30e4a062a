package fault_test

import (
	"testing"
	"unicode/utf8"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc..."},
		{"aää", 4, "aä..."},
		{"aää", 5, "aää"},
		{"中文", 2, "..."},
		{"\x80\x80\x80\x80", 2, "..."},
	} {
		got := fault.Shorten(c.text, c.most)
		if got != c.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
		if utf8.ValidString(c.text) && !utf8.ValidString(got) {
			t.Errorf("Shorten(%q, %d) = %q cuts a character", c.text, c.most, got)
		}
	}
}
