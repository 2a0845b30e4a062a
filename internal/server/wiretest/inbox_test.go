package wiretest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// inbox is what a peer has been told.
type inbox struct {
	settings []http2.Setting // of the server, the newest last
	acks     int             // of our SETTINGS
	window   uint32          // increments of the connection's window
	pings    [][8]byte       // that want an answer
	pongs    [][8]byte
	away     []goAway
	streams  map[uint32]*answer
	frames   int
	sent     int   // bytes of DATA that were sent
	ended    error // set when the connection ended
}

type goAway struct {
	last uint32
	code http2.ErrCode
	text string
}

// answer is what came on a stream.
type answer struct {
	// shape lists the frames: H for HEADERS, D for DATA that follow each other, R for RST_STREAM; $ is END_STREAM.
	shape  string
	blocks [][]hpack.HeaderField
	data   []byte
	window uint32        // increments
	sent   int           // bytes of DATA that were sent
	reset  http2.ErrCode // of the first
}

func (b *inbox) stream(id uint32) *answer {
	a := b.streams[id]
	if a == nil {
		a = new(answer)
		b.streams[id] = a
	}
	return a
}

// keep adds a frame; fields are those of a header block that ended with it.
func (b *inbox) keep(f http2.Frame, fields []hpack.HeaderField) {
	b.frames++
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			b.acks++
		}
		_ = f.ForeachSetting(func(s http2.Setting) error { b.settings = append(b.settings, s); return nil })
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			b.window += f.Increment
		} else {
			b.stream(f.StreamID).window += f.Increment
		}
	case *http2.PingFrame:
		if f.IsAck() {
			b.pongs = append(b.pongs, f.Data)
		} else {
			b.pings = append(b.pings, f.Data)
		}
	case *http2.GoAwayFrame:
		b.away = append(b.away, goAway{f.LastStreamID, f.ErrCode, string(f.DebugData())})
	default:
		b.stream(f.Header().StreamID).keep(f, fields)
	}
}

// room is how many bytes of DATA may be sent on a stream.
func (b *inbox) room(stream uint32) int {
	initial := defaultWindow
	for _, s := range b.settings {
		if s.ID == http2.SettingInitialWindowSize {
			initial = int(s.Val)
		}
	}
	a := b.stream(stream)
	return min(b.connectionRoom(), initial+int(a.window)-a.sent)
}

func (b *inbox) connectionRoom() int { return defaultWindow + int(b.window) - b.sent }

func (a *answer) keep(f http2.Frame, fields []hpack.HeaderField) {
	switch f := f.(type) {
	case *http2.HeadersFrame:
		a.shape += "H"
		if f.StreamEnded() {
			a.shape += "$"
		}
	case *http2.DataFrame:
		if !strings.HasSuffix(a.shape, "D") {
			a.shape += "D"
		}
		if f.StreamEnded() {
			a.shape += "$"
		}
		a.data = append(a.data, f.Data()...)
	case *http2.RSTStreamFrame:
		if !strings.Contains(a.shape, "R") { // a frame that comes later may be answered by another one
			a.reset = f.ErrCode
		}
		a.shape += "R"
	}
	if fields != nil {
		a.blocks = append(a.blocks, fields)
	}
}

// over reports whether nothing more comes.
func (a *answer) over() bool {
	return strings.HasSuffix(a.shape, "R") || strings.HasSuffix(a.shape, "$") && len(a.blocks) == strings.Count(a.shape, "H")
}

// field returns the value of a header or trailer; of several, joined by commas.
func (a *answer) field(name string) string {
	var out []string
	for _, block := range a.blocks {
		for _, f := range block {
			if f.Name == name {
				out = append(out, f.Value)
			}
		}
	}
	return strings.Join(out, ",")
}

func (a *answer) String() string {
	s := fmt.Sprintf("%q", a.shape)
	if strings.Contains(a.shape, "R") {
		s += fmt.Sprintf(" (%v)", a.reset)
	}
	if len(a.blocks) > 0 {
		s += fmt.Sprintf(" status %s, grpc-status %s %q", a.field(":status"), a.field("grpc-status"), a.field("grpc-message"))
	}
	return fmt.Sprintf("%s, %d bytes", s, len(a.data))
}

func (b *inbox) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d frames, %d acks, %d pings, %d pongs", b.frames, b.acks, len(b.pings), len(b.pongs))
	for _, a := range b.away {
		fmt.Fprintf(&s, ", GOAWAY %d %v %q", a.last, a.code, a.text)
	}
	ids := slices.Sorted(maps.Keys(b.streams))
	for _, id := range ids[:min(len(ids), 20)] {
		fmt.Fprintf(&s, "; %d: %v", id, b.streams[id])
	}
	if b.ended != nil {
		fmt.Fprintf(&s, "; ended: %v", b.ended)
	}
	return s.String()
}
