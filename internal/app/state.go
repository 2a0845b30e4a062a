package app

import "sync"

// state is what readiness depends on.
type state struct {
	mu      sync.Mutex
	serving bool // it has started and isn't stopping
	stuck   bool // too many nodes ignore cancel
}

// change changes the state and tells admin port and health checks whether new calls are welcome.
func (a *app) change(f func(*state)) {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	f(&a.state)
	ready := a.state.serving && !a.state.stuck
	a.ready.set(ready)
	if ready {
		a.server.Ready()
	} else {
		a.server.NotReady()
	}
}
