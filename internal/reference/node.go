package reference

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// nodePage tells all that is declared of a type, and shows a run of its example.
func nodePage(s *node.Spec, sound media.Audio) (string, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n%s\n%s\n\n", s.Name, notice, s.Summary)
	facts(&out, s)
	fmt.Fprintf(&out, "\n## What it does\n\n%s\n", strings.TrimSpace(s.Doc))
	parameters(&out, s.Params().Fields())
	if err := example(&out, s, sound); err != nil {
		return "", fmt.Errorf("node type %s: %w", s.Name, err)
	}
	failures(&out, s)
	return out.String(), nil
}

var results = map[node.Granularity]string{
	node.PerSample: "per sample: the same, bit for bit, however the input is cut into items",
	node.PerItem:   "per item: how the input is cut shows",
}

// classes are the ranges of the declared classes of latency.
var classes = map[string]string{
	"realtime": "below 1 ms", "fast": "1 to 10 ms", "medium": "10 to 100 ms", "slow": "100 ms to 1 s", "batch": "above 1 s",
}

func facts(out *strings.Builder, s *node.Spec) {
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "| %s | %s |\n", name, cell(value))
		}
	}
	out.WriteString("| | |\n|---|---|\n")
	row("family", fmt.Sprintf("[%s](README.md#%s)", s.Category, s.Category))
	row("other names", code(s.Aliases))
	row("takes", kinds(s.Accepts))
	row("gives", kinds(s.Gives()))
	row("input ports", code(s.InPorts))
	row("output ports", code(s.OutPorts))
	if s.MultiInput {
		row("inputs", "told apart by the node that sends")
	}
	row("results", results[s.Granularity])
	row("state", map[bool]string{true: "kept from item to item, for one execution or stream", false: "none"}[s.Stateful])
	row("delay", delay(s))
}

func delay(s *node.Spec) string {
	class := fmt.Sprintf("class `%s` (%s)", s.LatencyClass, classes[s.LatencyClass])
	if s.Latency == 0 {
		return class
	}
	return fmt.Sprintf("%g ms with the default parameters; %s", float64(s.Latency.Microseconds())/1000, class)
}

func parameters(out *strings.Builder, fields []param.Field) {
	out.WriteString("\n## Parameters\n\n")
	if len(fields) == 0 {
		out.WriteString("None.\n")
		return
	}
	out.WriteString("| name | type | default | range | unit | other spellings | meaning |\n|---|---|---|---|---|---|---|\n")
	rows(out, "", fields)
}

// rows writes a row for each field, and for the members of objects below it.
func rows(out *strings.Builder, above string, fields []param.Field) {
	for i := range fields {
		f := &fields[i]
		cells := []string{"`" + above + f.Name + "`", kind(f), fallback(f), span(f), f.Unit, code(f.Aliases), meaning(f)}
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		rows(out, above+f.Name+".", f.Fields)
		if f.Items != nil {
			rows(out, above+f.Name+"[].", f.Items.Fields)
		}
	}
}

func kind(f *param.Field) string {
	text := f.Type
	switch {
	case f.Type == param.TypeArray:
		text = "array of " + kind(f.Items)
	case f.Type == param.TypeObject && f.Items != nil:
		text = "object of " + kind(f.Items)
	case f.Type == param.TypeAny && f.Schema != nil:
		text = union(f.Schema)
	}
	if f.Optional {
		text += " or null"
	}
	return text
}

// option is what package param's unions tell of one of their alternatives.
type option struct {
	Const            json.RawMessage
	Type             string
	Minimum, Maximum *float64
	OneOf, AnyOf     []option
}

// union puts the schema of a union into words, where it is of constants and plain types; else it is shown as it is.
func union(schema []byte) string {
	var o option
	if err := json.Unmarshal(schema, &o); err != nil {
		return "`" + string(schema) + "`"
	}
	var parts []string
	for _, each := range append(o.OneOf, o.AnyOf...) {
		part := each.Type
		if each.Const != nil {
			part = "`" + string(each.Const) + "`"
		} else if bounds := span(&param.Field{Min: each.Minimum, Max: each.Maximum}); bounds != "" {
			part += ", " + bounds
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 || slices.Contains(parts, "") {
		return "`" + string(schema) + "`"
	}
	return strings.Join(parts, " or ")
}

func fallback(f *param.Field) string {
	switch {
	case f.Required:
		return "required"
	case f.Default == nil:
		return ""
	}
	return "`" + string(f.Default) + "`"
}

func span(f *param.Field) string {
	low, high, enum := f.Min, f.Max, f.Enum
	if f.Items != nil && len(enum) == 0 {
		low, high, enum = f.Items.Min, f.Items.Max, f.Items.Enum
	}
	switch {
	case len(enum) > 0:
		return code(enum)
	case low != nil && high != nil:
		return fmt.Sprintf("%s to %s", number(*low), number(*high))
	case low != nil:
		return "at least " + number(*low)
	case high != nil:
		return "at most " + number(*high)
	}
	return ""
}

// number writes a bound in full.
func number(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", x), "0"), ".")
}

func meaning(f *param.Field) string {
	switch {
	case f.Ignored:
		return strings.TrimSpace("Accepted and ignored. " + f.Doc)
	case f.Secret:
		return f.Doc + " Secret: no message shows it."
	}
	return f.Doc
}

func failures(out *strings.Builder, s *node.Spec) {
	out.WriteString("\n## Errors\n\n")
	if s.Fails == "" {
		out.WriteString("Nothing that comes in makes it fail.")
	} else {
		out.WriteString("It fails on " + s.Fails)
	}
	out.WriteString(" What holds for every node is in the [catalogue of errors](../errors.md): wrong parameters, input of a kind that it doesn't take, limits.\n")
}
