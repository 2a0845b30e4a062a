package wiretest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// begun are the calls that a test has in flight, each in another state.
func begun(c *client) map[string]uint32 {
	streams := map[string]uint32{
		"whose body hasn't come":   c.open(executePath),
		"whose body is on its way": c.open(executePath),
		"at work":                  c.call(executePath, c.hold()),
		"a stream not opened":      c.open(streamPath),
		"a stream that is full":    stalled(c),
		"a stream that only gives": c.call(watchPath, nil),
	}
	c.data(streams["whose body is on its way"], message(make([]byte, 100_000))[:50_000], false)
	return streams
}

// RST_STREAM ends a call at once, in whatever state it is.
func TestResetCancelsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		streams := begun(c)
		c.settle()
		if n := len(r.server.InFlight()); n != len(streams) || holding.Load() != 2 {
			t.Fatalf("%d of %d are in flight, %d in nodes", n, len(streams), holding.Load())
		}
		began, left := time.Now(), len(streams)
		for name, s := range streams {
			c.reset(s, http2.ErrCodeCancel)
			c.settle()
			if left--; len(r.server.InFlight()) != left {
				t.Errorf("a call %s goes on", name)
			}
		}
		if holding.Load() != 0 || time.Since(began) > 0 {
			t.Errorf("%d are in nodes after %v", holding.Load(), time.Since(began))
		}
		c.works()
	})
}

// The end of the connection ends its calls at once.
func TestTheEndOfTheConnectionCancelsAtOnce(t *testing.T) {
	for _, how := range []string{"closed", "broken", "stopped"} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t)
			begun(c)
			c.settle()
			began := time.Now()
			switch how {
			case "closed":
				c.close()
			case "broken":
				c.frame(http2.FrameSettings, 0, 5, nil)
			case "stopped":
				r.server.Stop()
			}
			c.settle()
			if n := len(r.server.InFlight()); n > 0 || holding.Load() > 0 || time.Since(began) > 0 {
				t.Errorf("%s: %d are in flight, %d in nodes, after %v", how, n, holding.Load(), time.Since(began))
			}
			if ask(c, func(b *inbox) bool { return b.ended == nil }) {
				t.Errorf("%s: the connection goes on", how)
			}
		})
	}
}

// requests are messages of a live stream that gives back what it gets.
func (c *client) requests(chunks int) (out []byte) {
	add := func(m *pb.StreamRequest) { out = append(out, message(c.encoded(m))...) }
	add(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: manifest("Pass")}}})
	for i := range chunks {
		add(&pb.StreamRequest{Request: &pb.StreamRequest_DataChunk{DataChunk: &pb.JsonChunk{NodeId: "a", Json: fmt.Sprint(i), Sequence: uint64(i)}}})
	}
	return out
}

// responses reads what a live stream has answered, a letter each.
func (c *client) responses(stream uint32) string {
	c.t.Helper()
	c.settle()
	var out strings.Builder
	for _, raw := range c.messages(ask(c, func(b *inbox) []byte { return b.stream(stream).data })) {
		m := new(pb.StreamResponse)
		if err := proto.Unmarshal(raw, m); err != nil {
			c.t.Fatal(err)
		}
		switch m.GetResponse().(type) {
		case *pb.StreamResponse_Ready:
			out.WriteByte('o')
		case *pb.StreamResponse_Result:
			out.WriteByte('r')
		case *pb.StreamResponse_Error:
			out.WriteByte('e')
		case *pb.StreamResponse_Closed:
			out.WriteByte('c')
		}
	}
	return out.String()
}

// A client that has said all ends its direction, and gets what waits.
func TestHalfClose(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		stream := c.open(streamPath)
		for _, b := range c.requests(3) { // a DATA frame for each byte
			c.data(stream, []byte{b}, false)
		}
		if got := c.responses(stream); got != "orrr" {
			t.Errorf("before the end came %q", got)
		}
		c.data(stream, nil, true)
		if got := c.responses(stream); got != "orrrc" {
			t.Errorf("in all came %q", got)
		}
		if a := c.answered(stream); a.shape != "HDH$" || a.field("grpc-status") != "0" {
			t.Errorf("got %v", a)
		}
	})
}

// A server that ends a stream before its client has tells it not to go on, and takes what is on its way.
func TestTheServerEndsFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		stream := c.open(streamPath)
		c.send(stream, c.requests(1), false)
		c.send(stream, message(c.encoded(&pb.StreamRequest{Request: &pb.StreamRequest_Control{
			Control: &pb.StreamControl{Command: pb.StreamControl_COMMAND_CLOSE},
		}})), false)
		if got := c.responses(stream); got != "orc" {
			t.Errorf("came %q", got)
		}
		if a := c.answered(stream); a.shape != "HDH$R" || a.reset != http2.ErrCodeNo {
			t.Errorf("got %v", a)
		}
		for range 3 {
			c.data(stream, make([]byte, 1000), false)
		}
		c.window(stream, 1000)
		c.data(stream, nil, true)
		c.reset(stream, http2.ErrCodeCancel)
		c.works()
	})
}

