package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/media"
)

const (
	echo      = `{"version":"v1","nodes":[{"id":"in","node_type":"PassThrough"}]}`
	speechToo = `{"version":"v1","nodes":[{"id":"r","node_type":"AudioResample","params":{"target_sample_rate":16000}},
		{"id":"v","node_type":"VAD"}],"connections":[{"from":"r","to":"v"}]}`
)

// wave is a sawtooth, silent in its first half.
func wave(frames int) media.Audio {
	samples := make([]float32, frames)
	for i := frames / 2; i < frames; i++ {
		samples[i] = float32(i%100)/100 - 0.5
	}
	return media.Planar(44100, samples)
}

// cut gives audio in chunks of so many frames.
func cut(a media.Audio, frames int) iter.Seq2[client.Chunk, error] {
	return func(yield func(client.Chunk, error) bool) {
		for part := range slices.Chunk(a.Bytes, frames*a.Format.FrameBytes()) {
			if !yield(client.Chunk{Audio: media.Audio{Format: a.Format, Bytes: part}}, nil) {
				return
			}
		}
	}
}

// gathered is what a stream gave, joined.
type gathered struct {
	audio   []byte
	data    []string
	answers []*client.Answer
	err     error
}

func gather(answers iter.Seq2[*client.Answer, error]) (g gathered) {
	for a, err := range answers {
		if err != nil {
			g.err = err
			continue
		}
		g.answers = append(g.answers, a)
		g.add(&a.Result)
	}
	return g
}

func (g *gathered) add(r *media.Result) {
	for _, a := range r.Audio {
		g.audio = append(g.audio, a.Bytes...)
	}
	for _, items := range r.Lists {
		for _, text := range items.Data {
			g.data = append(g.data, string(text))
		}
	}
}

