package config

import (
	"log/slog"

	"github.com/remotemedia/remotemedia-go/internal/filewatch"
)

// Watcher loads the configuration again when its files change.
type Watcher struct {
	sources Sources
	apply   func(*Config, []Warning, error)
	watch   *filewatch.Watcher
}

// Watch starts to watch the files of a loaded configuration. After a change it loads the same sources again and calls
// apply, from one goroutine, with the new configuration or with what is wrong with it; then the old one stays in force.
// Relative paths and the environment are those of the sources. Close ends it.
func Watch(s Sources, current *Config, logger *slog.Logger, apply func(*Config, []Warning, error)) *Watcher {
	return watch(s, current, filewatch.Options{Logger: logger}, apply)
}

func watch(s Sources, current *Config, o filewatch.Options, apply func(*Config, []Warning, error)) *Watcher {
	w := &Watcher{sources: s, apply: apply}
	ready := make(chan struct{}) // w.watch is set before the first callback uses it
	w.watch = filewatch.New(current.Files(), func() { <-ready; w.load() }, o)
	close(ready)
	if w.stale(current) {
		w.Reload()
	}
	return w
}

// stale reports whether the files changed between the first load and the start of watching.
func (w *Watcher) stale(current *Config) bool {
	now, _, err := Load(w.sources)
	if err != nil {
		return true
	}
	live, restart := Changes(current, now)
	return len(live)+len(restart) > 0
}

func (w *Watcher) load() {
	c, warnings, err := Load(w.sources)
	if err == nil {
		w.watch.SetPaths(c.Files())
	}
	w.apply(c, warnings, err)
}

// Reload loads the configuration again whether or not a file has changed, for SIGHUP. It doesn't wait for it.
func (w *Watcher) Reload() { w.watch.Trigger() }

// Close ends watching; no callback runs once it has returned. It must not be called from the callback.
func (w *Watcher) Close() { w.watch.Close() }
