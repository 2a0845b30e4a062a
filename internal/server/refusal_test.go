package server

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// headersOnly is a call of which nothing but headers has come. To read from it is a panic.
type headersOnly struct {
	grpc.ServerStream
	ctx      context.Context
	trailers metadata.MD
}

func (s *headersOnly) Context() context.Context  { return s.ctx }
func (s *headersOnly) AddTrailer(string, string) {}

func (s *headersOnly) SetTrailer(md metadata.MD) { s.trailers = metadata.Join(s.trailers, md) }

// sampling is the handler of a log that has had enough of refusals.
type sampling struct{ slog.Handler }

func (sampling) LeavesOut(level slog.Level, _ string, kind LineKind) bool {
	return level == slog.LevelWarn && kind.Code == "overloaded"
}

// refuser returns what refuses a call, with all that the service does about it but the transport's part.
func refuser(t testing.TB) (refuse func()) {
	t.Helper()
	catalog, err := node.NewCatalog("test", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := admission.New(admission.Options{Places: 1, Queue: -1})
	s, err := New(Options{
		Engine: engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain)}), Catalog: catalog, Admission: c,
		Log: slog.New(sampling{slog.NewJSONHandler(io.Discard, nil)}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enter(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	desc := unary("ExecutePipeline", func(context.Context, grpc.ServerStream) error { return nil })
	handler := s.chained(executeMethod, desc.Handler)
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("content-type", "application/grpc", "user-agent", "test", ":authority", "localhost"))
	return func() {
		if err := handler(nil, &headersOnly{ctx: ctx}); err == nil {
			t.Fatal("it was let in")
		}
	}
}

// TestRel3_ARefusalTakesLittleMemory, so that calls beyond capacity don't take it from those within: 8 KB is for the transport's part, too.
func TestRel3_ARefusalTakesLittleMemory(t *testing.T) {
	const calls, most, mostAllocations = 500, 2600, 30
	refuse := refuser(t)
	refuse()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		refuse()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > most {
		t.Errorf("a refusal takes %d bytes, want at most %d", each, most)
	}
	if each := (after.Mallocs - before.Mallocs) / calls; each > mostAllocations {
		t.Errorf("a refusal takes %d allocations, want at most %d", each, mostAllocations)
	}
}

func BenchmarkRefusal(b *testing.B) {
	refuse := refuser(b)
	b.ReportAllocs()
	for b.Loop() {
		refuse()
	}
}
