package work

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

// serveRaw answers frames with so many bytes more than they ask for.
func serveRaw(t *testing.T, more uint32) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go answerRaw(c, more)
		}
	}()
	return l.Addr().String()
}

func answerRaw(c net.Conn, more uint32) {
	defer c.Close()
	var head [rawHead]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.LittleEndian.Uint32(head[:]))); err != nil {
			return
		}
		out := make([]byte, 4+binary.LittleEndian.Uint32(head[4:])+more)
		binary.LittleEndian.PutUint32(out, uint32(len(out)-4))
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func TestRawCallsAndStreamsAreCounted(t *testing.T) {
	address := serveRaw(t, 0)
	for _, c := range []struct {
		raw      Raw
		requests uint64
		units    uint64
		bytes    uint64 // sent
	}{
		{Raw{Request: 1000, Answer: 200}, 10, 10, 10 * 1008},
		{Raw{Request: 1000, Answer: 200, Window: 1, Chunks: 7}, 2, 14, 14 * 1008},
		{Raw{Request: 1000, Answer: 200, Window: 4, Chunks: 50}, 2, 100, 100 * 1008},
	} {
		got, err := load.Run(t.Context(), load.Config{
			Target: load.Target{Address: address}, Workload: &c.raw, Concurrency: 2, Requests: c.requests, Timeout: 10 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Units != c.units || got.Failed != 0 || got.Counts.Sent != c.bytes {
			t.Errorf("%+v: %d units, %d failed, %d bytes sent", c.raw, got.Units, got.Failed, got.Counts.Sent)
		}
	}
}

func TestRawAnswerOfAnotherLengthIsWrong(t *testing.T) {
	got, err := load.Run(t.Context(), load.Config{
		Target: load.Target{Address: serveRaw(t, 1)}, Workload: &Raw{Request: 10, Answer: 20}, Requests: 1, Timeout: 10 * time.Second,
	})
	if err != nil || got.Units != 0 || got.Failed != 1 || got.Failures[0].Origin != load.FromCheck {
		t.Errorf("%+v, %v", got, err)
	}
}
