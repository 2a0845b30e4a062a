package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// valve is a writer that takes nothing while it is shut.
type valve struct {
	mu   sync.Mutex
	open sync.Cond
	shut bool
	fail error
	buf  bytes.Buffer
}

func newValve(shut bool) *valve {
	v := &valve{shut: shut}
	v.open.L = &v.mu
	return v
}

func (v *valve) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.shut {
		v.open.Wait()
	}
	if v.fail != nil {
		return 0, v.fail
	}
	return v.buf.Write(p)
}

func (v *valve) turn(shut bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shut = shut
	v.open.Broadcast()
}

// lines returns what was written, parsed.
func (v *valve) lines(t *testing.T) (out []map[string]any) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for line := range strings.Lines(v.buf.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		out = append(out, m)
	}
	return out
}

func mustFlush(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFR010_EveryLineIsJSONInOrder(t *testing.T) {
	v := newValve(false)
	l := OpenLog(v, LogOptions{})
	for i := range 500 {
		l.Info("call", "request_id", fmt.Sprint(i))
	}
	l.Debug("not told")
	mustFlush(t, l)
	got := v.lines(t)
	if len(got) != 500 || l.Dropped() != 0 {
		t.Fatalf("%d lines, %d dropped", len(got), l.Dropped())
	}
	for i, line := range got {
		if line["request_id"] != fmt.Sprint(i) || line["level"] != "info" || line["message"] != "call" || line["timestamp"] == nil {
			t.Fatalf("line %d: %v", i, line)
		}
	}
}

// A blocked sink blocks nobody: logging returns, lines beyond the buffer are counted, and when the sink is free again, those that
// were kept come, and how many were lost.
func TestABlockedSinkBlocksNoCall(t *testing.T) {
	v := newValve(true)
	l := OpenLog(v, LogOptions{BufferBytes: 2000})
	for i := range 1000 {
		l.Info("call", "i", i) // would hang here
	}
	lost := l.Dropped()
	if lost < 900 || lost >= 1000 {
		t.Errorf("%d lines lost", lost)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := l.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("flushing a blocked sink: %v", err)
	}
	v.turn(false)
	mustFlush(t, l)
	l.Info("after")
	mustFlush(t, l)
	var kept, told float64
	got := v.lines(t)
	for _, line := range got {
		if line["message"] == "call" {
			kept++
		}
		if n, ok := line["lines"].(float64); ok {
			told += n
		}
	}
	if kept+told != 1000 || told != float64(lost) || l.Dropped() != lost {
		t.Errorf("%v kept, %v told to be lost, of which %v were", kept, told, lost)
	}
}

func TestASinkThatFailsIsCounted(t *testing.T) {
	v := newValve(false)
	v.fail = io.ErrClosedPipe
	l := OpenLog(v, LogOptions{})
	l.Info("a")
	l.Info("b")
	mustFlush(t, l)
	if l.Dropped() != 2 {
		t.Errorf("%d dropped, want 2", l.Dropped())
	}
	v.mu.Lock()
	v.fail = nil
	v.mu.Unlock()
	l.Info("c")
	mustFlush(t, l)
	if got := v.lines(t); len(got) != 2 || got[1]["lines"] != 2.0 {
		t.Errorf("got %v", got)
	}
}

func TestRepeatedLinesAreSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValve(false)
		l := OpenLog(v, LogOptions{RepeatInterval: time.Second, RepeatBurst: 3})
		refused := func(code string) {
			l.Warn("call", "request_id", time.Now().String(), "method", "M", "code", code)
		}
		for range 10 {
			refused("overloaded")
			refused("token_missing")
			l.Info("call", "method", "M")
			l.Error("call", "method", "M", "code", "panic", "error_id", "x")
		}
		time.Sleep(time.Second)
		refused("overloaded")
		mustFlush(t, l)
		counts := map[any]int{}
		var left any
		for _, line := range v.lines(t) {
			counts[fmt.Sprint(line["level"], " ", line["code"])]++
			if line["repeats_left_out"] != nil {
				left = line["repeats_left_out"]
			}
		}
		for kind, want := range map[string]int{"warn overloaded": 4, "warn token_missing": 3, "info <nil>": 10, "error panic": 10} {
			if counts[kind] != want {
				t.Errorf("%s: %d lines, want %d", kind, counts[kind], want)
			}
		}
		if left != 7.0 {
			t.Errorf("left out: %v, want 7", left)
		}
	})
}

