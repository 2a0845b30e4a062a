package server

import (
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/engine"
)

// InFlight describes a call that hasn't ended.
type InFlight struct {
	Method, RequestID, Client string
	Age                       time.Duration
	Pipeline                  string // "" where nothing runs yet
	Node                      string // the node at work, or the last one that was
}

// inFlight are the calls that haven't ended, each of which knows its neighbours.
type inFlight struct {
	mu     sync.Mutex
	newest *call
}

func (f *inFlight) add(c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.older = f.newest
	if c.older != nil {
		c.older.newer = c
	}
	f.newest = c
}

func (f *inFlight) remove(c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.older != nil {
		c.older.newer = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		f.newest = c.older
	}
}

// running is what of a call others may see while it runs.
type running struct {
	session atomic.Pointer[engine.Session]
}

// track keeps the list of calls in flight.
func (s *Server) track(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := callOf(ss.Context())
	s.inFlight.add(c)
	defer s.inFlight.remove(c)
	return next(srv, ss)
}

// InFlight lists the calls that haven't ended, the newest first.
func (s *Server) InFlight() []InFlight {
	s.inFlight.mu.Lock()
	defer s.inFlight.mu.Unlock()
	var out []InFlight
	for c := s.inFlight.newest; c != nil; c = c.older {
		one := InFlight{Method: c.method, RequestID: c.startedAs, Client: c.client(), Age: time.Since(c.started)}
		if session := c.running.session.Load(); session != nil {
			one.Pipeline, one.Node = shorten(session.Plan().Name), session.At()
		}
		out = append(out, one)
	}
	return out
}
