package engine

import (
	"fmt"
	"slices"
)

// warnings keeps each text once, and not more than a bound of them, so that a node that warns of every item does no harm.
type warnings struct {
	texts   []string
	dropped int
}

const maxWarnings = 64

func (w *warnings) add(nodeID, text string) {
	if nodeID != "" {
		text = fmt.Sprintf("node %q: %s", nodeID, text)
	}
	switch {
	case slices.Contains(w.texts, text):
	case len(w.texts) >= maxWarnings:
		w.dropped++
	default:
		w.texts = append(w.texts, text)
	}
}

func (w *warnings) list() []string {
	out := slices.Clone(w.texts)
	if w.dropped > 0 {
		out = append(out, fmt.Sprintf("%d more warnings", w.dropped))
	}
	return out
}
