package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/auth"
)

// readiness says whether new calls are welcome.
type readiness struct{ ready atomic.Bool }

func (r *readiness) set(ready bool) { r.ready.Store(ready) }

// adminOptions are what the HTTP port for operators shows and does. What is nil isn't there.
type adminOptions struct {
	ready       *readiness
	metrics     http.Handler
	metricsPath string      // one that has no other use, as the configuration checks; default: /metrics
	guard       *auth.Guard // nil: no tokens are configured
	drain       func()      // begins an orderly stop
	pprof       bool
}

// adminServer is the HTTP port for operators.
type adminServer struct {
	listeners []listener
	http      *http.Server
}

// Times of the admin port. Profiles and traces are recorded for as long as the caller asks, and have no time limit.
const (
	adminTimeout  = 10 * time.Second
	adminShutdown = time.Second
)

// listenAdmin opens the port; it is nil for an empty address.
func listenAdmin(ctx context.Context, address string, o adminOptions) (*adminServer, error) {
	if address == "" {
		return nil, nil
	}
	listeners, err := listenOne(ctx, address, net.KeepAliveConfig{Enable: true})
	if err != nil {
		return nil, err
	}
	return &adminServer{listeners: listeners, http: &http.Server{
		Handler: adminHandler(o), ReadHeaderTimeout: adminTimeout, ReadTimeout: adminTimeout, MaxHeaderBytes: 16 << 10,
	}}, nil
}

func (a *adminServer) address() string { return a.listeners[0].Addr().String() }

// serve answers until close.
func (a *adminServer) serve() error {
	var group errgroup.Group
	for _, l := range a.listeners {
		group.Go(func() error {
			if err := a.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("the admin port broke: %w", err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (a *adminServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), adminShutdown)
	defer cancel()
	if err := a.http.Shutdown(ctx); err != nil {
		return a.http.Close()
	}
	return nil
}

// adminHandler answers /healthz (the process lives), /readyz and /health (it takes calls), /metrics, /drain and /debug/pprof.
func adminHandler(o adminOptions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.Handle("GET /readyz", o.ready.handler("ready", "not ready"))
	mux.Handle("GET /health", o.ready.handler("ok", "draining"))
	if o.metrics != nil {
		path := o.metricsPath
		if path == "" {
			path = "/metrics"
		}
		mux.Handle("GET "+path, o.metrics)
	}
	if o.drain != nil {
		mux.HandleFunc("POST /drain", o.serveDrain)
	}
	if o.pprof {
		o.profiles(mux)
	}
	return timed(mux)
}

// timed bounds the time that an answer takes; a handler may lift the bound for itself.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A connection that has no deadlines is one of a test: nothing is lost.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(adminTimeout))
		next.ServeHTTP(w, r)
	})
}

func (r *readiness) handler(yes, no string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if r.ready.Load() {
			answer(w, http.StatusOK, yes)
			return
		}
		answer(w, http.StatusServiceUnavailable, no)
	})
}

// serveDrain begins an orderly stop, as SIGTERM does: the answer doesn't wait for its end. On this machine no token is needed, so that a
// hook of a container can call it; a browser, which any page may make call it, isn't this machine.
func (o adminOptions) serveDrain(w http.ResponseWriter, r *http.Request) {
	if !local(r) && !o.allowed(w, r) {
		return
	}
	answer(w, http.StatusAccepted, "draining")
	o.drain()
}

func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Forwarded", "X-Forwarded-For"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return true
}

// profiles serves Go's profiles to holders of a token, wherever they are: they tell what is in memory.
func (o adminOptions) profiles(mux *http.ServeMux) {
	waiting := new(contention)
	for path, handler := range map[string]http.HandlerFunc{
		"/debug/pprof/": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline, "/debug/pprof/profile": pprof.Profile,
		"/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
		"/debug/pprof/block": waiting.recorded(pprof.Handler("block")), "/debug/pprof/mutex": waiting.recorded(pprof.Handler("mutex")),
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if o.allowed(w, r) {
				_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // see timed
				handler(w, r)
			}
		})
	}
}

// allowed answers callers that have no token with the scope admin.
func (o adminOptions) allowed(w http.ResponseWriter, r *http.Request) bool {
	if o.guard == nil {
		answer(w, http.StatusForbidden, "this needs a token with the scope admin, and no tokens are configured: "+
			"make one with 'remotemedia token new', and put it into auth.tokens with scopes: [admin]")
		return false
	}
	_, err := o.guard.Require(auth.Call{
		Header: r.Header.Values("Authorization"), Method: r.URL.Path, Peer: r.RemoteAddr, RequestID: r.Header.Get("X-Request-Id"),
	}, auth.Admin)
	if err == nil {
		return true
	}
	code := http.StatusUnauthorized
	if err.Code == fault.CodeTokenScope {
		code = http.StatusForbidden
	} else {
		w.Header().Set("WWW-Authenticate", `Bearer realm="remotemedia"`)
	}
	answer(w, code, err.Error())
	return false
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}
