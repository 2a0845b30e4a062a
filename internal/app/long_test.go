package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
)

// times is how often something is done: briefly, or with REMOTEMEDIA_LONG as often as the requirements say.
func times(brief, long int) int {
	if os.Getenv("REMOTEMEDIA_LONG") != "" {
		return long
	}
	return brief
}

// TestRel19_DrainsCutNothing: each time 50 calls and 50 streams are in flight when the service is told to stop, and none fails.
func TestRel19_DrainsCutNothing(t *testing.T) {
	const calls, streams = 50, 50
	for range times(1, 20) {
		s := start(t, func(*app.Options) {})
		var open []grpc.ClientStream
		for range streams {
			open = append(open, s.openStream())
		}
		var inFlight sync.WaitGroup
		for range calls {
			inFlight.Go(func() {
				if got, err := s.execute("Gate"); err != nil || got.GetResult() == nil {
					t.Errorf("a call got %v, %v", got, err)
				}
			})
		}
		go func() {
			for range calls { // a slot is given back while a node waits, so that all come in
				<-s.gates.entered
			}
			s.stop()
			s.log.await("stopping")
			close(s.gates.release)
		}()
		for _, stream := range open {
			last := new(pb.StreamResponse)
			if err := stream.RecvMsg(last); err != nil || last.GetClosed().GetReason() != "Server shutting down" {
				t.Errorf("a stream got %v, %v", last, err)
			}
		}
		inFlight.Wait()
		if err := <-s.ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	}
}

// grave leaves out of a log what isn't at least an error: thousands of lines that a test would read over and over.
type grave struct{ slog.Handler }

func (grave) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (g grave) WithAttrs(attrs []slog.Attr) slog.Handler       { return grave{g.Handler.WithAttrs(attrs)} }
func (g grave) WithGroup(name string) slog.Handler             { return grave{g.Handler.WithGroup(name)} }

// TestRel21_ReloadsFailNoCall: under load the configuration is loaded again and again, one in five of them invalid, and no call fails; a new token
// lives as soon as its configuration is in force, an old one is dead, and what is invalid changes nothing.
func TestRel21_ReloadsFailNoCall(t *testing.T) {
	const steady = "steady-token-0123456789abcdef"
	tokens := func(i int) string { return fmt.Sprintf("token-%04d-0123456789abcdef", i) }
	configuration := func(i int) string { return text(steady+", "+tokens(i), "5") }
	s := startConfigured(t, configuration(0), func(o *app.Options) { o.Log = slog.New(grave{o.Log.Handler()}) })
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	call := func(token string) error {
		got := new(pb.ExecuteResponse)
		err := conn.Invoke(metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{
			Manifest: &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "Pass"}}}, DataInputs: map[string]string{"a": "1"},
		}, got)
		if err == nil && got.GetResult() == nil {
			err = fmt.Errorf("the answer is %v", got.GetError())
		}
		return err
	}
	var stopping atomic.Bool
	var load sync.WaitGroup
	load.Go(func() {
		for !stopping.Load() {
			if err := call(steady); err != nil {
				t.Errorf("a call failed: %v", err)
				return
			}
		}
	})
	inForce := func(token string) { // the file is watched, too, so that one change may be loaded twice
		for limit := time.Now().Add(10 * time.Second); status.Code(call(token)) == codes.Unauthenticated; {
			if time.Now().After(limit) {
				t.Fatal("a new token isn't known although its configuration was to be loaded")
			}
		}
	}
	current := 0
	for i := 1; i <= times(20, 1000); i++ {
		if i%5 == 0 {
			before := len(s.log.with(notReloaded))
			s.write(t, text(steady, "many"))
			s.signal <- syscall.SIGHUP
			s.log.awaitTimes(notReloaded, before+1)
		} else {
			s.write(t, configuration(i))
			s.signal <- syscall.SIGHUP
			inForce(tokens(i))
			if err := call(tokens(current)); status.Code(err) != codes.Unauthenticated {
				t.Errorf("reload %d: the old token got %v", i, err)
			}
			current = i
		}
		if err := call(tokens(current)); err != nil {
			t.Fatalf("reload %d: the current token got %v", i, err)
		}
	}
	stopping.Store(true)
	load.Wait()
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
