package wiretest

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// The id that a call is given comes back, however its header is written.
func TestHeadersInEachRepresentation(t *testing.T) {
	const id = "abcd"
	huffman := string(hpack.AppendHuffmanString(nil, id))
	name := "\x0cx-request-id"
	text, coded := "\x04"+id, string([]byte{0x80 | byte(len(huffman))})+huffman
	codedName := string(hpack.AppendHuffmanString(nil, "x-request-id"))
	codedName = string([]byte{0x80 | byte(len(codedName))}) + codedName
	for what, field := range map[string]string{
		"without indexing":              "\x00" + name + text,
		"never indexed":                 "\x10" + name + text,
		"with indexing":                 "\x40" + name + text,
		"indexed":                       "\x40" + name + text + "\xbe",
		"indexed name":                  "\x40" + name + "\x01x" + "\x7e" + text,
		"indexed name without indexing": "\x40" + name + "\x01x" + "\x0f\x2f" + text,
		"Huffman":                       "\x00" + name + coded,
		"Huffman name":                  "\x40" + codedName + coded,
		"after updates of the table":    "\x40" + name + text,
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				block := c.encode(request(versionPath))
				if what == "after updates of the table" {
					block = append([]byte("\x20\x3f\xe1\x1f"), block...) // to 0 and to 4096
				}
				stream := c.newStream()
				c.inParts(stream, append(block, field...), 1<<20, false)
				c.data(stream, message(nil), true)
				a := c.answered(stream)
				got, _, _ := strings.Cut(a.field("x-request-id"), ",")
				want := id
				if strings.HasPrefix(what, "indexed name") {
					want = "x" // of several the first counts
				}
				if got != want || a.field("grpc-status") != "0" {
					t.Errorf("%q came back: %v", got, a)
				}
			})
		})
	}
}

// Header blocks share the table of the connection: those of refused and reset streams, and those that are too long, count, too.
func TestTheTableOutlivesStreams(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		refused := c.open(unknownPath, "x-first", "1")
		c.reset(c.open(streamPath, "x-second", "2"), http2.ErrCodeCancel)
		many := request(versionPath, "x-third", "3")
		for range 40 {
			many = append(many, hpack.HeaderField{Name: "x-long", Value: strings.Repeat("l", 450)})
		}
		long := c.begin(many, false)
		bad := c.begin(append(request(versionPath), hpack.HeaderField{Name: "x-request-id", Value: "kept"}, hpack.HeaderField{Name: "UPPER", Value: "4"}), false)
		for _, stream := range []uint32{refused, long, bad} {
			if got := c.statusOf(stream); got == "0" {
				t.Errorf("stream %d was answered", stream)
			}
		}
		a := c.answered(c.call(versionPath, nil, "x-first", "1", "x-second", "2", "x-third", "3", "x-request-id", "kept"))
		if a.field("grpc-status") != "0" || !strings.HasPrefix(a.field("x-request-id"), "kept") {
			t.Errorf("afterwards: %v", a)
		}
	})
}

// The server's encoder keeps to the size of the table that its peer has.
func TestTheServersTableKeepsToThePeers(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
		c.settle()
		var first byte
		for i, size := range []uint32{0, 4096, 100, 1 << 16} {
			if i > 0 {
				c.settings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: size})
				c.settle()
			}
			for range 3 {
				c.works() // the referee's decoder has that table
			}
			first = ask(c, func(*inbox) byte { return c.referee.firstByte })
			if size == 0 && first&0xe0 != 0x20 {
				t.Errorf("size %d: the first block after it begins with %#x, not with an update", size, first)
			}
			c.set(func(c *client) { c.referee.firstByte = 0 })
		}
	})
}

func TestBrokenHeaderBlocks(t *testing.T) {
	compression := []fate{"cut COMPRESSION_ERROR"}
	block := func(text string) func(*client) uint32 {
		return raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders|http2.FlagHeadersEndStream, 1, text)
	}
	judge(t, []deed{
		{"index 0", block("\x80"), compression, nil},
		{"index beyond the table", block("\xff\x00"), compression, nil},
		{"index far beyond the table", block("\xff\x80\xff\xff\x0f"), compression, nil},
		{"index above 64 bits", block("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), compression, nil},
		{"index cut off", block("\xff\x80"), compression, nil},
		{"name beyond the table", block("\x7f\x80\x01\x01x"), compression, nil},
		{"name cut off", block("\x40\x05abc"), compression, nil},
		{"value missing", block("\x40\x03abc"), compression, nil},
		{"value cut off", block("\x40\x03abc\x05ab"), compression, nil},
		{"Huffman with its end", block("\x40\x03abc\x84\xff\xff\xff\xff"), compression, nil},
		{"Huffman padded with zeros", block("\x40\x03abc\x81\x18"), compression, nil},
		{"Huffman padded too long", block("\x40\x03abc\x82\x1f\xff"), compression, nil},
		{"table above the limit", block("\x3f\xe2\x1f\x82"), compression, nil},
		{"table changed within", block("\x82\x20"), compression, []fate{"reset PROTOCOL_ERROR", "http 415", "http 400"}},
		{"broken in its second part", func(c *client) uint32 {
			c.inParts(c.newStream(), []byte("\x82\x87\x80"), 2, true)
			return 1
		}, compression, nil},
	})
}
