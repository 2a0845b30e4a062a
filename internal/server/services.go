package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Names of the services and their methods.
const (
	executionService = "remotemedia.v1.PipelineExecutionService"
	streamingService = "remotemedia.v1.StreamingPipelineService"
	catalogService   = "remotemedia.ext.v1.NodeCatalogService"
	toolsService     = "remotemedia.ext.v1.PipelineToolsService"

	executeMethod      = "/" + executionService + "/ExecutePipeline"
	versionMethod      = "/" + executionService + "/GetVersion"
	metricsMethod      = "/" + executionService + "/GetMetrics"
	streamMethod       = "/" + streamingService + "/StreamPipeline"
	listNodesMethod    = "/" + catalogService + "/ListNodes"
	describeNodeMethod = "/" + catalogService + "/DescribeNode"
	validateMethod     = "/" + toolsService + "/ValidatePipeline"
	convertMethod      = "/" + toolsService + "/ConvertManifest"
)

// handler answers one call. It receives from the stream and sends to it, and returns a *fault.Error, an error of
// the stream, or a status.
type handler func(ctx context.Context, stream grpc.ServerStream) error

// services are the tables that the transport serves. Unary methods are handlers of streams of which neither side streams: the same on the
// wire, and the handler itself receives and sends, whatever serves the table. A test holds the tables against the descriptors.
func (s *Server) services() []grpc.ServiceDesc {
	return []grpc.ServiceDesc{
		{
			ServiceName: executionService, HandlerType: (*any)(nil), Metadata: "remotemedia/v1/execution.proto",
			Streams: []grpc.StreamDesc{
				unary("ExecutePipeline", s.executePipeline),
				unary("GetVersion", s.getVersion),
				unary("GetMetrics", s.getMetrics),
			},
		},
		{
			ServiceName: streamingService, HandlerType: (*any)(nil), Metadata: "remotemedia/v1/streaming.proto",
			Streams: []grpc.StreamDesc{
				streaming("StreamPipeline", s.streamPipeline),
			},
		},
		{
			ServiceName: catalogService, HandlerType: (*any)(nil), Metadata: "remotemedia/ext/v1/catalog.proto",
			Streams: []grpc.StreamDesc{
				unary("ListNodes", s.listNodes),
				unary("DescribeNode", s.describeNode),
			},
		},
		{
			ServiceName: toolsService, HandlerType: (*any)(nil), Metadata: "remotemedia/ext/v1/tools.proto",
			Streams: []grpc.StreamDesc{
				unary("ValidatePipeline", s.validatePipeline),
				unary("ConvertManifest", s.convertManifest),
			},
		},
	}
}

func unary(name string, h handler) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, Handler: h.serve}
}

func streaming(name string, h handler) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, Handler: h.serve, ClientStreams: true, ServerStreams: true}
}

func (h handler) serve(_ any, stream grpc.ServerStream) error { return h(stream.Context(), stream) }

// unknownMethod answers calls of methods that aren't in the tables, so that they too pass the chain.
func unknownMethod(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	return status.Errorf(codes.Unimplemented, "%s isn't a method of this service: reflection lists those it has", shorten(method))
}
