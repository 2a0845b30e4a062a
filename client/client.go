// Package client runs pipelines on a service, over gRPC. It takes and gives the same values as package remotemedia, which
// runs them in the program's own process:
//
//	c, err := client.Dial("127.0.0.1:50051")
//	...
//	defer c.Close()
//	result, err := c.Execute(ctx, client.Request{Manifest: m, Inputs: inputs})
//
// Every error of a call is a *fault.Error: that of the service, with its kind, code, node and problems, or one that tells
// why the service wasn't reached. Its Retryable method says whether the same call may succeed later.
package client

import (
	"context"
	"fmt"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// The methods that are called. No stubs are generated; a test compares the names with the contract.
const (
	executeMethod = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	versionMethod = "/remotemedia.v1.PipelineExecutionService/GetVersion"
)

// Client is a connection to a service. It is safe for concurrent use.
type Client struct{ conn *grpc.ClientConn }

// Option changes how a client connects.
type Option func(*settings)

type settings struct{ dial []grpc.DialOption }

// WithDialOptions passes options on to grpc.NewClient. They come after the client's own, and so override them.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dial = append(s.dial, options...) }
}

// Dial makes a client for the service at an address such as "127.0.0.1:50051" or "dns:///host:50051". It connects with the
// first call; the error is that of an address or option that can't be used. The connection isn't encrypted unless
// [WithDialOptions] gives it other credentials. The caller closes the client.
func Dial(address string, options ...Option) (*Client, error) {
	s := &settings{dial: []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUserAgent("remotemedia-go/" + version.Runtime),
		// Results of long audio are larger than grpc's default of 4 MiB; the service bounds what it is asked for.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
	}}
	for _, o := range options {
		o(s)
	}
	conn, err := grpc.NewClient(address, s.dial...)
	if err != nil {
		return nil, fmt.Errorf("connect to %q: %w", address, err)
	}
	return &Client{conn}, nil
}

// Close ends the connection; calls that are under way fail.
func (c *Client) Close() error { return c.conn.Close() }

// Health asks the standard health service whether a service is served; "" means the server as a whole. The status is one
// of SERVING, NOT_SERVING, SERVICE_UNKNOWN and UNKNOWN.
func (c *Client) Health(ctx context.Context, service string) (status string, err error) {
	r, err := healthpb.NewHealthClient(c.conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		return "", callError(err)
	}
	return r.GetStatus().String(), nil
}

// callError makes the fault of a call that failed; nil stays nil.
func callError(err error) error {
	if err == nil {
		return nil
	}
	return wire.StatusFault(err)
}
