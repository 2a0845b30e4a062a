package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stillSink is a sink that nothing writes from, so that a test sees what it took.
func stillSink() *sink {
	s := newSink(nil, 0, nil)
	s.writing = true
	return s
}

// pairOf is a logger, and one that writes the same by the standard library alone.
func pairOf() (fast, standard *slog.Logger, gotten *sink, wanted *bytes.Buffer) {
	gotten, wanted = stillSink(), new(bytes.Buffer)
	o := LogOptions{Level: slog.LevelDebug}
	fast = slog.New(&jsonHandler{Handler: handlerOf(gotten, o), sink: gotten})
	return fast, slog.New(handlerOf(wanted, o)), gotten, wanted
}

// texts are such as need escaping and such as don't.
var texts = rapid.OneOf(
	rapid.StringMatching(`[ -~]{0,12}`),
	rapid.String(),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", `"`, `\`, "\x00", "\n", "\t", "\x7f", "\xff", "\u2028", "é", "<&>"}), 0, 8),
		func(parts []string) string { return strings.Join(parts, "") }),
)

var keys = rapid.OneOf(
	rapid.SampledFrom([]string{"request_id", "time", "level", "msg", "source", "timestamp", "message", "", "group"}), texts,
)

// late is a value that is found when it is logged.
type late struct{ value slog.Value }

func (l late) LogValue() slog.Value { return l.value }

// broken is a value that can't be written.
type broken struct{}

func (*broken) Error() string { panic("broken") }

func values(depth int) *rapid.Generator[slog.Value] {
	plain := []*rapid.Generator[slog.Value]{
		rapid.Map(texts, slog.StringValue), rapid.Map(rapid.Int64(), slog.Int64Value), rapid.Map(rapid.Uint64(), slog.Uint64Value),
		rapid.Map(rapid.Float64(), slog.Float64Value), rapid.Map(rapid.Float64Range(-1e4, 1e4), slog.Float64Value),
		rapid.Map(rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e-6, 9.999e-7, 1e21, 9.99e20, 0.1, 1.234, 5e-324, math.MaxFloat64,
		}), slog.Float64Value),
		rapid.Map(rapid.Bool(), slog.BoolValue),
		rapid.Map(rapid.Int64(), func(n int64) slog.Value { return slog.DurationValue(time.Duration(n)) }),
		rapid.Map(rapid.Int64(), func(n int64) slog.Value { return slog.TimeValue(time.Unix(n>>24, n)) }),
		rapid.Map(texts, func(s string) slog.Value { return slog.AnyValue(errors.New(s)) }),
		rapid.Map(texts, func(s string) slog.Value { return slog.AnyValue(map[string]string{s: s}) }),
		rapid.SampledFrom([]slog.Value{
			{}, slog.AnyValue(nil), slog.AnyValue((*broken)(nil)), slog.AnyValue(&broken{}), slog.AnyValue([]any{1, "<>", nil}),
			slog.AnyValue(json.RawMessage(`{"a":1}`)), slog.AnyValue(make(chan int)), slog.AnyValue(slog.LevelWarn), slog.AnyValue(&slog.Source{}),
		}),
	}
	if depth > 0 {
		plain = append(plain,
			rapid.Map(values(depth-1), func(v slog.Value) slog.Value { return slog.AnyValue(late{v}) }),
			rapid.Map(attrs(depth-1), func(as []slog.Attr) slog.Value { return slog.GroupValue(as...) }))
	}
	return rapid.OneOf(plain...)
}

func attrs(depth int) *rapid.Generator[[]slog.Attr] {
	one := rapid.Custom(func(t *rapid.T) slog.Attr {
		return slog.Attr{Key: keys.Draw(t, "key"), Value: values(depth).Draw(t, "value")}
	})
	return rapid.SliceOfN(one, 0, 7)
}

// TestLinesAreThoseOfTheStandardLibrary, byte for byte, whatever is logged.
func TestLinesAreThoseOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fast, standard, gotten, wanted := pairOf()
		for range rapid.IntRange(0, 3).Draw(t, "with") {
			if rapid.IntRange(0, 4).Draw(t, "grouped") == 0 {
				name := keys.Draw(t, "group")
				fast, standard = fast.WithGroup(name), standard.WithGroup(name)
				continue
			}
			with := attrs(1).Draw(t, "given")
			fast, standard = slog.New(fast.Handler().WithAttrs(with)), slog.New(standard.Handler().WithAttrs(with))
		}
		at := rapid.SampledFrom([]time.Time{
			{}, time.Now(), time.Now().UTC(), time.Unix(1, 0), time.Unix(1, 500_000_000).UTC(), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 6, 1, 0, 0, 0, 0, time.UTC), time.Now().In(time.FixedZone("", 5400)),
		}).Draw(t, "time")
		level := slog.Level(rapid.IntRange(-9, 13).Draw(t, "level"))
		record := slog.NewRecord(at, level, texts.Draw(t, "message"), 0)
		record.AddAttrs(attrs(2).Draw(t, "attrs")...)
		for _, h := range []slog.Handler{fast.Handler(), standard.Handler()} {
			if err := h.Handle(t.Context(), record); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(gotten.lines), wanted.String(); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

// unused is a handler that is to do nothing.
type unused struct {
	slog.Handler
	t *testing.T
}

func (u unused) Handle(context.Context, slog.Record) error {
	u.t.Error("a line was left to the standard library")
	return nil
}

func (u unused) WithAttrs([]slog.Attr) slog.Handler { return u }

// TestLinesOfPlainAttributesAreMadeHere: the comparison above would hold, too, if everything were left to the standard library.
func TestLinesOfPlainAttributesAreMadeHere(t *testing.T) {
	s := stillSink()
	h := (&jsonHandler{Handler: unused{t: t}, sink: s}).WithAttrs([]slog.Attr{slog.String("log", "audit")})
	record := slog.NewRecord(time.Date(2026, 1, 2, 3, 4, 5, 60_000_000, time.UTC), slog.LevelWarn, `a "call"`, 0)
	record.AddAttrs(slog.String("path", `C:\x`), slog.Int("nodes", -1), slog.Uint64("chunks", 1<<63), slog.Float64("wall_time_ms", 0.125),
		slog.Bool("tls", true), slog.Duration("took", time.Second))
	if err := h.Handle(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	want := `{"timestamp":"2026-01-02T03:04:05.06Z","level":"warn","message":"a \"call\"","log":"audit","path":"C:\\x","nodes":-1,` +
		`"chunks":9223372036854775808,"wall_time_ms":0.125,"tls":true,"took":1000000000}` + "\n"
	if got := string(s.lines); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// callLine is what the line of an ordinary call has.
func callLine() slog.Record {
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "call", 0)
	record.AddAttrs(slog.String("request_id", "d1dfc8ff-1125-492d-99eb-b7c9a75b6bb9"),
		slog.String("method", "remotemedia.v1.PipelineExecutionService/ExecutePipeline"), slog.String("status", "OK"),
		slog.Float64("wall_time_ms", 0.562), slog.Int("nodes", 1), slog.String("client", "127.0.0.1:44846"), slog.String("pipeline", "calculator"))
	return record
}

// TestTheLineOfACallTakesNoMemory, once the sink has room.
func TestTheLineOfACallTakesNoMemory(t *testing.T) {
	s := stillSink()
	s.lines = make([]byte, 0, 1<<20)
	h := newRepeatHandler(&jsonHandler{Handler: handlerOf(s, LogOptions{}), sink: s}, time.Second, 3)
	record := callLine()
	if n := testing.AllocsPerRun(1000, func() { _ = h.Handle(t.Context(), record) }); n > 0 {
		t.Errorf("a line takes %v allocations", n)
	}
}

func BenchmarkLine(b *testing.B) {
	for name, plain := range map[string]bool{"own": true, "standard": false} {
		b.Run(name, func(b *testing.B) {
			s := stillSink()
			var h slog.Handler = handlerOf(s, LogOptions{})
			if plain {
				h = &jsonHandler{Handler: h, sink: s}
			}
			record := callLine()
			b.ReportAllocs()
			for b.Loop() {
				s.lines = s.lines[:0]
				_ = h.Handle(b.Context(), record)
			}
		})
	}
}
