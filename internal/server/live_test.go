package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/nodes"
)

const streamPath = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"

var bidi = grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

// library serves the real nodes.
func library(t testing.TB) func(*server.Options) {
	return func(o *server.Options) {
		var err error
		if o.Catalog, err = nodes.Catalog("test"); err != nil {
			t.Fatal(err)
		}
	}
}

type liveClient struct {
	grpc.ClientStream
	t testing.TB
}

// live opens a stream and takes its first answer, which must be ready.
func (r *rig) live(ctx context.Context, init *pb.StreamInit) liveClient {
	r.t.Helper()
	stream, err := r.NewStream(ctx, &bidi, streamPath)
	if err != nil {
		r.t.Fatal(err)
	}
	c := liveClient{stream, r.t}
	c.send(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: init}})
	if a := c.next(); a.GetReady().GetSessionId() == "" {
		r.t.Fatalf("the first answer is %v, want ready", a)
	}
	return c
}

func (c liveClient) send(m *pb.StreamRequest) {
	c.t.Helper()
	if err := c.SendMsg(m); err != nil {
		c.t.Fatal(err)
	}
}

func (c liveClient) chunk(node string, sequence uint64, b *pb.AudioBuffer) {
	c.t.Helper()
	c.send(&pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{NodeId: node, Sequence: sequence, Buffer: b}}})
}

func (c liveClient) close() {
	c.t.Helper()
	c.send(&pb.StreamRequest{Request: &pb.StreamRequest_Control{Control: &pb.StreamControl{Command: pb.StreamControl_COMMAND_CLOSE}}})
}

func (c liveClient) next() *pb.StreamResponse {
	c.t.Helper()
	a := new(pb.StreamResponse)
	if err := c.RecvMsg(a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// tone is a sine with some noise, as 16-bit samples.
func tone(frames, channels int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, 0, 2*frames*channels)
	for i := range frames {
		for c := range channels {
			v := 12000*math.Sin(2*math.Pi*float64(i)*float64(440+c)/44100) + 2000*random.NormFloat64()
			out = append(out, byte(int16(v)), byte(int16(v)>>8))
		}
	}
	return out
}

// collected is what a stream gave, joined as a unary answer is.
type collected struct {
	audio   map[string][]byte
	results int
	closed  *pb.StreamClosed
	metrics []*pb.StreamMetrics
}

// run streams samples in chunks of the given frames (0: random ones), reading each answer before the next chunk is sent.
func (c liveClient) run(node string, b *pb.AudioBuffer, frames func() int) collected {
	c.t.Helper()
	got := collected{audio: make(map[string][]byte)}
	size := 2 * int(b.GetChannels())
	rest := b.GetSamples()
	for sequence := uint64(0); len(rest) > 0; sequence++ {
		n := min(frames()*size, len(rest))
		part := &pb.AudioBuffer{Samples: rest[:n], SampleRate: b.SampleRate, Channels: b.Channels, Format: b.Format, NumSamples: uint64(n / 2)}
		rest = rest[n:]
		c.chunk(node, sequence, part)
		for got.results == int(sequence) {
			got.take(c.t, c.next())
		}
	}
	c.close()
	for got.closed == nil {
		got.take(c.t, c.next())
	}
	if err := c.RecvMsg(new(pb.StreamResponse)); !errors.Is(err, io.EOF) {
		c.t.Errorf("after closed: %v, want status OK", err)
	}
	return got
}

func (g *collected) take(t testing.TB, a *pb.StreamResponse) {
	t.Helper()
	switch v := a.GetResponse().(type) {
	case *pb.StreamResponse_Result:
		for id, b := range v.Result.GetAudioOutputs() {
			g.audio[id] = append(g.audio[id], b.GetSamples()...)
		}
		if !v.Result.GetIsFinal() {
			g.results++
		}
	case *pb.StreamResponse_Metrics:
		g.metrics = append(g.metrics, v.Metrics)
	case *pb.StreamResponse_Closed:
		g.closed = v.Closed
	default:
		t.Fatalf("got %v", a)
	}
}

func TestFR006_StreamedAudioEqualsUnaryBitForBit(t *testing.T) {
	r := newRig(t, library(t))
	chains := map[string]*pb.PipelineManifest{
		"one node":    pipeline("in:AudioResample{\"target_sample_rate\":16000}"),
		"three nodes": pipeline("in:AudioResample{\"target_sample_rate\":48000}", "b:AudioResample{\"target_sample_rate\":16000,\"channels\":1}", "v:VAD", "in>b", "b>v"),
		"a branch":    pipeline("in:PassThrough", "a:AudioResample{\"target_sample_rate\":8000}", "b:AudioFormatConverter{\"target_format\":\"f32\"}", "in>a", "in>b"),
	}
	sizes := map[string]func() int{"random": func() int { return 1 + rand.IntN(3000) }}
	for _, n := range []int{7, 160, 479, 480, 4096, 1 << 20} {
		sizes[fmt.Sprint(n)] = func() int { return n }
	}
	for name, m := range chains {
		for _, channels := range []int{1, 2} {
			whole := buffer(tone(8000, channels), func(b *pb.AudioBuffer) { b.SampleRate, b.Channels = 44100, uint32(channels) })
			want := r.result(request(m, map[string]any{"in": whole})).GetAudioOutputs()
			for label, size := range sizes {
				got := r.live(t.Context(), &pb.StreamInit{Manifest: m}).run("in", whole, size)
				for id, b := range want {
					if !bytes.Equal(got.audio[id], b.GetSamples()) {
						t.Errorf("%s, %d channels, chunks of %s: output %q differs (%d bytes, unary %d)", name, channels, label, id, len(got.audio[id]), len(b.GetSamples()))
					}
				}
			}
		}
	}
}

func TestFR006_SingleFramesEqualUnary(t *testing.T) {
	r := newRig(t, library(t))
	m := pipeline("in:AudioResample{\"target_sample_rate\":16000}", "b:AudioTransform{\"output_sample_rate\":8000,\"output_channels\":1}", "in>b")
	whole := buffer(tone(700, 2), func(b *pb.AudioBuffer) { b.SampleRate, b.Channels = 44100, 2 })
	want := r.result(request(m, map[string]any{"in": whole})).GetAudioOutputs()["b"].GetSamples()
	got := r.live(t.Context(), &pb.StreamInit{Manifest: m}).run("in", whole, func() int { return 1 })
	if len(want) == 0 || !bytes.Equal(got.audio["b"], want) {
		t.Errorf("%d bytes differ from the unary %d", len(got.audio["b"]), len(want))
	}
}

// TestT047_SlowNodeBehindAFastClientHoldsItsBound sends as fast as flow control lets it, and loses nothing.
func TestT047_SlowNodeBehindAFastClientHoldsItsBound(t *testing.T) {
	r := newRig(t, library(t))
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("in:DelayNode{\"delay_ms\":1}")})
	const chunks = 200
	go func() {
		for i := range uint64(chunks) {
			c.chunk("in", i, buffer(make([]byte, 64<<10)))
		}
		c.close()
	}()
	var got collected
	got.audio = make(map[string][]byte)
	for got.closed == nil {
		got.take(t, c.next())
		if held := r.budget.Used(); held > 640<<10 {
			t.Fatalf("the stream holds %d bytes", held)
		}
	}
	if got.results != chunks || len(got.audio["in"]) != chunks*64<<10 {
		t.Errorf("%d results with %d bytes of audio", got.results, len(got.audio["in"]))
	}
}

