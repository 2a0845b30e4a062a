package server

import (
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/remotemedia/remotemedia-go/internal/server/h2"
)

// Transport are the settings of HTTP/2. The zero value of each field means h2's default.
type Transport struct {
	StreamWindow     int32 // bytes of one call in flight; static, as windows that grow let peers pile up megabytes each. Less where most calls are refused
	ConnectionWindow int32 // bytes of a connection in flight
	MaxHeaderBytes   uint32
	MaxCalls         uint32 // open at once on one connection
	HandshakeTimeout time.Duration
	PingInterval     time.Duration // of pings on a silent connection
	PingTimeout      time.Duration // for their answer
	MinClientPing    time.Duration // clients may ping this often while nothing of a call is sent to them; below 0: as often as they like
	MaxAge           time.Duration // of a connection; then GOAWAY, and no call is cut; below 0: none
	MaxResets        float64       // calls given up right after they were begun, at once; half of it comes back in a second; below 0: any number
}

const messageOverhead = 1 << 20 // beyond the samples: manifest, data inputs, framing

func (s *Server) transportOptions() h2.Options {
	t := s.options.Transport
	return h2.Options{
		Codec: s.codec, Pool: s.options.Engine.Pool(), Credentials: s.credentials(), Interceptors: s.chain(), Unknown: unknownMethod,
		MaxMessage: s.maxMessage, Memory: s.options.Engine.Budget(), StreamWindow: int(t.StreamWindow), ConnectionWindow: int(t.ConnectionWindow), MaxHeaderBytes: int(t.MaxHeaderBytes),
		MaxCalls: int(t.MaxCalls), HandshakeTimeout: t.HandshakeTimeout, PingInterval: t.PingInterval, PingTimeout: t.PingTimeout,
		MinClientPing: t.MinClientPing, MaxAge: t.MaxAge,
		Budget: h2.Budget{Resets: t.MaxResets, Cut: s.cutConnection}, Refusing: s.refusing.Load,
	}
}

func (s *Server) credentials() credentials.TransportCredentials {
	if s.options.TLS != nil {
		return credentials.NewTLS(s.options.TLS)
	}
	return insecure.NewCredentials()
}

func (s *Server) cutConnection(peer net.Addr, reason string) {
	s.log.Warn("connection cut", slog.String("client", peer.String()), slog.String("reason", reason))
}

func (s *Server) refusedConnection(peer net.Addr) {
	s.log.Warn("connection refused", slog.String("client", peer.String()), slog.String("reason", "too many connections"),
		slog.Int64("limit", s.connections.Max.Load()))
}

// maxMessage is the largest request: the samples of the largest buffer that a call may send now, at 4 bytes each, and the rest.
func (s *Server) maxMessage() int {
	return int(4*s.settings.Load().MaxLimits.Samples) + messageOverhead
}
