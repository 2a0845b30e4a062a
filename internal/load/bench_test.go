//go:build unix

package load

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

func serveReplies(b testing.TB, answer []byte) Target {
	r := replier{answer} // grpc sends nothing for a nil
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := grpc.NewServer(grpc.ForceServerCodecV2(r), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		for {
			if err := stream.RecvMsg(&r); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(&r); err != nil {
				return err
			}
		}
	}))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	b.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return Target{Address: l.Addr().String()}
}

// cpu is the time that this process, server and client, has used so far, in us.
func cpu(b *testing.B) float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(unix.TimevalToNsec(u.Utime)+unix.TimevalToNsec(u.Stime)) / 1000
}

const requestSize, answerSize = 177 << 10, 64 << 10

// BenchmarkFloor is what gRPC itself costs with a codec that does nothing, client and server.
func BenchmarkFloor(b *testing.B) {
	target := serveReplies(b, make([]byte, answerSize))
	c, err := connect(b.Context(), target, 1, defaultTimeout)
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	out, in := &outgoing{body: make([]byte, requestSize)}, &incoming{}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for range b.N {
		if err := c.all[0].Invoke(b.Context(), "/echo/echo", out, in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-us/op")
}

// BenchmarkGenerator is the same load by the generator, which measures, gives each call a deadline, and compares each answer's
// edges and a sixteenth of it.
func BenchmarkGenerator(b *testing.B) {
	target := serveReplies(b, make([]byte, answerSize))
	want := make([]byte, answerSize)
	w := &UnaryWorkload{Method: "/echo/echo", Request: make([]byte, requestSize), Check: func(answer []byte, number uint64) error {
		at := int(number%16) * answerSize / 16
		if len(answer) != answerSize || string(answer[at:at+answerSize/16]) != string(want[at:at+answerSize/16]) {
			return Wrong("content", "")
		}
		return nil
	}}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	r, err := Run(b.Context(), Config{Target: target, Workload: w, Requests: uint64(b.N)})
	if err != nil || r.Failed > 0 {
		b.Fatal(err, r)
	}
	b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-us/op")
}

// BenchmarkAlarms is how late a wait of a millisecond ends, by the kernel's timer and by the runtime's, in an idle program.
func BenchmarkAlarms(b *testing.B) {
	for name, plain := range map[string]bool{"precise": false, "plain": true} {
		b.Run(name, func(b *testing.B) {
			a := newAlarms(plain)
			defer a.close()
			w := a.waiter()
			var late Histogram
			for at := time.Now(); b.Loop(); {
				at = at.Add(time.Millisecond)
				if now := time.Now(); at.Before(now) {
					at = now.Add(time.Millisecond)
				}
				if err := w.until(b.Context(), at); err != nil {
					b.Fatal(err)
				}
				late.record(time.Since(at), digits)
			}
			b.ReportMetric(float64(late.Quantile(0.5))/1000, "late-p50-us")
			b.ReportMetric(float64(late.Quantile(0.9))/1000, "late-p90-us")
		})
	}
}
