package suite

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// control is the port by which a runner changes its servers.
type control struct {
	url    string
	server *http.Server
	done   chan error
}

// startControl serves it on loopback.
func startControl(ctx context.Context, servers map[string]*Server) (*control, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	on := func(action string, do func(s *Server, r *http.Request) error) {
		mux.HandleFunc("POST /"+action, func(w http.ResponseWriter, r *http.Request) {
			name := r.URL.Query().Get("server")
			s, ok := servers[name]
			if !ok {
				http.Error(w, fmt.Sprintf("there is no server %q", name), http.StatusNotFound)
				return
			}
			if err := do(s, r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	on("restart", func(s *Server, _ *http.Request) error { return s.restart(ctx) })
	on("revoke", func(s *Server, r *http.Request) error { return s.revoke(ctx, r.URL.Query().Get("token")) })
	c := &control{url: "http://" + listener.Addr().String(), server: &http.Server{Handler: mux}, done: make(chan error, 1)}
	go func() { c.done <- c.server.Serve(listener) }()
	return c, nil
}

// stop ends it; what is under way is cut.
func (c *control) stop() error {
	err := c.server.Close()
	if served := <-c.done; served != http.ErrServerClosed {
		return served
	}
	return err
}
