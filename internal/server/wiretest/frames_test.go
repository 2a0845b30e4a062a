package wiretest

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// raw is a deed that is one frame.
func raw(typ http2.FrameType, flags http2.Flags, stream uint32, payload string) func(*client) uint32 {
	return func(c *client) uint32 {
		c.frame(typ, flags, stream, []byte(payload))
		if typ == http2.FrameHeaders {
			c.next = max(c.next, stream+2)
		}
		return stream
	}
}

// held is a deed on a stream that is open in both directions.
func held(do func(c *client, stream uint32)) func(*client) uint32 {
	return func(c *client) uint32 {
		stream := c.open(streamPath)
		c.settle()
		do(c, stream)
		return stream
	}
}

// watched is a deed on a stream that is open in the server's direction only.
func watched(do func(c *client, stream uint32)) func(*client) uint32 {
	return func(c *client) uint32 {
		stream := c.call(watchPath, nil)
		c.settle()
		do(c, stream)
		return stream
	}
}

// closed is a deed on a stream that was answered.
func closed(do func(c *client, stream uint32)) func(*client) uint32 {
	return func(c *client) uint32 {
		stream := c.call(versionPath, nil)
		c.answered(stream)
		do(c, stream)
		return stream
	}
}

func setting(id http2.SettingID, value uint32) func(*client) uint32 {
	return func(c *client) uint32 {
		c.settings(http2.Setting{ID: id, Val: value})
		return 0
	}
}

var (
	protocol  = []fate{"cut PROTOCOL_ERROR"}
	frameSize = []fate{"cut FRAME_SIZE_ERROR"}
	goesOn    = []fate{"connection"}
)

func TestSettings(t *testing.T) {
	judge(t, []deed{
		{"a length that is none", raw(http2.FrameSettings, 0, 0, "12345"), frameSize, nil},
		{"on a stream", raw(http2.FrameSettings, 0, 1, ""), protocol, nil},
		{"acknowledged with values", raw(http2.FrameSettings, http2.FlagSettingsAck, 0, "123456"), frameSize, nil},
		{"a window too large", setting(http2.SettingInitialWindowSize, 1<<31), []fate{"cut FLOW_CONTROL_ERROR"}, nil},
		{"frames too small", setting(http2.SettingMaxFrameSize, 1<<14-1), protocol, goesOn},
		{"frames too large", setting(http2.SettingMaxFrameSize, 1<<24), protocol, goesOn},
		{"push is neither on nor off", setting(http2.SettingEnablePush, 2), protocol, goesOn},
		{"push on", setting(http2.SettingEnablePush, 1), goesOn, nil},
		{"push off", setting(http2.SettingEnablePush, 0), goesOn, nil},
		{"the largest window", setting(http2.SettingInitialWindowSize, 1<<31-1), goesOn, nil},
		{"the largest frames", setting(http2.SettingMaxFrameSize, 1<<24-1), goesOn, nil},
		{"no streams of the server", setting(http2.SettingMaxConcurrentStreams, 0), goesOn, nil},
		{"no table", setting(http2.SettingHeaderTableSize, 0), goesOn, nil},
		{"the largest table", setting(http2.SettingHeaderTableSize, 1<<32-1), goesOn, nil},
		{"the largest headers", setting(http2.SettingMaxHeaderListSize, 1<<32-1), goesOn, nil},
		{"an unknown one", setting(0xabcd, 7), goesOn, nil},
		{"acknowledged though none were sent", raw(http2.FrameSettings, http2.FlagSettingsAck, 0, ""), append(goesOn, protocol...), nil},
	})
}

// Each SETTINGS is acknowledged, in order with the rest.
func TestSettingsAreAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		for range 5 {
			c.settings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 2000})
		}
		c.settle()
		if n := ask(c, func(b *inbox) int { return b.acks }); n != 6 {
			t.Errorf("%d of 6 were acknowledged", n)
		}
		if len(c.referee.asking) > 0 || c.referee.initial != 2000 {
			t.Errorf("the window is %d", c.referee.initial)
		}
	})
}

