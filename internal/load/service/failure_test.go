package service

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// node is a pipeline of one node, fed with a second of audio, whose answers aren't checked.
func node(t *testing.T, typ, params string) Spec {
	t.Helper()
	m, problems := manifest.Parse("test", []byte(`{"version":"v1","nodes":[{"id":"in","node_type":"`+typ+`","params":`+params+`}]}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := spec(t, "passthrough")
	s.Manifest, s.Check = m, CheckNone
	return s
}

// secret is a token that no caller has.
func secret() config.Token {
	_, hash := app.NewToken()
	return config.Token{Name: "test", Hash: config.Secret(hash)}
}

// failing runs a few calls or streams that fail, and gives their classes: more than one where a deadline is told by whichever side notices it
// first.
func failing(t *testing.T, c load.Config) []load.FailureCount {
	t.Helper()
	c.Requests = 3
	r, err := load.Run(bounded(t), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Units != 0 || r.Failed != 3 || len(r.Failures) == 0 {
		t.Fatalf("%d right, %d failed: %+v", r.Units, r.Failed, r.Failures)
	}
	return r.Failures
}

func TestFailuresOfTheServiceAreClassified(t *testing.T) {
	open := serve(t)
	closed := serve(t, secret())
	wrong := load.Target{Address: closed.Address, Token: "another-token-altogether"}
	for name, c := range map[string]struct {
		target load.Target
		spec   Spec
		want   string
	}{
		"in the answer": {open, node(t, "NoSuchNode", "{}"), "answer VALIDATION unknown_node_type"},
		"no token":      {closed, node(t, "PassThrough", "{}"), "status UNAUTHENTICATED AUTHENTICATION token_missing"},
		"wrong token":   {wrong, node(t, "PassThrough", "{}"), "status UNAUTHENTICATED AUTHENTICATION token_unknown"},
		"deadline":      {open, node(t, "DelayNode", `{"delay_ms":30000}`), "deadline DEADLINE_EXCEEDED"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := Unary(bounded(t), c.target, c.spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range failing(t, load.Config{Target: c.target, Workload: w, Timeout: 300 * time.Millisecond}) {
				if !strings.HasPrefix(got.String(), c.want) || got.Example == "" {
					t.Errorf("%s: %q, expected %s", got, got.Example, c.want)
				}
			}
		})
	}
}

func TestFailuresOfStreamsAreClassified(t *testing.T) {
	open := serve(t)
	closed := serve(t, secret())
	for name, c := range map[string]struct {
		target load.Target
		spec   Spec
		want   string
	}{
		"in the answer": {open, node(t, "NoSuchNode", "{}"), "answer VALIDATION unknown_node_type"},
		"no token":      {closed, node(t, "PassThrough", "{}"), "status UNAUTHENTICATED AUTHENTICATION token_missing"},
		"silence":       {open, node(t, "DelayNode", `{"delay_ms":30000}`), "deadline silence"},
	} {
		for _, realtime := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w, err := Stream(bounded(t), c.target, c.spec, StreamSpec{Frames: 441, Chunks: 5, Realtime: realtime})
				if err != nil {
					t.Fatal(err)
				}
				for _, got := range failing(t, load.Config{Target: c.target, Workload: w, Timeout: 300 * time.Millisecond}) {
					if !strings.HasPrefix(got.String(), c.want) {
						t.Errorf("%s: %q, expected %s", got, got.Example, c.want)
					}
				}
			})
		}
	}
}

// brittle is a connection that breaks after so many bytes.
type brittle struct {
	net.Conn
	left atomic.Int64
}

func (b *brittle) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.left.Add(-int64(n)) < 0 {
		b.Conn.Close()
	}
	return n, err
}

func TestABrokenConnectionIsAFailureOfTheTransport(t *testing.T) {
	target := serve(t)
	s := node(t, "PassThrough", "{}")
	target.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		b := &brittle{Conn: c}
		b.left.Store(100 << 10) // less than one answer
		return b, err
	}
	w, err := Unary(bounded(t), target, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := failing(t, load.Config{Target: target, Workload: w})[0]; got.Origin != load.FromTransport {
		t.Errorf("%s: %q", got, got.Example)
	}
}

// The first answers are those that the rest is compared with: when they fail, it is told why.
func TestALoadThatCannotBeginTellsWhy(t *testing.T) {
	target := serve(t, secret())
	s := spec(t, "passthrough")
	if _, err := Unary(bounded(t), target, s); err == nil || !strings.Contains(err.Error(), "needs a token") {
		t.Errorf("%v", err)
	}
	if _, err := Stream(bounded(t), target, s, StreamSpec{Frames: 441, Chunks: 1}); err == nil || !strings.Contains(err.Error(), "needs a token") {
		t.Errorf("%v", err)
	}
	s.Check = CheckNone
	w, err := Unary(bounded(t), load.Target{}, s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := load.Run(bounded(t), load.Config{Target: load.Target{Address: "127.0.0.1:1"}, Workload: w})
	if r != nil || err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v, %v", r, err)
	}
}
