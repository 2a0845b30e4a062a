package wiretest

import (
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/test/bufconn"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// strict refuses what a transport does against the standards, which passes otherwise.
var strict = os.Getenv("WIRETEST_STRICT") != ""

// guard is how long a test waits for what has to come. In virtual time it is over as soon as nothing is left to do.
const guard = 30 * time.Second

// Limits of the server.
const (
	maxSamples = 1 << 20
	maxMessage = 4*maxSamples + 1<<20 // bytes
)

// Methods that the tests call.
const (
	versionPath  = "/remotemedia.v1.PipelineExecutionService/GetVersion"
	executePath  = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	streamPath   = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"
	checkPath    = "/grpc.health.v1.Health/Check"
	watchPath    = "/grpc.health.v1.Health/Watch"
	unknownPath  = "/remotemedia.v1.PipelineExecutionService/Nothing"
	reflectPath  = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflectAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
)

// rig is a server whose peers are made by dial.
type rig struct {
	t      *testing.T
	server *server.Server
	engine *engine.Engine
	pool   *mem.Pool
	budget *mem.Root
	dial   func() (net.Conn, error)
	served chan error
}

// inBubble runs a test in virtual time against a server over pipes. When nothing is left to do, settle tells so.
func inBubble(t *testing.T, f func(t *testing.T, r *rig), change ...func(*server.Options)) {
	t.Helper()
	var r *rig
	synctest.Test(t, func(t *testing.T) {
		l := bufconn.Listen(64 << 10)
		r = serve(t, l, change...)
		r.dial = l.Dial
		f(t, r)
	})
	r.checkEmpty(t)
}

// overSockets runs a test against a server that listens on the loopback.
func overSockets(t *testing.T, f func(t *testing.T, r *rig), change ...func(*server.Options)) {
	t.Helper()
	overNetwork(t, "tcp", "127.0.0.1:0", f, change...)
}

func overNetwork(t *testing.T, network, address string, f func(t *testing.T, r *rig), change ...func(*server.Options)) {
	t.Helper()
	var r *rig
	t.Run(network, func(t *testing.T) {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		r = serve(t, l, change...)
		r.dial = func() (net.Conn, error) { return net.Dial(network, l.Addr().String()) }
		f(t, r)
	})
	if r != nil {
		r.checkEmpty(t)
	}
}

func serve(t *testing.T, l net.Listener, change ...func(*server.Options)) *rig {
	t.Helper()
	r := &rig{t: t, pool: mem.NewPoisonedPool(), budget: mem.NewRoot(4 << 30), served: make(chan error, 1)}
	r.engine = engine.New(engine.Options{Pool: r.pool, Budget: r.budget})
	options := server.Options{Engine: r.engine, Catalog: catalog(t)}
	options.MaxLimits.Samples = maxSamples
	for _, f := range change {
		f(&options)
	}
	var err error
	if r.server, err = server.New(options); err != nil {
		t.Fatal(err)
	}
	go func() { r.served <- r.server.Serve(l) }()
	t.Cleanup(func() {
		r.stop(t)
		if err := <-r.served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if calls := r.server.InFlight(); len(calls) > 0 {
			t.Errorf("still in flight: %+v", calls)
		}
	})
	return r
}

// stop stops the server, whose peers are gone. One that hangs would have virtual time go on for ever.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	for _, stop := range []func(){r.server.GracefulStop, r.server.Stop} {
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		select {
		case <-stopped:
			return
		case <-time.After(guard):
			t.Errorf("the server doesn't stop in %v; in flight: %+v", guard, r.server.InFlight())
		}
	}
	panic("the server can't be stopped")
}

// checkEmpty waits in real time for what ends behind a call's answer, and fails when something stays.
func (r *rig) checkEmpty(t *testing.T) {
	t.Helper()
	empty := func() bool {
		return r.engine.OpenSessions() == 0 && r.engine.Abandoned() == 0 && r.pool.Out() == 0 && r.budget.Used() == 0
	}
	for end := time.Now().Add(guard); !empty(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Errorf("left behind: %d sessions, %d workers, %d buffers, %d bytes",
				r.engine.OpenSessions(), r.engine.Abandoned(), r.pool.Out(), r.budget.Used())
			return
		}
	}
}

// holding counts the Hold nodes that wait.
var holding atomic.Int64

// catalog has a node that gives what it gets and one that waits until it is given up.
func catalog(t *testing.T) *node.Catalog {
	t.Helper()
	type none struct{}
	simple := func(name string, f func(c *node.Call, in node.Item) error) node.Spec {
		return node.Define(node.Spec{Name: name, Accepts: node.Any, Forwards: true},
			func(none, node.Env) (node.Processor, error) { return node.ProcessorFunc(f), nil })
	}
	c, err := node.NewCatalog("test", []node.Spec{
		simple("Pass", func(c *node.Call, in node.Item) error { return c.Emit(in) }),
		simple("Hold", func(c *node.Call, in node.Item) error {
			holding.Add(1)
			defer holding.Add(-1)
			return c.Sleep(24 * time.Hour)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
