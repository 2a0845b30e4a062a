package server_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
)

// bytesCodec passes bytes, so that a client and the echo cost what the transport costs and nothing else.
type bytesCodec struct{}

var _ encoding.CodecV2 = bytesCodec{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (grpcmem.BufferSlice, error) {
	return grpcmem.BufferSlice{grpcmem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	out := v.(*[]byte)
	*out = slices.Grow((*out)[:0], data.Len())[:data.Len()]
	data.CopyTo(*out)
	return nil
}

// serveBench serves the real nodes with the pool of a service, on a socket.
func serveBench(b testing.TB, change ...func(*server.Options)) (address string) {
	b.Helper()
	o := server.Options{Engine: engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain)})}
	library(b)(&o)
	for _, f := range change {
		f(&o)
	}
	s, err := server.New(o)
	if err != nil {
		b.Fatal(err)
	}
	return listenBench(b, s.Serve, s.GracefulStop)
}

// serveEcho sends every message back, on grpc's defaults.
func serveEcho(b testing.TB) (address string) {
	b.Helper()
	s := grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var message []byte
		for {
			if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			sent := slices.Clone(message)
			if err := stream.SendMsg(&sent); err != nil {
				return err
			}
		}
	}))
	return listenBench(b, s.Serve, s.GracefulStop)
}

func listenBench(b testing.TB, serve func(net.Listener) error, stop func()) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

// rawStream is a stream of encoded messages.
type rawStream struct {
	grpc.ClientStream
	b testing.TB
}

func dialRaw(b testing.TB, address string) *grpc.ClientConn {
	b.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func openRaw(b testing.TB, conn *grpc.ClientConn) rawStream {
	b.Helper()
	stream, err := conn.NewStream(b.Context(), &bidi, streamPath)
	if err != nil {
		b.Fatal(err)
	}
	return rawStream{stream, b}
}

func (s rawStream) put(message []byte) {
	if err := s.SendMsg(&message); err != nil {
		s.b.Error(err)
	}
}

// until reads messages to the one that has a field, and returns false where the stream ends before.
func (s rawStream) until(field protowire.Number, message *[]byte) bool {
	for {
		if err := s.RecvMsg(message); err != nil {
			s.b.Error(err)
			return false
		}
		if n, _, _ := protowire.ConsumeTag(*message); n == field {
			return true
		}
	}
}

// end half-closes and reads to the end.
func (s rawStream) end() {
	if err := s.CloseSend(); err != nil {
		s.b.Error(err)
	}
	var message []byte
	for s.RecvMsg(&message) == nil {
	}
}

const (
	fieldReady  = 1
	fieldResult = 2
)

func encodeRequest(b testing.TB, m *pb.StreamRequest) []byte {
	b.Helper()
	out, err := proto.Marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func benchInit(b testing.TB, m *pb.PipelineManifest) []byte {
	return encodeRequest(b, &pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: m}}})
}

func benchChunk(b testing.TB, sequence uint64, in *pb.AudioBuffer) []byte {
	return encodeRequest(b, &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{NodeId: "in", Sequence: sequence, Buffer: in}}})
}

// floats is a chunk of so many frames of mono float32, most of them not 0.
func floats(frames, rate int) *pb.AudioBuffer {
	samples := make([]byte, 0, 4*frames)
	for i := range frames {
		samples = append(samples, byte(i), byte(i>>3), byte(i), 0x3d)
	}
	return &pb.AudioBuffer{Samples: samples, SampleRate: uint32(rate), Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32, NumSamples: uint64(frames)}
}

// pipelined sends chunks without waiting and returns how long it took until all answers were there.
func (s rawStream) pipelined(chunks [][]byte, answer protowire.Number) time.Duration {
	started := time.Now()
	go func() {
		for _, c := range chunks {
			s.put(c)
		}
	}()
	var message []byte
	for range chunks {
		if !s.until(answer, &message) {
			break
		}
	}
	return time.Since(started)
}

