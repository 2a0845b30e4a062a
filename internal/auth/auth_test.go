package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary is a token that must never be seen in an error or a log line.
const canary = "rmt_cAnArY-7f3a9b1c5d2e8f60"

const executeMethod = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"

func spec(name, token string) Spec { return Spec{Name: name, Digest: DigestOf(token)} }

func newStore(t *testing.T, specs ...Spec) *Store {
	t.Helper()
	s, err := NewStore(specs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func with(token string) []string { return []string{"Bearer " + token} }

func TestFR008_Matrix(t *testing.T) {
	limited := spec("limited", "limited-token")
	limited.Scopes = []Scope{Metrics}
	old := spec("old", "old-token")
	old.Expires = time.Now().Add(-time.Second)
	s := newStore(t, spec("a", canary), limited, old)
	for name, tc := range map[string]struct {
		header []string
		scope  Scope
		code   fault.Code
		says   string
	}{
		"right":            {with(canary), Execute, "", ""},
		"other case":       {[]string{"bEaReR " + canary}, Stream, "", ""},
		"no scope needed":  {with("limited-token"), AnyScope, "", ""},
		"none":             {nil, Execute, fault.CodeTokenMissing, "carries none"},
		"empty":            {[]string{""}, Execute, fault.CodeTokenMissing, "carries none"},
		"wrong scheme":     {[]string{"Basic " + canary}, Execute, fault.CodeTokenMalformed, "isn't Bearer"},
		"twice":            {[]string{"Bearer " + canary, "Bearer " + canary}, Execute, fault.CodeTokenMalformed, "given 2 times"},
		"wrong":            {with(canary + "x"), Execute, fault.CodeTokenUnknown, "isn't known"},
		"expired":          {with("old-token"), Execute, fault.CodeTokenExpired, `the token "old" expired at`},
		"scope":            {with("limited-token"), Execute, fault.CodeTokenScope, `lacks the scope "execute" (it has: metrics)`},
		"admin by default": {with(canary), Admin, fault.CodeTokenScope, `lacks the scope "admin"`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := s.Authenticate(tc.header, tc.scope)
			if tc.code == "" {
				if err != nil || p == nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || p != nil || err.Code != tc.code || err.Kind != fault.Authentication || !strings.Contains(err.Message, tc.says) {
				t.Fatalf("got %v, %v; want %s saying %q", p, err, tc.code, tc.says)
			}
		})
	}
}

func TestT072_ErrorsExplainTheHeader(t *testing.T) {
	s := newStore(t, spec("a", canary))
	for _, header := range [][]string{nil, {"Basic x"}, {"Bearer"}, {"Bearer "}, {"Bearer wrong"}} {
		_, err := s.Authenticate(header, Execute)
		if !strings.Contains(err.Message, `authorization: Bearer <token>`) || err.Context["hint"] != howTo {
			t.Errorf("%q: %v doesn't say what to send", header, err)
		}
	}
}

func TestT088_RotationAndRevocation(t *testing.T) {
	s := newStore(t, spec("a", "first"), spec("b", "stays"))
	a, _ := s.Authenticate(with("first"), Execute)
	b, _ := s.Authenticate(with("stays"), Execute)
	ctx, cancel := a.Watch(t.Context())
	defer cancel()
	if err := s.Replace([]Spec{spec("a", "second"), spec("b", "stays")}); err != nil {
		t.Fatal(err)
	}
	<-a.Revoked()
	<-ctx.Done()
	var cause *fault.Error
	if err := ctx.Err(); err == nil || !errors.As(context.Cause(ctx), &cause) || cause.Code != fault.CodeTokenExpired {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
	select {
	case <-b.Revoked():
		t.Error("a token that stays was revoked")
	default:
	}
	if _, err := s.Authenticate(with("second"), Execute); err != nil {
		t.Errorf("the new token: %v", err)
	}
	if _, err := s.Authenticate(with("first"), Execute); err == nil || err.Code != fault.CodeTokenExpired || !strings.Contains(err.Message, "revoked") {
		t.Errorf("the old token: %v", err)
	}
	if err := s.Replace([]Spec{spec("a", "first")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Authenticate(with("first"), Execute); err != nil {
		t.Errorf("a token that came back: %v", err)
	}
}

func TestInvalidReplacementChangesNothing(t *testing.T) {
	s := newStore(t, spec("a", "first"))
	bad := spec("b", "second")
	bad.Scopes = []Scope{"exec"}
	for name, specs := range map[string][]Spec{
		"scope": {bad}, "no name": {spec("", "x")}, "same name": {spec("a", "x"), spec("a", "y")}, "same token": {spec("a", "x"), spec("b", "x")},
	} {
		if err := s.Replace(specs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := s.Authenticate(with("first"), Execute); err != nil || s.Len() != 1 {
		t.Errorf("%d tokens, %v", s.Len(), err)
	}
}

func TestLostScopeOrOtherTenantRevokes(t *testing.T) {
	narrow, moved, wide := spec("a", "x"), spec("a", "x"), spec("a", "x")
	narrow.Scopes, moved.Tenant, wide.Scopes = []Scope{Execute}, "other", []Scope{Execute, Stream, Metrics, Admin}
	for name, tc := range map[string]struct {
		next    Spec
		revoked bool
	}{"narrow": {narrow, true}, "moved": {moved, true}, "wide": {wide, false}, "same": {spec("a", "x"), false}} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, spec("a", "x"))
			p, _ := s.Authenticate(with("x"), Execute)
			if err := s.Replace([]Spec{tc.next}); err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.Revoked():
				if !tc.revoked {
					t.Error("revoked")
				}
			default:
				if tc.revoked {
					t.Error("not revoked")
				}
			}
			if _, err := s.Authenticate(with("x"), Execute); err != nil {
				t.Errorf("the token itself: %v", err)
			}
		})
	}
}

func TestExpiryCutsPrincipals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := spec("a", "x")
		e.Expires = time.Now().Add(time.Hour)
		s, err := NewStore([]Spec{e})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		p, _ := s.Authenticate(with("x"), Execute)
		time.Sleep(time.Hour - time.Nanosecond)
		if p.live.ended() {
			t.Error("cut before its time")
		}
		e.Expires = e.Expires.Add(time.Minute)
		if err := s.Replace([]Spec{e}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if p.live.ended() {
			t.Error("cut although the expiry was put off")
		}
		<-p.Revoked()
		if got := time.Until(e.Expires); got != 0 {
			t.Errorf("cut %v before the expiry", got)
		}
		if _, err := s.Authenticate(with("x"), Execute); err == nil || err.Code != fault.CodeTokenExpired {
			t.Errorf("an expired token: %v", err)
		}
	})
}

