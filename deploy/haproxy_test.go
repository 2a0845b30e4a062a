package deploy

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/nodes"
)

// freePorts returns that many ports of loopback that nobody listens on.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out
}

// instance is one service that can be stopped and started again at the same addresses.
type instance struct {
	t           *testing.T
	grpc, admin string
	stop        context.CancelFunc
	ended       chan error
}

func (i *instance) start() {
	i.t.Helper()
	catalog, err := nodes.Catalog("test")
	if err != nil {
		i.t.Fatal(err)
	}
	c := config.Default()
	c.Server.DrainDelay = 500 * time.Millisecond // five checks
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	i.stop, i.ended = cancel, make(chan error, 1)
	go func() {
		i.ended <- app.Serve(ctx, app.Options{
			Config: c, Listen: []string{i.grpc}, Admin: i.admin, Catalog: catalog, Ready: func(string, string) { close(ready) },
		})
	}()
	select {
	case <-ready:
	case err := <-i.ended:
		i.t.Fatalf("the instance ended: %v", err)
	}
}

// end stops the instance in order.
func (i *instance) end() {
	i.t.Helper()
	i.stop()
	if err := <-i.ended; err != nil {
		i.t.Errorf("the instance ended with %v", err)
	}
}

// proxy starts HAProxy with the file of this folder, at other addresses and with faster checks.
func proxy(t *testing.T, frontend string, a, b *instance) {
	t.Helper()
	port := func(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
	text := strings.NewReplacer(
		"127.0.0.1:50050", frontend, "inter 500ms", "inter 100ms",
		"server a 127.0.0.1:50051 port 9090", "server a "+a.grpc+" port "+port(a.admin),
		"server b 127.0.0.1:50061 port 9190", "server b "+b.grpc+" port "+port(b.admin),
	).Replace(read(t, "haproxy/haproxy.cfg"))
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command(tool(t, "haproxy"), "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("haproxy: %s", out.String())
		}
	})
}

const retrying = `{"methodConfig": [{"name": [{}], "waitForReady": true, "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.05s",
	"maxBackoff": "0.5s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

// load makes calls until it is told to stop; every one must be answered.
type load struct {
	call     func() error
	patience time.Duration // with calls that don't go on
	made     chan struct{} // one for each call, for whoever wants to know

	stopping atomic.Bool
	calls    atomic.Int64
	lost     sync.Map // what was told of lost calls
	workers  sync.WaitGroup
}

func (l *load) start(workers int) {
	for range workers {
		l.workers.Go(func() {
			for !l.stopping.Load() {
				if err := l.call(); err != nil {
					l.lost.Store(err.Error(), true)
				}
				l.calls.Add(1)
				select {
				case l.made <- struct{}{}:
				default:
				}
			}
		})
	}
}

// until waits until so many more calls were made.
func (l *load) until(t *testing.T, more int) {
	t.Helper()
	limit := time.NewTimer(l.patience)
	defer limit.Stop()
	for range more {
		select {
		case <-l.made:
		case <-limit.C:
			t.Fatal("the calls don't go on")
		}
	}
}

// end stops the calls and tells those that were lost.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.stopping.Store(true)
	l.workers.Wait()
	l.lost.Range(func(what, _ any) bool { t.Errorf("a call was lost: %v", what); return true })
}

// pass has a node pass a number on.
func pass(conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got := new(pb.ExecuteResponse)
	err := conn.Invoke(ctx, "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{
		Manifest:   &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}}},
		DataInputs: map[string]string{"a": "1"},
	}, got)
	if err != nil || got.GetResult().GetDataOutputs()["a"] != "1" {
		return fmt.Errorf("%v, %v", err, got.GetError())
	}
	return nil
}

// served returns how many executions an instance counted.
func served(t *testing.T, i *instance) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + i.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), `remotemedia_grpc_requests_total{method="ExecutePipeline",status="success"} `)
	count, _, _ := strings.Cut(rest, "\n")
	return count
}

func TestRel_InstancesBehindHAProxyAreRolledWithoutALostCall(t *testing.T) {
	tool(t, "haproxy")
	ports := freePorts(t, 5)
	a := &instance{t: t, grpc: ports[0], admin: ports[1]}
	b := &instance{t: t, grpc: ports[2], admin: ports[3]}
	a.start()
	b.start()
	proxy(t, ports[4], a, b)
	conn, err := grpc.NewClient(ports[4], grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(retrying))
	if err != nil {
		t.Fatal(err)
	}
	l := &load{call: func() error { return pass(conn) }, patience: 30 * time.Second, made: make(chan struct{})}
	l.start(4)
	l.until(t, 200)
	for name, i := range map[string]*instance{"a": a, "b": b} {
		if n := served(t, i); n == "0" || n == "" {
			t.Errorf("%s served %q calls: the load isn't spread", name, n)
		}
	}
	for range 2 {
		for _, i := range []*instance{a, b} {
			i.end()
			l.until(t, 100) // the other one serves
			i.start()
			l.until(t, 100)
			awaitServed(t, i)
		}
	}
	l.end(t)
	conn.Close()
	t.Logf("%d calls", l.calls.Load())
	a.end()
	b.end()
}

// awaitServed waits until an instance that came back got calls, so that the other one may go.
func awaitServed(t *testing.T, i *instance) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if n := served(t, i); n != "0" && n != "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the instance that came back gets no calls")
		}
	}
}
