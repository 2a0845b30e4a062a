package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/nodes"
)

// traced serves the library's nodes with a recorder of spans, and returns what a call with the headers made.
func traced(t *testing.T, method string, req, resp any, headers ...string) tracetest.SpanStubs {
	t.Helper()
	return tracedBy(t, func(conn *grpc.ClientConn) {
		if err := conn.Invoke(metadata.AppendToOutgoingContext(t.Context(), headers...), method, req, resp); err != nil {
			t.Log(err)
		}
	})
}

// tracedBy returns the spans of what a client does.
func tracedBy(t *testing.T, act func(*grpc.ClientConn)) tracetest.SpanStubs {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	traces, err := newTraces(t.Context(), sdk.WithSyncer(exporter))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := nodes.Catalog("test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{
		Engine: engine.New(engine.Options{}), Catalog: catalog, Tracer: traces, Admission: admission.New(admission.Options{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	l := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	act(conn)
	conn.Close()
	s.GracefulStop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	spans := exporter.GetSpans()
	if err := traces.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return spans
}

func find(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no span %q in %v", name, spans)
	}
	return spans[i]
}

func attributeOf(s tracetest.SpanStub, key string) any {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.AsInterface()
		}
	}
	return nil
}

const executeName = "remotemedia.v1.PipelineExecutionService/ExecutePipeline"

func TestT085_SpansJoinTheTraceOfTheClient(t *testing.T) {
	resp := new(pb.ExecuteResponse)
	spans := traced(t, "/"+executeName, &pb.ExecuteRequest{
		Manifest: &pb.PipelineManifest{
			Version: "v1", Metadata: &pb.ManifestMetadata{Name: "two"},
			Nodes:       []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}, {Id: "b", NodeType: "PassThrough"}},
			Connections: []*pb.Connection{{From: "a", To: "b"}},
		},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: make([]byte, 64), SampleRate: 16000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: 32}},
	}, resp, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x-request-id", "r-1")
	if resp.GetResult() == nil {
		t.Fatalf("got %v", resp)
	}
	call := find(t, spans, executeName)
	if call.SpanContext.TraceID().String() != "4bf92f3577b34da6a3ce929d0e0e4736" || call.Parent.SpanID().String() != "00f067aa0ba902b7" || !call.Parent.IsRemote() {
		t.Errorf("trace %v, parent %v", call.SpanContext.TraceID(), call.Parent.SpanID())
	}
	for key, want := range map[string]any{"request_id": "r-1", "pipeline": "two", "nodes": int64(2), "rpc.method": "ExecutePipeline", "rpc.grpc.status": "OK", "error.type": nil} {
		if got := attributeOf(call, key); got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	var ids []any
	for _, s := range spans {
		if s.Name == executeName {
			continue
		}
		if s.Parent.SpanID() != call.SpanContext.SpanID() || s.StartTime.Before(call.StartTime) || s.EndTime.After(call.EndTime) || s.EndTime.Before(s.StartTime) {
			t.Errorf("%s isn't within the call", s.Name)
		}
		if s.Name == "node PassThrough" {
			ids = append(ids, attributeOf(s, "node_id"))
			if attributeOf(s, "samples") != int64(32) || attributeOf(s, "items") != int64(1) {
				t.Errorf("attributes %v", s.Attributes)
			}
		}
	}
	find(t, spans, "queue")
	if _, told := attributeOf(find(t, spans, "admission"), "queued_ms").(float64); !told {
		t.Error("admission doesn't tell how long the call was queued")
	}
	if !slices.Equal(ids, []any{"a", "b"}) || len(spans) != 5 {
		t.Errorf("spans of nodes %v, %d in all", ids, len(spans))
	}
	service := ""
	for _, a := range call.Resource.Attributes() {
		if a.Key == "service.name" {
			service = a.Value.AsString()
		}
	}
	if service != "remotemedia" {
		t.Errorf("service %q", service)
	}
}