// TestLinesThatWouldBeLeftOutNeedntBeMade: who asks first is told so, and the lines are counted as if they had been made.
func TestLinesThatWouldBeLeftOutNeedntBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValve(false)
		l := OpenLog(v, LogOptions{RepeatInterval: time.Second, RepeatBurst: 3})
		sampler := l.Handler().(server.Sampler)
		kind := server.LineKind{Method: "M", ErrorType: "T", Code: "overloaded"}
		refuse := func() {
			if !sampler.LeavesOut(slog.LevelWarn, "call", kind) {
				l.LogAttrs(t.Context(), slog.LevelWarn, "call", slog.String("request_id", "r"), slog.String("method", "M"), slog.Int("nodes", 0),
					slog.String("error_type", "T"), slog.String("code", "overloaded"))
			}
		}
		for range 10 {
			refuse()
		}
		if sampler.LeavesOut(slog.LevelWarn, "call", server.LineKind{Method: "M"}) || sampler.LeavesOut(slog.LevelInfo, "call", kind) {
			t.Error("lines of other kinds would be left out")
		}
		time.Sleep(time.Second)
		refuse()
		mustFlush(t, l)
		if got := v.lines(t); len(got) != 4 || got[3]["repeats_left_out"] != 7.0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestSamplingHeedsAttributesGivenBefore(t *testing.T) {
	v := newValve(false)
	l := OpenLog(v, LogOptions{RepeatInterval: time.Hour, RepeatBurst: 1})
	for range 3 {
		l.With("code", "a").Warn("x")
		l.With("code", "b").Warn("x")
		l.WithGroup("g").Warn("y")
		l.With("log", "audit").Warn("authentication")
	}
	mustFlush(t, l)
	if got := v.lines(t); len(got) != 3+3 {
		t.Errorf("%d lines, want 3 and those of the audit: %v", len(got), got)
	}
}

// A caller that makes up a method for each call neither fills the log nor hides what others do for longer than an interval.
func TestKindsOfRepeatsAreBounded(t *testing.T) {
	const burst, kinds = 2, 5000
	r := &repeats{interval: time.Minute, burst: burst, seen: make(map[string]*repeated)}
	now := time.Now()
	logged := 0
	for i := range kinds {
		if ok, _ := r.admit(fmt.Append(nil, i), now); ok {
			logged++
		}
		if len(r.seen) > mostRepeats+1 {
			t.Fatalf("%d kinds are kept", len(r.seen))
		}
	}
	if want := mostRepeats + burst; logged != want {
		t.Errorf("%d lines of made-up kinds were logged in an interval, want %d", logged, want)
	}
	if !r.full([]byte("one more"), now) {
		t.Error("a line beyond the bound would be made")
	}
	ok, left := r.admit([]byte("ordinary"), now.Add(time.Minute))
	if want := kinds - mostRepeats - burst + 1; !ok || left != want {
		t.Errorf("in the next interval: %v, with %d lines left out before, want %d", ok, left, want)
	}
}

func TestPrettyLines(t *testing.T) {
	v := newValve(false)
	l := OpenLog(v, LogOptions{Pretty: true, Level: slog.LevelDebug})
	l.Debug("hello there", "a", 1)
	mustFlush(t, l)
	if got := v.buf.String(); !strings.Contains(got, `level=debug message="hello there" a=1`) {
		t.Errorf("got %q", got)
	}
}

// batches keeps what came with each write.
type batches struct {
	mu  sync.Mutex
	got []string
}

func (b *batches) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, string(p))
	return len(p), nil
}

func (b *batches) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

// TestLinesAreWrittenTogether: a line that comes alone is written at once, those that come soon after it with one write, in their
// order, and who flushes doesn't wait for more of them.
func TestLinesAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(batches)
		s := newSink(b, 0, nil)
		write := func(line string) {
			if n, err := s.Write([]byte(line)); n != len(line) || err != nil {
				t.Fatalf("writing a line: %d, %v", n, err)
			}
		}
		write("a\n")
		synctest.Wait()
		write("b\n")
		write("c\n")
		synctest.Wait()
		if want := []string{"a\n"}; !slices.Equal(b.all(), want) {
			t.Errorf("at first: %q, want %q", b.all(), want)
		}
		time.Sleep(gatherTime)
		synctest.Wait()
		if want := []string{"a\n", "b\nc\n"}; !slices.Equal(b.all(), want) {
			t.Errorf("a while later: %q, want %q", b.all(), want)
		}
		write("d\n")
		began := time.Now()
		if err := s.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a\n", "b\nc\n", "d\n"}; !slices.Equal(b.all(), want) || time.Since(began) != 0 {
			t.Errorf("flushed: %q after %v, want %q at once", b.all(), time.Since(began), want)
		}
	})
}

// shortWriter takes a few bytes and fails.
type shortWriter int

func (w shortWriter) Write(p []byte) (int, error) { return min(int(w), len(p)), io.ErrShortWrite }

func TestLinesThatWereWrittenInPartAreLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const taken = 4 // of each write: one line and a part of the next
		s := newSink(shortWriter(taken), 0, nil)
		for _, line := range []string{"aa\n", "bb\n", "cc\n", "dd\n"} {
			if _, err := s.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // the first is written alone
		}
		if err := s.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.dropped(); got != 2 {
			t.Errorf("%d lines lost, want those after the second", got)
		}
	})
}