func TestSeveralSourcesShareOneSequence(t *testing.T) {
	r := newRig(t, library(t))
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("a:PassThrough", "b:AudioResample", "d:PassThrough", "a>d", "b>d")})
	ready := []string{"a", "b", "a"}
	for i, id := range ready {
		c.chunk(id, uint64(i), buffer(tone(160, 1)))
		if a := c.next().GetResult(); a.GetSequence() != uint64(i) || id == "a" && a.GetAudioOutputs()["d"].GetNumSamples() != 160 {
			t.Errorf("chunk %d for %s: %v", i, id, a)
		}
	}
	c.close()
	for c.next().GetClosed() == nil {
	}
}

func TestDataOfTheInitIsCheckedBeforeTheStreamOpens(t *testing.T) {
	r := newRig(t, library(t))
	for name, c := range map[string]struct {
		inputs map[string]string
		code   string
	}{
		"unknown node": {map[string]string{"z": "1"}, "unknown_input_node"},
		"not JSON":     {map[string]string{"in": "{"}, "data_input_syntax"},
		"not taken":    {map[string]string{"in": "1"}, "input_kind"},
	} {
		stream, err := r.NewStream(t.Context(), &bidi, streamPath)
		if err != nil {
			t.Fatal(err)
		}
		l := liveClient{stream, t}
		l.send(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: pipeline("in:AudioResample"), DataInputs: c.inputs}}})
		if e := l.next().GetError(); e.GetCode() != c.code || e.GetErrorType() != pb.ErrorType_ERROR_TYPE_VALIDATION {
			t.Errorf("%s: got %v, want %s", name, e, c.code)
		}
		if l.next().GetClosed() == nil {
			t.Errorf("%s: not closed", name)
		}
	}
}

