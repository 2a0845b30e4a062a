package server_test

import (
	"context"
	"net"
	"testing"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// BenchmarkExecute is a call that resamples one second of 44.1 kHz, and one that only passes it on, over a real socket.
func BenchmarkExecute(b *testing.B) {
	for name, nodes := range map[string]string{
		"pass":     "a:PassThrough",
		"resample": `a:AudioResample{"target_sample_rate": 16000}`,
	} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			var d net.Dialer
			r := serveRig(b, l, func(ctx context.Context, _ string) (net.Conn, error) {
				return d.DialContext(ctx, "tcp", l.Addr().String())
			}, library(b))
			in := &pb.AudioBuffer{Samples: make([]byte, 4*44100), SampleRate: 44100, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32}
			wall := 0.0
			b.ReportAllocs()
			for b.Loop() {
				wall += r.result(request(pipeline(nodes), map[string]any{"a": in})).GetMetrics().GetWallTimeMs()
			}
			b.ReportMetric(wall/float64(b.N), "wall-ms/op")
		})
	}
}
