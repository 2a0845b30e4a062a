package config

import (
	"fmt"
	"strings"
)

// OriginKind is the layer that a value came from. A higher one wins.
type OriginKind uint8

// The layers.
const (
	FromDefault OriginKind = iota
	FromFile
	FromEnvironment
	FromFlag
)

// Origin is the place that a value came from.
type Origin struct {
	Kind   OriginKind
	Name   string // file, environment variable or flag
	Line   int    // in a file, from 1; 0 where it has none
	Column int
}

// String returns the place in words: default, config.yaml:12, environment GRPC_PORT, flag --port.
func (o Origin) String() string {
	switch o.Kind {
	case FromFile:
		if o.Line > 0 {
			return fmt.Sprintf("%s:%d", o.Name, o.Line)
		}
		return o.Name
	case FromEnvironment:
		return "environment " + o.Name
	case FromFlag:
		return "flag --" + o.Name
	}
	return "default"
}

// originOf looks a key up, then the list or table that it is in. That a file names the group that a key is in says nothing of
// the key.
func originOf(origins map[string]Origin, path string) Origin {
	for path != "" && !isGroup(path) {
		if o, ok := origins[path]; ok {
			return o
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return Origin{}
}

// isGroup reports whether a path is that of a struct of keys.
func isGroup(path string) bool {
	at := schema()
	for name := range strings.SplitSeq(path, ".") {
		if at = at.field(name); at == nil {
			return false
		}
	}
	return at.shape == group
}
