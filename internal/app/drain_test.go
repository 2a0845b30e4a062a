package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
)

// openStream opens a live stream and takes its first answer.
func (s *service) openStream() grpc.ClientStream {
	s.t.Helper()
	return s.openStreamWith(insecure.NewCredentials())
}

func (s *service) openStreamWith(c credentials.TransportCredentials) grpc.ClientStream {
	s.t.Helper()
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(c))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
		"/remotemedia.v1.StreamingPipelineService/StreamPipeline")
	if err != nil {
		s.t.Fatal(err)
	}
	err = stream.SendMsg(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{
		Manifest: &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "Pass"}}},
	}}})
	answer := new(pb.StreamResponse)
	if err == nil {
		err = stream.RecvMsg(answer)
	}
	if err != nil || answer.GetReady() == nil {
		s.t.Fatalf("got %v, %v", answer, err)
	}
	return stream
}

// TestFR009_AStopFinishesWhatWasBegun: the call in flight succeeds, the stream is told that it is closed, new calls are refused.
func TestFR009_AStopFinishesWhatWasBegun(t *testing.T) {
	s := start(t, func(*app.Options) {})
	stream := s.openStream()
	answered := make(chan error, 1)
	go func() {
		_, err := s.execute("Gate")
		answered <- err
	}()
	<-s.gates.entered
	s.stop()
	last := new(pb.StreamResponse)
	if err := stream.RecvMsg(last); err != nil || last.GetClosed().GetReason() != "Server shutting down" {
		t.Errorf("the stream got %v, %v", last, err)
	}
	if _, err := s.execute("Pass"); status.Code(err) != codes.Unavailable {
		t.Errorf("a new call got %v", err)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("it ended before the call: %v", err)
	default:
	}
	close(s.gates.release)
	if err := <-answered; err != nil {
		t.Errorf("the call in flight got %v", err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestRel19_StuckNodesAreNamed when the time to drain is over.
func TestRel19_StuckNodesAreNamed(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Config.Server.DrainTimeout = 20 * time.Millisecond })
	failed := make(chan error, 1)
	go func() {
		_, err := s.execute("Gate")
		failed <- err
	}()
	<-s.gates.entered
	s.stop()
	err := <-s.ended
	for _, want := range []string{"1 calls", "ExecutePipeline", `node "a"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ended with %v, want %s", err, want)
		}
	}
	if line := s.line("a call was cut"); line["node_id"] != "a" || line["request_id"] == "" || line["level"] != "error" {
		t.Errorf("the log says %v", line)
	}
	if err := <-failed; err == nil {
		t.Error("the call got an answer")
	}
}

func TestNotReadyBeforeItStops(t *testing.T) {
	const delay = 50 * time.Millisecond
	s := start(t, func(o *app.Options) { o.Config.Server.DrainDelay = delay })
	began := time.Now()
	s.stop()
	s.log.await("stopping")
	if code, _ := s.get("/readyz"); code == 200 {
		t.Error("it is ready")
	}
	if err := <-s.ended; err != nil || time.Since(began) < delay {
		t.Errorf("it ended with %v after %v", err, time.Since(began))
	}
}
