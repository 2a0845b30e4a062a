package mem

import (
	"fmt"
	"sync/atomic"
)

// Budget is the memory that many accounts share, usually the whole process's. Acquire takes n bytes or reports false;
// Release gives them back. Implementations are safe for concurrent use.
type Budget interface {
	Acquire(n int64) bool
	Release(n int64)
}

// Unlimited is a Budget without a bound.
type Unlimited struct{}

// Acquire always succeeds.
func (Unlimited) Acquire(int64) bool { return true }

// Release does nothing.
func (Unlimited) Release(int64) {}

// Root is a Budget of a fixed number of bytes.
type Root struct {
	limit int64
	used  atomic.Int64
}

// NewRoot makes a budget of limit bytes.
func NewRoot(limit int64) *Root { return &Root{limit: limit} }

// Acquire takes n bytes unless they aren't left.
func (r *Root) Acquire(n int64) bool {
	if r.used.Add(n) <= r.limit {
		return true
	}
	r.used.Add(-n)
	return false
}

// Release gives n bytes back.
func (r *Root) Release(n int64) { r.used.Add(-n) }

// Used returns the bytes taken now.
func (r *Root) Used() int64 { return r.used.Load() }

// Limit returns the size of the budget in bytes.
func (r *Root) Limit() int64 { return r.limit }

// LimitError says that an account, or the budget behind it (Shared), had no room for a request. Figures are in bytes.
type LimitError struct {
	Requested, Used, Allowed int64
	Shared                   bool
}

// Error tells the three figures.
func (e *LimitError) Error() string {
	whose := "execution's"
	if e.Shared {
		whose = "service's"
	}
	return fmt.Sprintf("%s memory exceeded: requested %d, used %d, allowed %d bytes", whose, e.Requested, e.Used, e.Allowed)
}

// Account counts the bytes that one execution holds: bytes requested, not the pool's classes. It is safe for concurrent
// use: the worker charges while the handler releases what it has sent.
type Account struct {
	pool       *Pool
	budget     Budget
	limit      int64
	used, peak atomic.Int64
}

// NewAccount makes an account that allocates from pool, holds at most limit bytes, and takes them from budget.
func NewAccount(pool *Pool, budget Budget, limit int64) *Account {
	return &Account{pool: pool, budget: budget, limit: limit}
}

// Charge takes n bytes or fails with a *LimitError and takes nothing.
func (a *Account) Charge(n int) error {
	now := a.used.Add(int64(n))
	if now > a.limit {
		a.used.Add(-int64(n))
		return &LimitError{Requested: int64(n), Used: now - int64(n), Allowed: a.limit}
	}
	if !a.budget.Acquire(int64(n)) {
		a.used.Add(-int64(n))
		return &LimitError{Requested: int64(n), Used: now - int64(n), Allowed: a.limit, Shared: true}
	}
	for peak := a.peak.Load(); now > peak && !a.peak.CompareAndSwap(peak, now); peak = a.peak.Load() {
	}
	return nil
}

// Release gives n charged bytes back.
func (a *Account) Release(n int) {
	a.used.Add(-int64(n))
	a.budget.Release(int64(n))
}

// Used returns the bytes charged now.
func (a *Account) Used() int64 { return a.used.Load() }

// Peak returns the most bytes that were charged at once.
func (a *Account) Peak() int64 { return a.peak.Load() }

// ResetPeak makes the bytes charged now the new peak.
func (a *Account) ResetPeak() { a.peak.Store(a.used.Load()) }

// Limit returns the most bytes that may be charged at once.
func (a *Account) Limit() int64 { return a.limit }
