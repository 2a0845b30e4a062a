package wiretest

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// referee looks at every frame of a server and tells what a server may not do, whatever its peer did: more than the windows, frames out of order,
// headers that aren't valid, a state that can't be.
type referee struct {
	blind   bool // its peer does what it isn't told of, so that it can't judge
	began   bool
	asking  [][]http2.Setting // ours, not acknowledged yet
	initial int64             // window of new streams, acknowledged
	left    int64             // of the connection's window
	streams map[uint32]*refereed
	away    int64 // last stream of the newest GOAWAY

	decoder *hpack.Decoder
	fields  []hpack.HeaderField
	block   []byte // header block so far
	on      uint32 // its stream; 0: none is open
	ends    bool   // the stream, too

	firstByte byte // of the first header block since this was set to 0
}

// refereed is a stream as the referee knows it.
type refereed struct {
	granted, sent int64 // bytes: of the window beyond its initial size, and of DATA
	headers       int   // blocks
	ended         bool  // by END_STREAM or RST_STREAM
}

const (
	defaultWindow  = 65535
	maxFrameLength = 16384 // that a peer takes which hasn't said more; no test says more
)

func newReferee() *referee {
	r := &referee{initial: defaultWindow, left: defaultWindow, streams: make(map[uint32]*refereed), away: 1 << 31}
	r.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) { r.fields = append(r.fields, f) })
	return r
}

func (r *referee) stream(id uint32) *refereed {
	s := r.streams[id]
	if s == nil {
		s = new(refereed)
		r.streams[id] = s
	}
	return s
}

// asked notes SETTINGS that are about to be sent.
func (r *referee) asked(s []http2.Setting) { r.asking = append(r.asking, s) }

// granted notes a WINDOW_UPDATE that is about to be sent.
func (r *referee) granted(stream, n uint32) {
	if stream == 0 {
		r.left += int64(n)
	} else {
		r.stream(stream).granted += int64(n)
	}
}

// see judges a frame and returns the fields of a header block that is complete with it.
func (r *referee) see(f http2.Frame) ([]hpack.HeaderField, error) {
	h := f.Header()
	if r.blind {
		return nil, nil
	}
	if h.Length > maxFrameLength {
		return nil, fmt.Errorf("a frame of %d bytes: %v", h.Length, h)
	}
	if !r.began {
		r.began = true
		if s, ok := f.(*http2.SettingsFrame); !ok || s.IsAck() {
			return nil, fmt.Errorf("it began with %v, not with SETTINGS", h)
		}
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return nil, r.settings(f)
	case *http2.DataFrame:
		return nil, r.data(f)
	case *http2.HeadersFrame:
		r.on, r.ends, r.block = f.StreamID, f.StreamEnded(), append(r.block[:0], f.HeaderBlockFragment()...)
		if s := r.stream(f.StreamID); s.ended || f.StreamID%2 == 0 {
			return nil, fmt.Errorf("HEADERS on stream %d, which is over or none of ours", f.StreamID)
		}
		return r.headers(f.HeadersEnded())
	case *http2.ContinuationFrame: // its order was checked by the framer
		r.block = append(r.block, f.HeaderBlockFragment()...)
		return r.headers(f.HeadersEnded())
	case *http2.RSTStreamFrame:
		r.stream(f.StreamID).ended = true
		return nil, nil
	case *http2.GoAwayFrame:
		if int64(f.LastStreamID) > r.away {
			return nil, fmt.Errorf("GOAWAY raised the last stream from %d to %d", r.away, f.LastStreamID)
		}
		r.away = int64(f.LastStreamID)
		return nil, nil
	case *http2.PingFrame, *http2.WindowUpdateFrame:
		return nil, nil
	}
	return nil, fmt.Errorf("a frame that no server sends: %v", h)
}

func (r *referee) settings(f *http2.SettingsFrame) error {
	if !f.IsAck() {
		if v, ok := f.Value(http2.SettingEnablePush); ok && v != 0 {
			return errors.New("a server enabled push")
		}
		return nil
	}
	if len(r.asking) == 0 {
		return errors.New("it acknowledged SETTINGS that weren't sent")
	}
	for _, s := range r.asking[0] {
		switch s.ID {
		case http2.SettingInitialWindowSize:
			r.initial = int64(s.Val)
		case http2.SettingHeaderTableSize:
			r.decoder.SetAllowedMaxDynamicTableSize(s.Val)
		}
	}
	r.asking = r.asking[1:]
	return nil
}

// most is the largest window of new streams that the server may believe in now.
func (r *referee) most() int64 {
	most := r.initial
	for _, settings := range r.asking {
		for _, s := range settings {
			if s.ID == http2.SettingInitialWindowSize {
				most = max(most, int64(s.Val))
			}
		}
	}
	return most
}

func (r *referee) data(f *http2.DataFrame) error {
	s := r.stream(f.StreamID)
	switch {
	case s.ended || s.headers == 0 || f.StreamID%2 == 0:
		return fmt.Errorf("DATA on stream %d, which is over or hasn't begun", f.StreamID)
	case f.Length == 0:
	case int64(f.Length) > r.left:
		return fmt.Errorf("%d bytes of DATA where the connection's window is %d", f.Length, r.left)
	case s.sent+int64(f.Length) > r.most()+s.granted:
		return fmt.Errorf("%d bytes of DATA on stream %d, whose window is %d", f.Length, f.StreamID, r.most()+s.granted-s.sent)
	}
	s.sent += int64(f.Length)
	r.left -= int64(f.Length)
	s.ended = f.StreamEnded()
	return nil
}

// headers judges a header block where it is complete.
func (r *referee) headers(complete bool) ([]hpack.HeaderField, error) {
	if !complete {
		return nil, nil
	}
	r.fields = []hpack.HeaderField{}
	if r.firstByte == 0 && len(r.block) > 0 {
		r.firstByte = r.block[0]
	}
	if _, err := r.decoder.Write(r.block); err != nil {
		return nil, err
	}
	if err := r.decoder.Close(); err != nil {
		return nil, err
	}
	s := r.stream(r.on)
	s.headers++
	s.ended = r.ends
	if s.headers > 1 && !r.ends {
		return r.fields, fmt.Errorf("block %d of headers on stream %d doesn't end it", s.headers, r.on)
	}
	return r.fields, checkFields(r.fields, s.headers == 1, r.ends)
}

// checkFields judges the fields of headers, or of trailers.
func checkFields(fields []hpack.HeaderField, first, last bool) error {
	count := make(map[string]int)
	for i, f := range fields {
		count[f.Name]++
		switch {
		case f.Name == "" || strings.ToLower(f.Name) != f.Name || strings.ContainsAny(f.Value, "\r\n\x00"):
			return fmt.Errorf("the header %q: %q isn't valid", f.Name, f.Value)
		case f.IsPseudo() && (f.Name != ":status" || i > 0 || !first):
			return fmt.Errorf("the pseudo header %s stands at %d", f.Name, i)
		case f.Name == "connection" || f.Name == "transfer-encoding" || f.Name == "keep-alive":
			return fmt.Errorf("%s is for HTTP/1.1", f.Name)
		}
	}
	if first && (count[":status"] != 1 || count["content-type"] != 1) {
		return fmt.Errorf("headers without status or content type: %v", fields)
	}
	if last && count["grpc-status"] != 1 {
		return fmt.Errorf("an end without a status: %v", fields)
	}
	return nil
}
