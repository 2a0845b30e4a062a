package auth

import (
	"context"
	"log/slog"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Call is what is known of a call when it is authenticated: its headers only.
type Call struct {
	Header    []string // every value of the authorization header
	Method    string   // full name, as the server resolved it
	Peer      string   // address of the caller
	RequestID string
}

// Decision is the outcome for one call.
type Decision struct {
	Call   Call
	Err    *fault.Error // nil: allowed
	Exempt bool         // no token was asked for
	Token  string       // name of the token, "" where it isn't known
	Tenant string
	Scope  Scope // that the method needs
}

// Options of a guard.
type Options struct {
	// Required says that calls need a token. Without it every call is anonymous, except those of Require.
	Required bool
	// Policy says what each method needs; nil: a valid token for all.
	Policy *Policy
	// Audit gets one line for each decision: allowed ones at info, refused ones at warn, exempt ones at debug. Refusals
	// above the rate are counted and told with the next line. Nil: no lines.
	Audit *slog.Logger
	// RefusalsPerSecond and RefusalBurst bound the lines about refusals; 0: 10 and 50.
	RefusalsPerSecond float64
	RefusalBurst      int
	// Observe, where set, is called with each decision, for metrics. It must not block.
	Observe func(Decision)
}

// Guard authenticates calls and writes the audit log. Its methods may be called concurrently.
type Guard struct {
	store      *Store
	options    Options
	refusals   *rate.Limiter
	suppressed atomic.Int64
}

// NewGuard makes a guard over a store.
func NewGuard(store *Store, o Options) *Guard {
	if o.Policy == nil {
		o.Policy = &Policy{}
	}
	if o.Audit == nil {
		o.Audit = slog.New(slog.DiscardHandler)
	}
	if o.RefusalsPerSecond <= 0 {
		o.RefusalsPerSecond = 10
	}
	if o.RefusalBurst <= 0 {
		o.RefusalBurst = 50
	}
	return &Guard{store: store, options: o, refusals: rate.NewLimiter(rate.Limit(o.RefusalsPerSecond), o.RefusalBurst)}
}

// Authenticate decides about a call by its headers, before anything of its body is read. On success the principal isn't nil.
func (g *Guard) Authenticate(c Call) (*Principal, *fault.Error) {
	if !g.options.Required {
		return anonymous, nil
	}
	if g.options.Policy.Exempt(c.Method) {
		g.tell(Decision{Call: c, Exempt: true, Tenant: anonymous.tenant})
		return anonymous, nil
	}
	return g.Require(c, g.options.Policy.Scope(c.Method))
}

// Require decides about a call that needs a token with a scope, whatever the options say: for profiles and drain. Without
// any configured token it refuses everything.
func (g *Guard) Require(c Call, scope Scope) (*Principal, *fault.Error) {
	e, err := g.store.check(c.Header, scope)
	d := Decision{Call: c, Err: err, Scope: scope}
	if e != nil {
		d.Token, d.Tenant = e.Name, e.Tenant
	}
	g.tell(d)
	if err != nil {
		return nil, err
	}
	return newPrincipal(e), nil
}

func (g *Guard) tell(d Decision) {
	if g.options.Observe != nil {
		g.options.Observe(d)
	}
	level := levelOf(d)
	if !g.options.Audit.Enabled(context.Background(), level) {
		return
	}
	if d.Err != nil && !g.refusals.Allow() {
		g.suppressed.Add(1)
		return
	}
	g.options.Audit.LogAttrs(context.Background(), level, "authentication", g.attributes(d)...)
}

func levelOf(d Decision) slog.Level {
	switch {
	case d.Err != nil:
		return slog.LevelWarn
	case d.Exempt:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// attributes are those of the audit line. The presented token isn't among them, whatever was wrong with it.
func (g *Guard) attributes(d Decision) []slog.Attr {
	decision, reason := "allow", "token"
	switch {
	case d.Err != nil:
		decision, reason = "deny", string(d.Err.Code)
	case d.Exempt:
		reason = "exempt"
	}
	out := []slog.Attr{
		slog.String("decision", decision), slog.String("reason", reason), slog.String("method", clip(d.Call.Method)),
		slog.String("token", d.Token), slog.String("tenant", d.Tenant), slog.String("scope", string(d.Scope)),
		slog.String("peer", clip(d.Call.Peer)), slog.String("request_id", clip(d.Call.RequestID)),
	}
	if n := g.suppressed.Swap(0); n > 0 {
		out = append(out, slog.Int64("suppressed_refusals", n))
	}
	return out
}

// mostLogged bounds what a caller can put into a line.
const mostLogged = 256

func clip(text string) string {
	if len(text) > mostLogged {
		return text[:mostLogged] + "..."
	}
	return text
}
