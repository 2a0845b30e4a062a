package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/testfile"
)

const (
	oldToken = "old-token-0123456789abcdef"
	newToken = "new-token-0123456789abcdef"
)

// configured is a service with a configuration file.
type configured struct {
	*service
	path   string
	signal chan os.Signal
}

func startConfigured(t *testing.T, text string, change ...func(*app.Options)) configured {
	t.Helper()
	c := configured{path: filepath.Join(t.TempDir(), "config.yaml"), signal: make(chan os.Signal)}
	c.write(t, text)
	sources := config.Sources{File: c.path}
	loaded, warnings, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	c.service = start(t, func(o *app.Options) {
		o.Config, o.Warnings, o.Sources, o.Reload = loaded, warnings, &sources, c.signal
		for _, f := range change {
			f(o)
		}
	})
	return c
}

// write replaces the file as editors and mounts do: whole.
func (c configured) write(t *testing.T, text string) {
	t.Helper()
	next := c.path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	testfile.Rename(t, next, c.path)
}

// call executes a pipeline of n nodes with a token.
func (c configured) call(token string, n int) (*pb.ExecuteResponse, error) {
	conn, err := grpc.NewClient(c.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	req := &pb.ExecuteRequest{Manifest: &pb.PipelineManifest{Version: "v1"}, DataInputs: map[string]string{}}
	for i := range n {
		id := string(rune('a' + i))
		req.Manifest.Nodes = append(req.Manifest.Nodes, &pb.NodeManifest{Id: id, NodeType: "Pass"})
		req.DataInputs[id] = "1"
	}
	got := new(pb.ExecuteResponse)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	return got, conn.Invoke(ctx, "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", req, got)
}

const (
	reloaded    = "configuration reloaded"
	notReloaded = "the configuration can't be reloaded; the old one stays in force"
)

func text(token string, nodes string) string {
	return "server: {admin: {enabled: false}}\nauth: {tokens: [" + token + "]}\nlimits: {max_nodes: " + nodes + "}\n"
}

// TestRS3_TokensAndLimitsAreReloaded when the file changes and at SIGHUP; what isn't valid changes nothing.
func TestRS3_TokensAndLimitsAreReloaded(t *testing.T) {
	s := startConfigured(t, text(oldToken, "5"))
	check := func(token string, code codes.Code, nodes int, fault string) {
		t.Helper()
		got, err := s.call(token, nodes)
		if status.Code(err) != code || got.GetError().GetCode() != fault {
			t.Errorf("got %v, %v; want %v and the error %q", got, err, code, fault)
		}
	}
	check(oldToken, codes.OK, 2, "")
	check(newToken, codes.Unauthenticated, 2, "")

	s.write(t, text(newToken, "1"))
	s.log.awaitTimes(reloaded, 1)
	check(oldToken, codes.Unauthenticated, 2, "")
	check(newToken, codes.OK, 2, "too_many_nodes")
	check(newToken, codes.OK, 1, "")

	s.write(t, text(newToken, "many"))
	s.log.awaitTimes(notReloaded, 1)
	check(newToken, codes.OK, 1, "")
	check(newToken, codes.OK, 2, "too_many_nodes")
	if why := s.log.with(notReloaded)[0]["error"]; !strings.Contains(why.(string), "limits.max_nodes") {
		t.Errorf("the log says %v", why)
	}

	s.write(t, text(newToken, "2")+"stream: {idle_timeout: 10s}\nmemory: {plan_cache_bytes: 0}\n")
	s.signal <- syscall.SIGHUP
	s.log.await("reload asked for")
	s.log.awaitTimes(reloaded, 2)
	check(newToken, codes.OK, 2, "")
	if keys := s.log.with("some changes take effect after a restart only")[0]["keys"].([]any); len(keys) != 1 || keys[0] != "memory.plan_cache_bytes" {
		t.Errorf("for a restart: %v", keys)
	}
	if strings.Contains(s.log.text(), newToken) || strings.Contains(s.log.text(), oldToken) {
		t.Error("the log has a token")
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// The bounds of admission are those of the file as well.
func TestRS3_BoundsOfAdmissionAreReloaded(t *testing.T) {
	bound := func(streams int) string {
		return fmt.Sprintf("server: {admin: {enabled: false}}\nlimits: {max_open_streams: %d}\n", streams)
	}
	s := startConfigured(t, bound(3))
	s.openStream()
	s.openStream()
	s.write(t, bound(2))
	s.log.awaitTimes(reloaded, 1)
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	third, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/remotemedia.v1.StreamingPipelineService/StreamPipeline")
	if err != nil {
		t.Fatal(err)
	}
	if err := third.RecvMsg(new(pb.StreamResponse)); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "max_open_streams") {
		t.Errorf("a third stream of two: %v", err)
	}
	s.write(t, bound(3))
	s.log.awaitTimes(reloaded, 2)
	s.openStream()
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// TestRS4_LimitsOfNodeTypesAreReloaded; a type that doesn't exist is refused, at the start and later.
func TestRS4_LimitsOfNodeTypesAreReloaded(t *testing.T) {
	limits := func(types string) string {
		return "server: {admin: {enabled: false}}\nlimits: {node_types: {" + types + "}}\n"
	}
	s := startConfigured(t, limits("Pass: {max_per_pipeline: 1}"))
	check := func(nodes int, fault string) {
		t.Helper()
		if got, err := s.call("", nodes); err != nil || got.GetError().GetCode() != fault {
			t.Errorf("%d nodes: %v, %v; want the error %q", nodes, got, err, fault)
		}
	}
	check(1, "")
	check(2, "too_many_nodes")
	s.write(t, limits("Pass: {max_per_pipeline: 2}"))
	s.log.awaitTimes(reloaded, 1)
	check(2, "")
	check(3, "too_many_nodes")
	s.write(t, limits("Past: {max_per_pipeline: 9}"))
	s.log.awaitTimes(notReloaded, 1)
	check(3, "too_many_nodes")
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	c := defaults()
	c.Limits.NodeTypes = map[string]config.NodeLimits{"Past": {}}
	if err := app.Check(app.Options{Config: c, Catalog: catalog(t, gates{})}); err == nil || !strings.Contains(err.Error(), "Pass") {
		t.Errorf("a type that doesn't exist: %v", err)
	}
}

// TestRS4_TheLargestRequestFollowsTheLimitOfSamples, up and down, while the service runs: what is promised is taken over the wire, and what is above isn't.
func TestRS4_TheLargestRequestFollowsTheLimitOfSamples(t *testing.T) {
	samples := func(n int) string {
		return fmt.Sprintf("server: {admin: {enabled: false}}\nlimits: {default_max_audio_samples: 100, max_audio_samples: %d}\n", n)
	}
	const few, many = 1000, 400_000 // a message of so many is above what so few need, with its 1 MiB beside the samples
	s := startConfigured(t, samples(few))
	check := func(most int, sent int, code codes.Code, fault string) {
		t.Helper()
		if got := s.version().GetMaxLimits().GetMaxAudioSamples(); got != uint64(most) {
			t.Errorf("%d samples are promised, want %d", got, most)
		}
		got, err := s.pass(sent, most)
		if status.Code(err) != code || got.GetError().GetCode() != fault {
			t.Errorf("%d samples of %d: got %v, %v; want %v and the error %q", sent, most, got.GetError(), err, code, fault)
		}
		if back := got.GetResult().GetAudioOutputs()["a"].GetNumSamples(); code == codes.OK && fault == "" && back != uint64(sent) {
			t.Errorf("%d samples of %d: %d came back", sent, most, back)
		}
	}
	check(few, few, codes.OK, "")
	check(few, many, codes.ResourceExhausted, "")
	s.write(t, samples(many))
	s.log.awaitTimes(reloaded, 1)
	check(many, many, codes.OK, "")
	check(many, many+1, codes.OK, "sample_limit")
	check(many, many+1<<20, codes.ResourceExhausted, "")
	s.write(t, samples(few))
	s.log.awaitTimes(reloaded, 2)
	check(few, few, codes.OK, "")
	check(few, few+1, codes.OK, "sample_limit")
	check(few, many, codes.ResourceExhausted, "")
	if told := s.log.with("some changes take effect after a restart only"); len(told) != 0 {
		t.Errorf("for a restart: %v", told)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// pass has a buffer of n samples passed on, under a limit that the call asks for.
func (c configured) pass(n, limit int) (*pb.ExecuteResponse, error) {
	conn, err := grpc.NewClient(c.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	req := &pb.ExecuteRequest{
		Manifest: &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "Pass"}}},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {
			Samples: make([]byte, 4*n), SampleRate: 16000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32, NumSamples: uint64(n),
		}},
		ResourceLimits: &pb.ResourceLimits{MaxAudioSamples: uint64(limit)},
	}
	got := new(pb.ExecuteResponse)
	return got, conn.Invoke(context.Background(), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", req, got)
}

// version asks what the service tells of itself.
func (s *service) version() *pb.VersionInfo {
	s.t.Helper()
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	got := new(pb.VersionResponse)
	if err := conn.Invoke(context.Background(), "/remotemedia.v1.PipelineExecutionService/GetVersion", &pb.VersionRequest{}, got); err != nil {
		s.t.Fatal(err)
	}
	return got.GetVersionInfo()
}