func TestTimestampSetsTheMediaTimeOfItsChunk(t *testing.T) {
	r := newRig(t, library(t))
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("in:PassThrough")})
	send := func(sequence, ms uint64) *pb.AudioBuffer {
		c.send(&pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{Sequence: sequence, TimestampMs: ms, Buffer: buffer(make([]byte, 2*160))}}})
		return c.next().GetResult().GetAudioOutputs()["in"]
	}
	for i, want := range []struct{ ms, position, us int64 }{{0, 0, 0}, {0, 160, 10_000}, {500, 320, 500_000}, {0, 480, 510_000}} {
		got := send(uint64(i), uint64(want.ms))
		if got.GetPositionFrames() != want.position || got.GetTimestampUs() != want.us {
			t.Errorf("chunk %d is at frame %d, %d us, want %d and %d", i, got.GetPositionFrames(), got.GetTimestampUs(), want.position, want.us)
		}
	}
	c.close()
	for c.next().GetClosed() == nil {
	}
}

func TestUS3_HundredChunksGiveHundredResultsAndTrueTotals(t *testing.T) {
	r := newRig(t, library(t))
	m := pipeline("in:AudioResample{\"target_sample_rate\":16000}", "vad:VAD", "in>vad")
	whole := buffer(tone(160_000, 1))
	got := r.live(t.Context(), &pb.StreamInit{Manifest: m}).run("in", whole, func() int { return 1600 })
	if got.results != 100 || len(got.metrics) != 10 {
		t.Errorf("%d results and %d metrics, want 100 and 10", got.results, len(got.metrics))
	}
	last := got.metrics[9]
	if last.GetChunksProcessed() != 100 || last.GetTotalSamples() != 160_000 || last.GetChunksDropped() != 0 {
		t.Errorf("last metrics %v", last)
	}
	if !(0 < last.GetP50Ms() && last.GetP50Ms() <= last.GetP95Ms() && last.GetP95Ms() <= last.GetP99Ms()) || last.GetAverageLatencyMs() <= 0 || last.GetPeakMemoryBytes() == 0 {
		t.Errorf("figures %v", last)
	}
	final := got.closed.GetFinalMetrics()
	if got.closed.GetChunksProcessed() != 100 || got.closed.GetTotalSamples() != 160_000 || got.closed.GetReason() != "Client requested close" {
		t.Errorf("closed %v", got.closed)
	}
	for _, id := range []string{"in", "vad"} {
		if n := final.GetNodeMetrics()[id]; n.GetSamplesProcessed() != 160_000 || n.GetExecutionTimeMs() <= 0 {
			t.Errorf("final metrics of %s: %v", id, n)
		}
	}
}

// TestEventsDoNotDependOnChunking compares the speech events of the same audio in different cuts.
func TestEventsDoNotDependOnChunking(t *testing.T) {
	r := newRig(t, library(t))
	quiet, loud := make([]byte, 2*16_000), tone(16_000, 1)
	whole := buffer(append(append(append([]byte{}, quiet...), loud...), quiet...))
	events := func(frames int) string {
		c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("in:VAD")})
		var texts []string
		for sequence, rest := uint64(0), whole.Samples; len(rest) > 0; sequence++ {
			n := min(2*frames, len(rest))
			c.chunk("in", sequence, buffer(rest[:n]))
			rest = rest[n:]
		}
		c.close()
		for {
			a := c.next()
			if a.GetClosed() != nil {
				return strings.Join(texts, " ")
			}
			if text := a.GetResult().GetDataOutputs()["in"]; strings.Contains(text, `"type"`) {
				_, list, _ := strings.Cut(text, `"events":[`)
				list, _, _ = strings.Cut(list, "]")
				texts = append(texts, list)
			}
		}
	}
	want := events(100_000)
	if strings.Count(want, "speech_") != 2 {
		t.Fatalf("events of the whole: %s", want)
	}
	for _, frames := range []int{160, 479, 1600} {
		if got := strings.ReplaceAll(events(frames), "} {", "},{"); got != want {
			t.Errorf("chunks of %d frames: %s, whole: %s", frames, got, want)
		}
	}
}

