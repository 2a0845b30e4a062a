package conn

import "net"

// named is an address whose text is made once: that of a connection is wanted for every call.
type named struct {
	net.Addr
	text string
}

// String is the text.
func (a *named) String() string { return a.text }

// Named returns an address whose text is made once.
func Named(a net.Addr) net.Addr {
	if a == nil {
		return nil
	}
	return &named{a, a.String()}
}
