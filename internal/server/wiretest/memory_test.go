package wiretest

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
)

// TestBodiesAreChargedAsTheyCome: what comes of long messages is charged to the memory that all calls share, and one that there is no more memory for is refused in
// the middle; what they claim is charged to nobody.
func TestBodiesAreChargedAsTheyCome(t *testing.T) {
	const total, window = 2 << 20, 256 << 10
	for name, path := range map[string]string{"call": executePath, "stream": streamPath} {
		t.Run(name, func(t *testing.T) {
			budget := mem.NewRoot(total)
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				c.settle()
				claim := c.open(path)
				c.data(claim, message(make([]byte, 3<<20))[:prefix+100], false)
				c.settle()
				if n := budget.Used(); n > 0 {
					t.Errorf("a claim of 3 MiB takes %d bytes", n)
				}
				first := c.open(executePath)
				whole := message(c.echo(1 << 20))
				c.send(first, whole[:len(whole)-1], false)
				c.settle()
				if n := int(budget.Used()); n < len(whole)-window-1 || n > len(whole)+window {
					t.Errorf("a body of %d bytes takes %d", len(whole), n)
				}
				second := c.open(path)
				c.send(second, message(make([]byte, 3<<20)), false)
				if path == executePath {
					a := c.answered(second)
					if a.field("grpc-status") != "14" || a.field("grpc-retry-pushback-ms") == "" || a.field("x-remotemedia-error-type") != "ERROR_TYPE_RESOURCE_LIMIT" {
						t.Errorf("the second: %v", a)
					}
				} else {
					c.answered(second) // it is told in band
				}
				c.send(first, whole[len(whole)-1:], true)
				c.settle()
				c.answered(first) // which may have too little memory for its answer
				c.reset(claim, 8)
				c.settle()
				if n := budget.Used(); n > 0 {
					t.Errorf("%d bytes are charged at the end", n)
				}
				c.echoed(c.answered(c.call(executePath, c.echo(300_000))), 300_000)
			}, func(o *server.Options) {
				o.Engine = engine.New(engine.Options{Pool: o.Engine.Pool(), Budget: budget})
			})
		})
	}
}

const prefix = 5 // of a message
