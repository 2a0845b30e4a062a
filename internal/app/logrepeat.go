package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/server"
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
var others []byte

// kind returns the account of a kind of lines, in its current interval.
func (r *repeats) kind(kind []byte, now time.Time) *repeated {
	s := r.seen[string(kind)]
	if s == nil && len(r.seen) >= mostRepeats {
		r.forget(now)
	}
	if s == nil && len(r.seen) >= mostRepeats {
		kind = others
		s = r.seen[string(kind)]
	}
	if s == nil {
		s = &repeated{since: now}
		r.seen[string(kind)] = s
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
func (r *repeats) admit(kind []byte, now time.Time) (ok bool, left int) {
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
func (r *repeats) full(kind []byte, now time.Time) bool {
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

// usualKind is the length of most kinds.
const usualKind = 256

// Handle implements slog.Handler.
func (h repeatHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelWarn || h.own {
		return h.Handler.Handle(ctx, record)
	}
	var room [usualKind]byte
	kind, named := h.appendKind(room[:0], &record)
	if named {
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
func (h repeatHandler) LeavesOut(level slog.Level, message string, kind server.LineKind) bool {
	if level < slog.LevelWarn || h.own {
		return false
	}
	var room [usualKind]byte
	b := h.beginKind(room[:0], level, message)
	b = appendPart(b, "method", kind.Method)
	b = appendPart(b, "error_type", kind.ErrorType)
	b = appendPart(b, "code", kind.Code)
	return h.repeats.full(b, time.Now())
}

// appendKind appends what repeated lines have in common; named says that the line has an error id.
func (h repeatHandler) appendKind(b []byte, record *slog.Record) (kind []byte, named bool) {
	b = h.beginKind(b, record.Level, record.Message)
	record.Attrs(func(a slog.Attr) bool {
		named = named || a.Key == "error_id"
		b = appendAttrPart(b, a)
		return true
	})
	return b, named
}

func (h repeatHandler) beginKind(b []byte, level slog.Level, message string) []byte {
	b = append(append(b, level.String()...), 0)
	b = append(b, message...)
	return append(b, h.known...)
}

// appendAttrPart appends what an attribute adds to the kind.
func appendAttrPart(b []byte, a slog.Attr) []byte {
	switch a.Key {
	case "method", "code", "node_id", "error_type", "decision", "reason":
		return appendPart(b, a.Key, a.Value.String())
	}
	return b
}

func appendPart(b []byte, key, value string) []byte {
	b = append(append(b, 0), key...)
	return append(append(b, '='), value...)
}

// WithAttrs implements slog.Handler.
func (h repeatHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	known := []byte(h.known)
	for _, a := range attrs {
		known = appendAttrPart(known, a)
		h.own = h.own || a.Key == "log"
	}
	h.known, h.Handler = string(known), h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h repeatHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}
