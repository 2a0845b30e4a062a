// Package server answers the gRPC services of remotemedia.v1 and remotemedia.ext.v1 over an engine: the tables of methods, the chain of
// interceptors, the handlers, and the settings of the transport.
package server

import (
	"cmp"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server/conn"
	"github.com/remotemedia/remotemedia-go/internal/server/h2"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/version"
)

// Options configure a server. Engine and Catalog are required; the zero value of every other field means its default.
type Options struct {
	Engine  *engine.Engine
	Catalog *node.Catalog
	Log     *slog.Logger      // one line a call; default: none
	Metrics *metrics.Recorder // made by NewRecorder; default: one of its own
	Tracer  Tracer            // makes spans; default: none
	Debug   bool              // tell stack traces to clients

	Guard     *auth.Guard           // says who may call; default: everybody
	Admission *admission.Controller // says when there is room; default: always
	TLS       *tls.Config           // of the transport; default: plain text
	Transport Transport

	Settings            // those that may be changed later
	PlanCacheBytes int  // bound of the plan cache; 0: its default, below 0: no cache
	NoReflection   bool // don't serve gRPC reflection
}

// Server is a gRPC server. Its methods are safe for concurrent use.
type Server struct {
	options     Options
	settings    atomic.Pointer[Settings]
	generations atomic.Uint64 // of settings
	log         *slog.Logger
	metrics     *metrics.Recorder
	codec       *wire.Codec
	plans       *graph.Cache
	version     atomic.Pointer[pb.VersionInfo]
	reports     reports // of the load
	health      *health.Server
	transport   *h2.Server
	connections conn.Limit
	inFlight    inFlight
	workers     sync.Pool     // of *worker; the server's own, as tests in virtual time don't share timers
	drain       chan struct{} // closed when streams are to end
	drained     sync.Once
	refusing    atomic.Bool // the newest call was refused by its headers
}

// New makes a server that is ready to serve.
func New(o Options) (*Server, error) {
	if o.Engine == nil || o.Catalog == nil {
		return nil, errors.New("server: an engine and a catalogue are required")
	}
	s := &Server{
		options: o,
		log:     cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		codec:   wire.NewCodec(o.Engine.Pool()),
		plans:   graph.NewCache(o.PlanCacheBytes),
		health:  health.NewServer(),
		drain:   make(chan struct{}),
	}
	if s.metrics = o.Metrics; s.metrics == nil {
		s.metrics = NewRecorder(metrics.Options{Version: version.Runtime})
	}
	s.connections.TLS, s.connections.Refused = o.TLS, s.refusedConnection
	s.Configure(o.Settings)
	s.transport = h2.New(s.transportOptions())
	s.register()
	return s, nil
}

func (s *Server) register() {
	for _, desc := range s.services() {
		s.transport.RegisterService(&desc, nil)
		s.health.SetServingStatus(desc.ServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	s.transport.RegisterService(&grpc_health_v1.Health_ServiceDesc, s.health)
	if !s.options.NoReflection {
		reflection.Register(s.transport)
	}
}

// Serve accepts connections until the server is stopped. It may be called for several listeners, and closes each.
func (s *Server) Serve(l net.Listener) error {
	if err := s.transport.Serve(counted{s.connections.Listener(l), s.metrics}); !errors.Is(err, h2.ErrStopped) {
		return err
	}
	return nil
}

// NotReady tells health checks that new calls should go elsewhere; calls are still served.
func (s *Server) NotReady() { s.health.Shutdown() }

// Ready takes NotReady back.
func (s *Server) Ready() { s.health.Resume() }

// GracefulStop takes no new calls, has live streams answer what waits and close, and returns when all in flight have ended,
// which may be never: see Stop.
func (s *Server) GracefulStop() {
	s.drained.Do(func() { close(s.drain) })
	s.transport.GracefulStop()
}

// Stop ends every call and connection at once. It may be called while GracefulStop waits.
func (s *Server) Stop() { s.transport.Stop() }

// Services tells what is served, for tests and reflection.
func (s *Server) Services() map[string]grpc.ServiceInfo { return s.transport.GetServiceInfo() }
