package wiretest

import (
	"slices"
	"strings"
	"testing"
)

// A fate is what became of a stream that something was done on, as words:
//
//	open            nothing: stream and connection go on
//	reset CODE      RST_STREAM without an answer
//	http 415        an answer that isn't 200
//	status 0        an answer with a status of gRPC; RST_STREAM after it is told unless it is with NO_ERROR
//	cut CODE        the connection was ended, by GOAWAY with a code
//	cut             the connection was ended without a word, as an end point may at any time
//	connection      the connection goes on; of the stream nothing is asked
type fate = string

// fate tells what became of a stream once the server has done all it can.
func (c *client) fate(stream uint32) fate {
	c.settle()
	c.mu.Lock()
	defer c.mu.Unlock()
	b := &c.seen
	for _, away := range b.away {
		if away.code != 0 {
			return "cut " + away.code.String()
		}
	}
	a := b.stream(stream)
	switch status := a.field(":status"); {
	case b.ended != nil:
		return "cut"
	case status != "" && status != "200":
		return "http " + status
	case a.field("grpc-status") != "" && a.reset != 0:
		return "status " + a.field("grpc-status") + " reset " + a.reset.String()
	case a.field("grpc-status") != "":
		return "status " + a.field("grpc-status")
	case a.over():
		return "reset " + a.reset.String()
	}
	return "open"
}

// allowed reports whether a fate is among those that the standard allows, or that are let pass as some transport's own.
func allowed(got fate, want, lax []fate) bool {
	in := func(fates []fate) bool {
		return slices.Contains(fates, got) || slices.Contains(fates, "connection") && !strings.HasPrefix(got, "cut")
	}
	if in(want) || strict {
		return in(want)
	}
	silent := got == "cut" && slices.ContainsFunc(want, func(w fate) bool { return strings.HasPrefix(w, "cut ") })
	return silent || in(lax)
}

// streamError are the fates where the standard asks for an error of the stream. One of the connection is always allowed, too, as an end point may
// close it at any time (RFC 9113, 5.4.1).
func streamError(codes ...string) []fate {
	var out []fate
	for _, code := range codes {
		out = append(out, "reset "+code, "cut "+code)
	}
	return out
}

// deed is something that a peer does and what may become of it.
type deed struct {
	name string
	do   func(c *client) (stream uint32) // 0: nothing that concerns a stream
	want []fate
	lax  []fate // what grpc-go (1.85) does against the standard
}

// judge does each deed on a connection of its own, and sees that the service is there for the next one.
func judge(t *testing.T, deeds []deed) {
	t.Helper()
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				c.settle()
				got := c.fate(d.do(c))
				t.Log("fate:", got) // with -v, to compare transports
				if !allowed(got, d.want, d.lax) {
					t.Errorf("%s, want one of %q; %s", got, d.want, c.look())
				}
				if !strings.HasPrefix(got, "cut") && c.next < 1<<31 {
					c.works()
				}
				r.greet(t).works()
			})
		})
	}
}
