package fault

import "unicode/utf8"

// Shorten bounds what a message quotes of what a caller sent: a text of more than most bytes is cut there, or before the
// character that stands there, and ends with "...".
func Shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}
