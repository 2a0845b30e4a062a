package state

import "github.com/remotemedia/remotemedia-go/mem"

// Memory is what a node holds between items outside of audio buffers, charged to its execution. The zero value holds
// nothing.
type Memory struct {
	account *mem.Account
	bytes   int
}

// Set makes n the number of bytes held. Growth fails with a *mem.LimitError that changes nothing; the node then doesn't
// allocate.
func (m *Memory) Set(a *mem.Account, n int) error {
	if n > m.bytes {
		if err := a.Charge(n - m.bytes); err != nil {
			return err
		}
	} else if n < m.bytes {
		a.Release(m.bytes - n)
	}
	m.account, m.bytes = a, n
	return nil
}

// Release gives everything back.
func (m *Memory) Release() {
	if m.bytes > 0 {
		m.account.Release(m.bytes)
	}
	m.bytes = 0
}
