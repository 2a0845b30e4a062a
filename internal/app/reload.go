package app

import (
	"context"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

// watch loads the configuration again when its files change or a signal says so, until ctx ends.
func (a *app) watch(ctx context.Context) {
	r := &reloader{app: a, current: a.config}
	w := config.Watch(*a.options.Sources, a.config, a.log, r.apply)
	defer w.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.options.Reload:
			a.log.Info("reload asked for")
			w.Reload()
			if a.tls != nil {
				a.tls.Reload()
			}
		}
	}
}

// reloader puts new configurations into force. It is used by the one goroutine of the watcher.
type reloader struct {
	*app
	current *config.Config
}

// apply puts into force what may change while calls are served. A configuration that isn't valid changes nothing.
func (r *reloader) apply(now *config.Config, warnings []config.Warning, err error) {
	var settings server.Settings
	if err == nil {
		settings, err = settingsOf(now, r.catalog)
	}
	if err == nil {
		err = r.replaceTokens(now) // the last that may fail: before it nothing has changed
	}
	if err != nil {
		r.log.Error("the configuration can't be reloaded; the old one stays in force", "error", fault.From(err).Error())
		return
	}
	live, restart := config.Changes(r.current, now)
	r.level.Set(levelOf(now.Observability.Logging.Level))
	r.server.Configure(settings)
	if r.admission != nil {
		o := admissionOptions(now)
		o.Slots, o.TenantMemory = r.admission.Stats().SlotsLimit, r.budget.Limit()/2
		r.admission.Configure(o)
	}
	r.tell(now, warnings, live, restart)
	r.current = now
}

func (r *reloader) replaceTokens(now *config.Config) error {
	specs, err := tokenSpecs(now.Auth.Tokens)
	if err != nil {
		return err
	}
	return r.tokens.Replace(specs)
}

func (r *reloader) tell(now *config.Config, warnings []config.Warning, live, restart []string) {
	for _, w := range warnings {
		r.warn(w)
	}
	if on := now.Auth.On(); on != (r.guard != nil) {
		restart = append(restart, "auth.enabled")
	}
	r.log.Info("configuration reloaded", "changed", live, "tokens", r.tokens.Len())
	if len(restart) > 0 {
		r.log.Warn("some changes take effect after a restart only", "keys", restart)
	}
}