func openStream(t *testing.T, c *client.Client, text string, o client.StreamOptions) *client.Stream {
	t.Helper()
	s, err := c.Stream(t.Context(), parse(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Cancel)
	return s
}

func streamedHere(t *testing.T, text string, chunks iter.Seq2[client.Chunk, error]) (g gathered) {
	t.Helper()
	p, err := remotemedia.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for chunk := range chunks {
		r, err := s.Push(t.Context(), media.Inputs{Audio: map[string]media.Audio{"": chunk.Audio}})
		if err != nil {
			t.Fatal(err)
		}
		g.add(r)
	}
	r, err := s.Flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.add(r)
	return g
}

func TestStreamGivesWhatALocalStreamGives(t *testing.T) {
	c, all := service(t), wave(44100)
	for _, frames := range []int{441, 4096, 50_000} {
		want := streamedHere(t, speechToo, cut(all, frames))
		s := openStream(t, c, speechToo, client.StreamOptions{MetricsInterval: 1})
		got := gather(s.Pipe(cut(all, frames)))
		if got.err != nil {
			t.Fatal(got.err)
		}
		if !bytes.Equal(got.audio, want.audio) || !slices.Equal(got.data, want.data) || len(want.audio) != 16000*4 {
			t.Errorf("chunks of %d frames: %d bytes and %d items, locally %d and %d", frames, len(got.audio), len(got.data), len(want.audio), len(want.data))
		}
		chunks := (44100 + frames - 1) / frames
		if last := got.answers[len(got.answers)-1]; len(got.answers) != chunks+1 || !last.Final || int(last.Sequence) != chunks-1 || last.Samples != 44100 {
			t.Errorf("%d answers to %d chunks, the last %+v", len(got.answers), chunks, last)
		}
		for i, a := range got.answers[:chunks] {
			if a.Final || int(a.Sequence) != i || a.Took <= 0 {
				t.Errorf("answer %d has sequence %d, final %v, took %v", i, a.Sequence, a.Final, a.Took)
			}
		}
		if stats := s.Stats(); int(stats.Chunks) != chunks || stats.Samples != 44100 || stats.PeakMemory == 0 || stats.P50 > stats.P99 {
			t.Errorf("counters %+v", stats)
		}
		checkClosed(t, s.Closed(), chunks)
		if _, err := s.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
		if err := s.Send(client.Chunk{Audio: all}); !errors.Is(err, client.ErrEnded) {
			t.Errorf("sending after the end: %v", err)
		}
	}
}

func checkClosed(t *testing.T, closed *client.Closed, chunks int) {
	t.Helper()
	if closed == nil || closed.Code != client.CloseDone || closed.Reason != "Client requested close" || int(closed.Chunks) != chunks {
		t.Fatalf("closed %+v", closed)
	}
	v := closed.Nodes[1]
	if v.ID != "v" || v.Type != "VAD" || v.Samples != 16000 || v.Status != media.Success || v.ItemsIn == 0 || closed.Metrics.Wall <= 0 {
		t.Errorf("final figures %+v, %+v", v, closed.Metrics)
	}
}

func TestStreamSession(t *testing.T) {
	s := openStream(t, service(t), speechToo, client.StreamOptions{OutputNodes: []string{"r"}})
	got := s.Session()
	if got.ID == "" || !slices.Equal(got.Inputs, []string{"r"}) || !slices.Equal(got.Outputs, []string{"r", "v"}) || got.IdleTimeout != 300*time.Second || got.Queue != 10 {
		t.Errorf("session %+v", got)
	}
}

func TestStreamOfData(t *testing.T) {
	const text = `{"version":"v1","nodes":[{"id":"n","node_type":"CalculatorNode","params":{"operation":"add","value":1}}]}`
	s := openStream(t, service(t), text, client.StreamOptions{Data: map[string]json.RawMessage{"": json.RawMessage("40")}})
	got := gather(s.Pipe(func(yield func(client.Chunk, error) bool) {
		_ = yield(client.Chunk{Data: json.RawMessage("1")}, nil) && yield(client.Chunk{Node: "n", Data: json.RawMessage("2")}, nil)
	}))
	if got.err != nil || !slices.Equal(got.data, []string{"2", "41", "3"}) {
		t.Errorf("got %q, %v", got.data, got.err)
	}
}

func TestStreamErrorsAreFaults(t *testing.T) {
	c := service(t)
	fails := `{"version":"v1","nodes":[{"id":"n","node_type":"CalculatorNode","params":{"operation":"divide","value":0}}]}`
	audio, other := wave(441), media.Planar(8000, make([]float32, 80))
	cases := map[string]struct {
		manifest string
		chunks   []client.Chunk
		kind     fault.Kind
		code     fault.Code
		answers  int
	}{
		"unknown type":  {strings.Replace(echo, "PassThrough", "Nope", 1), nil, fault.Validation, fault.CodeUnknownNodeType, 0},
		"unknown node":  {echo, []client.Chunk{{Audio: audio}, {Node: "ghost", Audio: audio}}, fault.Validation, fault.CodeStreamNode, 1},
		"another rate":  {echo, []client.Chunk{{Audio: audio}, {Audio: audio}, {Audio: other}}, fault.Validation, fault.CodeFormatChanged, 2},
		"no JSON":       {echo, []client.Chunk{{Data: json.RawMessage("{")}}, fault.Validation, fault.CodeDataSyntax, 0},
		"a node fails":  {fails, []client.Chunk{{Data: json.RawMessage("1")}, {Data: json.RawMessage("1")}}, fault.NodeExecution, fault.CodeNodeFailed, 0},
		"half a sample": {echo, []client.Chunk{{Audio: media.Audio{Format: audio.Format, Bytes: []byte{1}}}}, fault.Validation, fault.CodeBadAudio, 0},
		"before 0":      {echo, []client.Chunk{{Audio: audio}, {Audio: audio, At: -1}}, fault.Validation, fault.CodeBadAudio, 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := c.Stream(t.Context(), parse(t, tc.manifest), client.StreamOptions{})
			answers := 0
			if err == nil {
				got := gather(s.Pipe(func(yield func(client.Chunk, error) bool) {
					for _, chunk := range tc.chunks {
						if !yield(chunk, nil) {
							return
						}
					}
				}))
				err, answers = got.err, len(got.answers)
			}
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != tc.kind || f.Code != tc.code || answers != tc.answers {
				t.Errorf("got %v after %d answers, want %v %s after %d", err, answers, tc.kind, tc.code, tc.answers)
			}
		})
	}
	if _, err := c.Stream(t.Context(), nil, client.StreamOptions{}); fault.From(err).Code != fault.CodeManifestMissing {
		t.Errorf("no manifest: %v", err)
	}
}

