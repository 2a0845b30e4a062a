package wiretest

import (
	"strings"
	"testing"
	"time"
)

func TestTimeouts(t *testing.T) {
	var deeds []deed
	for _, v := range []string{"1H", "99999999H", "1M", "99999999M", "5S", "99999999S", "5000m", "5000000u", "99999999n", "00000005S"} {
		deeds = append(deeds, deed{v, calling(versionPath, "grpc-timeout", v), served, nil})
	}
	for _, v := range []string{"5", "S", "5s", "-5S", "+5S", "5.5S", "123456789S", "1 S", "5SS", "S5", "0x5S"} {
		deeds = append(deeds, deed{"bad " + v, calling(versionPath, "grpc-timeout", v), badHeaders, nil})
	}
	for _, v := range []string{"0S", "0n"} {
		deeds = append(deeds, deed{"over at once " + v, calling(versionPath, "grpc-timeout", v), []fate{"status 4", "reset CANCEL"}, nil})
	}
	judge(t, deeds)
}

// A call whose time is over ends then, whatever it waits for, and holds nothing.
func TestTheTimeOfACallEnds(t *testing.T) {
	late := []fate{"status 4", "reset CANCEL", "status 4 reset CANCEL"}
	for name, begin := range map[string]func(c *client) uint32{
		"for its headers' body": func(c *client) uint32 { return c.open(versionPath, "grpc-timeout", "3S") },
		"for the rest of its body": func(c *client) uint32 {
			s := c.open(executePath, "grpc-timeout", "3000m")
			c.data(s, message(make([]byte, 1000))[:500], false)
			return s
		},
		"for a node": func(c *client) uint32 { return c.call(executePath, c.hold(), "grpc-timeout", "3000000u") },
		"for its answer to be taken": func(c *client) uint32 {
			c.settings(initialWindow(10))
			return c.call(executePath, c.echo(200_000), "grpc-timeout", "3S")
		},
		"for a change": func(c *client) uint32 { return c.call(watchPath, nil, "grpc-timeout", "3S") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				c.set(hoards)
				stream := begin(c)
				time.Sleep(3*time.Second - time.Nanosecond)
				if got := c.fate(stream); got != "open" {
					t.Errorf("before: %s", got)
				}
				time.Sleep(time.Millisecond)
				var lax []fate
				if strings.HasSuffix(name, "taken") {
					lax = []fate{"open"} // grpc-go keeps what a handler has answered until it is taken or the stream is given up
				}
				if got := c.fate(stream); !allowed(got, late, lax) {
					t.Errorf("after: %s", got)
				}
				if calls := r.server.InFlight(); len(calls) > 0 {
					t.Errorf("in flight: %+v", calls)
				}
				r.greet(t).works()
			})
		})
	}
}
