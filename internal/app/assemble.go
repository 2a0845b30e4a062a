package app

import (
	"context"
	"io"
	"log/slog"
	"runtime"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/internal/tlsreload"
	"github.com/remotemedia/remotemedia-go/mem"
)

// newApp makes every part of the service; nothing listens yet.
func newApp(o Options) (*app, error) {
	if o.Catalog == nil {
		return nil, errNoCatalog
	}
	if o.Config == nil {
		o.Config = config.Default()
		o.Config.Server.Admin.Enabled = false
	}
	a := &app{options: o, config: o.Config, level: new(slog.LevelVar)}
	a.openLog()
	if err := a.openTokens(); err != nil {
		return nil, err
	}
	for _, open := range []func() error{a.openCatalog, a.openTLS, a.openEngine, a.openServer} {
		if err := open(); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
}

func (a *app) openLog() {
	c := a.config.Observability.Logging
	a.level.Set(levelOf(c.Level))
	if a.log = a.options.Log; a.log != nil {
		return
	}
	out := a.options.Output
	if out == nil {
		out = io.Discard
	}
	a.lines = OpenLog(out, LogOptions{
		Level: a.level, Pretty: c.Format == "pretty", RepeatInterval: c.RepeatInterval, RepeatBurst: c.RepeatBurst,
	})
	a.log = a.lines.Logger
}

func (a *app) openTokens() error {
	specs, err := tokenSpecs(a.config.Auth.Tokens)
	if err != nil {
		return err
	}
	if a.tokens, err = auth.NewStore(specs); err != nil || !a.config.Auth.On() {
		return err
	}
	policy, err := server.Policy(a.config.Auth.Exempt)
	if err != nil {
		return err
	}
	a.guard = auth.NewGuard(a.tokens, auth.Options{Required: true, Policy: policy, Audit: a.log.With("log", "audit")})
	return nil
}

func (a *app) openCatalog() (err error) {
	a.catalog, err = allowed(a.options.Catalog, a.config.Runtime.NodeTypes)
	return err
}

func (a *app) openTLS() (err error) {
	c := a.config.Server.TLS
	if !c.On() {
		return nil
	}
	a.tls, err = tlsreload.New(tlsreload.Options{
		CertPath: c.CertPath, KeyPath: c.KeyPath, ClientCAPath: c.ClientCAPath, MinVersion: tlsVersion(c.MinVersion), Logger: a.log,
	})
	return err
}

func (a *app) openEngine() error {
	budget, err := limitMemory(a.config.Memory)
	if err != nil {
		return err
	}
	if total, err := machineMemory(); err == nil {
		a.ballast = newBallast(total)
	}
	a.budget = mem.NewRoot(budget)
	a.engine = engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain), Budget: a.budget})
	if a.config.Admission.Enabled {
		o := admissionOptions(a.config)
		o.Memory, o.TenantMemory, o.Probes, o.Observer = a.budget, a.budget.Limit()/2, a.probes(), observer{a}
		o.LetThreadsRun = letThreadsRun()
		a.admission = admission.New(o)
		// With one processor more than computes, refusals and health checks are never behind a node.
		if least := a.admission.Stats().SlotsLimit + 1; runtime.GOMAXPROCS(0) < least {
			runtime.GOMAXPROCS(least)
		}
	}
	a.metrics = a.newRecorder()
	return nil
}

func (a *app) openServer() error {
	settings, err := settingsOf(a.config, a.catalog)
	if err != nil {
		return err
	}
	o := server.Options{
		Engine: a.engine, Catalog: a.catalog, Log: a.log, Metrics: a.metrics, Debug: a.config.Server.Debug,
		Guard: a.guard, Admission: a.admission, Transport: transportOf(a.config.Server), Settings: settings,
		PlanCacheBytes: planCache(a.config.Memory), NoReflection: !a.config.Server.Reflection,
	}
	if a.tls != nil {
		o.TLS = a.tls.ServerConfig()
	}
	if a.config.Observability.Tracing.Enabled {
		if a.traces, err = OpenTraces(context.Background(), a.log); err != nil {
			return err
		}
		o.Tracer = a.traces
	}
	a.server, err = server.New(o)
	return err
}

// Check makes every part of the service and lets it go again, without listening: it finds what is wrong with a configuration
// beyond its values, such as certificates that can't be read.
func Check(o Options) error {
	a, err := newApp(o)
	if err == nil {
		a.close()
	}
	return err
}