// One chunk in 50 of a stream has a span, the first among them, and one that failed.
func TestT085_SomeChunksHaveSpans(t *testing.T) {
	spans := tracedBy(t, func(conn *grpc.ClientConn) {
		s, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/remotemedia.v1.StreamingPipelineService/StreamPipeline")
		if err != nil {
			t.Fatal(err)
		}
		exchange := func(req *pb.StreamRequest) *pb.StreamResponse {
			got := new(pb.StreamResponse)
			if err := errors.Join(s.SendMsg(req), s.RecvMsg(got)); err != nil {
				t.Fatal(err)
			}
			return got
		}
		exchange(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{
			ContinueOnError: true,
			Manifest:        &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "CalculatorNode", Params: `{"operation":"divide"}`}}},
		}}})
		for i := range uint64(101) {
			data := `{"a": 4, "b": 2}`
			if i == 7 {
				data = `{"a": 4, "b": 0}`
			}
			got := exchange(&pb.StreamRequest{Request: &pb.StreamRequest_DataChunk{DataChunk: &pb.JsonChunk{NodeId: "a", Sequence: i, Json: data}}})
			if failed := got.GetError() != nil; failed != (i == 7) {
				t.Fatalf("chunk %d got %v", i, got)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		for s.RecvMsg(new(pb.StreamResponse)) == nil {
		}
	})
	call := find(t, spans, "remotemedia.v1.StreamingPipelineService/StreamPipeline")
	var chunks []any
	for _, s := range spans {
		if s.Name != "chunk" {
			continue
		}
		chunks = append(chunks, attributeOf(s, "chunk"))
		if failed := s.Status.Code.String() == "Error"; failed != (attributeOf(s, "chunk") == int64(7)) {
			t.Errorf("chunk %v has the status %v", attributeOf(s, "chunk"), s.Status)
		}
		if queued, told := attributeOf(s, "queued_ms").(float64); s.Parent.SpanID() != call.SpanContext.SpanID() || s.StartTime.After(s.EndTime) || !told || queued < 0 {
			t.Errorf("span %v", s)
		}
	}
	if !slices.Equal(chunks, []any{int64(0), int64(7), int64(50), int64(100)}) {
		t.Errorf("spans of the chunks %v", chunks)
	}
}

func TestSpansTellWhatFailed(t *testing.T) {
	resp := new(pb.ExecuteResponse)
	spans := traced(t, "/"+executeName, &pb.ExecuteRequest{Manifest: &pb.PipelineManifest{Version: "v1"}}, resp)
	call := find(t, spans, executeName)
	if call.Status.Code.String() != "Error" || attributeOf(call, "error.type") != string(resp.GetError().GetCode()) || call.Parent.IsValid() {
		t.Errorf("status %v, attributes %v", call.Status, call.Attributes)
	}
}

func TestTheServiceNameComesFromTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "mine")
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	traces, err := OpenTraces(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := traces.Close(t.Context()); err != nil {
		t.Error(err)
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "nonsense")
	if _, err := OpenTraces(t.Context(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an exporter that doesn't exist is no error")
	}
}

// traceSink is a collector of traces that keeps what it is sent.
type traceSink struct {
	collector.UnimplementedTraceServiceServer
	spans chan string
}

// Export takes spans.
func (s *traceSink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	for _, resource := range req.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.spans <- span.GetName()
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// The standard variables lead the spans to a collector, over the wire.
func TestTracesGoWhereTheEnvironmentSays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink := &traceSink{spans: make(chan string, 10)}
	s := grpc.NewServer()
	collector.RegisterTraceServiceServer(s, sink)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+l.Addr().String())
	traces, err := OpenTraces(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	span := traces.Call(t.Context(), "/a.B/C", time.Now(), func(string) string { return "" })
	span.Part("admission", time.Now(), time.Now(), nil)
	span.End("OK", nil)
	if err := traces.Close(t.Context()); err != nil {
		t.Error(err)
	}
	got := []string{<-sink.spans, <-sink.spans}
	slices.Sort(got)
	if !slices.Equal(got, []string{"a.B/C", "admission"}) {
		t.Errorf("the collector got %v", got)
	}
	s.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
