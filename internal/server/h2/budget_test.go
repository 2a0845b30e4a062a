package h2

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
)

// script writes frames as a client does and returns all of it.
func script(write func(*http2.Framer)) []byte {
	var b bytes.Buffer
	b.WriteString(http2.ClientPreface)
	write(http2.NewFramer(&b, nil))
	return b.Bytes()
}

// headersOf are the headers of the frames of a script.
func headersOf(text []byte) (out []header) {
	for text = text[len(http2.ClientPreface):]; len(text) > 0; {
		h := parseHeader(text)
		text = text[frameHeader+h.length:]
		out = append(out, h)
	}
	return out
}

// spent has frames counted and returns why the connection is to be cut.
func spent(b Budget, frames ...header) (reason string) {
	s := newSpending(b)
	for _, h := range frames {
		if reason = s.see(h); reason != "" {
			return reason
		}
	}
	return ""
}

var small = Budget{Resets: 10, Control: 10}

func TestRel10_FloodsOfFramesAreCut(t *testing.T) {
	each := func(n int, f func(w *http2.Framer, i int)) []byte {
		return script(func(w *http2.Framer) {
			w.AllowIllegalWrites = true
			for i := range n {
				f(w, i)
			}
		})
	}
	headers := func(w *http2.Framer, stream uint32) {
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: []byte("x"), EndHeaders: true})
	}
	for name, x := range map[string]struct {
		text []byte
		want string
	}{
		"resets at once": {each(11, func(w *http2.Framer, i int) {
			headers(w, uint32(2*i+1))
			_ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		}), "reset right after"},
		"resets within": {each(10, func(w *http2.Framer, i int) {
			headers(w, uint32(2*i+1))
			_ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		}), ""},
		"resets of other streams": {each(50, func(w *http2.Framer, i int) { _ = w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel) }), ""},
		"pings, acknowledged":     {each(99, func(w *http2.Framer, _ int) { _ = w.WritePing(true, [8]byte{}); _ = w.WriteSettingsAck() }), ""},
		"settings":                {each(11, func(w *http2.Framer, _ int) { _ = w.WriteSettings() }), "SETTINGS"},
		"priority":                {each(11, func(w *http2.Framer, _ int) { _ = w.WritePriority(1, http2.PriorityParam{}) }), "without use"},
		"unknown":                 {each(11, func(w *http2.Framer, _ int) { _ = w.WriteRawFrame(0x77, 0, 1, []byte("abc")) }), "without use"},
		"empty data":              {each(11, func(w *http2.Framer, _ int) { _ = w.WriteData(1, false, nil) }), "empty DATA"},
		"data and windows":        {each(99, func(w *http2.Framer, _ int) { _ = w.WriteData(1, false, []byte("abc")); _ = w.WriteWindowUpdate(0, 3) }), ""},
		"many calls at all":       {each(999, func(w *http2.Framer, i int) { headers(w, uint32(2*i+1)); _ = w.WriteData(uint32(2*i+1), true, nil) }), ""},
	} {
		if reason := spent(small, headersOf(x.text)...); (reason == "") != (x.want == "") || !strings.Contains(reason, x.want) {
			t.Errorf("%s: cut for %q, want %q", name, reason, x.want)
		}
	}
}

func TestRel10_SlowResetsAreWelcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSpending(small)
		call := func(id uint32, lives time.Duration) string {
			f.see(header{typ: http2.FrameHeaders, stream: id})
			time.Sleep(lives)
			return f.see(header{typ: http2.FrameRSTStream, stream: id})
		}
		for i := range uint32(100) { // given up after a deadline
			if reason := call(2*i+1, shortLived); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
		for i := range uint32(100) { // at once, but seldom: 5 a second come back
			time.Sleep(200 * time.Millisecond)
			if reason := call(2*i+1001, 0); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
	})
}

// TestRel10_AProcessThatWasHeldUpIsntAttacked: the openings and, as their deadlines have passed, the resets of all calls that a connection may have
// are read in one moment.
func TestRel10_AProcessThatWasHeldUpIsntAttacked(t *testing.T) {
	const calls = 256
	f := newSpending(Budget{Resets: mostResets, Control: 1})
	for _, typ := range []http2.FrameType{http2.FrameHeaders, http2.FrameRSTStream} {
		for i := range uint32(calls) {
			if reason := f.see(header{typ: typ, stream: 2*i + 1}); reason != "" {
				t.Fatalf("call %d: %s", i, reason)
			}
		}
	}
}

// TestRel10_OpeningsAreRememberedAsLongAsTheyMatter: many calls at once make room for themselves, up to a bound, and one after the other they don't.
func TestRel10_OpeningsAreRememberedAsLongAsTheyMatter(t *testing.T) {
	f := newSpending(Budget{Resets: 1e9, Control: 1})
	for i := range uint32(10 * recentAtMost) {
		f.open(opening{2*i + 1, f.now()})
		if o := f.slot(2*i + 1); o.stream != 2*i+1 {
			t.Fatalf("stream %d isn't remembered", 2*i+1)
		}
	}
	if len(f.opened) != recentAtMost {
		t.Errorf("%d places, want %d", len(f.opened), recentAtMost)
	}
	for i := range uint32(recentAtMost) {
		if id := 2*(9*recentAtMost+i) + 1; f.slot(id).stream != id {
			t.Errorf("stream %d of the newest isn't remembered", id)
		}
	}
	f = newSpending(Budget{Resets: 1e9, Control: 1})
	f.open(opening{1, 0})
	f.opened[0].at -= uint32(shortLived.Milliseconds())
	f.open(opening{2*recentAtFirst + 1, f.now()})
	if len(f.opened) != recentAtFirst || f.opened[0].stream != 2*recentAtFirst+1 {
		t.Errorf("%d places, and the first is %d's, for calls one after the other", len(f.opened), f.opened[0].stream)
	}
}
