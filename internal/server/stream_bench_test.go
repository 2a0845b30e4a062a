package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/experimental"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/internal/wire"
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
func serveBench(b *testing.B) (address string) {
	b.Helper()
	o := server.Options{Engine: engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain)})}
	library(b)(&o)
	s, err := server.New(o)
	if err != nil {
		b.Fatal(err)
	}
	return listenBench(b, s.Serve, s.GracefulStop)
}

// serveEcho sends every message back, on grpc's defaults.
func serveEcho(b *testing.B) (address string) {
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

func listenBench(b *testing.B, serve func(net.Listener) error, stop func()) string {
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
	b *testing.B
}

func dialRaw(b *testing.B, address string) *grpc.ClientConn {
	b.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func openRaw(b *testing.B, conn *grpc.ClientConn) rawStream {
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

func encodeRequest(b *testing.B, m *pb.StreamRequest) []byte {
	b.Helper()
	out, err := proto.Marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func benchInit(b *testing.B, m *pb.PipelineManifest) []byte {
	return encodeRequest(b, &pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: m}}})
}

func benchChunk(b *testing.B, sequence uint64, in *pb.AudioBuffer) []byte {
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

// BenchmarkServerAllocations counts what the server alone allocates for a 4096-sample chunk through one node: the client is
// another process, this program started anew.
func BenchmarkServerAllocations(b *testing.B) {
	client := startClient(b, serveBench(b), "stream")
	client.order(100) // pools and buffers are filled
	b.ReportAllocs()
	b.ResetTimer()
	client.order(b.N)
	b.StopTimer()
	client.stop()
}

// BenchmarkServerCall counts what the server alone allocates for a unary call that passes one second of audio on.
func BenchmarkServerCall(b *testing.B) {
	client := startClient(b, serveBench(b), "unary")
	client.order(100)
	b.ReportAllocs()
	b.ResetTimer()
	client.order(b.N)
	b.StopTimer()
	client.stop()
}

// BenchmarkEchoCall counts what a bare server allocates for the same: grpc with the codec of the service, and nothing else.
func BenchmarkEchoCall(b *testing.B) {
	pool := mem.NewPool(mem.DefaultRetain)
	codec := wire.NewCodec(pool)
	s := grpc.NewServer(grpc.ForceServerCodecV2(codec), experimental.BufferPool(pool), grpc.WriteBufferSize(64<<10),
		grpc.StaticStreamWindowSize(256<<10), grpc.StaticConnWindowSize(4<<20),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return echoExecution(codec, pool, stream) }))
	client := startClient(b, listenBench(b, s.Serve, s.GracefulStop), "unary")
	client.order(100)
	b.ReportAllocs()
	b.ResetTimer()
	client.order(b.N)
	b.StopTimer()
	client.stop()
}

// echoExecution answers an execution with its own audio.
func echoExecution(codec *wire.Codec, pool *mem.Pool, stream grpc.ServerStream) error {
	req := new(pb.ExecuteRequest)
	in := &wire.Incoming{Message: req, KeepManifest: true}
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	defer in.Release()
	account := mem.NewAccount(pool, mem.Unlimited{}, math.MaxInt64)
	var given []wire.Audio
	for id, m := range req.GetAudioInputs() {
		buffer, _, err := in.Audio(m, account)
		if err != nil {
			return err
		}
		defer buffer.Release()
		given = append(given, wire.Audio{NodeID: id, Buffer: buffer})
	}
	frame, err := codec.EncodeExecution(given, account, new(pb.ExecutionResult), func(time.Duration) *pb.ExecutionMetrics { return nil })
	if err != nil {
		return err
	}
	return stream.SendMsg(&frame)
}

const (
	clientOf   = "REMOTEMEDIA_BENCH_CLIENT_OF"
	clientKind = "REMOTEMEDIA_BENCH_CLIENT_KIND"
)

// BenchmarkClientProcess is the other process: it streams as many chunks as each line of its input says.
func BenchmarkClientProcess(b *testing.B) {
	address := os.Getenv(clientOf)
	if address == "" {
		b.Skip("this is the client of BenchmarkServerAllocations, which starts it")
	}
	conn := dialRaw(b, address)
	if os.Getenv(clientKind) == "unary" {
		callAsOrdered(b, conn)
		return
	}
	s := openRaw(b, conn)
	s.put(benchInit(b, pipeline("in:PassThrough")))
	var message []byte
	s.until(fieldReady, &message)
	in, sequence, count := floats(4096, 48000), uint64(0), 0
	for {
		if n, _ := fmt.Scan(&count); n != 1 {
			break
		}
		var chunks [][]byte
		for range count {
			chunks = append(chunks, benchChunk(b, sequence, in))
			sequence++
		}
		s.pipelined(chunks, fieldResult)
		fmt.Println("done")
	}
	s.end()
}

// callAsOrdered makes as many calls as each line of the input says.
func callAsOrdered(b *testing.B, conn *grpc.ClientConn) {
	req, err := proto.Marshal(request(pipeline("in:PassThrough"), map[string]any{"in": floats(44100, 44100)}))
	if err != nil {
		b.Fatal(err)
	}
	var answer []byte
	for count := 0; ; {
		if n, _ := fmt.Scan(&count); n != 1 {
			return
		}
		for range count {
			if err := conn.Invoke(b.Context(), executePath, &req, &answer); err != nil || len(answer) < 4*44100 {
				b.Fatalf("%d bytes, %v", len(answer), err)
			}
		}
		fmt.Println("done")
	}
}

type clientProcess struct {
	b      *testing.B
	orders io.WriteCloser
	done   *bufio.Scanner
	wait   func() error
}

func startClient(b *testing.B, address, kind string) *clientProcess {
	b.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkClientProcess$", "-test.benchtime", "1x")
	command.Env = append(os.Environ(), clientOf+"="+address, clientKind+"="+kind)
	orders, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	return &clientProcess{b, orders, bufio.NewScanner(out), command.Wait}
}

// order has the client stream so many chunks, and waits until all are answered.
func (c *clientProcess) order(chunks int) {
	c.b.Helper()
	fmt.Fprintln(c.orders, chunks)
	for c.done.Scan() {
		if strings.HasSuffix(c.done.Text(), "done") {
			return
		}
	}
	c.b.Fatal("the client has ended early")
}

func (c *clientProcess) stop() {
	c.orders.Close()
	for c.done.Scan() {
	}
	if err := c.wait(); err != nil {
		c.b.Errorf("the client ended with %v", err)
	}
}
