package auth

import (
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Scope is something that a token may be allowed to do.
type Scope string

// The scopes.
const (
	Execute Scope = "execute" // ExecutePipeline and the catalogue and tools beside it
	Stream  Scope = "stream"  // StreamPipeline
	Metrics Scope = "metrics" // GetMetrics
	Admin   Scope = "admin"   // drain and profiles
	// AnyScope is required by methods that every valid token may call.
	AnyScope Scope = ""
)

// Scopes returns every scope, and the default ones of a token that lists none: the first three.
func Scopes() (all, byDefault []Scope) {
	all = []Scope{Execute, Stream, Metrics, Admin}
	return all, all[:3:3]
}

// allows reports whether a token with these scopes may do what needs one.
func allows(scopes []Scope, needed Scope) bool {
	return needed == AnyScope || slices.Contains(scopes, needed)
}

// covers reports whether wide allows all that narrow does.
func covers(wide, narrow []Scope) bool {
	return !slices.ContainsFunc(narrow, func(s Scope) bool { return !slices.Contains(wide, s) })
}

func checkScopes(scopes []Scope) error {
	all, _ := Scopes()
	for _, s := range scopes {
		if !slices.Contains(all, s) {
			return fault.New(fault.CodeBadParam, "there is no scope %q; the scopes are %s", string(s), names(all))
		}
	}
	return nil
}

func names(scopes []Scope) string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}
