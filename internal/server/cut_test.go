package server_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// TestRelT4_AClientThatIsCutLearnsWhy: one of grpc-go's that gives its calls up right after it began them has its connection cut, and what is
// open on it ends with the reason. The log has it, too, and the next call is served on a new connection.
func TestRelT4_AClientThatIsCutLearnsWhy(t *testing.T) {
	r, _ := tcpRig(t)
	open, err := r.NewStream(t.Context(), &bidi, streamPath)
	if err != nil {
		t.Fatal(err)
	}
	const reason = "too many streams were reset right after they were opened"
	ended := make(chan error, 1)
	go func() { ended <- open.RecvMsg(new(pb.StreamResponse)) }()
	for err = nil; err == nil; {
		ctx, cancel := context.WithCancel(t.Context())
		if _, began := r.NewStream(ctx, &bidi, streamPath); began != nil {
			t.Log(began) // the connection is being made anew
		}
		cancel()
		select {
		case err = <-ended:
		default:
		}
	}
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "ENHANCE_YOUR_CALM") || !strings.Contains(err.Error(), reason) {
		t.Errorf("it is told %v", err)
	}
	if !strings.Contains(r.logs.String(), reason) {
		t.Error("the log doesn't tell")
	}
	for { // a call may still be given to the connection that is going
		_, err := r.call(t.Context(), request(pipeline("a:Pass"), map[string]any{"a": "1"}))
		if err == nil {
			return
		}
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), reason) {
			t.Fatalf("the next call: %v", err)
		}
	}
}
