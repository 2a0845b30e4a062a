// Package client runs pipelines on a service, over gRPC. It takes and gives the same values as package remotemedia, which
// runs them in the program's own process:
//
//	c, err := client.Dial("127.0.0.1:50051")
//	...
//	defer c.Close()
//	result, err := c.Execute(ctx, client.Request{Manifest: m, Inputs: inputs})
//
// [Client.Run] is the same for one input and any way to write a pipeline; [Client.Stream] feeds a pipeline piece by piece.
//
// Every error of a call is a *fault.Error, which errors.As finds: that of the service, with its kind, code, node, context,
// problems and request id, or one that tells why the service wasn't reached. Its Retryable method says whether the same call
// may succeed later. The client repeats such calls by itself, see [Retry].
package client

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/remotemedia/remotemedia-go/media"
)

// The methods that are called. No stubs are generated; a test compares the names with the contract.
const (
	executeMethod = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	versionMethod = "/remotemedia.v1.PipelineExecutionService/GetVersion"
	metricsMethod = "/remotemedia.v1.PipelineExecutionService/GetMetrics"
	streamMethod  = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"
	healthMethod  = "/grpc.health.v1.Health/Check"

	listNodesMethod    = "/remotemedia.ext.v1.NodeCatalogService/ListNodes"
	describeNodeMethod = "/remotemedia.ext.v1.NodeCatalogService/DescribeNode"
	validateMethod     = "/remotemedia.ext.v1.PipelineToolsService/ValidatePipeline"
)

// The values that go in and come out, those of package media, under this package's name.
type (
	// Audio is a run of frames in one format.
	Audio = media.Audio
	// Inputs are the items that enter together, by node id.
	Inputs = media.Inputs
	// Limits bound an execution.
	Limits = media.Limits
	// Result is what a pipeline gave.
	Result = media.Result
	// Items are the items that one node gave.
	Items = media.Items
)

// Client is a connection to a service. It is safe for concurrent use.
type Client struct {
	conn     *grpc.ClientConn
	settings *settings
	checked  chan bool // holds whether the service's version is known; who takes it, asks
}

// Dial makes a client for the service at an address such as "127.0.0.1:50051" or "dns:///host:50051". It connects with the
// first call; the error is that of an address or option that can't be used. The connection isn't encrypted unless [WithTLS]
// says so. The caller closes the client.
func Dial(address string, options ...Option) (*Client, error) {
	s := defaults()
	for _, o := range options {
		o(s)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(address, s.dialOptions()...)
	if err != nil {
		return nil, fmt.Errorf("connect to %q: %w", address, err)
	}
	c := &Client{conn: conn, settings: s, checked: make(chan bool, 1)}
	c.checked <- !s.checkVersion
	return c, nil
}

// Target is the address that the client was made for.
func (c *Client) Target() string { return c.conn.Target() }

// Close ends the connection; calls that are under way fail.
func (c *Client) Close() error { return c.conn.Close() }

// Health asks the standard health service whether a service is served; "" means the server as a whole. The status is one
// of SERVING, NOT_SERVING, SERVICE_UNKNOWN and UNKNOWN.
func (c *Client) Health(ctx context.Context, service string) (status string, err error) {
	r := new(healthpb.HealthCheckResponse)
	if err := c.call(ctx, healthMethod, "", &healthpb.HealthCheckRequest{Service: service}, r); err != nil {
		return "", err
	}
	return r.GetStatus().String(), nil
}
