package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/version"
)

// Traces export spans as the standard OTEL_* variables say: OTEL_TRACES_EXPORTER (otlp by default), OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME and the rest. They implement server.Tracer.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// OpenTraces makes the exporter, whose failures go to the log. Close must be called.
func OpenTraces(ctx context.Context, log *slog.Logger) (*Traces, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces couldn't be exported", "error", err) }))
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("the exporter of traces can't be made (see the OTEL_* variables): %w", err)
	}
	return newTraces(ctx, sdk.WithBatcher(exporter))
}

func newTraces(ctx context.Context, options ...sdk.TracerProviderOption) (*Traces, error) {
	// What the environment says comes last and wins.
	r, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "remotemedia"), attribute.String("service.version", version.Runtime),
	), resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("the resource of traces can't be described (see OTEL_RESOURCE_ATTRIBUTES): %w", err)
	}
	provider := sdk.NewTracerProvider(append(options, sdk.WithResource(r))...)
	return &Traces{provider, provider.Tracer("github.com/remotemedia/remotemedia-go")}, nil
}

// Close exports what waits, at most until ctx is done.
func (t *Traces) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Call implements server.Tracer. The span joins the trace of the client's, where its headers name one as W3C has it.
func (t *Traces) Call(ctx context.Context, method string, came time.Time, header func(name string) string) server.Span {
	ctx = propagation.TraceContext{}.Extract(ctx, carrier(header))
	name := strings.TrimPrefix(method, "/")
	service, short, _ := strings.Cut(name, "/")
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(came), trace.WithAttributes(
		attribute.String("rpc.system", "grpc"), attribute.String("rpc.service", service), attribute.String("rpc.method", short),
	))
	return &callSpan{t.tracer, ctx, span}
}

// carrier reads the headers of a client.
type carrier func(name string) string

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(name string) string { return c(name) }

// Set implements propagation.TextMapCarrier; nothing is sent.
func (carrier) Set(string, string) {}

// Keys implements propagation.TextMapCarrier.
func (carrier) Keys() []string { return nil }

type callSpan struct {
	tracer trace.Tracer
	ctx    context.Context
	span   trace.Span
}

// Part implements server.Span.
func (s *callSpan) Part(name string, from, to time.Time, err *fault.Error, attributes ...slog.Attr) {
	if !s.span.IsRecording() {
		return
	}
	_, part := s.tracer.Start(s.ctx, name, trace.WithTimestamp(from), trace.WithAttributes(converted(attributes)...))
	fail(part, err)
	part.End(trace.WithTimestamp(to))
}

// End implements server.Span.
func (s *callSpan) End(status string, err *fault.Error, attributes ...slog.Attr) {
	s.span.SetAttributes(append(converted(attributes), attribute.String("rpc.grpc.status", status))...)
	fail(s.span, err)
	s.span.End()
}

// fail tells a fault by its code: the message may hold what a client sent.
func fail(span trace.Span, err *fault.Error) {
	if err != nil {
		span.SetStatus(codes.Error, string(err.Code))
		span.SetAttributes(attribute.String("error.type", string(err.Code)))
	}
}

// converted gives attributes of the log as OpenTelemetry has them; empty texts are left out.
func converted(attributes []slog.Attr) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, len(attributes))
	for _, a := range attributes {
		switch a.Value.Kind() {
		case slog.KindInt64:
			out = append(out, attribute.Int64(a.Key, a.Value.Int64()))
		case slog.KindUint64:
			out = append(out, attribute.Int64(a.Key, int64(a.Value.Uint64())))
		case slog.KindFloat64:
			out = append(out, attribute.Float64(a.Key, a.Value.Float64()))
		default:
			if text := a.Value.String(); text != "" {
				out = append(out, attribute.String(a.Key, text))
			}
		}
	}
	return out
}
