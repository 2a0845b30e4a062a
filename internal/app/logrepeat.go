package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// repeats bounds how often lines are logged that differ only in whom they happened to: of those of the level warn and above that
// agree in message, method, code and node, so many in each interval. How many were left out is told with the next one. Lines
// below warn, of which each tells of a call, those with an error id, which a client may ask for, and those of another log than that of the
// service (the attribute log, as the audit's have), are never left out.
type repeats struct {
	interval time.Duration
	burst    int

	mu        sync.Mutex
	seen      map[string]*repeated
	forgotten int // lines left out of kinds that are dropped
}

type repeated struct {
	since time.Time
	lines int // logged since then
	left  int // left out
}

// mostRepeats bounds the kinds of lines that are told apart in one interval. Callers can make kinds up, by methods and nodes that
// don't exist: those beyond the bound share the lines of one kind, so that the lines of an interval are bounded, too.
const mostRepeats = 64

// others is the kind of those beyond the bound.
const others = ""

// kind returns the account of a kind of lines, in its current interval.
func (r *repeats) kind(kind string, now time.Time) *repeated {
	s := r.seen[kind]
	if s == nil && len(r.seen) >= mostRepeats {
		r.forget(now)
	}
	if s == nil && len(r.seen) >= mostRepeats {
		kind = others
		s = r.seen[kind]
	}
	if s == nil {
		s = &repeated{since: now}
		r.seen[kind] = s
	}
	if now.Sub(s.since) >= r.interval {
		s.since, s.lines = now, 0
	}
	return s
}

// forget drops the kinds whose interval is over. What they left out is told with the next line that is logged.
func (r *repeats) forget(now time.Time) {
	for kind, s := range r.seen {
		if now.Sub(s.since) >= r.interval {
			r.forgotten += s.left
			delete(r.seen, kind)
		}
	}
}

// admit reports whether a line of a kind is to be logged, and how many before it weren't.
func (r *repeats) admit(kind string, now time.Time) (ok bool, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.kind(kind, now)
	if s.lines >= r.burst {
		s.left++
		return false, 0
	}
	s.lines++
	left = s.left + r.forgotten
	s.left, r.forgotten = 0, 0
	return true, left
}

// full reports whether no more lines of a kind are to be logged for now; it then counts one more as left out.
func (r *repeats) full(kind string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.kind(kind, now)
	if s.lines < r.burst {
		return false
	}
	s.left++
	return true
}

// repeatHandler is a slog.Handler that leaves out repeated lines.
type repeatHandler struct {
	slog.Handler
	repeats *repeats
	known   string // the part of the kind that WithAttrs gave
	own     bool   // lines of a log of its own
}

func newRepeatHandler(next slog.Handler, interval time.Duration, burst int) slog.Handler {
	if interval <= 0 {
		return next
	}
	return repeatHandler{next, &repeats{interval: interval, burst: max(burst, 1), seen: make(map[string]*repeated)}, "", false}
}

// Handle implements slog.Handler.
func (h repeatHandler) Handle(ctx context.Context, record slog.Record) error {
	kind, named := h.kindOf(record)
	if record.Level < slog.LevelWarn || named || h.own {
		return h.Handler.Handle(ctx, record)
	}
	ok, left := h.repeats.admit(kind, record.Time)
	if !ok {
		return nil
	}
	if left > 0 {
		record = record.Clone()
		record.AddAttrs(slog.Int("repeats_left_out", left))
	}
	return h.Handler.Handle(ctx, record)
}

// LeavesOut implements server.Sampler.
func (h repeatHandler) LeavesOut(level slog.Level, message string, attrs ...slog.Attr) bool {
	if level < slog.LevelWarn || h.own {
		return false
	}
	kind := kindPrefix(level, message) + h.known
	for _, attr := range attrs {
		kind += part(attr)
	}
	return h.repeats.full(kind, time.Now())
}

// kindOf is what repeated lines have in common; named says that the line has an error id.
func (h repeatHandler) kindOf(record slog.Record) (kind string, named bool) {
	if record.Level < slog.LevelWarn {
		return "", false
	}
	var b strings.Builder
	b.WriteString(kindPrefix(record.Level, record.Message) + h.known)
	record.Attrs(func(a slog.Attr) bool {
		named = named || a.Key == "error_id"
		b.WriteString(part(a))
		return true
	})
	return b.String(), named
}

func kindPrefix(level slog.Level, message string) string { return level.String() + "\x00" + message }

// part is what an attribute adds to the kind.
func part(a slog.Attr) string {
	switch a.Key {
	case "method", "code", "node_id", "error_type", "decision", "reason":
		return "\x00" + a.Key + "=" + a.Value.String()
	}
	return ""
}

// WithAttrs implements slog.Handler.
func (h repeatHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.known += part(a)
		h.own = h.own || a.Key == "log"
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h repeatHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}