func TestPingIsEchoed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		c.ping("\x00\xff12345\x80")
		if pings := ask(c, func(b *inbox) [][8]byte { return b.pings }); len(pings) > 0 {
			t.Errorf("%d pings came", len(pings))
		}
	})
}

func TestFramesOfTheConnection(t *testing.T) {
	judge(t, []deed{
		{"PING too short", raw(http2.FramePing, 0, 0, "1234567"), frameSize, nil},
		{"PING too long", raw(http2.FramePing, 0, 0, "123456789"), frameSize, nil},
		{"PING on a stream", raw(http2.FramePing, 0, 1, "12345678"), protocol, nil},
		{"PING answered though none was sent", raw(http2.FramePing, http2.FlagPingAck, 0, "12345678"), goesOn, nil},
		{"GOAWAY on a stream", raw(http2.FrameGoAway, 0, 1, "12345678"), protocol, nil},
		{"GOAWAY too short", raw(http2.FrameGoAway, 0, 0, "1234567"), frameSize, nil},
		{"a window too short", raw(http2.FrameWindowUpdate, 0, 0, "123"), frameSize, nil},
		{"a window by nothing", raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00"), protocol, nil},
		{"a window above all", func(c *client) uint32 { c.window(0, 1<<31-1); return 0 }, []fate{"cut FLOW_CONTROL_ERROR"}, goesOn},
		{"PUSH_PROMISE", held(func(c *client, s uint32) { c.frame(http2.FramePushPromise, 4, s, []byte("\x00\x00\x00\x02\x82")) }), protocol, goesOn},
		{"unknown", raw(0x77, 0xff, 0, "anything"), goesOn, nil},
		{"unknown on an idle stream", raw(0x77, 0xff, 77, "anything"), append(goesOn, protocol...), nil},
		{"unknown with reserved bit", raw(0x77, 0xff, 1<<31, ""), goesOn, nil},
		{"PING with unknown flags", raw(http2.FramePing, 0xfe, 0, "12345678"), goesOn, nil},
		{"PING with reserved bit", raw(http2.FramePing, 0, 1<<31, "12345678"), goesOn, nil},
	})
}

// A peer that says GOAWAY opens no more streams, and still gets its answers.
func TestGoAwayOfTheClient(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		stream := c.open(versionPath)
		c.frames(func(w *http2.Framer) { _ = w.WriteGoAway(0, http2.ErrCodeNo, []byte("bye")) })
		c.settle()
		c.send(stream, message(nil), true)
		if got := c.statusOf(stream); got != "0" {
			t.Errorf("the call in flight: %s", got)
		}
	})
}

func TestFramesTooLong(t *testing.T) {
	long := strings.Repeat("x", maxFrameLength+1)
	judge(t, []deed{
		{"DATA", held(func(c *client, s uint32) { c.frame(http2.FrameData, 0, s, []byte(long)) }), streamError("FRAME_SIZE_ERROR"), nil},
		{"HEADERS", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, long), frameSize, nil},
		{"SETTINGS", raw(http2.FrameSettings, 0, 0, long+long), frameSize, nil},
		{"PING", raw(http2.FramePing, 0, 0, long), frameSize, nil},
		{"unknown", held(func(c *client, s uint32) { c.frame(0x77, 0, s, []byte(long)) }), streamError("FRAME_SIZE_ERROR"), nil},
		{"as long as can be", func(c *client) uint32 { c.raw([]byte("\xff\xff\xff\x00\x00\x00\x00\x00\x01")); return 1 }, streamError("FRAME_SIZE_ERROR"), nil},
		{"as long as is allowed", held(func(c *client, s uint32) { c.data(s, message([]byte(long[:maxFrameLength-5])), false) }), []fate{"open", "status 13"}, nil},
	})
}

