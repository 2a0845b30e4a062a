package stress

import (
	"context"
	"errors"
	"sync"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Budgeted is a workload whose clients together retry only as long as most calls succeed, as grpc's own do with retryThrottling: a
// failure takes a token, a success gives a tenth of one back, and below half of the tokens nothing is tried again.
type Budgeted struct {
	load.Workload
	mu     sync.Mutex
	tokens float64
}

const (
	mostTokens = 10
	tokenRatio = 0.1
)

// WithBudget gives the clients of a workload a full budget.
func WithBudget(w load.Workload) *Budgeted { return &Budgeted{Workload: w, tokens: mostTokens} }

// Open implements load.Workload.
func (b *Budgeted) Open(ctx context.Context, s load.Setup) (load.Session, error) {
	inner, err := b.Workload.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	return &budgetedSession{inner, b}, nil
}

// allow counts how an attempt ended, and reports whether another one may be made.
func (b *Budgeted) allow(failed bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if failed {
		b.tokens = max(0, b.tokens-1)
	} else {
		b.tokens = min(mostTokens, b.tokens+tokenRatio)
	}
	return b.tokens > mostTokens/2
}

type budgetedSession struct {
	load.Session
	budget *Budgeted
}

// Operator implements load.Session.
func (s *budgetedSession) Operator(worker int) (load.Operator, error) {
	inner, err := s.Session.Operator(worker)
	if err != nil {
		return nil, err
	}
	return &budgetedOperator{inner, s.budget}, nil
}

type budgetedOperator struct {
	load.Operator
	budget *Budgeted
}

// Do implements load.Operator.
func (o *budgetedOperator) Do(ctx context.Context, op *load.Op) error {
	err := o.Operator.Do(ctx, op)
	var f *load.Failure
	if errors.As(err, &f) && !o.budget.allow(true) {
		once := *f
		once.Retry = false
		return &once
	}
	if err == nil {
		o.budget.allow(false)
	}
	return err
}