func TestT088_RateAndConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := spec("a", "x")
		e.RatePerSecond, e.Burst, e.MaxConcurrent = 2, 3, 2
		s, err := NewStore([]Spec{e})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := s.Authenticate(with("x"), Execute)
		first, err1 := p.Enter()
		second, err2 := p.Enter()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if _, err := p.Enter(); err == nil || err.Code != fault.CodeRateLimited || err.RetryAfter != fullRetryAfter || !strings.Contains(err.Message, "2 calls open") {
			t.Fatalf("a third call at once: %v", err)
		}
		first()
		first()
		second()
		third, err3 := p.Enter()
		if err3 != nil {
			t.Fatal(err3)
		}
		third()
		_, limited := p.Enter()
		if limited == nil || limited.Kind != fault.RateLimited || limited.RetryAfter != 500*time.Millisecond {
			t.Fatalf("a fourth call in the burst of three: %v", limited)
		}
		if err := s.Replace([]Spec{e}); err != nil { // a reload doesn't refill the account
			t.Fatal(err)
		}
		if _, err := p.Enter(); err == nil {
			t.Error("a reload refilled the account")
		}
		time.Sleep(limited.RetryAfter)
		release, last := p.Enter()
		if last != nil {
			t.Fatalf("after the time given: %v", last)
		}
		release()
		if open := p.live.open.Load(); open != 0 {
			t.Errorf("%d calls are open", open)
		}
	})
}

func TestAnonymous(t *testing.T) {
	p := Anonymous()
	release, err := p.Enter()
	if err != nil || p.Revoked() != nil || p.Has(Admin) || !p.Has(Execute) || p.Tenant() == "" {
		t.Errorf("anonymous: %v", err)
	}
	release()
	ctx, cancel := p.Watch(t.Context())
	cancel()
	<-ctx.Done()
}

