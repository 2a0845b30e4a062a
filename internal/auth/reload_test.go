package auth

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestRow21_ReloadsUnderLoad replaces the tokens a thousand times, one time in five with invalid ones, while calls go on:
// the token that stays never fails, each new one works at once, each old one is dead and its principals are cut.
func TestRow21_ReloadsUnderLoad(t *testing.T) {
	s := newStore(t, spec("stays", canary))
	var stop atomic.Bool
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for !stop.Load() {
				p, err := s.Authenticate(with(canary), Execute)
				if err != nil {
					t.Error(err)
					return
				}
				release, limited := p.Enter()
				if limited != nil {
					t.Error(limited)
					return
				}
				release()
			}
		})
	}
	current := ""
	var holder *Principal
	for i := range 1000 {
		name := fmt.Sprintf("token-%d", i)
		if i%5 == 4 {
			if s.Replace([]Spec{spec("x", "1"), spec("x", "2")}) == nil {
				t.Fatal("invalid tokens were accepted")
			}
			mustKnow(t, s, current)
			continue
		}
		if err := s.Replace([]Spec{spec("stays", canary), spec(name, name)}); err != nil {
			t.Fatal(err)
		}
		next := mustKnow(t, s, name)
		if holder != nil {
			<-holder.Revoked()
			if _, err := s.Authenticate(with(current), Execute); err == nil {
				t.Fatalf("%s still works", current)
			}
		}
		holder, current = next, name
	}
	stop.Store(true)
	calls.Wait()
	if gone := len(s.current.Load().gone); gone != 799 {
		t.Errorf("%d revoked tokens are remembered, want 799", gone)
	}
}

func mustKnow(t *testing.T, s *Store, token string) *Principal {
	t.Helper()
	p, err := s.Authenticate(with(token), Execute)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRevokedAreForgottenInTheEnd(t *testing.T) {
	s := newStore(t)
	for i := range mostGone + 10 {
		if err := s.Replace([]Spec{spec("a", fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	table := s.current.Load()
	if len(table.gone) != mostGone || len(table.order) != mostGone {
		t.Errorf("%d and %d are remembered, want %d", len(table.gone), len(table.order), mostGone)
	}
}
