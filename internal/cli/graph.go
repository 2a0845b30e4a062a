package cli

import (
	"fmt"
	"io"
	"strings"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/graph"
)

type graphCmd struct {
	Manifest string `arg:"" help:"File of JSON or YAML, - for standard input."`
	Format   string `enum:"mermaid,dot" default:"mermaid" help:"mermaid (Markdown viewers draw it) or dot (Graphviz)."`
}

// Run draws a manifest that is valid.
func (c *graphCmd) Run(env *Env) error {
	p, err := loadPipeline(c.Manifest, env)
	if err != nil {
		return err
	}
	if c.Format == "dot" {
		drawDOT(env.Stdout, p)
	} else {
		drawMermaid(env.Stdout, p)
	}
	return nil
}

// drawMermaid writes a flowchart. Node ids stand in labels only: Mermaid's own ids may not hold every character.
func drawMermaid(w io.Writer, p *remotemedia.Pipeline) {
	plan := p.Plan()
	fmt.Fprintf(w, "---\ntitle: %s\n---\nflowchart LR\n", mermaidTitle(p.Name()))
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		open, end := "[", "]"
		if n.Output {
			open, end = "([", "])"
		}
		fmt.Fprintf(w, "    n%d%s\"%s<br/>%s\"%s\n", i, open, mermaidText(n.ID), mermaidText(n.Spec.Name), end)
	}
	eachEdge(plan, func(e graph.Edge) {
		fmt.Fprintf(w, "    n%d -->|\"%s\"| n%d\n", e.From, mermaidText(edgeLabel(plan, e)), e.To)
	})
}

func mermaidTitle(s string) string { return fmt.Sprintf("%q", s) }

func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "#", "#35;", "\n", " ").Replace(s)
}

func drawDOT(w io.Writer, p *remotemedia.Pipeline) {
	plan := p.Plan()
	fmt.Fprintf(w, "digraph %s {\n    rankdir=LR;\n    node [shape=box];\n", dotText(p.Name()))
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		shape := ""
		if n.Output {
			shape = ", style=rounded"
		}
		fmt.Fprintf(w, "    n%d [label=%s%s];\n", i, dotText(n.ID+"\n"+n.Spec.Name), shape)
	}
	eachEdge(plan, func(e graph.Edge) {
		fmt.Fprintf(w, "    n%d -> n%d [label=%s];\n", e.From, e.To, dotText(edgeLabel(plan, e)))
	})
	fmt.Fprintln(w, "}")
}

func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

func eachEdge(plan *graph.Plan, f func(graph.Edge)) {
	for i := range plan.Nodes {
		for _, e := range plan.Nodes[i].Edges {
			f(e)
		}
	}
}

// edgeLabel tells what flows over an edge, the format as far as it is declared, and the ports that are named.
func edgeLabel(plan *graph.Plan, e graph.Edge) string {
	from := &plan.Nodes[e.From]
	label := kindsText(from.Kinds & plan.Nodes[e.To].Spec.Accepts)
	if rate := from.Format.Rate; rate > 0 {
		label += fmt.Sprintf(" %d Hz", rate)
	}
	if e.FromPort != "" || e.ToPort != "" {
		label += fmt.Sprintf(" %s:%s", e.FromPort, e.ToPort)
	}
	return label
}