func TestStreamNumbers(t *testing.T) {
	headers := func(stream uint32) func(*client) uint32 {
		return func(c *client) uint32 {
			block := c.encode(request(versionPath))
			c.frames(func(w *http2.Framer) {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true})
			})
			c.next = (stream | 1) + 2
			return stream
		}
	}
	again := func(c *client, s uint32) { headers(s)(c) }
	judge(t, []deed{
		{"0", headers(0), protocol, nil},
		{"even", headers(2), protocol, nil},
		{"skipped", headers(99), []fate{"open"}, nil},
		{"the largest", headers(1<<31 - 1), []fate{"open"}, nil},
		{"lower", func(c *client) uint32 { headers(7)(c); return headers(5)(c) }, []fate{"cut PROTOCOL_ERROR", "cut STREAM_CLOSED"}, nil},
		{"closed", closed(again), []fate{"cut PROTOCOL_ERROR", "cut STREAM_CLOSED", "status 0 reset STREAM_CLOSED"}, nil},
		{"half closed", watched(again), append(streamError("STREAM_CLOSED"), protocol...), nil},
		{"open, headers again", held(again), streamError("PROTOCOL_ERROR"), nil},
		// gRPC has no trailers of requests, HTTP has.
		{"open, trailers", func(c *client) uint32 {
			stream := c.open(versionPath)
			c.data(stream, message(nil), false)
			block := c.encode(fields("x-checksum", "1"))
			c.frames(func(w *http2.Framer) {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true, EndStream: true})
			})
			return stream
		}, append(streamError("PROTOCOL_ERROR"), "status 0"), nil},
	})
}

func TestFramesOnStreamsThatCantTakeThem(t *testing.T) {
	data := func(c *client, s uint32) { c.data(s, message(nil), false) }
	window := func(c *client, s uint32) { c.window(s, 5) }
	reset := func(c *client, s uint32) { c.reset(s, http2.ErrCodeCancel) }
	priority := func(c *client, s uint32) {
		c.frames(func(w *http2.Framer) { _ = w.WritePriority(s, http2.PriorityParam{Weight: 3}) })
	}
	on := func(stream uint32, do func(*client, uint32)) func(*client) uint32 {
		return func(c *client) uint32 { do(c, stream); return stream }
	}
	streamClosed := []fate{"cut STREAM_CLOSED", "status 0 reset STREAM_CLOSED"}
	judge(t, []deed{
		{"DATA on 0", on(0, data), protocol, nil},
		{"DATA on idle", on(7, data), protocol, goesOn},
		{"DATA on even", on(2, data), protocol, goesOn},
		{"DATA on half closed", watched(data), streamError("STREAM_CLOSED"), nil},
		{"DATA on closed", closed(data), streamClosed, []fate{"status 0"}},
		{"DATA after RST_STREAM", held(func(c *client, s uint32) { reset(c, s); data(c, s) }), append(streamError("STREAM_CLOSED"), "open"), nil},
		{"WINDOW_UPDATE on idle", on(7, window), protocol, goesOn},
		{"WINDOW_UPDATE on half closed", watched(window), []fate{"open"}, nil},
		{"WINDOW_UPDATE on closed", closed(window), append(streamClosed, "status 0"), nil},
		{"WINDOW_UPDATE after RST_STREAM", held(func(c *client, s uint32) { reset(c, s); window(c, s) }), append(streamError("STREAM_CLOSED"), "open"), nil},
		{"WINDOW_UPDATE by 0", held(func(c *client, s uint32) { c.frame(http2.FrameWindowUpdate, 0, s, make([]byte, 4)) }), streamError("PROTOCOL_ERROR"), nil},
		{"WINDOW_UPDATE above all", held(func(c *client, s uint32) { c.window(s, 1<<31-1) }), streamError("FLOW_CONTROL_ERROR"), []fate{"open"}},
		{"WINDOW_UPDATE too short", held(func(c *client, s uint32) { c.frame(http2.FrameWindowUpdate, 0, s, make([]byte, 3)) }), frameSize, nil},
		{"RST_STREAM on 0", on(0, reset), protocol, nil},
		{"RST_STREAM on idle", on(7, reset), protocol, goesOn},
		{"RST_STREAM on closed", closed(reset), append(streamClosed, "status 0"), nil},
		{"RST_STREAM twice", held(func(c *client, s uint32) { reset(c, s); reset(c, s) }), append(streamError("STREAM_CLOSED"), "open"), nil},
		{"RST_STREAM too short", held(func(c *client, s uint32) { c.frame(http2.FrameRSTStream, 0, s, make([]byte, 3)) }), frameSize, nil},
		{"PRIORITY on 0", on(0, priority), protocol, nil},
		{"PRIORITY on idle", on(7, priority), goesOn, nil},
		{"PRIORITY on open", held(priority), []fate{"open"}, nil},
		{"PRIORITY on closed", closed(priority), []fate{"status 0"}, nil},
		{"PRIORITY too short", held(func(c *client, s uint32) { c.frame(http2.FramePriority, 0, s, make([]byte, 4)) }), streamError("FRAME_SIZE_ERROR"), nil},
		{"PRIORITY on itself", held(func(c *client, s uint32) {
			c.frame(http2.FramePriority, 0, s, []byte{0, 0, 0, byte(s), 1})
		}), append(streamError("PROTOCOL_ERROR"), "open"), nil},
	})
}

