package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Spec describes one token.
type Spec struct {
	Name          string // in logs and metrics; unique, not secret
	Tenant        string // whose share of the capacity the calls count for; empty: the name
	Digest        Digest
	Scopes        []Scope   // empty: execute, stream, metrics
	Expires       time.Time // zero: never
	RatePerSecond float64   // calls a second on average; 0: without limit
	Burst         int       // calls at once above the rate; 0: one second's worth, at least 1
	MaxConcurrent int       // calls and streams at once; 0: without limit
}

// Store holds the tokens. All methods may be called concurrently; reading takes no lock.
//
// A token is looked up by the SHA-256 of a random salt of this store and the token's digest. What a map
// compares, and what an attacker could learn from the time that takes, are parts of a value that the attacker can neither
// choose nor predict, so a right prefix of a token, or of its digest, is as far from the token as anything else. The match is then
// confirmed in constant time. A token that isn't known takes the same steps against an entry that matches nothing.
type Store struct {
	salt    [sha256.Size]byte
	current atomic.Pointer[table]
	nobody  *entry
	mu      sync.Mutex // of Replace and Close
}

type lookupKey [sha256.Size]byte

// table is one generation of tokens; it is never changed.
type table struct {
	entries map[lookupKey]*entry
	gone    map[lookupKey]bool // revoked since the process started
	order   []lookupKey        // of gone, oldest first
}

// entry is a token of one generation; live goes on through generations.
type entry struct {
	Spec
	live *live
}

// mostGone bounds how many revoked tokens are remembered, for the sake of a better message.
const mostGone = 1024

// NewStore makes a store of tokens. It fails where two have the same name or digest, or a scope doesn't exist.
func NewStore(specs []Spec) (*Store, error) {
	s := &Store{nobody: &entry{}}
	_, _ = rand.Read(s.salt[:]) // it never fails
	_, _ = rand.Read(s.nobody.Digest[:])
	s.current.Store(&table{})
	return s, s.Replace(specs)
}

// Replace puts other tokens in the place of all; calls see the old or the new ones, never a mixture. A token that stays
// keeps its rate and concurrency accounts; one that goes, or loses a scope, or changes its tenant, is revoked: its principals' Revoked closes,
// and their streams are to be cut. On error nothing changes.
func (s *Store) Replace(specs []Spec) error {
	if err := checkSpecs(specs); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Load()
	next := &table{entries: make(map[lookupKey]*entry, len(specs)), gone: map[lookupKey]bool{}}
	var ended []*live
	for _, spec := range specs {
		key := s.key(spec.Digest)
		e, replaced := renew(old.entries[key], withDefaults(spec))
		next.entries[key] = e
		if replaced != nil {
			ended = append(ended, replaced)
		}
	}
	ended = append(ended, next.bury(old)...)
	s.current.Store(next)
	for _, l := range ended { // after the swap: whoever is cut can't come back in
		l.stopTimer()
		l.end(errRevoked())
	}
	return nil
}

// bury remembers the tokens that are in old but not here, and returns what they leave behind.
func (t *table) bury(old *table) []*live {
	var ended []*live
	order := slices.Clone(old.order)
	for key, e := range old.entries {
		if t.entries[key] == nil {
			ended = append(ended, e.live)
			order = append(order, key)
		}
	}
	for _, key := range order[max(0, len(order)-mostGone):] {
		if t.entries[key] == nil && !t.gone[key] {
			t.gone[key] = true
			t.order = append(t.order, key)
		}
	}
	return ended
}

// renew makes the entry of a token that may have been there before. It returns the old one's account where that ends.
func renew(old *entry, spec Spec) (*entry, *live) {
	if old == nil {
		return &entry{spec, newLive(spec)}, nil
	}
	if old.Tenant != spec.Tenant || !covers(spec.Scopes, old.Scopes) || old.live.ended() {
		return &entry{spec, newLive(spec)}, old.live
	}
	old.live.configure(spec)
	return &entry{spec, old.live}, nil
}

func withDefaults(spec Spec) Spec {
	if spec.Tenant == "" {
		spec.Tenant = spec.Name
	}
	if len(spec.Scopes) == 0 {
		_, spec.Scopes = Scopes()
	}
	spec.Scopes = slices.Clone(spec.Scopes)
	return spec
}

func checkSpecs(specs []Spec) error {
	names, digests := map[string]bool{}, map[Digest]string{}
	for i, spec := range specs {
		if other, twice := digests[spec.Digest]; twice {
			return fault.New(fault.CodeBadParam, "the tokens %q and %q are the same", other, spec.Name)
		}
		if spec.Name == "" || names[spec.Name] {
			return fault.New(fault.CodeBadParam, "the name %q of token %d is empty or given twice", spec.Name, i)
		}
		if err := checkScopes(spec.Scopes); err != nil {
			return fault.Wrap(fault.CodeBadParam, err, "token %q", spec.Name)
		}
		names[spec.Name], digests[spec.Digest] = true, spec.Name
	}
	return nil
}

func (s *Store) key(d Digest) lookupKey {
	var salted [2 * sha256.Size]byte
	copy(salted[:], s.salt[:])
	copy(salted[sha256.Size:], d[:])
	return sha256.Sum256(salted[:])
}

// Len returns the number of tokens.
func (s *Store) Len() int { return len(s.current.Load().entries) }

// Close ends the timers of tokens that expire. Revoked of their principals doesn't close any more.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.current.Load().entries {
		e.live.stopTimer()
	}
}

// Authenticate finds who presents a header and checks that the token has the scope. The error tells apart a missing, a
// malformed, an unknown, and an expired or revoked token, and one that lacks the scope (fault.CodeTokenScope, which is
// PERMISSION_DENIED on the wire).
func (s *Store) Authenticate(header []string, scope Scope) (*Principal, *fault.Error) {
	e, err := s.check(header, scope)
	if err != nil {
		return nil, err
	}
	return newPrincipal(e), nil
}

// check returns the token's entry beside the error where the token is known, for the audit log.
func (s *Store) check(header []string, scope Scope) (*entry, *fault.Error) {
	token, err := bearer(header)
	if err != nil {
		return nil, err
	}
	e, err := s.find(DigestOf(token))
	if err == nil && !allows(e.Scopes, scope) {
		err = refuse(fault.CodeTokenScope, "the token %q lacks the scope %q (it has: %s); use a token with that scope", e.Name, string(scope), names(e.Scopes)).
			With("scope", string(scope))
	}
	return e, err
}

func (s *Store) find(d Digest) (*entry, *fault.Error) {
	t, key := s.current.Load(), s.key(d)
	e, known := t.entries[key]
	if !known {
		e = s.nobody
	}
	match := subtle.ConstantTimeCompare(e.Digest[:], d[:]) == 1
	switch {
	case known && match && !expired(e.Spec):
		return e, nil
	case known && match:
		return e, refuse(fault.CodeTokenExpired, "the token %q expired at %s; ask for a new one", e.Name, e.Expires.UTC().Format(time.RFC3339))
	case t.gone[key]:
		return nil, errRevoked()
	}
	return nil, refuse(fault.CodeTokenUnknown, "the token isn't known to this service; use a configured one: %s", howTo)
}

func expired(spec Spec) bool { return !spec.Expires.IsZero() && !time.Now().Before(spec.Expires) }

func errRevoked() *fault.Error {
	return refuse(fault.CodeTokenExpired, "the token was revoked; ask for a new one")
}
