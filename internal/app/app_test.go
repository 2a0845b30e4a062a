package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type none struct{}

// gates are what the nodes of one test wait at.
type gates struct {
	entered chan struct{} // a node is at work
	release chan struct{} // it may go on
}

// stuck is a node that ignores cancel until released.
func (g gates) stuck(c *node.Call, in node.Item) error {
	g.entered <- struct{}{}
	<-g.release
	return c.Emit(in)
}

// catalog has a node that passes on, one that waits and heeds cancel, and one that waits and doesn't.
func catalog(t *testing.T, g gates) *node.Catalog {
	t.Helper()
	define := func(name string, f func(c *node.Call, in node.Item) error) node.Spec {
		return node.Define(node.Spec{Name: name, Accepts: node.Any, Forwards: true},
			func(none, node.Env) (node.Processor, error) { return node.ProcessorFunc(f), nil })
	}
	c, err := node.NewCatalog("test", []node.Spec{
		define("Pass", func(c *node.Call, in node.Item) error { return c.Emit(in) }),
		define("Stuck", g.stuck),
		define("Gate", func(c *node.Call, in node.Item) error {
			g.entered <- struct{}{}
			err := c.Wait(func(ctx context.Context) error {
				select {
				case <-g.release:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			})
			return errors.Join(err, c.Emit(in))
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// service is a running one.
type service struct {
	t              *testing.T
	gates          gates
	address, admin string
	stop           context.CancelFunc
	ended          chan error
	log            *lines
}

// defaults are those of the configuration, without an admin port.
func defaults() *config.Config {
	c := config.Default()
	c.Server.Admin.Enabled = false
	return c
}

func start(t *testing.T, change func(*app.Options)) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{
		t: t, stop: cancel, ended: make(chan error, 1), log: new(lines),
		gates: gates{make(chan struct{}), make(chan struct{})},
	}
	ready := make(chan struct{})
	o := app.Options{
		Config: defaults(), Listen: []string{"127.0.0.1:0"}, Admin: "127.0.0.1:0", Catalog: catalog(t, s.gates), Log: app.NewLogger(s.log, nil),
		Ready: func(address, admin string) { s.address, s.admin = address, admin; close(ready) },
	}
	change(&o)
	go func() { s.ended <- app.Serve(ctx, o) }()
	select {
	case <-ready:
	case err := <-s.ended:
		t.Fatalf("it ended: %v", err)
	}
	return s
}

func (s *service) execute(nodeType string) (*pb.ExecuteResponse, error) {
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	got := new(pb.ExecuteResponse)
	err = conn.Invoke(context.Background(), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{
		Manifest:       &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: nodeType}}},
		DataInputs:     map[string]string{"a": "1"},
		ResourceLimits: &pb.ResourceLimits{MaxTimeoutMs: 30_000},
	}, got)
	return got, err
}

// get asks the admin port.
func (s *service) get(path string) (int, string) {
	s.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + s.admin + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

func (s *service) line(message string) map[string]any {
	s.t.Helper()
	found := s.log.with(message)
	if len(found) != 1 {
		s.t.Fatalf("%d log lines %q, want 1, in %s", len(found), message, s.log.text())
	}
	return found[0]
}

func TestServesSaysSoOnceAndStops(t *testing.T) {
	s := start(t, func(*app.Options) {})
	line := s.line("serving")
	if line["address"] != s.address || line["admin"] != s.admin || line["level"] != "info" || line["timestamp"] == nil || strings.HasSuffix(s.address, ":0") {
		t.Errorf("logged %v, want the address %s and the admin port's %s", line, s.address, s.admin)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/health": "ok", "/readyz": "ready"} {
		if code, body := s.get(path); code != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	if code, _ := s.get("/nothing"); code != http.StatusNotFound {
		t.Errorf("an unknown path: %d", code)
	}
	if got, err := s.execute("Pass"); err != nil || got.GetResult().GetDataOutputs()["a"] != "1" {
		t.Errorf("got %v, %v", got, err)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.line("stopped")
	if _, err := net.Dial("tcp", s.address); err == nil {
		t.Error("the port is still open")
	}
}

func TestStopWaitsForCallsInFlightAndIsNotReadyMeanwhile(t *testing.T) {
	s := start(t, func(*app.Options) {})
	answered := make(chan string, 1)
	go func() {
		got, err := s.execute("Gate")
		answered <- fmt.Sprint(got.GetResult().GetDataOutputs()["a"], err)
	}()
	<-s.gates.entered
	s.stop()
	s.log.await("stopping")
	if code, body := s.get("/readyz"); code != http.StatusServiceUnavailable || body != "not ready" {
		t.Errorf("/readyz: %d %q", code, body)
	}
	if code, _ := s.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d", code)
	}
	close(s.gates.release)
	if got := <-answered; got != "1<nil>" {
		t.Errorf("the call in flight got %s", got)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestRelT8_CallsThatDontEndAreCutAtTheDeadline(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Config.Server.DrainTimeout = 20 * time.Millisecond })
	failed := make(chan error, 1)
	go func() {
		_, err := s.execute("Gate")
		failed <- err
	}()
	<-s.gates.entered
	s.stop()
	if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "cut") {
		t.Errorf("it ended with %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the call got an answer")
	}
}

func TestListensOnBothLoopbackFamilies(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Listen = []string{"localhost:0"}; o.Admin = "" })
	defer func() { s.stop(); <-s.ended }()
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"127.0.0.1:" + port}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		want = append(want, "[::1]:"+port)
	}
	line := s.line("serving")
	if got, _ := line["addresses"].([]any); len(want) > 1 && !slices.Equal(got, want) {
		t.Errorf("addresses %v, want %v", line, want)
	}
	for _, address := range want {
		conn, err := net.Dial("tcp", address.(string))
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		conn.Close()
	}
	if _, told := line["admin"]; told || s.admin != "" {
		t.Errorf("an admin port that wasn't asked for: %v", line)
	}
}

func TestAddressesThatCantBeHadAreErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := catalog(t, gates{})
	for name, o := range map[string]app.Options{
		"listen taken":    {Listen: []string{taken.Addr().String()}, Catalog: c},
		"second taken":    {Listen: []string{"127.0.0.1:0", taken.Addr().String()}, Catalog: c},
		"admin taken":     {Listen: []string{"127.0.0.1:0"}, Admin: taken.Addr().String(), Catalog: c},
		"localhost taken": {Listen: []string{"localhost:" + strings.Split(taken.Addr().String(), ":")[1]}, Catalog: c},
		"no port":         {Listen: []string{"127.0.0.1"}, Catalog: c},
		"no catalogue":    {Listen: []string{"127.0.0.1:0"}},
	} {
		o.Log = app.NewLogger(io.Discard, nil)
		if err := app.Serve(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// lines are the lines of a JSON log.
type lines struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.buf.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) with(message string) []map[string]any {
	var out []map[string]any
	for line := range strings.Lines(l.text()) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["message"] == message {
			out = append(out, m)
		}
	}
	return out
}

// await returns when a message was logged.
func (l *lines) await(message string) { l.awaitTimes(message, 1) }

// awaitTimes returns when a message was logged n times.
func (l *lines) awaitTimes(message string, n int) {
	for {
		l.mu.Lock()
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if len(l.with(message)) >= n {
			return
		}
		<-changed
	}
}

func TestDrainOnTheAdminPortStopsTheService(t *testing.T) {
	s := start(t, func(*app.Options) {})
	if _, err := s.execute("Pass"); err != nil {
		t.Fatal(err)
	}
	if _, body := s.get("/metrics"); !strings.Contains(body, `remotemedia_grpc_requests_total{method="ExecutePipeline",status="success"} 1`) {
		t.Errorf("metrics %s", body)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post("http://"+s.admin+"/drain", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := <-s.ended; err != nil || resp.StatusCode != http.StatusAccepted {
		t.Errorf("%s; it ended with %v", resp.Status, err)
	}
	s.stop()
	s.line("stopped")
}
