package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// format writes a leaf's value as the file would have it, secrets redacted.
func format(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return formatDuration(value)
	case time.Time:
		if value.IsZero() {
			return `""`
		}
		return value.Format(time.RFC3339)
	case Secret:
		return quote(value.String())
	case Toggle:
		return string(value)
	case string:
		return quote(value)
	case []string:
		return formatList(value)
	}
	if v.Kind() == reflect.Slice {
		return "[]"
	}
	if v.Kind() == reflect.Map {
		return "{}"
	}
	return fmt.Sprint(v.Interface())
}

func formatList(values []string) string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = quote(value)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// quote writes text plainly where YAML reads it back as the same text, else in quotes.
func quote(text string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-"
	if text == "" || strings.Trim(text, safe) != "" || strings.HasPrefix(text, "-") || looksTyped(text) {
		return strconv.Quote(text)
	}
	return text
}

// looksTyped reports whether YAML readers might take the text for something else: 1.2, yes, null.
func looksTyped(text string) bool {
	_, isNumber := strconv.ParseFloat(text, 64)
	_, isBool := parseBool(text)
	return isNumber == nil || isBool == nil || strings.EqualFold(text, "null")
}

// printer writes values of the tree as YAML, with or without their documentation.
type printer struct {
	strings.Builder
	documented bool
}

func (p *printer) line(depth int, text string, args ...any) {
	p.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(p, text, args...)
	p.WriteByte('\n')
}

// group writes the fields of a struct.
func (p *printer) group(k *key, v reflect.Value, depth int) {
	for i, f := range k.fields {
		if p.documented && (i > 0 || depth > 0) && (f.shape == group || depth == 0) {
			p.WriteByte('\n')
		}
		p.comment(f, depth, "# ")
		p.value(f, f.name, v.FieldByIndex(f.index), depth)
	}
}

func (p *printer) value(k *key, name string, v reflect.Value, depth int) {
	switch {
	case k.shape == group:
		p.line(depth, "%s:", name)
		p.group(k, v, depth+1)
	case k.shape == leaf || v.Len() == 0:
		p.line(depth, "%s: %s", name, format(v))
		p.example(k, depth+1)
	case k.shape == list:
		p.line(depth, "%s:", name)
		for i := range v.Len() {
			p.element(k.elem, v.Index(i), depth+1)
		}
	default:
		p.line(depth, "%s:", name)
		for _, entry := range sortedKeys(v) {
			p.line(depth+1, "%s:", entry)
			p.group(k.elem, v.MapIndex(reflect.ValueOf(entry)), depth+2)
		}
	}
}

// element writes a struct of a list: its first field behind the dash, the others below.
func (p *printer) element(k *key, v reflect.Value, depth int) {
	for i, f := range k.fields {
		lead := "  "
		if i == 0 {
			lead = "- "
		}
		p.line(depth, "%s%s: %s", lead, f.name, format(v.FieldByIndex(f.index)))
	}
}

// comment writes what a key is for, what it may hold and what else sets it.
func (p *printer) comment(k *key, depth int, lead string) {
	if !p.documented {
		return
	}
	for _, text := range wrap(k.doc, 110-2*depth) {
		p.line(depth, "%s%s", lead, text)
	}
	if notes := k.notes(); notes != "" {
		p.line(depth, "%s%s", lead, notes)
	}
}

// notes tells a key's range and the further names of its environment variable.
func (k *key) notes() string {
	var out []string
	switch {
	case k.enum != nil:
		out = append(out, "One of: "+strings.Join(k.enum, ", ")+".")
	case k.min != "" && k.max != "":
		out = append(out, fmt.Sprintf("From %s to %s.", k.min, k.max))
	case k.min != "" && k.min != "0" && k.min != "0s":
		out = append(out, "At least "+k.min+".")
	}
	if names := EnvNames(k.path); k.shape != group && len(names) > 1 {
		out = append(out, "Environment: "+strings.Join(names, ", ")+".")
	}
	return strings.Join(out, " ")
}

// example shows, in comments, what an entry of an empty list or table may hold.
func (p *printer) example(k *key, depth int) {
	if !p.documented || k.elem == nil {
		return
	}
	if k.shape == list {
		p.line(depth, "# - {}  # an entry may have:")
	} else {
		p.line(depth, "# name: {}  # an entry may have:")
	}
	zero := reflect.Zero(k.elem.typ)
	for _, f := range k.elem.fields {
		for _, text := range wrap(f.doc, 104-2*depth) {
			p.line(depth, "#     # %s", text)
		}
		p.line(depth, "#     %s: %s", f.name, format(zero.FieldByIndex(f.index)))
	}
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			out, line = append(out, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
