package auth

import (
	"regexp"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Policy says what each method needs. A method that it doesn't know needs a valid token of any scope: nothing is open
// because it was forgotten.
type Policy struct {
	scopes   map[string]Scope
	exempt   map[string]bool // full names
	services map[string]bool // "/package.Service/" whose methods are all exempt
}

var exemptPattern = regexp.MustCompile(`^/[A-Za-z_][A-Za-z0-9_.]*/([A-Za-z_][A-Za-z0-9_]*|\*)$`)

// NewPolicy makes a policy of the scope that each full method name (/package.Service/Method) needs, and of the methods
// that need no token: full names, or /package.Service/* for all of a service.
func NewPolicy(scopes map[string]Scope, exempt []string) (*Policy, error) {
	p := &Policy{scopes: map[string]Scope{}, exempt: map[string]bool{}, services: map[string]bool{}}
	for method, scope := range scopes {
		p.scopes[method] = scope
	}
	for _, pattern := range exempt {
		if !exemptPattern.MatchString(pattern) {
			return nil, fault.New(fault.CodeBadParam, "%q isn't /package.Service/Method or /package.Service/*", pattern)
		}
		if service, all := strings.CutSuffix(pattern, "*"); all {
			p.services[service] = true
		} else {
			p.exempt[pattern] = true
		}
	}
	return p, nil
}

// Exempt reports whether a method needs no token. Names are compared as they are, byte for byte: a path that is spelt in
// any other way isn't exempt.
func (p *Policy) Exempt(method string) bool {
	if p.exempt[method] {
		return true
	}
	slash := strings.LastIndexByte(method, '/')
	return slash > 0 && slash < len(method)-1 && p.services[method[:slash+1]]
}

// Scope returns the scope that a method needs.
func (p *Policy) Scope(method string) Scope { return p.scopes[method] }
