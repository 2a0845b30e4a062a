package config

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

const redacted = "***"

// Secret is text that isn't shown: every way of printing, encoding or logging it gives *** (or nothing, where it is
// empty). Only Reveal returns it.
type Secret string

// Reveal returns the text itself. Its result must not reach a log, an error or an answer.
func (s Secret) Reveal() string { return string(s) }

// String returns *** in place of the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns *** in place of the text, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes *** for every verb; without it %x and %q would show the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives *** to JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives *** to slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Toggle is a switch that can be left to other settings.
type Toggle string

// The positions of a toggle.
const (
	Auto Toggle = "auto"
	On   Toggle = "true"
	Off  Toggle = "false"
)

// On reports the switch's position, which is fallback where it is left to other settings.
func (t Toggle) On(fallback bool) bool { return t == On || t != Off && fallback }

// Bytes is an amount of memory. It is written as a number, or with a unit: 256KiB, 1GiB, 100MB.
type Bytes uint64

var byteUnits = []struct {
	suffix string
	factor uint64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

func parseBytes(text string) (Bytes, error) {
	lower, factor := strings.ToLower(text), uint64(1)
	for _, unit := range byteUnits {
		if number, ok := strings.CutSuffix(lower, unit.suffix); ok {
			lower, factor = strings.TrimSpace(number), unit.factor
			break
		}
	}
	n, err := parseUint(lower)
	if err != nil {
		return 0, expected("a number of bytes such as 1048576 or 1MiB")
	}
	high, product := bits.Mul64(n, factor)
	if high != 0 {
		return 0, expected("a number of bytes below 16 EiB")
	}
	return Bytes(product), nil
}

// expectation is the error of a value's text: it says what would be right and never repeats the text, which may be secret.
type expectation string

// Error says what was expected.
func (e expectation) Error() string { return "expected " + string(e) }

func expected(format string, args ...any) error { return expectation(fmt.Sprintf(format, args...)) }

func parseUint(text string) (uint64, error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, 64)
	if err != nil {
		return 0, expected("a whole number, 0 or more")
	}
	return n, nil
}

func parseInt(text string) (int, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 0)
	if err != nil {
		return 0, expected("a whole number")
	}
	return int(n), nil
}

func parseFloat(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, expected("a finite number")
	}
	return f, nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, expected("true or false")
}

func parseToggle(text string) (Toggle, error) {
	if strings.EqualFold(text, string(Auto)) {
		return Auto, nil
	}
	on, err := parseBool(text)
	if err != nil {
		return Auto, expected("true, false or auto")
	}
	if on {
		return On, nil
	}
	return Off, nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, expected("a duration with its unit, such as 30s, 5m or 250ms")
	}
	return d, nil
}

// parseTime reads a moment; nothing is the zero one.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, expected("a date such as 2027-01-31 or 2027-01-31T12:00:00Z")
}

// formatDuration is Duration.String without the zero parts at its end: 5m, not 5m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