func TestStreamGoesOnAfterFailuresWhenAsked(t *testing.T) {
	const text = `{"version":"v1","nodes":[{"id":"n","node_type":"CalculatorNode","params":{"operation":"divide"}}]}`
	s := openStream(t, service(t), text, client.StreamOptions{ContinueOnError: true})
	got := gather(s.Pipe(func(yield func(client.Chunk, error) bool) {
		for _, text := range []string{`{"a":4,"b":2}`, `{"a":1,"b":0}`, `{"a":9,"b":3}`} {
			if !yield(client.Chunk{Data: json.RawMessage(text)}, nil) {
				return
			}
		}
	}))
	if got.err != nil || len(got.answers) != 3 {
		t.Fatalf("%d answers, %v", len(got.answers), got.err)
	}
	failed := got.answers[1]
	if failed.Sequence != 1 || failed.Failure == nil || failed.Failure.NodeID != "n" || failed.Failure.Context["stream_error_type"] != "STREAM_ERROR_EXECUTION" {
		t.Errorf("the failure is %+v", failed.Failure)
	}
	if !slices.Equal(got.data, []string{"2", "3"}) {
		t.Errorf("the others gave %q", got.data)
	}
}

func TestPipeTellsTheSourcesErrorBehindTheAnswers(t *testing.T) {
	s := openStream(t, service(t), echo, client.StreamOptions{})
	broken := errors.New("the microphone is gone")
	got := gather(s.Pipe(func(yield func(client.Chunk, error) bool) {
		_ = yield(client.Chunk{Audio: wave(100)}, nil) && yield(client.Chunk{}, broken)
	}))
	if !errors.Is(got.err, broken) || len(got.answers) != 1 || s.Closed().Code != client.CloseDone {
		t.Errorf("%v after %d answers, closed %+v", got.err, len(got.answers), s.Closed())
	}
}

func TestALoopThatIsLeftCancelsTheStream(t *testing.T) {
	s := openStream(t, service(t), echo, client.StreamOptions{})
	for range s.Pipe(func(yield func(client.Chunk, error) bool) {
		for yield(client.Chunk{Audio: wave(100)}, nil) {
		}
	}) {
		break
	}
	if s.Context().Err() == nil {
		t.Error("the stream is still there")
	}
	if _, err := s.Recv(); err == nil || fault.From(err).Kind != fault.Canceled {
		for err == nil { // answers that had come
			_, err = s.Recv()
		}
		if fault.From(err).Kind != fault.Canceled {
			t.Errorf("Recv gives %v", err)
		}
	}
}

func TestCancelEndsBothSides(t *testing.T) {
	s := openStream(t, service(t), echo, client.StreamOptions{})
	s.Cancel()
	if _, err := s.Recv(); fault.From(err).Kind != fault.Canceled {
		t.Errorf("Recv gives %v", err)
	}
	if err := s.Send(client.Chunk{Audio: wave(1)}); !errors.Is(err, client.ErrEnded) {
		t.Errorf("Send gives %v", err)
	}
}

func TestAStreamToNobody(t *testing.T) {
	c, err := client.Dial("127.0.0.1:1", client.WithRetry(client.NoRetry))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Stream(t.Context(), parse(t, echo), client.StreamOptions{}); !fault.From(err).Retryable() {
		t.Errorf("got %v", err)
	}
}

