// Package filewatch tells when the content of files changes: by notification of the operating system where there is one,
// and by looking now and then in any case (network file systems and mounts send none). It follows the ways files are
// replaced in practice: written in place, renamed over, and the swap of a symbolic link to a directory by which
// Kubernetes updates mounted ConfigMaps and Secrets. What counts is the content, so a touch or a rewrite of the same text
// isn't told.
package filewatch

import (
	"crypto/sha256"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options are the times of a watcher; zero values take the defaults.
type Options struct {
	Quiet  time.Duration // silence after a notification before the files are read; 50 ms
	Most   time.Duration // notifications that don't cease put the reading off for so long at most; 500 ms
	Poll   time.Duration // interval of looking without a notification; 5 s
	Logger *slog.Logger  // told when notifications can't be had; nil: nobody
}

func (o Options) withDefaults() Options {
	o.Quiet = orDefault(o.Quiet, 50*time.Millisecond)
	o.Most = orDefault(o.Most, 500*time.Millisecond)
	o.Poll = orDefault(o.Poll, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// Watcher watches a set of files. Its methods may be called concurrently, and, but for Close, from the callback.
type Watcher struct {
	options Options
	changed func()
	notify  *fsnotify.Watcher // nil where the system has no notifications left
	noted   chan struct{}     // a notification came
	trigger chan struct{}     // asks for the callback whether or not something changed
	stop    chan struct{}
	done    chan struct{}
	closing sync.Once

	mu    sync.Mutex
	paths []string
}

// New starts to watch paths; what they hold now counts as known. Changed is called from one goroutine after each change
// of content, also when a file appears or goes away. Close ends it.
func New(paths []string, changed func(), o Options) *Watcher {
	w := &Watcher{
		options: o.withDefaults(), changed: changed, paths: paths,
		noted: make(chan struct{}, 1), trigger: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	var err error
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		w.options.Logger.Warn("files are looked at now and then, because the system gives no notifications", "error", err, "interval", w.options.Poll)
	}
	known := w.fingerprint()
	var listening sync.WaitGroup
	if w.notify != nil {
		listening.Go(w.listen)
	}
	w.observe()
	go func() {
		defer close(w.done)
		w.run(known)
		w.end()
		listening.Wait()
	}()
	return w
}

// SetPaths changes the files that are watched, from the next look on.
func (w *Watcher) SetPaths(paths []string) {
	w.mu.Lock()
	w.paths = paths
	w.mu.Unlock()
}

// Trigger asks for the callback as if something had changed. It doesn't wait for it.
func (w *Watcher) Trigger() {
	select {
	case w.trigger <- struct{}{}:
	default: // one is asked for already
	}
}

// Close ends watching; no callback runs once it has returned. Called from the callback it would wait for itself.
func (w *Watcher) Close() {
	w.closing.Do(func() { close(w.stop) })
	<-w.done
}

func (w *Watcher) run(known fingerprint) {
	poll := time.NewTicker(w.options.Poll)
	defer poll.Stop()
	wait := newDelay(w.options.Quiet, w.options.Most)
	defer wait.stop()
	for {
		forced := false
		select {
		case <-w.stop:
			return
		case <-w.noted:
			wait.note()
			continue
		case <-wait.timer.C:
			wait.fired()
		case <-poll.C:
		case <-w.trigger:
			forced = true
		}
		known = w.look(known, forced)
	}
}

// listen takes notifications until they end. It is a goroutine of its own, because on Windows whoever asks for more of them
// waits until those that are there have been taken.
func (w *Watcher) listen() {
	events, failures := w.notify.Events, w.notify.Errors
	for events != nil || failures != nil {
		select {
		case _, ok := <-events:
			if !ok {
				events = nil
				continue
			}
		case err, ok := <-failures: // an overflow of the queue: something was missed
			if !ok {
				failures = nil
				continue
			}
			w.options.Logger.Debug("file notifications were lost", "error", err)
		}
		select {
		case w.noted <- struct{}{}:
		default: // one is known already
		}
	}
}

func (w *Watcher) end() {
	if w.notify != nil {
		_ = w.notify.Close() // nothing is left to be done about it
	}
}

// look calls the callback when the files aren't as known, and returns how they are. The files are read before the
// callback reads them, so a change in between is seen at the next look.
func (w *Watcher) look(known fingerprint, forced bool) fingerprint {
	w.observe()
	now := w.fingerprint()
	if now == known && !forced {
		return known
	}
	w.changed()
	w.observe() // the callback may have changed the paths
	return now
}

// observe asks for notifications about every directory that can change what the paths mean. What is watched already
// stays; what can't be watched is left to the polling.
func (w *Watcher) observe() {
	if w.notify == nil {
		return
	}
	wanted := map[string]bool{}
	for _, path := range w.current() {
		for _, dir := range directories(path) {
			wanted[dir] = true
		}
	}
	for _, dir := range w.notify.WatchList() {
		if !wanted[dir] {
			_ = w.notify.Remove(dir) // it may be gone
		}
	}
	for dir := range wanted {
		if err := w.notify.Add(dir); err != nil {
			w.options.Logger.Debug("no notifications about a directory", "directory", dir, "error", err)
		}
	}
}

func (w *Watcher) current() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.paths
}

// mostLinks bounds how many symbolic links are followed, as the system does.
const mostLinks = 40

// directories lists the directories that hold path and the symbolic links it leads through.
func directories(path string) []string {
	var out []string
	for range mostLinks {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return out
		}
		dir := filepath.Dir(absolute)
		out = append(out, dir)
		out = append(out, linkDirectories(dir)...)
		target, err := os.Readlink(absolute)
		if err != nil {
			return out
		}
		if path = target; !filepath.IsAbs(target) {
			path = filepath.Join(dir, target)
		}
	}
	return out
}

// linkDirectories lists the directories that hold dir or one of its parents, where that one is a symbolic link.
func linkDirectories(dir string) []string {
	var out []string
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink != 0 {
			out = append(out, parent)
		}
	}
	return out
}

type fingerprint [sha256.Size]byte

// mostBytes bounds what is read of one file; a change behind it isn't seen.
const mostBytes = 16 << 20

// fingerprint sums up the content of all files.
func (w *Watcher) fingerprint() fingerprint {
	all := sha256.New()
	for _, path := range w.current() {
		sum := sumFile(path)
		all.Write(sum[:])
	}
	return fingerprint(all.Sum(nil))
}

// sumFile is the hash of a file's content; that of one that can't be read is zero.
func sumFile(path string) (sum fingerprint) {
	f, err := os.Open(path)
	if err != nil {
		return sum
	}
	defer f.Close() //nolint:errcheck // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, mostBytes)); err != nil {
		return sum
	}
	return fingerprint(h.Sum(nil))
}

// delay waits for silence after notifications, but not for ever.
type delay struct {
	quiet, most time.Duration
	timer       *time.Timer
	since       time.Time // of the first notification that isn't dealt with, zero where there is none
}

func newDelay(quiet, most time.Duration) *delay {
	d := &delay{quiet: quiet, most: most, timer: time.NewTimer(time.Hour)}
	d.timer.Stop()
	return d
}

func (d *delay) note() {
	now := time.Now()
	if d.since.IsZero() {
		d.since = now
	}
	d.timer.Reset(max(0, min(d.quiet, d.most-now.Sub(d.since))))
}

func (d *delay) fired() { d.since = time.Time{} }

func (d *delay) stop() { d.timer.Stop() }