// A peer that opens every window and then reads nothing holds up nobody else, is let go when it doesn't answer pings, and leaves nothing.
func TestAPeerThatReadsNothing(t *testing.T) {
	for _, how := range []string{"closed", "stopped", "silent"} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t, initialWindow(1<<31-1))
			c.window(0, 1<<30)
			paused := make(chan struct{})
			c.set(func(c *client) { c.paused = paused })
			c.settle()
			c.frames(func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) }) // its answer is the last that is read
			c.settle()
			for range 20 {
				stream := c.open(executePath)
				c.data(stream, message(c.echo(200_000)), true) // within the window
				c.settle()
			}
			r.greet(t).works()
			began := time.Now()
			switch how {
			case "closed":
				_ = c.conn.Close()
			case "stopped":
				r.server.Stop()
			case "silent":
				time.Sleep(75 * time.Second)
			}
			c.settle()
			if n := len(r.server.InFlight()); n > 0 {
				t.Errorf("%s: %d are in flight after %v", how, n, time.Since(began))
			}
			if how == "silent" {
				if _, err := c.conn.Write(make([]byte, 1)); err == nil {
					t.Error("the connection goes on")
				}
				r.greet(t).works()
			}
			close(paused)
		})
	}
}

// awaitAway waits for the last word of a server that takes no more streams, and returns it.
func (c *client) awaitAway() goAway {
	c.t.Helper()
	c.await("GOAWAY with the last stream", func(b *inbox) bool { return len(b.away) > 0 && b.away[len(b.away)-1].last < 1<<31-1 })
	return ask(c, func(b *inbox) goAway { return b.away[len(b.away)-1] })
}

// A graceful stop lets what is in flight finish, and refuses what comes after it was told.
func TestGracefulStop(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c, idle := r.greet(t), r.greet(t)
		stream := c.open(versionPath)
		watch := c.call(watchPath, nil)
		c.settle()
		stopped := make(chan bool)
		go func() { r.server.GracefulStop(); close(stopped) }()
		away := c.awaitAway()
		if away.last != watch || away.code != http2.ErrCodeNo {
			t.Errorf("it said %+v", away)
		}
		if all := ask(c, func(b *inbox) []goAway { return b.away }); len(all) != 2 || all[0].last != 1<<31-1 {
			t.Errorf("GOAWAY came as %+v, want first one that leaves time for what is on its way", all)
		}
		idle.endAfter(2 * time.Second) // a peer has a second to close it itself
		if got := c.fate(c.call(versionPath, nil)); got != "open" && got != "reset REFUSED_STREAM" {
			t.Errorf("a new call: %s", got)
		}
		c.send(stream, message(nil), true)
		if got := c.statusOf(stream); got != "0" {
			t.Errorf("the call in flight: %s", got)
		}
		c.reset(watch, http2.ErrCodeCancel)
		c.endAfter(2 * time.Second)
		<-stopped
	})
}

// What a peer sends before it can know of the stop is served, whether it answers the ping that tells so or never does.
func TestCallsThatCrossTheGoAway(t *testing.T) {
	for _, mute := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t)
			c.settle()
			c.set(silent)
			held := c.open(versionPath)
			c.settle()
			stopped := make(chan bool)
			go func() { r.server.GracefulStop(); close(stopped) }()
			c.settle()
			ping, ok := [8]byte{}, false
			c.mu.Lock()
			if n := len(c.seen.pings); n > 0 {
				ping, ok = c.seen.pings[n-1], true
			}
			away := c.seen.away
			c.mu.Unlock()
			if len(away) != 1 || away[0].last != 1<<31-1 || !ok {
				t.Fatalf("it said %+v, and pings %t", away, ok)
			}
			crossing := c.call(versionPath, nil)
			if got := c.statusOf(crossing); got != "0" {
				t.Errorf("the call that crosses: %s", got)
			}
			if !mute {
				c.frames(func(w *http2.Framer) { _ = w.WritePing(true, ping) })
			}
			began := time.Now()
			if away := c.awaitAway(); away.last != crossing || away.code != http2.ErrCodeNo {
				t.Errorf("it said %+v", away)
			}
			if took := time.Since(began); (took > 0) != mute || took > 10*time.Second {
				t.Errorf("silent %t: the last word came after %v", mute, took)
			}
			c.send(held, message(nil), true)
			if got := c.statusOf(held); got != "0" {
				t.Errorf("the call in flight: %s", got)
			}
			<-stopped
		})
	}
}
