package app

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// jsonHandler writes to a sink what the handler of the standard library with rename writes, and does ordinary lines itself: attributes of
// plain kinds, whose texts need little escaping. The standard handler takes several times as long, as it calls rename for each
// attribute and allocates for some kinds, and the line of a small call was a tenth of the call. No library does: those that are
// faster write other bytes, or leave a handler that renames to the standard library. Whatever isn't ordinary is left to it here, too.
type jsonHandler struct {
	slog.Handler // the general one
	sink         *sink
	given        []byte // attributes that WithAttrs gave, each with a comma before it
	general      bool   // those aren't ordinary, or there are groups
}

// usualLine is the length of most lines.
const usualLine = 512

// Handle implements slog.Handler.
func (h *jsonHandler) Handle(ctx context.Context, record slog.Record) error {
	var room [usualLine]byte
	line, ok := h.appendLine(room[:0], &record)
	if !ok {
		return h.Handler.Handle(ctx, record)
	}
	_, err := h.sink.Write(line)
	return err
}

// appendLine appends a line, and reports false where it isn't ordinary.
func (h *jsonHandler) appendLine(b []byte, record *slog.Record) (line []byte, ok bool) {
	level := levelName(record.Level)
	if h.general || level == "" || !plainYear(record.Time) {
		return b, false
	}
	b = append(b, `{"timestamp":"`...)
	b = record.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, level...)
	b = append(b, `","message":`...)
	if b, ok = appendText(b, record.Message); !ok {
		return b, false
	}
	b = append(b, h.given...)
	record.Attrs(func(a slog.Attr) bool {
		b, ok = appendAttr(b, a)
		return ok
	})
	return append(b, '}', '\n'), ok
}

// levelName is "" for levels between those that have a name.
func levelName(level slog.Level) string {
	switch level {
	case slog.LevelDebug:
		return "debug"
	case slog.LevelInfo:
		return "info"
	case slog.LevelWarn:
		return "warn"
	case slog.LevelError:
		return "error"
	}
	return ""
}

// plainYear reports whether a time is one that the format has, and isn't that of a record without time.
func plainYear(t time.Time) bool { return t.Year() > 1 && t.Year() < 10_000 }

// appendAttr appends an attribute with a comma before it, and reports false where it isn't ordinary.
func appendAttr(b []byte, a slog.Attr) (line []byte, ok bool) {
	switch a.Key {
	case "", slog.TimeKey, slog.LevelKey, slog.MessageKey: // left out, or renamed
		return b, false
	}
	if b, ok = appendText(append(b, ','), a.Key); !ok {
		return b, false
	}
	b = append(b, ':')
	switch a.Value.Kind() {
	case slog.KindString:
		return appendText(b, a.Value.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, a.Value.Int64(), 10), true
	case slog.KindUint64:
		return strconv.AppendUint(b, a.Value.Uint64(), 10), true
	case slog.KindFloat64:
		return appendFloat(b, a.Value.Float64())
	case slog.KindBool:
		return strconv.AppendBool(b, a.Value.Bool()), true
	case slog.KindDuration:
		return strconv.AppendInt(b, int64(a.Value.Duration()), 10), true
	}
	return b, false
}

// appendFloat appends a number that JSON has and that encoding/json writes without an exponent.
func appendFloat(b []byte, v float64) (line []byte, ok bool) {
	const least, most = 1e-6, 1e21
	if size := math.Abs(v); v != 0 && !(size >= least && size < most) {
		return b, false
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64), true
}

// appendText appends a string of printable ASCII.
func appendText(b []byte, s string) (line []byte, ok bool) {
	b = append(b, '"')
	begin := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return b, false
		case c == '"' || c == '\\':
			b = append(append(b, s[begin:i]...), '\\')
			begin = i
		}
	}
	return append(append(b, s[begin:]...), '"'), true
}

// WithAttrs implements slog.Handler.
func (h *jsonHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.Handler = h.Handler.WithAttrs(attrs)
	with.given = append([]byte(nil), h.given...)
	for _, a := range attrs {
		var ok bool
		with.given, ok = appendAttr(with.given, a)
		with.general = with.general || !ok
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *jsonHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.Handler, with.general = h.Handler.WithGroup(name), true
	return &with
}
