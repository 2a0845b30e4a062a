// Package version is the one place for versions: the release of this program, the protocol it speaks, how a client's or
// manifest's version is read, and the compatibility matrix, from which GetVersion and the documentation are made.
package version

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	// Runtime is the release of this program, a semantic version. A test holds it equal to the newest changelog entry.
	Runtime = "0.3.0"
	// Protocol is the version of the wire protocol.
	Protocol = "v1"
	// MatrixURL is where the compatibility matrix is published.
	MatrixURL = "https://github.com/remotemedia/remotemedia-go/blob/main/docs/compatibility.md"
)

// Supported lists the protocol versions that this program speaks.
func Supported() []string { return []string{Protocol} }

// Entry is a row of the compatibility matrix.
type Entry struct {
	Client     string // range of client protocol versions
	Service    string // range of service releases
	Compatible bool
	Note       string
}

// Matrix returns the rows of the compatibility matrix, newest last.
func Matrix() []Entry {
	return []Entry{
		{"v1.0.0", "0.2.1", true, "the first release of the protocol"},
		{"v1.0.0", "0.3.0", true, "this service; additive fields only"},
		{"v2.0.0", "0.2.1", false, "needs a newer service"},
		{"v2.0.0", "0.3.0", false, "needs a newer service"},
	}
}

var numbered = regexp.MustCompile(`^v?([0-9]+)`)

// Compatible reports whether a client or manifest of the given version can be served. An empty version counts as v1.
// Majors 0 and 1 are compatible, any other major isn't, nor is a text without a number. What counts as the major: trimmed and in
// lower case, the leading integer of the whole ("1.0.0-2" is 1) or, failing that, of the last part behind one of - _ / @ or space that
// begins with one ("test-v1" is 1).
func Compatible(v string) bool {
	v = strings.ToLower(strings.TrimSpace(v))
	if v == "" {
		return true
	}
	major, ok := majorOf(v)
	return ok && major <= 1
}

func majorOf(v string) (uint64, bool) {
	if n, ok := leading(v); ok {
		return n, ok
	}
	parts := strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("-_/@ ", r) })
	for i := len(parts) - 1; i >= 0; i-- {
		if n, ok := leading(parts[i]); ok {
			return n, ok
		}
	}
	return 0, false
}

func leading(s string) (uint64, bool) {
	m := numbered.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return 1 << 63, true // longer than any version: a number, and not compatible
	}
	return n, true
}

// Mismatch tells a person that a version isn't served, which are, and where the matrix is.
func Mismatch(what, v string) string {
	const most = 64
	if len(v) > most {
		v = strings.ToValidUTF8(v[:most], "") + "..."
	}
	return fmt.Sprintf("%s version %q isn't supported; supported: %s; see %s", what, v, strings.Join(Supported(), ", "), MatrixURL)
}
