package wiretest

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// zipped frames a message that is compressed.
func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := message(b.Bytes())
	out[0] = 1
	return out
}

// A request that comes compressed is answered so.
func TestGzipIsAnsweredWithGzip(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n = 100_000
		c := r.greet(t)
		stream := c.open(executePath, "grpc-encoding", "gzip", "grpc-accept-encoding", "identity,gzip")
		c.send(stream, zipped(t, c.echo(n)), true)
		a := c.answered(stream)
		if a.field("grpc-encoding") != "gzip" || a.field("grpc-status") != "0" || len(a.data) < 5 || a.data[0] != 1 {
			t.Fatalf("got %v, encoding %q", a, a.field("grpc-encoding"))
		}
		if len(a.data) > n/10 {
			t.Errorf("%d bytes for %d", len(a.data), n)
		}
		reader, err := gzip.NewReader(bytes.NewReader(a.data[5:]))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		got := new(pb.ExecuteResponse)
		if err := proto.Unmarshal(plain, got); err != nil || len(got.GetResult().GetDataOutputs()["a"]) != n {
			t.Errorf("got %d bytes (%v)", len(plain), err)
		}
	})
}

func TestEncodings(t *testing.T) {
	known := []byte("\x0a\x02v1")
	broken := zipped(t, known)
	broken[len(broken)-1] ^= 0xff // its length
	bomb := zipped(t, make([]byte, 12<<20))
	gz := []string{"grpc-encoding", "gzip"}
	send := func(body []byte, pairs ...string) func(*client) uint32 {
		return sending(versionPath, body, 1<<14, pairs...)
	}
	compressed := func(body []byte) []byte { return append([]byte{1}, message(body)[1:]...) }
	judge(t, []deed{
		{"identity", send(message(known), "grpc-encoding", "identity"), served, nil},
		{"identity, compressed", send(compressed(known), "grpc-encoding", "identity"), internal, nil},
		{"gzip", send(zipped(t, known), gz...), served, nil},
		{"gzip, each a byte", sending(versionPath, zipped(t, known), 1, gz...), served, nil},
		{"gzip, but not this message", send(message(known), gz...), served, nil},
		{"gzip of nothing", send(zipped(t, nil), gz...), served, nil},
		{"broken gzip", send(compressed([]byte("this is no gzip")), gz...), internal, nil},
		{"cut gzip", send(compressed(zipped(t, known)[5:20]), gz...), internal, nil},
		{"gzip with a wrong sum", send(broken, gz...), internal, nil},
		{"gzip that becomes too long", send(bomb, gz...), []fate{"status 8"}, nil},
		{"an encoding that isn't known", send(message(known), "grpc-encoding", "zebra"), noMethod, nil},
		{"an encoding that isn't known, compressed", send(compressed(known), "grpc-encoding", "zebra"), noMethod, nil},
	})
}

// A peer whose encoding isn't known is told which are.
func TestTheEncodingsThereAreAreTold(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		a := c.answered(c.call(versionPath, nil, "grpc-encoding", "zebra"))
		told := strings.Split(strings.ReplaceAll(a.field("grpc-accept-encoding"), " ", ""), ",")
		if ok := slices.Contains(told, "gzip"); a.field("grpc-status") != "12" || strict && !ok {
			t.Errorf("got %v, with encodings %q", a, told)
		}
	})
}
