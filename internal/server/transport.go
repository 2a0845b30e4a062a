package server

import (
	"cmp"
	"log/slog"
	"math"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"

	"github.com/remotemedia/remotemedia-go/internal/server/conn"
)

// Transport are the settings of HTTP/2. The zero value of each field means its default; grpc's own are open or made for other loads.
type Transport struct {
	StreamWindow     int32 // bytes of one call in flight; static, as dynamic windows let peers that don't read pile up megabytes each
	ConnectionWindow int32 // bytes of a connection in flight
	MaxHeaderBytes   uint32
	MaxCalls         uint32 // open at once on one connection
	HandshakeTimeout time.Duration
	PingInterval     time.Duration // of pings on a silent connection
	PingTimeout      time.Duration // for their answer
	MinClientPing    time.Duration // clients may ping this often, also without calls; below 0: as often as they like
	MaxAge           time.Duration // of a connection; then GOAWAY, and no call is cut; below 0: none
	MaxResets        float64       // calls given up right after they were begun, at once; half of it comes back in a second; below 0: any number
}

const (
	writeBuffer     = 64 << 10
	messageOverhead = 1 << 20 // beyond the samples: manifest, data inputs, framing
)

func (t Transport) withDefaults() Transport {
	t.StreamWindow = cmp.Or(t.StreamWindow, 256<<10)
	t.ConnectionWindow = cmp.Or(t.ConnectionWindow, 4<<20)
	t.MaxHeaderBytes = cmp.Or(t.MaxHeaderBytes, 16<<10)
	t.MaxCalls = cmp.Or(t.MaxCalls, 256)
	t.HandshakeTimeout = cmp.Or(t.HandshakeTimeout, 10*time.Second)
	t.PingInterval = cmp.Or(t.PingInterval, 30*time.Second)
	t.PingTimeout = cmp.Or(t.PingTimeout, 10*time.Second)
	t.MinClientPing = max(0, cmp.Or(t.MinClientPing, 10*time.Second))
	if t.MaxAge = cmp.Or(t.MaxAge, 30*time.Minute); t.MaxAge < 0 {
		t.MaxAge = math.MaxInt64
	}
	return t
}

func (s *Server) transport() []grpc.ServerOption {
	t := s.options.Transport.withDefaults()
	return append(s.beyondWindows(t), grpc.StaticStreamWindowSize(t.StreamWindow), grpc.StaticConnWindowSize(t.ConnectionWindow))
}

func (s *Server) beyondWindows(t Transport) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(s.codec),
		experimental.BufferPool(s.options.Engine.Pool().Uncounted()),
		grpc.ChainStreamInterceptor(s.chain()...),
		grpc.UnknownServiceHandler(unknownMethod),
		grpc.Creds(s.credentials()),
		grpc.MaxRecvMsgSize(s.maxMessage()),
		grpc.WriteBufferSize(writeBuffer),
		grpc.MaxHeaderListSize(t.MaxHeaderBytes),
		grpc.MaxConcurrentStreams(t.MaxCalls),
		grpc.ConnectionTimeout(t.HandshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: t.PingInterval, Timeout: t.PingTimeout, MaxConnectionAge: t.MaxAge}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: t.MinClientPing, PermitWithoutStream: true}),
	}
}

// credentials are those of the transport, with a watch on what the frames of each connection cost.
func (s *Server) credentials() credentials.TransportCredentials {
	inner := insecure.NewCredentials()
	if s.options.TLS != nil {
		inner = credentials.NewTLS(s.options.TLS)
	}
	return conn.Credentials(inner, conn.Budget{Resets: s.options.Transport.MaxResets, Refusing: s.refusing.Load, Cut: func(peer net.Addr, reason string) {
		s.log.Warn("connection cut", slog.String("client", peer.String()), slog.String("reason", reason))
	}})
}

func (s *Server) refusedConnection(peer net.Addr) {
	s.log.Warn("connection refused", slog.String("client", peer.String()), slog.String("reason", "too many connections"),
		slog.Int64("limit", s.connections.Max.Load()))
}

// maxMessage is the largest request: the samples of the largest buffer that any call might send when the service started, at 4 bytes
// each, and the rest.
func (s *Server) maxMessage() int {
	return int(4*s.options.Settings.withDefaults().MaxLimits.Samples) + messageOverhead
}
