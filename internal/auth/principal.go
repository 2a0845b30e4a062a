package auth

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Principal is who makes a call. It is read-only and may be shared.
type Principal struct {
	name, tenant string
	scopes       []Scope
	live         *live // nil: nobody in particular
}

// anonymous makes the calls that need no token.
var anonymous = &Principal{tenant: "anonymous"}

// Anonymous returns the principal of calls that need no token. It has no limits and isn't revoked.
func Anonymous() *Principal { return anonymous }

func newPrincipal(e *entry) *Principal {
	return &Principal{name: e.Name, tenant: e.Tenant, scopes: e.Scopes, live: e.live}
}

// Name returns the token's name, "" where there is none.
func (p *Principal) Name() string { return p.name }

// Tenant returns whose share of the capacity the call counts for.
func (p *Principal) Tenant() string { return p.tenant }

// Has reports whether the token has a scope. Where no token is needed everything but Admin is allowed.
func (p *Principal) Has(scope Scope) bool {
	if p.live == nil {
		return scope != Admin
	}
	return allows(p.scopes, scope)
}

// Scopes returns the token's scopes.
func (p *Principal) Scopes() []Scope { return slices.Clone(p.scopes) }

// Revoked returns a channel that closes when the token is revoked or expires: calls that go on for long must end then. It
// is nil for the anonymous principal, so receiving from it waits for ever.
func (p *Principal) Revoked() <-chan struct{} {
	if p.live == nil {
		return nil
	}
	return p.live.ctx.Done()
}

// Watch returns a context that ends with parent, or when the token is revoked or expires; its cause is then a
// *fault.Error of the code CodeTokenExpired. It costs no goroutine. The cancel function must be called.
func (p *Principal) Watch(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	if p.live == nil {
		return ctx, func() { cancel(nil) }
	}
	stop := context.AfterFunc(p.live.ctx, func() { cancel(context.Cause(p.live.ctx)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// fullRetryAfter is the pause told to a caller with too many calls open: nobody knows when one of them ends.
const fullRetryAfter = time.Second

// Enter counts one call against the token's rate and concurrency. The error, of the code CodeRateLimited, tells when to
// try again. Release must be called when the call has ended; it may be called more than once.
func (p *Principal) Enter() (release func(), err *fault.Error) {
	if p.live == nil {
		return func() {}, nil
	}
	if most := p.live.most.Load(); p.live.open.Add(1) > most && most > 0 {
		p.live.open.Add(-1)
		return nil, p.limited(fullRetryAfter, "the token %q has %d calls open, and may have no more at once", p.name, most)
	}
	if wait := p.live.reserve(); wait > 0 {
		p.live.open.Add(-1)
		return nil, p.limited(wait, "the token %q calls more often than %g times a second", p.name, float64(p.live.limiter.Limit()))
	}
	return sync.OnceFunc(func() { p.live.open.Add(-1) }), nil
}

func (p *Principal) limited(wait time.Duration, format string, args ...any) *fault.Error {
	e := fault.New(fault.CodeRateLimited, format, args...).WithOp("auth").With("tenant", p.tenant)
	e.Message += "; retry after " + wait.Round(time.Millisecond).String()
	e.RetryAfter = wait
	return e
}

// live is the running account of a token. It stays the same while the token does.
type live struct {
	limiter *rate.Limiter
	open    atomic.Int64 // calls
	most    atomic.Int64 // of them; 0: any number
	ctx     context.Context
	end     context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer // of the expiry
}

func newLive(spec Spec) *live {
	l := &live{limiter: rate.NewLimiter(rateOf(spec))} // full at first, which SetBurst wouldn't make it
	l.ctx, l.end = context.WithCancelCause(context.Background())
	l.configure(spec)
	return l
}

func (l *live) ended() bool { return l.ctx.Err() != nil }

// configure sets the limits and the moment of expiry.
func (l *live) configure(spec Spec) {
	l.most.Store(int64(spec.MaxConcurrent))
	limit, burst := rateOf(spec)
	l.limiter.SetLimit(limit)
	l.limiter.SetBurst(burst)
	l.stopTimer()
	if !spec.Expires.IsZero() {
		l.startTimer(spec)
	}
}

func rateOf(spec Spec) (rate.Limit, int) {
	switch {
	case spec.RatePerSecond <= 0:
		return rate.Inf, 1
	case spec.Burst <= 0:
		return rate.Limit(spec.RatePerSecond), int(min(math.Ceil(spec.RatePerSecond), math.MaxInt32))
	}
	return rate.Limit(spec.RatePerSecond), spec.Burst
}

func (l *live) startTimer(spec Spec) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(time.Until(spec.Expires), func() {
		l.end(refuse(fault.CodeTokenExpired, "the token %q has expired; ask for a new one", spec.Name))
	})
}

func (l *live) stopTimer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
}

// reserve takes one call of the rate, or returns how long to wait for one.
func (l *live) reserve() time.Duration {
	now := time.Now()
	r := l.limiter.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
