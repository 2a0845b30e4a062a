package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"time"
)

// LogOptions say how lines are logged. The zero value of each field means its default.
type LogOptions struct {
	Level          slog.Leveler  // least that is logged; default info
	Pretty         bool          // text for people instead of JSON
	RepeatInterval time.Duration // in which at most RepeatBurst equal lines of the level warn and above are logged; 0: all are
	RepeatBurst    int
	BufferBytes    int // lines that wait for the writer; default 4 MiB
}

// Log is a logger that never makes the one who logs wait. What its writer doesn't take in time is lost, and counted.
type Log struct {
	*slog.Logger
	sink *sink
}

// OpenLog makes a log that is written to w by one goroutine at a time, which exists only while there is something to write.
func OpenLog(w io.Writer, o LogOptions) *Log {
	report := func(lost uint64) []byte {
		var b bytes.Buffer
		slog.New(handlerOf(&b, o)).Warn("log lines were lost: standard output didn't take them in time", "lines", lost)
		return b.Bytes()
	}
	s := newSink(w, o.BufferBytes, report)
	h := handlerOf(s, o)
	if !o.Pretty {
		h = &jsonHandler{Handler: h, sink: s}
	}
	return &Log{slog.New(newRepeatHandler(h, o.RepeatInterval, o.RepeatBurst)), s}
}

func handlerOf(w io.Writer, o LogOptions) slog.Handler {
	options := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: rename}
	if o.Pretty {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

// Dropped returns how many lines were lost.
func (l *Log) Dropped() uint64 { return l.sink.dropped() }

// Flush waits until all that was logged has been written, at most until ctx is done.
func (l *Log) Flush(ctx context.Context) error { return l.sink.flush(ctx) }
