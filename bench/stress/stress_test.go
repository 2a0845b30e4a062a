package stress

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/bench/benchtest"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

func TestFiguresAreRead(t *testing.T) {
	f, err := parseFigures("# HELP x\nx{a=\"1\",b=\"2\"} 3\nx{a=\"1\",b=\"3\"} 4.5\nxy 1e3\n")
	if err != nil || f["xy"] != 1000 || f.Sum("x") != 7.5 || f.Sum("x", `a="1"`, `b="2"`) != 3 || f.Sum("z") != 0 {
		t.Errorf("%v, %v", f, err)
	}
	for _, bad := range []string{"x\n", "x y\n"} {
		if _, err := parseFigures(bad); err == nil {
			t.Errorf("%q was taken for metrics", bad)
		}
	}
}

func refusal(t *testing.T, details ...protoadapt.MessageV1) error {
	t.Helper()
	s, err := status.New(codes.Unavailable, "full").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

func TestRefusalsAreLookedAt(t *testing.T) {
	info := &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}
	detail := &pb.ErrorResponse{ErrorType: pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT}
	pushback := metadata.Pairs("grpc-retry-pushback-ms", "1000")
	for name, x := range map[string]struct {
		err          error
		trailer      metadata.MD
		count, wrong int
	}{
		"complete":             {refusal(t, info, detail), pushback, 1, 0},
		"no RetryInfo":         {refusal(t, detail), pushback, 1, 1},
		"no detail":            {refusal(t, info), pushback, 1, 1},
		"no pushback":          {refusal(t, info, detail), nil, 1, 1},
		"a negative pushback":  {refusal(t, info, detail), metadata.Pairs("grpc-retry-pushback-ms", "-1"), 1, 1},
		"something else":       {status.Error(codes.DeadlineExceeded, "late"), nil, 0, 0},
		"not from the service": {errors.New("broken"), nil, 0, 0},
	} {
		var r Refusals
		r.Ended(x.err, x.trailer, time.Millisecond)
		wrong, example := r.Wrong()
		if r.Count() != x.count || wrong != x.wrong || (example != "") != (wrong > 0) {
			t.Errorf("%s: %d counted, %d wrong (%s)", name, r.Count(), wrong, example)
		}
	}
	var r Refusals
	for i := range 100 {
		detail.Context = []string{`{"reason":"cpu"}`, `{"reason":"backlog"}`, "prose", ""}[i%4]
		r.Ended(refusal(t, info, detail), pushback, time.Duration(100-i)*time.Millisecond)
	}
	if r.Quantile(0) != time.Millisecond || r.Quantile(0.99) != 99*time.Millisecond || new(Refusals).Quantile(0.5) != 0 {
		t.Errorf("from %v to %v", r.Quantile(0), r.Quantile(0.99))
	}
	if got := r.Reasons(); got != "backlog: 25, cpu: 25, no reason: 50" || new(Refusals).Reasons() != "" {
		t.Error(got)
	}
}

func TestChecksKnowTheirSide(t *testing.T) {
	for _, x := range []struct {
		c      Check
		pass   bool
		margin string
	}{
		{Check{Got: 95, Limit: 90, Unit: "%"}, true, "+6 %"},
		{Check{Got: 45, Limit: 90, Unit: "%"}, false, "-50 %"},
		{Check{Got: 1, Limit: 4, AtMost: true}, true, "+75 %"},
		{Check{Got: 8, Limit: 4, AtMost: true}, false, "-100 %"},
		{Check{Got: 0, Limit: 0, AtMost: true}, true, "+0 %"},
		{Check{Got: 3, Limit: 0, AtMost: true}, false, "-100 %"},
	} {
		cells := x.c.cells()
		if x.c.Pass() != x.pass || cells[4] != x.margin || strings.Contains(cells[5], "FAIL") == x.pass {
			t.Errorf("%+v: %v", x.c, cells)
		}
	}
}

