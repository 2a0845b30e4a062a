// Package inject holds nodes that fail on purpose, for tests of what surrounds a node: errors, panics, nodes that don't
// end, and memory. They are in the catalogue of programs built with the tag faultnodes only.
package inject

import "github.com/remotemedia/remotemedia-go/node"

// Category is the family's name in the catalogue.
const Category = "fault"

// Nodes lists the family.
func Nodes() []node.Spec {
	return []node.Spec{
		errorSpec(),
		panicSpec(),
		sleepSpec(),
		allocSpec(),
		leakSpec(),
	}
}

// After lets some items pass first.
type After struct {
	Count int `param:"after" default:"0" min:"0" doc:"How many items pass unharmed before."`
}

// spared reports whether this item passes.
func (a *After) spared() bool {
	a.Count--
	return a.Count >= 0
}

// declare completes what the family has in common.
func declare(name, summary, example string) node.Spec {
	return node.Spec{
		Name: name, Category: Category, Summary: summary, Doc: summary + " Items that are spared pass unchanged.",
		Accepts: node.Any, Forwards: true, Granularity: node.PerSample, LatencyClass: "realtime", Example: example,
	}
}