func TestTokensAndDigests(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, digest := NewToken()
		if seen[token] || digest != DigestOf(token) || len(token) < len(tokenPrefix)+43 {
			t.Fatalf("token of %d characters, twice: %v", len(token), seen[token])
		}
		seen[token] = true
		if _, err := bearer(with(token)); err != nil {
			t.Fatalf("a new token isn't accepted in a header: %v", err)
		}
	}
	d := DigestOf("abc")
	const known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	if d.Text() != known {
		t.Errorf("the digest of abc is %s", d.Text())
	}
	if back, err := ParseDigest(strings.ToUpper(known[:7]) + known[7:]); err == nil {
		t.Errorf("an upper-case prefix gives %v", back)
	}
	if back, err := ParseDigest(known); err != nil || back != d {
		t.Errorf("ParseDigest: %v", err)
	}
	for _, bad := range []string{"", "sha256:", known[7:], known + "00", known[:70], "sha256:" + strings.Repeat("g", 64)} {
		if _, err := ParseDigest(bad); err == nil {
			t.Errorf("%q is a digest", bad)
		}
	}
	if text := fmt.Sprintf("%v %s %#v %+v", d, d, d, spec("a", "abc")); strings.Contains(text, known[7:20]) || strings.Contains(text, "186, 120") {
		t.Errorf("printing shows the digest: %s", text)
	}
}

func newGuard(t *testing.T, s *Store, log *bytes.Buffer) *Guard {
	t.Helper()
	policy, err := NewPolicy(map[string]Scope{executeMethod: Execute}, []string{
		"/remotemedia.v1.PipelineExecutionService/GetVersion", "/grpc.health.v1.Health/*",
	})
	if err != nil {
		t.Fatal(err)
	}
	return NewGuard(s, Options{Required: true, Policy: policy, Audit: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), RefusalBurst: 3, RefusalsPerSecond: 1})
}

func TestT088_AuditLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		limited := spec("limited", "limited-token")
		limited.Scopes = []Scope{Metrics}
		s, err := NewStore([]Spec{spec("a", canary), limited})
		if err != nil {
			t.Fatal(err)
		}
		var observed []Decision
		g := newGuard(t, s, &log)
		g.options.Observe = func(d Decision) { observed = append(observed, d) }
		call := func(method string, header []string) {
			_, _ = g.Authenticate(Call{Header: header, Method: method, Peer: "127.0.0.1:1", RequestID: "r1"})
		}
		call(executeMethod, with(canary))
		call("/grpc.health.v1.Health/Check", nil)
		call(executeMethod, with("limited-token"))
		for range 10 {
			call(executeMethod, with(canary+"x"))
		}
		time.Sleep(time.Second)
		call(executeMethod, nil)
		want := []string{
			"INFO allow token a a execute 0", "DEBUG allow exempt  anonymous  0", "WARN deny token_scope limited limited execute 0",
			"WARN deny token_unknown   execute 0", "WARN deny token_unknown   execute 0", "WARN deny token_missing   execute 8",
		}
		var got []string
		for line := range strings.Lines(log.String()) {
			var l struct {
				Level, Decision, Reason, Token, Tenant, Scope, Method, Peer, Msg string
				RequestID                                                        string `json:"request_id"`
				Suppressed                                                       int    `json:"suppressed_refusals"`
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if l.Peer != "127.0.0.1:1" || l.RequestID != "r1" || l.Method == "" {
				t.Errorf("line %s", line)
			}
			got = append(got, fmt.Sprintf("%s %s %s %s %s %s %d", l.Level, l.Decision, l.Reason, l.Token, l.Tenant, l.Scope, l.Suppressed))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(observed) != 14 {
			t.Errorf("%d decisions observed, want 14", len(observed))
		}
		if strings.Contains(log.String(), "cAnArY") {
			t.Error("a token is in the log")
		}
	})
}

func TestGuardWithoutTokens(t *testing.T) {
	s := newStore(t)
	g := NewGuard(s, Options{})
	if p, err := g.Authenticate(Call{Method: executeMethod}); err != nil || p != Anonymous() {
		t.Errorf("not required: %v, %v", p, err)
	}
	if _, err := g.Require(Call{Method: "GET /debug/pprof", Header: with("x")}, Admin); err == nil {
		t.Error("profiles are open where there are no tokens")
	}
	if _, err := NewPolicy(nil, []string{"GetVersion"}); err == nil {
		t.Error("a bare name was accepted as exempt")
	}
}
