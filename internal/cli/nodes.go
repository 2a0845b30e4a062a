package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

type nodesCmd struct {
	List nodesListCmd `cmd:"" help:"List the node types."`
	Info nodesInfoCmd `cmd:"" help:"Show one node type with its parameters."`
}

// nodeJSON is the form of a node type with --json.
type nodeJSON struct {
	Name        string          `json:"name"`
	Aliases     []string        `json:"aliases"`
	Category    string          `json:"category"`
	Summary     string          `json:"summary"`
	Doc         string          `json:"doc,omitempty"`
	Accepts     []string        `json:"accepts"`
	Produces    []string        `json:"produces"`
	Granularity string          `json:"granularity"`
	Stateful    bool            `json:"stateful"`
	Latency     float64         `json:"latency_ms"`
	InPorts     []string        `json:"in_ports,omitempty"`
	OutPorts    []string        `json:"out_ports,omitempty"`
	Parameters  []param.Field   `json:"parameters,omitempty"`
	Example     json.RawMessage `json:"example,omitempty"`
}

// kindsText keeps the column short.
func kindsText(k node.Kinds) string {
	switch {
	case k == node.Any:
		return "any"
	case k == 0:
		return "-"
	}
	text := k.Names()
	if k&node.Data == node.Data {
		text = []string{"data"}
		if k&node.Audio != 0 {
			text = []string{"audio", "data"}
		}
	}
	return strings.Join(text, ", ")
}

type nodesListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints every type.
func (c *nodesListCmd) Run(env *Env) error {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return err
	}
	if c.JSON {
		out := make([]nodeJSON, 0, len(catalog.Specs()))
		for _, s := range catalog.Specs() {
			out = append(out, brief(s))
		}
		return writeJSON(env.Stdout, out)
	}
	t := newTable(env.Stdout, "name", "family", "takes", "gives", "summary")
	for _, s := range catalog.Specs() {
		t.AppendRow(table.Row{s.Name, s.Category, kindsText(s.Accepts), kindsText(s.Gives()), s.Summary})
	}
	t.Render()
	return nil
}

func brief(s *node.Spec) nodeJSON {
	return nodeJSON{
		Name: s.Name, Aliases: append([]string{}, s.Aliases...), Category: s.Category, Summary: s.Summary,
		Accepts: s.Accepts.Names(), Produces: s.Gives().Names(), Granularity: s.Granularity.String(), Stateful: s.Stateful,
		Latency: float64(s.Latency.Microseconds()) / 1000, InPorts: s.InPorts, OutPorts: s.OutPorts,
	}
}

type nodesInfoCmd struct {
	Name string `arg:"" help:"Name or alias of the type."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run prints one type.
func (c *nodesInfoCmd) Run(env *Env) error {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return err
	}
	s, ok := catalog.Lookup(c.Name)
	if !ok {
		hint := fault.DidYouMean(c.Name, catalog.Names())
		if hint == "" {
			hint = "see remotemedia nodes list"
		}
		return usagef("unknown node type %q: %s", c.Name, hint)
	}
	if c.JSON {
		full := brief(s)
		full.Doc, full.Parameters = s.Doc, s.Params().Fields()
		if s.Example != "" {
			full.Example = json.RawMessage(s.Example)
		}
		return writeJSON(env.Stdout, full)
	}
	printNode(env.Stdout, s)
	return nil
}

func printNode(w io.Writer, s *node.Spec) {
	fmt.Fprintf(w, "%s - %s\n\n", s.Name, s.Summary)
	line := func(label, value string) { fmt.Fprintf(w, "%-12s %s\n", label, orDash(value)) }
	line("also called", strings.Join(s.Aliases, ", "))
	line("family", s.Category)
	line("takes", kindsText(s.Accepts))
	line("gives", kindsText(s.Gives()))
	line("results", "per "+s.Granularity.String())
	if s.Doc != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(s.Doc))
	}
	printParams(w, s.Params().Fields())
	if s.Example != "" {
		fmt.Fprintf(w, "\nExample\n  {\"id\": \"n\", \"node_type\": %q, \"params\": %s}\n", s.Name, s.Example)
	}
}

func printParams(w io.Writer, fields []param.Field) {
	if len(fields) == 0 {
		fmt.Fprint(w, "\nNo parameters.\n")
		return
	}
	fmt.Fprint(w, "\nParameters\n")
	t := newTable(w, "name", "type", "default", "range", "also", "meaning")
	for i := range fields {
		f := &fields[i]
		t.AppendRow(table.Row{f.Name, f.Type, defaultText(f), orDash(rangeText(f)), orDash(strings.Join(f.Aliases, ", ")), meaning(f)})
	}
	t.Render()
}

func meaning(f *param.Field) string {
	switch {
	case f.Ignored:
		return "Accepted and ignored."
	case f.Secret:
		return f.Doc + " Secret."
	}
	return f.Doc
}

func defaultText(f *param.Field) string {
	switch {
	case f.Required:
		return "required"
	case f.Default == nil:
		return "-"
	}
	return string(f.Default)
}

func rangeText(f *param.Field) string {
	if len(f.Enum) > 0 {
		return strings.Join(f.Enum, " | ")
	}
	var text string
	switch {
	case f.Min != nil && f.Max != nil:
		text = fmt.Sprintf("%g..%g", *f.Min, *f.Max)
	case f.Min != nil:
		text = fmt.Sprintf(">= %g", *f.Min)
	case f.Max != nil:
		text = fmt.Sprintf("<= %g", *f.Max)
	}
	return strings.TrimSpace(text + " " + f.Unit)
}
