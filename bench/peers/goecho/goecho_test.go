package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

func encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func audio(n int) map[string]*pb.AudioBuffer {
	return map[string]*pb.AudioBuffer{"n": {Samples: bytes.Repeat([]byte{1, 2, 3, 4}, n/4), SampleRate: 16000, Channels: 1, Format: 1}}
}

func prepare(t *testing.T) (answers, *pb.ExecuteResponse, *pb.ChunkResult) {
	t.Helper()
	unary := &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{AudioOutputs: audio(64000)}}}
	chunk := &pb.ChunkResult{AudioOutputs: audio(16384)}
	return answers{encoded(t, unary), encoded(t, chunk)}, unary, chunk
}

// serve starts an echo and ends it with the test.
func serve(t *testing.T, codec string, a answers) (address string) {
	t.Helper()
	s, err := newServer(codec, a)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestEchoesOverGRPCAnswerWithWhatWasPrepared(t *testing.T) {
	a, unary, chunk := prepare(t)
	for _, codec := range []string{"noop", "onecopy", "default"} {
		t.Run(codec, func(t *testing.T) {
			conn := dial(t, serve(t, codec, a))
			for range 3 {
				got := new(pb.ExecuteResponse)
				err := conn.Invoke(t.Context(), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{AudioInputs: audio(176400)}, got)
				if err != nil || !proto.Equal(got, unary) {
					t.Fatalf("%v, equal: %v", err, proto.Equal(got, unary))
				}
			}
			stream := open(t, conn)
			exchange(t, stream, &pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{}}}, func(r *pb.StreamResponse) bool {
				return r.GetReady() != nil
			})
			for n := range uint64(200) {
				chunk.Sequence = n
				exchange(t, stream, &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{
					Buffer: audio(16384)["n"], Sequence: n,
				}}}, func(r *pb.StreamResponse) bool { return proto.Equal(r.GetResult(), chunk) })
			}
			if err := stream.CloseSend(); err != nil {
				t.Fatal(err)
			}
			if r, err := stream.Recv(); err != nil || r.GetClosed() == nil {
				t.Errorf("at the end: %v, %v", r, err)
			}
			if _, err := stream.Recv(); err != io.EOF {
				t.Error("after the end:", err)
			}
		})
	}
}

type clientStream = grpc.GenericClientStream[pb.StreamRequest, pb.StreamResponse]

func open(t *testing.T, conn *grpc.ClientConn) *clientStream {
	t.Helper()
	shape := grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	s, err := conn.NewStream(t.Context(), &shape, "/remotemedia.v1.StreamingPipelineService/StreamPipeline")
	if err != nil {
		t.Fatal(err)
	}
	return &clientStream{ClientStream: s}
}

func exchange(t *testing.T, s *clientStream, m *pb.StreamRequest, right func(*pb.StreamResponse) bool) {
	t.Helper()
	if err := s.Send(m); err != nil {
		t.Fatal(err)
	}
	r, err := s.Recv()
	if err != nil || !right(r) {
		t.Fatalf("answer to %T: %v, %v", m.GetRequest(), r, err)
	}
}

func TestEchoRefusesWhatItCannotEcho(t *testing.T) {
	a, _, _ := prepare(t)
	for _, codec := range []string{"noop", "onecopy", "default"} {
		stream := open(t, dial(t, serve(t, codec, a)))
		if err := stream.Send(&pb.StreamRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: an empty request gave %v", codec, err)
		}
	}
	if _, err := newServer("other", a); err == nil {
		t.Error("there is a codec named other")
	}
}

func TestRefusingReadsNoBody(t *testing.T) {
	conn := dial(t, serve(t, "refuse", answers{}))
	err := conn.Invoke(t.Context(), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{AudioInputs: audio(176400)}, new(pb.ExecuteResponse))
	if status.Code(err) != codes.Unavailable {
		t.Error("a call:", err)
	}
	// A stream that has sent nothing yet is refused by its headers alone.
	if _, err := open(t, conn).Recv(); status.Code(err) != codes.Unavailable {
		t.Error("a stream:", err)
	}
}

func TestMetricsTellWhatWasAllocated(t *testing.T) {
	address, err := serveMetrics("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	allocated := func() (n uint64) {
		t.Helper()
		resp, err := http.Get("http://" + address.String() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := fmt.Fscanf(resp.Body, "go_memstats_alloc_bytes_total %d\n", &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := allocated()
	held = make([]byte, 1<<20)
	if took := allocated() - before; took < 1<<20 || took > 2<<20 {
		t.Errorf("%d bytes were allocated, of which 1 MiB by the test", took)
	}
	if _, err := serveMetrics(address.String()); err == nil {
		t.Error("an address was taken twice")
	}
	if got, want := serving(address, nil), "listening "+address.String(); got != want {
		t.Error(got)
	}
	if got := serving(address, address); !strings.Contains(got, `"message":"serving"`) || !strings.Contains(got, `"admin":"`+address.String()) {
		t.Error(got)
	}
}

// held keeps what a test allocates from being optimised away.
var held []byte

func TestRawEchoAnswersFrames(t *testing.T) {
	conn, err := net.Dial("tcp", serve(t, "raw", answers{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, wanted := range []uint32{64000, 0, 176400, 1} {
		frame := make([]byte, rawHead+1000)
		binary.LittleEndian.PutUint32(frame, 1000)
		binary.LittleEndian.PutUint32(frame[4:], wanted)
		if _, err := conn.Write(frame); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4+wanted)
		if _, err := io.ReadFull(conn, answer); err != nil || binary.LittleEndian.Uint32(answer) != wanted {
			t.Fatalf("%d bytes wanted: %d, %v", wanted, binary.LittleEndian.Uint32(answer), err)
		}
	}
	// A length that lies ends the connection and allocates nothing.
	if _, err := conn.Write(bytes.Repeat([]byte{0xff}, rawHead)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes answer a frame of 4 GB", n)
	}
}

func TestAnswersAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	full, empty := filepath.Join(dir, "full"), filepath.Join(dir, "empty")
	for path, content := range map[string]string{full: "x", empty: ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := load(full, ""); err != nil || string(a.unary) != "x" || a.chunk != nil {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := load("", empty); err == nil {
		t.Error("an empty answer was taken")
	}
	if _, err := load(full+"none", ""); err == nil {
		t.Error("a file that doesn't exist was read")
	}
}
