package manifest

import (
	"math/big"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// coreScalar gives the JSON of a plain YAML scalar by the core schema of YAML 1.2: null, booleans and numbers. It is "" for
// everything else, which is a string; yes, no, on and off are. A number that JSON has too keeps its literal; others are
// converted, 1_000 too, which YAML 1.1 had. A number that JSON can't have is a fault, and null in its place.
func coreScalar(s string) (json, problem string) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return "null", ""
	case "true", "True", "TRUE":
		return "true", ""
	case "false", "False", "FALSE":
		return "false", ""
	}
	if !strings.ContainsRune("+-.0123456789", rune(s[0])) {
		return "", ""
	}
	if isJSONNumber(s) {
		return s, ""
	}
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case ".inf", ".nan":
		return "null", "numbers must be finite, found " + s
	}
	if converted := convertNumber(s); converted != "" {
		return converted, ""
	}
	return "", ""
}

func isJSONNumber(s string) bool {
	last := s[len(s)-1]
	return last >= '0' && last <= '9' && jsontext.Value(s).Kind() == '0' && jsontext.Value(s).IsValid()
}

// convertNumber gives the JSON number of 0x10, 0o17, +5, .5, 5. and 1_000, "" for what isn't a number.
func convertNumber(s string) string {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	if strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0o") {
		return convertInteger(digits, negative)
	}
	if digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') || !underscoresBetweenDigits(digits) {
		return ""
	}
	digits = strings.ReplaceAll(digits, "_", "")
	whole, rest := digits, ""
	if i := strings.IndexAny(digits, ".eE"); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
		if len(digits) == len(rest) && (len(rest) < 2 || rest[1] < '0' || rest[1] > '9') {
			return "" // no digit before the point, and none behind it
		}
	}
	if rest == "." || strings.HasPrefix(rest, ".e") || strings.HasPrefix(rest, ".E") {
		rest = rest[1:]
	}
	if negative {
		whole = "-" + whole
	}
	if !isJSONNumber(whole + rest) {
		return ""
	}
	return whole + rest
}

// underscoresBetweenDigits tells 1_000 from 1_a, _1 and 1__0, which are names.
func underscoresBetweenDigits(s string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if s[i] == '_' && !(digit(i-1) && digit(i+1)) {
			return false
		}
	}
	return true
}

// convertInteger reads hexadecimal and octal integers of any size that is useful.
func convertInteger(digits string, negative bool) string {
	const most = 64
	v, ok := new(big.Int).SetString(digits, 0)
	if !ok || len(digits) > most || strings.Contains(digits, "_") {
		return ""
	}
	if negative {
		v.Neg(v)
	}
	return v.String()
}
