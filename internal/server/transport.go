package server

import (
	"cmp"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"
)

// The transport's settings; grpc's own defaults are open or made for other loads.
const (
	streamWindow     = 256 << 10 // static: dynamic windows let peers that don't read pile up megabytes each
	connectionWindow = 4 << 20
	writeBuffer      = 64 << 10
	maxHeaderBytes   = 16 << 10
	defaultMaxCalls  = 256
	messageOverhead  = 1 << 20 // beyond the samples: manifest, data inputs, framing
	handshakeTimeout = 10 * time.Second
	pingInterval     = 30 * time.Second
	pingTimeout      = 10 * time.Second
	minClientPing    = 10 * time.Second // clients may ping this often, also without calls
	maxConnectionAge = 30 * time.Minute // then GOAWAY; the grace is unlimited, so that no call is cut
)

func (s *Server) transport() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(s.codec),
		experimental.BufferPool(s.options.Engine.Pool().Uncounted()),
		grpc.ChainStreamInterceptor(s.chain()...),
		grpc.ChainUnaryInterceptor(announce),
		grpc.UnknownServiceHandler(unknownMethod),
		grpc.MaxRecvMsgSize(s.maxMessage()),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connectionWindow),
		grpc.WriteBufferSize(writeBuffer),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(cmp.Or(s.options.MaxCallsPerConnection, defaultMaxCalls)),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingInterval, Timeout: pingTimeout, MaxConnectionAge: maxConnectionAge}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minClientPing, PermitWithoutStream: true}),
	}
}

// maxMessage is the largest request: the samples of the largest buffer that any call may send, at 4 bytes each, and the rest.
func (s *Server) maxMessage() int { return int(4*s.options.MaxLimits.Samples) + messageOverhead }