// Padding is taken off, and what is no padding ends the connection.
func TestPadding(t *testing.T) {
	padded := func(c *client) uint32 {
		stream := c.newStream()
		block := c.encode(request(versionPath))
		c.frames(func(w *http2.Framer) {
			_ = w.WriteHeaders(http2.HeadersFrameParam{
				StreamID: stream, BlockFragment: block, EndHeaders: true, PadLength: 255, Priority: http2.PriorityParam{StreamDep: 0, Weight: 9},
			})
			for i, b := range message(nil) {
				_ = w.WriteDataPadded(stream, false, []byte{b}, make([]byte, 50*i))
			}
			_ = w.WriteDataPadded(stream, true, nil, make([]byte, 255))
		})
		return stream
	}
	data := func(payload string, flags http2.Flags) func(*client) uint32 {
		return held(func(c *client, s uint32) { c.frame(http2.FrameData, flags|http2.FlagDataPadded, s, []byte(payload)) })
	}
	headers := func(payload string, flags http2.Flags) func(*client) uint32 {
		return raw(http2.FrameHeaders, flags|http2.FlagHeadersEndHeaders|http2.FlagHeadersPadded, 1, payload)
	}
	judge(t, []deed{
		{"all that there can be", padded, []fate{"status 0"}, nil},
		{"nothing but padding", data("\x03\x00\x00\x00", 0), []fate{"open"}, nil},
		{"of length 0", data("\x00", 0), []fate{"open"}, nil},
		{"that isn't zero", data("\x03abc", 0), []fate{"open", "cut PROTOCOL_ERROR"}, nil},
		{"longer than DATA", data("\x04\x00\x00\x00", 0), protocol, nil},
		{"DATA without its length", data("", 0), append(frameSize, protocol...), nil},
		{"longer than HEADERS", headers("\x09\x82", 0), protocol, []fate{"reset PROTOCOL_ERROR"}},
		{"HEADERS without its length", headers("", 0), append(frameSize, protocol...), nil},
		{"longer than HEADERS with priority", headers("\x05\x00\x00\x00\x00\x01\x82", http2.FlagHeadersPriority), protocol, []fate{"reset PROTOCOL_ERROR"}},
		{"HEADERS without its priority", headers("\x00\x00\x00", http2.FlagHeadersPriority), append(frameSize, protocol...), nil},
	})
}
