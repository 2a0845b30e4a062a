package h2

// wait is that of one goroutine for a change that others tell of. It is guarded by the lock of what changes.
type wait struct {
	on   bool
	told chan struct{} // made with the first wait
}

// begin begins a wait, which ends when the channel has something. It may have it for no reason.
func (w *wait) begin() <-chan struct{} {
	if w.told == nil {
		w.told = make(chan struct{}, 1)
	}
	w.on = true
	return w.told
}

// wake ends a wait, if there is one.
func (w *wait) wake() {
	if !w.on {
		return
	}
	w.on = false
	select {
	case w.told <- struct{}{}:
	default: // it has something of a wait that ended otherwise
	}
}
