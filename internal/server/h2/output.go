package h2

import "sync"

const (
	// outputRoom is how much waits to be written at most before those who send data wait, too.
	outputRoom = 64 << 10
	// controlRoom is how much may wait until the peer is read no further: what it asks for is answered, but not without bound.
	controlRoom = outputRoom + 64<<10
	// rounds is how often one who writes writes what others have put into the buffer meanwhile, until another goroutine does it.
	rounds = 4
)

// output is what waits to be written to a connection. It is guarded by the connection's lock.
type output struct {
	changed sync.Cond // something was written, or nothing will be any more
	pending *[]byte   // nil: nothing waits
	rest    *[]byte   // is being written by a goroutine that waits, from restAt on
	restAt  int
	writing bool      // by somebody
	failed  bool      // nothing will be written any more
	senders []*stream // that wait for room, or for a window
}

var outputs = sync.Pool{New: func() any { return new([]byte) }}

// room returns what waits, to append to. What is put there after a failure is dropped.
func (o *output) room() *[]byte {
	switch {
	case o.pending == nil:
		o.pending = outputs.Get().(*[]byte)
	case o.failed:
		*o.pending = (*o.pending)[:0]
	}
	return o.pending
}

func recycle(b *[]byte) {
	const most = 2 * controlRoom
	if cap(*b) <= most {
		*b = (*b)[:0]
		outputs.Put(b)
	}
}

// waits is how many bytes do.
func (o *output) waits() int {
	if o.pending == nil {
		return 0
	}
	return len(*o.pending)
}

func (o *output) wakeSenders() {
	for i, st := range o.senders {
		st.listed = false
		st.writable.wake()
		o.senders[i] = nil
	}
	o.senders = o.senders[:0]
}

// fail gives up what waits.
func (o *output) fail() {
	o.failed = true
	if o.pending != nil {
		recycle(o.pending)
		o.pending = nil
	}
	o.wakeSenders()
	o.changed.Broadcast()
}

// flush writes what waits, if nobody is at it. It is called with the lock, which it gives back meanwhile.
func (c *connection) flush() {
	o := &c.out
	if o.writing || o.pending == nil || o.failed {
		return
	}
	o.writing = true
	for range rounds {
		b := o.pending
		o.pending = nil
		c.mu.Unlock()
		n, err := c.net.WriteNow(*b)
		c.mu.Lock()
		if err == nil && n < len(*b) {
			o.rest, o.restAt = b, n
			break
		}
		recycle(b)
		if c.wrote(err); o.pending == nil {
			o.writing = false
			c.maybeEnd()
			return
		}
	}
	go c.writeAll()
}

// writeAll writes until nothing waits, and waits for the peer meanwhile.
func (c *connection) writeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	for {
		b, from := o.rest, o.restAt
		o.rest, o.restAt = nil, 0
		if b == nil {
			b, o.pending = o.pending, nil
		}
		if b == nil {
			o.writing = false
			c.maybeEnd()
			return
		}
		c.mu.Unlock()
		_, err := c.net.Write((*b)[from:])
		c.mu.Lock()
		recycle(b)
		c.wrote(err)
	}
}

// wrote tells those who wait that something was written, or that nothing can be.
func (c *connection) wrote(err error) {
	if err != nil && !c.out.failed {
		c.out.fail()
		go c.net.Close() // so that the reader ends the connection; over TLS it may take a while
	}
	c.out.wakeSenders()
	c.out.changed.Broadcast()
}

// makeRoom waits while more waits to be written than may: a peer that asks for more and more, and reads nothing, is read no further. It is
// called by the reader, with the lock, which it gives back meanwhile.
func (c *connection) makeRoom() {
	for c.out.waits() > controlRoom && !c.out.failed {
		if c.flush(); c.out.waits() > controlRoom && !c.out.failed {
			c.out.changed.Wait()
		}
	}
}

// drained waits until all is written, and reports whether it was.
func (c *connection) drained() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for (c.out.writing || c.out.pending != nil) && !c.out.failed {
		c.out.changed.Wait()
	}
	return !c.out.failed
}
