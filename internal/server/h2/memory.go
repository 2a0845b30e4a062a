package h2

import "errors"

// Memory is a budget that all calls share. It is safe for concurrent use.
type Memory interface {
	// Acquire takes n bytes, and reports whether they were there.
	Acquire(n int64) bool
	// Release gives n bytes back.
	Release(n int64)
}

type unlimited struct{}

func (unlimited) Acquire(int64) bool { return true }
func (unlimited) Release(int64)      {}

// ErrNoMemory is what RecvMsg returns where the budget had no room for the rest of a message. Nothing more comes of its stream.
var ErrNoMemory = errors.New("h2: no memory is left for the message")

// charge takes what a message holds beyond the window of its stream, which every stream may hold, from the budget, a window at a time, as it
// comes: a claim of much takes nothing. It reports whether it was there.
func (b *inbox) charge(s *stream) bool {
	m := &b.coming
	over := m.have - b.most - m.charged
	if over <= 0 {
		return true
	}
	n := max(over, b.most)
	if !s.conn.server.options.Memory.Acquire(int64(n)) {
		return false
	}
	m.charged += n
	return true
}

// free lets a message that nobody takes go.
func (m *message) free(budget Memory) {
	m.parts.Free()
	m.uncharge(budget)
	*m = message{}
}

// uncharge gives back what was taken for a message: it is charged to the call that takes it, from here on.
func (m *message) uncharge(budget Memory) {
	if m.charged > 0 {
		budget.Release(int64(m.charged))
		m.charged = 0
	}
}
