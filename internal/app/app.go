// Package app puts the service together: catalogue, engine, gRPC server and the HTTP port for operators, from start to an
// orderly stop.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/version"
)

// DefaultDrainTimeout is how long a stop waits for calls in flight.
const DefaultDrainTimeout = 30 * time.Second

// Options configure the service. Catalog is required; the zero value of every other field means its default.
type Options struct {
	// Listen are the addresses of the gRPC port, host:port. Port 0 takes a free one. The host localhost stands for the
	// loopback addresses of both families, as far as they exist. Default: localhost:50051.
	Listen []string
	// Admin is the address of the HTTP port for operators; "" for none.
	Admin string

	Catalog    *node.Catalog
	Log        *slog.Logger  // default: JSON lines on stdout
	LogDropped func() uint64 // how many lines were lost, see Log.Dropped; for metrics
	Tracer     server.Tracer // makes spans of calls, see OpenTraces; default: none
	Debug      bool          // tell stack traces to clients

	DefaultLimits  engine.Limits // of calls that ask for none; zero fields: the contract's
	MaxLimits      engine.Limits // the highest that a call gets; zero fields: the contract's
	RejectAboveCap bool          // refuse what is asked for above MaxLimits instead of clamping it
	MaxNodes       int           // of a manifest; 0: 256
	NoReflection   bool

	DrainTimeout time.Duration // default: DefaultDrainTimeout
	// Ready is called once, when calls are served, with the addresses really bound; admin is "" where there is none.
	Ready func(address, admin string)
}

// Serve runs the service until ctx is done and then stops it: it tells that it isn't ready, takes no new calls, waits for
// those in flight up to the drain timeout, and ends what is left. It returns nil after an orderly stop, and an error when an
// address can't be had, a listener breaks, or calls had to be cut.
func Serve(ctx context.Context, o Options) error {
	a, err := newApp(o)
	if err != nil {
		return err
	}
	listeners, err := listen(ctx, o.Listen)
	if err != nil {
		return err
	}
	ctx, a.quit = context.WithCancel(ctx)
	defer a.quit()
	admin, err := listenAdmin(ctx, o.Admin, adminOptions{ready: &a.ready, metrics: a.metrics.Handler(), drain: a.quit, pprof: true})
	if err != nil {
		closeAll(listeners)
		return err
	}
	a.listeners, a.admin = listeners, admin
	return a.run(ctx)
}

type app struct {
	options   Options
	log       *slog.Logger
	engine    *engine.Engine
	metrics   *metrics.Recorder
	server    *server.Server
	quit      context.CancelFunc // begins an orderly stop
	ready     readiness
	listeners []listener
	admin     *adminServer // nil for none
}

func newApp(o Options) (*app, error) {
	if o.Catalog == nil {
		return nil, errors.New("app: a catalogue is required")
	}
	a := &app{options: o, log: o.Log}
	if a.log == nil {
		a.log = NewLogger(os.Stdout, slog.LevelInfo)
	}
	a.engine = engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain)})
	a.metrics = a.newRecorder()
	var err error
	a.server, err = server.New(server.Options{
		Engine: a.engine, Catalog: o.Catalog, Log: a.log, Metrics: a.metrics, Tracer: o.Tracer, Debug: o.Debug,
		Settings: server.Settings{
			DefaultLimits: o.DefaultLimits, MaxLimits: o.MaxLimits, RejectAboveCap: o.RejectAboveCap, MaxNodes: o.MaxNodes,
		},
		NoReflection: o.NoReflection,
	})
	return a, err
}

// run serves on every listener until ctx is done or one of them breaks.
func (a *app) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range a.listeners {
		group.Go(func() error { return a.server.Serve(l) })
	}
	if a.admin != nil {
		group.Go(a.admin.serve)
	}
	a.announce()
	group.Go(func() error {
		<-ctx.Done()
		return a.stop()
	})
	return group.Wait()
}

func (a *app) announce() {
	address, admin := a.listeners[0].Addr().String(), ""
	attrs := []any{"address", address}
	if len(a.listeners) > 1 {
		attrs = append(attrs, "addresses", addresses(a.listeners))
	}
	if a.admin != nil {
		admin = a.admin.address()
		attrs = append(attrs, "admin", admin)
	}
	a.ready.set(true)
	a.log.Info("serving", append(attrs, "version", version.Runtime, "node_types", len(a.options.Catalog.Specs()))...)
	if a.options.Ready != nil {
		a.options.Ready(address, admin)
	}
}

// stop ends the service in order: readiness first, so that balancers look elsewhere, the operators' port last.
func (a *app) stop() error {
	a.ready.set(false)
	a.server.NotReady()
	a.log.Info("stopping")
	err := a.drain(cmp.Or(a.options.DrainTimeout, DefaultDrainTimeout))
	if a.admin != nil {
		err = errors.Join(err, a.admin.close())
	}
	a.log.Info("stopped", "abandoned_workers", a.engine.Abandoned())
	return err
}

// drain waits for the calls in flight, which a stuck one would make for ever, and cuts them when the time is over.
func (a *app) drain(timeout time.Duration) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.server.GracefulStop()
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		a.server.Stop()
		<-done
		return fmt.Errorf("calls were still running after %v and were cut", timeout)
	}
}
