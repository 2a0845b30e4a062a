package wiretest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestTheRefereeSees what servers may not do, and lets pass what they may.
func TestTheRefereeSees(t *testing.T) {
	block := func(pairs ...string) []byte {
		var b bytes.Buffer
		e := hpack.NewEncoder(&b)
		for _, f := range fields(pairs...) {
			if err := e.WriteField(f); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	headers := func(w *http2.Framer, stream uint32, ends bool, pairs ...string) {
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block(pairs...), EndHeaders: true, EndStream: ends})
	}
	begin := func(w *http2.Framer) {
		_ = w.WriteSettings()
		headers(w, 1, false, ":status", "200", "content-type", "application/grpc")
	}
	for what, x := range map[string]struct {
		write func(w *http2.Framer)
		want  string // in the error; "": none
	}{
		"all that is right": {func(w *http2.Framer) {
			begin(w)
			_ = w.WriteData(1, false, make([]byte, 100))
			_ = w.WriteWindowUpdate(0, 5)
			headers(w, 1, true, "grpc-status", "0")
			_ = w.WriteRSTStream(1, 0)
			_ = w.WriteGoAway(1<<31-1, 0, nil)
			_ = w.WriteGoAway(1, 0, nil)
		}, ""},
		"no SETTINGS":        {func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) }, "not with SETTINGS"},
		"an acknowledgement": {func(w *http2.Framer) { _ = w.WriteSettings(); _ = w.WriteSettingsAck() }, "weren't sent"},
		"push":               {func(w *http2.Framer) { _ = w.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 1}) }, "push"},
		"a promise":          {func(w *http2.Framer) { begin(w); _ = w.WriteRawFrame(5, 4, 1, []byte{0, 0, 0, 2}) }, "no server sends"},
		"a long frame":       {func(w *http2.Framer) { begin(w); _ = w.WriteData(1, false, make([]byte, maxFrameLength+1)) }, "a frame of"},
		"beyond the stream":  {func(w *http2.Framer) { begin(w); _ = w.WriteData(1, false, make([]byte, 101)) }, "whose window is 100"},
		"DATA first":         {func(w *http2.Framer) { _ = w.WriteSettings(); _ = w.WriteData(1, false, nil) }, "hasn't begun"},
		"DATA after the end": {func(w *http2.Framer) {
			begin(w)
			headers(w, 1, true, "grpc-status", "0")
			_ = w.WriteData(1, false, nil)
		}, "is over"},
		"DATA after RST_STREAM":  {func(w *http2.Framer) { begin(w); _ = w.WriteRSTStream(1, 8); _ = w.WriteData(1, false, nil) }, "is over"},
		"HEADERS twice":          {func(w *http2.Framer) { begin(w); headers(w, 1, false, "grpc-status", "0") }, "doesn't end it"},
		"an even stream":         {func(w *http2.Framer) { _ = w.WriteSettings(); headers(w, 2, true, ":status", "200") }, "none of ours"},
		"no status":              {func(w *http2.Framer) { begin(w); headers(w, 1, true, "x", "y") }, "without a status"},
		"no content type":        {func(w *http2.Framer) { _ = w.WriteSettings(); headers(w, 1, false, ":status", "200") }, "content type"},
		"a pseudo header behind": {func(w *http2.Framer) { begin(w); headers(w, 1, true, "grpc-status", "0", ":status", "200") }, "pseudo"},
		"upper case":             {func(w *http2.Framer) { begin(w); headers(w, 1, true, "grpc-status", "0", "X", "y") }, "isn't valid"},
		"a line feed":            {func(w *http2.Framer) { begin(w); headers(w, 1, true, "grpc-status", "0", "x", "y\n") }, "isn't valid"},
		"HTTP/1.1":               {func(w *http2.Framer) { begin(w); headers(w, 1, true, "grpc-status", "0", "connection", "close") }, "HTTP/1.1"},
		"GOAWAY raised":          {func(w *http2.Framer) { begin(w); _ = w.WriteGoAway(1, 0, nil); _ = w.WriteGoAway(3, 0, nil) }, "raised"},
		"a broken block": {func(w *http2.Framer) {
			_ = w.WriteSettings()
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x80}, EndHeaders: true})
		}, "decoding error"},
	} {
		var b bytes.Buffer
		x.write(http2.NewFramer(&b, nil))
		referee, in := newReferee(), http2.NewFramer(nil, &b)
		referee.initial = 100
		var err error
		for err == nil {
			var f http2.Frame
			if f, err = in.ReadFrame(); err == nil {
				_, err = referee.see(f)
			}
		}
		if x.want == "" && err != io.EOF || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", what, err, x.want)
		}
	}
}