// scripted starts a server that conducts streams as it is told, for what the real one does rarely or never.
func scripted(t *testing.T, script func(grpc.ServerStream) error, options ...grpc.ServerOption) *client.Client {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	handler := func(_ any, stream grpc.ServerStream) error {
		if method, _ := grpc.MethodFromServerStream(stream); method != declaredStream() {
			return status.Errorf(codes.Unimplemented, "%s isn't in the contract", method)
		}
		if err := stream.RecvMsg(new(pb.StreamRequest)); err != nil {
			return err
		}
		return script(stream)
	}
	server := grpc.NewServer(append(options, grpc.UnknownServiceHandler(handler))...)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	c, err := client.Dial("passthrough:///test", client.WithVersionCheck(false), client.WithRetry(client.NoRetry), client.WithDialOptions(
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func declaredStream() string {
	s := pb.File_remotemedia_v1_streaming_proto.Services().Get(0)
	return "/" + string(s.FullName()) + "/" + string(s.Methods().Get(0).Name())
}

var (
	isReady  = &pb.StreamResponse{Response: &pb.StreamResponse_Ready{Ready: &pb.StreamReady{SessionId: "s"}}}
	isResult = &pb.StreamResponse{Response: &pb.StreamResponse_Result{Result: &pb.ChunkResult{}}}
	isError  = &pb.StreamResponse{Response: &pb.StreamResponse_Error{Error: &pb.ErrorResponse{ErrorType: pb.ErrorType_ERROR_TYPE_NODE_EXECUTION, Message: "too loud"}}}
	isClosed = &pb.StreamResponse{Response: &pb.StreamResponse_Closed{Closed: &pb.StreamClosed{Reason: "Server shutting down", CloseCode: 4}}}
)

// Ends that aren't the good one, each told as a fault, and the answers before it kept.
func TestStreamsThatEndByThemselves(t *testing.T) {
	cases := map[string]struct {
		sends   []*pb.StreamResponse
		status  error
		kind    fault.Kind
		says    string
		answers int
	}{
		"a drain":               {[]*pb.StreamResponse{isReady, isResult, isClosed}, nil, fault.Unavailable, "after 1 answers", 1},
		"an error, no closed":   {[]*pb.StreamResponse{isReady, isError}, nil, fault.NodeExecution, "too loud", 0},
		"a status":              {[]*pb.StreamResponse{isReady, isResult}, status.Error(codes.Unavailable, "moved"), fault.Unavailable, "moved", 1},
		"nothing":               {[]*pb.StreamResponse{isReady}, nil, fault.Internal, "without a word", 0},
		"nothing at all":        {nil, nil, fault.Internal, "without a word", 0},
		"a status at the start": {nil, status.Error(codes.Unavailable, "full"), fault.Unavailable, "full", 0},
		"ready twice":           {[]*pb.StreamResponse{isReady, isReady}, nil, fault.Internal, "StreamResponse_Ready", 0},
		"result before ready":   {[]*pb.StreamResponse{isResult}, nil, fault.Internal, "StreamResponse_Result", 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := scripted(t, func(stream grpc.ServerStream) error {
				for _, m := range tc.sends {
					if err := stream.SendMsg(m); err != nil {
						return err
					}
				}
				return tc.status
			})
			s, err := c.Stream(t.Context(), parse(t, echo), client.StreamOptions{})
			answers := 0
			if err == nil {
				got := gather(s.All())
				err, answers = got.err, len(got.answers)
			}
			if f := fault.From(err); f == nil || f.Kind != tc.kind || !strings.Contains(f.Error(), tc.says) || answers != tc.answers {
				t.Errorf("got %v after %d answers", err, answers)
			}
		})
	}
}

// A drain that comes with our close isn't a good end where chunks were left without an answer.
func TestCloseThatADrainOvertakes(t *testing.T) {
	for results, want := range []error{fault.New(fault.CodeShuttingDown, ""), nil} {
		c := scripted(t, func(stream grpc.ServerStream) error {
			stream.SendMsg(isReady)
			for stream.RecvMsg(new(pb.StreamRequest)) == nil { // the chunk and the close
			}
			for range results {
				stream.SendMsg(isResult)
			}
			return stream.SendMsg(isClosed)
		})
		s := openStream(t, c, echo, client.StreamOptions{})
		if got := gather(s.Pipe(cut(wave(10), 10))); (got.err == nil) != (want == nil) || len(got.answers) != results {
			t.Errorf("%d of 1 answers: %v", results, got.err)
		}
	}
}

// Send waits while the service doesn't read, with no more under way than the windows hold, and goes on when it does.
func TestSendWaitsForAServiceThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const chunks, window = 64, 64 << 10
		goOn := make(chan struct{})
		c := scripted(t, func(stream grpc.ServerStream) error {
			stream.SendMsg(isReady)
			<-goOn
			for stream.RecvMsg(new(pb.StreamRequest)) == nil {
				stream.SendMsg(isResult)
			}
			return nil
		}, grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window))
		s := openStream(t, c, echo, client.StreamOptions{})
		var sent atomic.Int64
		answers := make(chan int)
		go func() {
			answers <- len(gather(s.Pipe(func(yield func(client.Chunk, error) bool) {
				for range chunks {
					if !yield(client.Chunk{Audio: wave(4096)}, nil) { // 16 KiB
						return
					}
					sent.Add(1)
				}
			})).answers)
		}()
		synctest.Wait() // nobody can go on by himself
		if n := sent.Load(); n < 1 || n > 24 {
			t.Errorf("%d chunks of 16 KiB were sent to a service that reads none, with a window of 64 KiB", n)
		}
		close(goOn)
		if n := <-answers; n != chunks+1 { // it answers the close too
			t.Errorf("%d answers, want %d", n, chunks+1)
		}
	})
}
