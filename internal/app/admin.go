package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// readiness says whether new calls are welcome.
type readiness struct{ ready atomic.Bool }

func (r *readiness) set(ready bool) { r.ready.Store(ready) }

// adminServer is the HTTP port for operators.
type adminServer struct {
	listener listener
	http     *http.Server
}

// listenAdmin opens the port; it is nil for an empty address.
func listenAdmin(ctx context.Context, address string, r *readiness) (*adminServer, error) {
	const timeout = 10 * time.Second
	if address == "" {
		return nil, nil
	}
	l, err := open(ctx, address)
	if err != nil {
		return nil, err
	}
	return &adminServer{listener: l, http: &http.Server{
		Handler: adminHandler(r), ReadHeaderTimeout: timeout, ReadTimeout: timeout, WriteTimeout: timeout,
	}}, nil
}

func (a *adminServer) address() string { return a.listener.Addr().String() }

// serve answers until close.
func (a *adminServer) serve() error {
	if err := a.http.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the admin port broke: %w", err)
	}
	return nil
}

func (a *adminServer) close() error {
	const timeout = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := a.http.Shutdown(ctx); err != nil {
		return a.http.Close()
	}
	return nil
}

// adminHandler answers /healthz (the process lives; also as /health) and /readyz (it takes calls).
func adminHandler(r *readiness) http.Handler {
	mux := http.NewServeMux()
	alive := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /health", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if r.ready.Load() {
			answer(w, http.StatusOK, "ready")
			return
		}
		answer(w, http.StatusServiceUnavailable, "not ready")
	})
	return mux
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}
