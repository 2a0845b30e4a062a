// Package app puts the service together: catalogue, engine, admission, authentication, gRPC server and the HTTP port for
// operators, from the configuration to an orderly stop.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/internal/tlsreload"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/version"
)

// Options say what the service is made of. Catalog is required; the zero value of every other field means its default.
type Options struct {
	// Config is the configuration. Default: that of config.Default, without an admin port.
	Config *config.Config
	// Warnings are those of loading the configuration, for the log.
	Warnings []config.Warning
	// Sources are what the configuration was loaded from. With them it is loaded again when its files change and when Reload
	// says so; without them it stays as it is.
	Sources *config.Sources
	Reload  <-chan os.Signal

	// Listen are addresses host:port to serve in place of the configuration's. Port 0 takes a free one. The host localhost
	// stands for the loopback addresses of both families, as far as they exist.
	Listen []string
	// Admin is an address for the HTTP port for operators in place of the configuration's.
	Admin string

	Catalog *node.Catalog
	Log     *slog.Logger // default: as configured, on Output
	Output  io.Writer    // where the log goes; default: nowhere
	// Ready is called once, when calls are served, with the addresses really bound; admin is "" where there is none.
	Ready func(address, admin string)
}

// Serve runs the service until ctx is done and then stops it: it tells that it isn't ready, takes no new calls, waits for
// those in flight up to the drain timeout, and ends what is left. It returns nil after an orderly stop, and an error when the
// configuration can't be carried out, an address can't be had, a listener breaks, or calls had to be cut.
func Serve(ctx context.Context, o Options) error {
	a, err := newApp(o)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.listen(ctx); err != nil {
		return err
	}
	ctx, a.quit = context.WithCancel(ctx)
	defer a.quit()
	if err := a.listenAdmin(ctx); err != nil {
		closeAll(a.listeners)
		return err
	}
	return a.run(ctx)
}

type app struct {
	options Options
	config  *config.Config // that the service started with
	log     *slog.Logger
	level   *slog.LevelVar
	lines   *Log // nil where the log is somebody else's

	catalog   *node.Catalog
	budget    *mem.Root
	ballast   []byte // held, for the garbage collector to count
	engine    *engine.Engine
	tokens    *auth.Store
	guard     *auth.Guard // nil: nobody is asked for a token
	tls       *tlsreload.Provider
	admission *admission.Controller // nil: everything is let in
	metrics   *metrics.Recorder
	traces    *Traces // nil: none are made
	server    *server.Server

	quit      context.CancelFunc // begins an orderly stop
	ready     readiness
	state     state
	listeners []listener
	admin     *adminServer // nil for none
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
	if a.admission != nil {
		group.Go(func() error { a.admission.Watch(ctx, probeInterval); return nil })
	}
	group.Go(func() error { a.newReclaimer().run(ctx); return nil })
	if a.options.Sources != nil {
		group.Go(func() error { a.watch(ctx); return nil })
	}
	a.announce()
	group.Go(func() error {
		<-ctx.Done()
		return a.stop()
	})
	return group.Wait()
}

func (a *app) announce() {
	for _, w := range a.options.Warnings {
		a.warn(w)
	}
	address, admin := a.listeners[0].Addr().String(), ""
	attrs := []any{"address", address}
	if len(a.listeners) > 1 {
		attrs = append(attrs, "addresses", addresses(a.listeners))
	}
	if a.admin != nil {
		admin = a.admin.address()
		attrs = append(attrs, "admin", admin)
	}
	a.change(func(s *state) { s.serving = true })
	a.log.Info("serving", append(attrs, "version", version.Runtime, "node_types", len(a.catalog.Specs()),
		"tls", a.tls != nil, "authentication", a.guard != nil, "memory_budget_bytes", a.budget.Limit())...)
	if a.options.Ready != nil {
		a.options.Ready(address, admin)
	}
}

func (a *app) warn(w config.Warning) {
	a.log.Warn("configuration: "+w.Message, "code", w.Code, "key", w.Key)
}

// listen opens the addresses of the gRPC port.
func (a *app) listen(ctx context.Context) (err error) {
	wanted := a.options.Listen
	if len(wanted) == 0 {
		wanted = listenAddresses(a.config.Server)
	}
	a.listeners, err = listen(ctx, wanted, net.KeepAliveConfig{
		Enable: a.config.Server.Keepalive.TCPInterval > 0, Idle: a.config.Server.Keepalive.TCPInterval, Interval: a.config.Server.Keepalive.TCPInterval,
	})
	return err
}

func (a *app) listenAdmin(ctx context.Context) (err error) {
	address := a.options.Admin
	if c := a.config.Server.Admin; address == "" && c.Enabled {
		address = joinAddress(c.Host, c.Port)
	}
	o := adminOptions{ready: &a.ready, guard: a.guard, pprof: a.config.Server.Admin.Pprof}
	if m := a.config.Observability.Metrics; m.Enabled {
		o.metrics, o.metricsPath = a.metrics.Handler(), m.Path
	}
	if a.config.Server.Admin.Drain {
		o.drain = a.quit
	}
	a.admin, err = listenAdmin(ctx, address, o)
	return err
}

// close lets go of what outlives the calls.
func (a *app) close() {
	if a.tls != nil {
		a.tls.Close()
	}
	a.tokens.Close()
	const patience = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if a.traces != nil {
		if err := a.traces.Close(ctx); err != nil {
			a.log.Warn("the last traces couldn't be exported", "error", err)
		}
	}
	if a.lines != nil {
		_ = a.lines.Flush(ctx) // a sink that takes nothing can't be told so
	}
}

var errNoCatalog = errors.New("app: a catalogue is required")