func TestReportsAreWritten(t *testing.T) {
	r := NewReport("Title", "make it", "1.2.3")
	r.Fact("capacity", "%d/s", 100)
	r.AtLeast("1", "goodput", 80, 90, "%", "")
	r.AtMost("2", "late", 0, 0.1, "%", "none")
	r.Tell("2", "late, the control", 7, "%", "beside it")
	r.Invalid("the machine was busy")
	dir := t.TempDir()
	markdown, data := filepath.Join(dir, "a.md"), filepath.Join(dir, "b", "a.json")
	if err := r.Write(markdown, data); err != nil || r.Failed() != 1 {
		t.Errorf("%d failed, %v", r.Failed(), err)
	}
	text, err := os.ReadFile(markdown)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Title", "`make it`", "**Void:** the machine was busy", "| capacity | 100/s |", "**FAIL**", "| 2 | late | 0 % | ≤ 0.1 % |", "| 2 | late, the control | 7 % |  |  | told | beside it |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if data, err := os.ReadFile(data); err != nil || !strings.Contains(string(data), `"what": "goodput"`) {
		t.Errorf("%s, %v", data, err)
	}
}

// often is a workload whose operations fail, and may be tried again, as long as it says so.
type often struct{ failing bool }

func (*often) Kind() load.Kind                                          { return load.Calls }
func (o *often) Open(context.Context, load.Setup) (load.Session, error) { return o, nil }
func (o *often) Operator(int) (load.Operator, error)                    { return o, nil }
func (*often) Close() error                                             { return nil }
func (o *often) Do(context.Context, *load.Op) error {
	if o.failing {
		return &load.Failure{Retry: true}
	}
	return nil
}

// TestRel4_RetriesHaveABudget: while most calls fail next to none is tried again, and when they succeed all may be.
func TestRel4_RetriesHaveABudget(t *testing.T) {
	o := &often{failing: true}
	session, err := WithBudget(o).Open(t.Context(), load.Setup{})
	if err != nil {
		t.Fatal(err)
	}
	do, err := session.Operator(0)
	if err != nil {
		t.Fatal(err)
	}
	retried := func(calls int) (n int) {
		for range calls {
			var f *load.Failure
			if errors.As(do.Do(t.Context(), nil), &f) && f.Retry {
				n++
			}
		}
		return n
	}
	if n := retried(1000); n != 4 { // the tokens above half of ten
		t.Errorf("%d of 1000 failures were to be tried again", n)
	}
	o.failing = false
	retried(100)
	o.failing = true
	if n := retried(4); n != 4 {
		t.Errorf("%d of 4 failures after many successes were to be tried again", n)
	}
}

// The control of the refusals: a server that refuses everything, and whose metrics are read as those of the service.
func TestAnotherServerIsAskedAsTheService(t *testing.T) {
	s, err := StartOther(t.Context(), Options{Name: "control", Program: filepath.Join(benchtest.Programs(t), "goecho"), Dir: t.TempDir()},
		"-codec", "refuse", "-metrics", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	allocated := func() float64 {
		t.Helper()
		f, err := s.Figures(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f["go_memstats_alloc_bytes_total"]
	}
	before := allocated()
	var refusals Refusals
	w := &load.UnaryWorkload{Method: "/a.B/C", Request: make([]byte, 100), Ended: refusals.Ended}
	r, err := load.Run(t.Context(), load.Config{Workload: w, Target: s.Target(""), Requests: 20})
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed != 20 || refusals.Count() != 20 || before <= 0 || allocated() <= before {
		t.Errorf("%d of 20 calls failed, %d were refused, %g bytes were allocated before", r.Failed, refusals.Count(), before)
	}
}

func TestProgramsAreKeptToTheirProcessors(t *testing.T) {
	if got := strings.Join(Options{Program: "p", CPUs: "0"}.pinned("a"), " "); got != "taskset -c 0 p a" {
		t.Error(got)
	}
	if got := strings.Join(Options{Program: "p"}.pinned("a"), " "); got != "p a" {
		t.Error(got)
	}
}