// BenchmarkStreamAgainstEcho sends 4096-sample chunks through a stream with one node, and through a server that only sends
// them back, turn by turn, and reports both rates and their ratio.
func BenchmarkStreamAgainstEcho(b *testing.B) {
	const turn = 1000
	live := openRaw(b, dialRaw(b, serveBench(b)))
	echo := openRaw(b, dialRaw(b, serveEcho(b)))
	live.put(benchInit(b, pipeline("in:PassThrough")))
	var message []byte
	live.until(fieldReady, &message)
	in := floats(4096, 48000)
	var ours, theirs time.Duration
	sequence := uint64(0)
	chunks := make([][]byte, turn)
	b.SetBytes(turn * int64(len(in.Samples)))
	for b.Loop() {
		for i := range chunks {
			chunks[i] = benchChunk(b, sequence, in)
			sequence++
		}
		theirs += echo.pipelined(chunks, fieldResult) // an audio chunk has the same number as a result
		ours += live.pipelined(chunks, fieldResult)
	}
	live.end()
	echo.end()
	b.ReportMetric(float64(sequence)/ours.Seconds(), "chunks/s")
	b.ReportMetric(float64(sequence)/theirs.Seconds(), "echoes/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
}

// BenchmarkHundredLiveStreams runs 100 streams of 100 ms chunks, resampled and searched for speech, for 10 s each turn. Each
// chunk is sent when it is due, whatever became of those before, and its latency counts from then.
func BenchmarkHundredLiveStreams(b *testing.B) {
	const streams, perConn, chunks, interval = 100, 10, 100, 100 * time.Millisecond
	address := serveBench(b)
	for b.Loop() {
		var all, late lockedTimes
		var group sync.WaitGroup
		started := time.Now().Add(500 * time.Millisecond)
		var conn *grpc.ClientConn
		for i := range streams {
			if i%perConn == 0 {
				conn = dialRaw(b, address)
			}
			p := paced{stream: openRaw(b, conn), interval: interval, began: started.Add(interval * time.Duration(i) / streams)}
			p.stream.put(benchInit(b, pipeline("in:AudioResample{\"target_sample_rate\":16000}", "vad:VAD", "in>vad")))
			for s := range chunks {
				p.chunks = append(p.chunks, benchChunk(b, uint64(s), floats(4410, 44100)))
			}
			group.Go(func() { p.run(&all, &late) })
		}
		group.Wait()
		b.ReportMetric(all.quantile(0.5), "p50-ms")
		b.ReportMetric(all.quantile(0.99), "p99-ms")
		b.ReportMetric(all.quantile(1), "max-ms")
		b.ReportMetric(late.quantile(0.99), "late-p99-ms")
		b.ReportMetric(float64(len(all.times)), "answers")
	}
}

// paced is one live stream.
type paced struct {
	stream   rawStream
	chunks   [][]byte
	began    time.Time
	interval time.Duration
}

func (p *paced) due(i int) time.Time { return p.began.Add(time.Duration(i) * p.interval) }

func (p *paced) run(all, late *lockedTimes) {
	var message []byte
	if !p.stream.until(fieldReady, &message) {
		return
	}
	lateness := make([]time.Duration, 0, len(p.chunks))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i, c := range p.chunks {
			time.Sleep(time.Until(p.due(i)))
			lateness = append(lateness, time.Since(p.due(i)))
			p.stream.put(c)
		}
	}()
	latency := make([]time.Duration, 0, len(p.chunks))
	for i := range p.chunks {
		if !p.stream.until(fieldResult, &message) {
			break
		}
		latency = append(latency, time.Since(p.due(i)))
	}
	<-sent
	p.stream.end()
	all.add(latency)
	late.add(lateness)
}

type lockedTimes struct {
	mu    sync.Mutex
	times []time.Duration
}

func (l *lockedTimes) add(times []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = append(l.times, times...)
}

// quantile is in milliseconds.
func (l *lockedTimes) quantile(q float64) float64 {
	if len(l.times) == 0 {
		return 0
	}
	slices.Sort(l.times)
	return float64(l.times[min(int(q*float64(len(l.times))), len(l.times)-1)]) / float64(time.Millisecond)
}
