package app_test

import (
	"context"
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

func startConfigured(t *testing.T, text string) configured {
	t.Helper()
	c := configured{path: filepath.Join(t.TempDir(), "config.yaml"), signal: make(chan os.Signal)}
	c.write(t, text)
	sources := config.Sources{File: c.path}
	loaded, warnings, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	c.service = start(t, func(o *app.Options) { o.Config, o.Warnings, o.Sources, o.Reload = loaded, warnings, &sources, c.signal })
	return c
}

// write replaces the file as editors and mounts do: whole.
func (c configured) write(t *testing.T, text string) {
	t.Helper()
	next := c.path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, c.path); err != nil {
		t.Fatal(err)
	}
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