// TestPeerThatDoesNotReadHoldsLittleAndIsCut fills the windows of a real connection with a client that never reads. It is told that it was cut as
// soon as it does read: by a status, or by a reset where an answer was on its way in part, behind which nothing else can come.
func TestPeerThatDoesNotReadHoldsLittleAndIsCut(t *testing.T) {
	r := newRig(t, library(t), func(o *server.Options) { o.Stream.SendTimeout = 300 * time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := r.NewStream(ctx, &bidi, streamPath)
	if err != nil {
		t.Fatal(err)
	}
	var most atomic.Int64
	sent := make(chan uint64)
	go func() {
		err := stream.SendMsg(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: pipeline("in:PassThrough")}}})
		i := uint64(0)
		for ; err == nil && i < 1000; i++ { // 64 MB, if nothing held it back
			err = stream.SendMsg(&pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{Sequence: i, Buffer: buffer(make([]byte, 64<<10))}}})
			most.Store(max(most.Load(), r.budget.Used()))
		}
		sent <- i
	}()
	waitFor(t, func() bool { return strings.Contains(r.logs.String(), "Client doesn't read") })
	if n := max(most.Load(), r.budget.Used()); n > 640<<10 {
		t.Errorf("the stream held %d bytes, allowed are %d", n, 640<<10)
	}
	for err = nil; err == nil; {
		err = stream.RecvMsg(new(pb.StreamResponse))
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("it is told %v", err)
	}
	cancel()
	if n := <-sent; n == 1000 {
		t.Error("64 MB were taken from a client that doesn't read")
	}
	waitFor(t, func() bool { return r.pool.Out() <= 1 }) // the send that was cut lets its message go; a connection in memory waits with a buffer
}

// TestT048_DeadStreamsFreeEverything opens streams over real sockets, sends, and ends them in every way that a client can.
func TestT048_DeadStreamsFreeEverything(t *testing.T) {
	cycles := 10_000
	if raceEnabled {
		cycles = 1_000
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", listener.Addr().String())
	}
	hasty := func(o *server.Options) { o.Transport.MaxResets = -1 } // so many that are canceled at once would be cut
	r := serveRig(t, listener, dial, library(t), hasty)
	init := &pb.StreamInit{Manifest: pipeline("in:AudioResample")}
	chunk := buffer(tone(160, 1))
	for i := range cycles {
		ctx, cancel := context.WithCancel(t.Context())
		if i%50 == 0 { // a connection of its own, ended by FIN or RST
			killConnection(t, listener.Addr().String(), init, chunk, i%100 == 0)
			cancel()
			continue
		}
		c := r.live(ctx, init)
		c.chunk("in", 0, chunk)
		if i%2 == 0 {
			c.next() // half of them wait for the answer
		}
		cancel()
	}
	waitFor(t, func() bool { return r.engine.OpenSessions() == 0 && r.pool.Out() == 0 && r.budget.Used() == 0 })
}

func killConnection(t *testing.T, address string, init *pb.StreamInit, chunk *pb.AudioBuffer, reset bool) {
	t.Helper()
	var raw net.Conn
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, a string) (_ net.Conn, err error) {
			var d net.Dialer
			raw, err = d.DialContext(ctx, "tcp", a)
			return raw, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := (&rig{ClientConn: conn, t: t}).live(t.Context(), init)
	c.chunk("in", 0, chunk)
	if reset {
		if err := raw.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
	}
	raw.Close()
}

// waitFor yields until a condition holds, within a minute.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for began := time.Now(); !condition(); runtime.Gosched() {
		if time.Since(began) > time.Minute {
			t.Fatal("not freed within a minute")
		}
	}
}

func TestDrainClosesLiveStreams(t *testing.T) {
	r := newRig(t, library(t))
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("in:AudioBuffer{\"buffer_size_samples\":1000}")})
	c.chunk("in", 0, buffer(tone(160, 1)))
	c.next()
	stopped := make(chan struct{})
	go func() { defer close(stopped); r.server.GracefulStop() }()
	final := c.next().GetResult()
	if !final.GetIsFinal() || final.GetAudioOutputs()["in"].GetNumSamples() != 160 {
		t.Errorf("what was held back: %v", final)
	}
	if closed := c.next().GetClosed(); closed.GetReason() != "Server shutting down" || closed.GetCloseCode() != 4 {
		t.Errorf("closed %v", closed)
	}
	<-stopped
}

// TestChunkCostsFewAllocations counts what one chunk allocates in client and server together.
func TestChunkCostsFewAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := newRig(t, library(t))
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("in:PassThrough")})
	sequence := uint64(0)
	b := buffer(make([]byte, 8192))
	count := testing.AllocsPerRun(500, func() {
		c.chunk("in", sequence, b)
		sequence++
		for c.next().GetResult() == nil {
		}
	})
	c.close()
	for c.next().GetClosed() == nil {
	}
	t.Logf("%.0f allocations a chunk, both sides", count)
	const most = 120
	if count > most {
		t.Errorf("a chunk costs %.0f allocations in client and server, allowed are %d", count, most)
	}
}

// The samples of a chunk that is refused go back: the rig looks at that in the end.
func TestSamplesOfARefusedChunkGoBack(t *testing.T) {
	for _, sequence := range []uint64{0, 5} {
		r := newRig(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s := r.live(ctx, &pb.StreamInit{Manifest: pipeline("a:Pass")})
		s.chunk("nobody", sequence, buffer(make([]byte, 4000)))
		for end := false; !end; {
			end = s.next().GetClosed() != nil
		}
	}
}
