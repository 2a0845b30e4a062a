package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/version"
)

// Sizes of the generator's side of HTTP/2. The windows are static: estimating them costs pings.
const (
	writeBuffer      = 64 << 10
	streamWindow     = 4 << 20
	connectionWindow = 16 << 20
	// dialing bounds the connections that are made at once.
	dialing = 64
)

// connections are those of a session over gRPC.
type connections struct {
	all   []*grpc.ClientConn
	token string
}

// connect makes all connections and waits until they are ready, for each at most the timeout.
func connect(ctx context.Context, t Target, n int, timeout time.Duration) (*connections, error) {
	c := &connections{token: t.Token, all: make([]*grpc.ClientConn, n)}
	pool := mem.NewPool(mem.DefaultRetain)
	for i := range c.all {
		var err error
		if c.all[i], err = grpc.NewClient("passthrough:///"+t.Address, dialOptions(t, pool)...); err != nil {
			c.all = c.all[:i]
			return nil, errors.Join(fmt.Errorf("load: %s: %w", t.Address, err), c.close())
		}
	}
	if err := c.ready(ctx, timeout); err != nil {
		return nil, errors.Join(fmt.Errorf("load: connect to %s: %w", t.Address, err), c.close())
	}
	return c, nil
}

func dialOptions(t Target, pool *mem.Pool) []grpc.DialOption {
	transport := insecure.NewCredentials()
	if t.TLS != nil {
		transport = credentials.NewTLS(t.TLS)
	}
	dial := t.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithContextDialer(dial),
		grpc.WithUserAgent("remotemedia-bench/" + version.Runtime),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
		experimental.WithBufferPool(pool.Uncounted()),
		grpc.WithWriteBufferSize(writeBuffer),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connectionWindow),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithDisableHealthCheck(), // retries are counted, so they are ours
		grpc.WithIdleTimeout(0),
	}
}

// patience is the least that connections are given to be there: a call may have less, and its connection is there before it.
const patience = 5 * time.Second

// ready waits until all connections are, a bounded number at a time.
func (c *connections) ready(ctx context.Context, timeout time.Duration) error {
	timeout = max(timeout, patience)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	places := make(chan struct{}, dialing)
	for _, conn := range c.all {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			if err := await(ctx, conn, timeout); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// await connects, and tells why it can't.
func await(ctx context.Context, conn *grpc.ClientConn, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not connected within %v", timeout))
	defer cancel()
	conn.Connect()
	for {
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			// Only a call is told the reason.
			f := StatusFailure(conn.Invoke(ctx, "/grpc.health.v1.Health/Check", &outgoing{}, &incoming{}), nil)
			if strings.Contains(f.Message, syscall.EMFILE.Error()) {
				f.Message += ": each connection takes one; raise the limit (ulimit -n), or make fewer"
			}
			return f
		}
		if !conn.WaitForStateChange(ctx, state) {
			return context.Cause(ctx)
		}
	}
}

// of gives the connection of a worker.
func (c *connections) of(worker int) *grpc.ClientConn { return c.all[worker%len(c.all)] }

// context carries the token.
func (c *connections) context(ctx context.Context) context.Context {
	if c.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
}

func (c *connections) close() error {
	var errs []error
	for _, conn := range c.all {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}
