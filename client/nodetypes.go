package client

import (
	"slices"
	"sync"
)

// knownType is a node type as this client knows it without asking a service.
type knownType struct {
	names      []string   // canonical name first, then aliases
	parameters [][]string // of each parameter the canonical name first, then other spellings
}

var typesByName = sync.OnceValue(func() map[string]*knownType {
	out := make(map[string]*knownType)
	for i := range knownTypes {
		for _, name := range knownTypes[i].names {
			out[name] = &knownTypes[i]
		}
	}
	return out
})

// typeNames returns every name of a known type, sorted. The slice is shared and read-only.
var typeNames = sync.OnceValue(func() []string {
	var out []string
	for _, t := range knownTypes {
		out = append(out, t.names...)
	}
	slices.Sort(out)
	return out
})

// canonical returns the names of the parameters without their other spellings.
func (t *knownType) canonical() []string {
	out := make([]string, len(t.parameters))
	for i, spellings := range t.parameters {
		out[i] = spellings[0]
	}
	return out
}
