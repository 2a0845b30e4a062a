package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
)

// port is an admin port whose drain is counted.
type port struct {
	t       *testing.T
	handler http.Handler
	ready   readiness
	drained int
}

func newPort(t *testing.T, guard *auth.Guard) *port {
	p := &port{t: t}
	p.ready.set(true)
	p.handler = adminHandler(adminOptions{
		ready: &p.ready, metrics: metrics.New(metrics.Options{}).Handler(), guard: guard, drain: func() { p.drained++ }, pprof: true,
	})
	return p
}

// ask sends a request from an address of this machine, or, with elsewhere, from another one; headers are pairs.
func (p *port) ask(method, path string, elsewhere bool, headers ...string) (int, string, http.Header) {
	p.t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "127.0.0.1:4321"
	if elsewhere {
		r.RemoteAddr = "10.1.2.3:4321"
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return w.Code, string(body), w.Result().Header
}

// guard knows an operator and a caller.
func guard(t *testing.T) (g *auth.Guard, operator, caller string) {
	t.Helper()
	operator, first := auth.NewToken()
	caller, second := auth.NewToken()
	store, err := auth.NewStore([]auth.Spec{
		{Name: "operator", Digest: first, Scopes: []auth.Scope{auth.Admin}}, {Name: "caller", Digest: second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return auth.NewGuard(store, auth.Options{Required: true}), "Bearer " + operator, "Bearer " + caller
}

func TestT083_HealthTellsThatTheServiceDrains(t *testing.T) {
	p := newPort(t, nil)
	for _, state := range []struct {
		ready          bool
		health, readyz int
		text           string
	}{{true, 200, 200, "ok\n"}, {false, 503, 503, "draining\n"}} {
		p.ready.set(state.ready)
		if code, body, _ := p.ask("GET", "/health", true); code != state.health || body != state.text {
			t.Errorf("ready %v: /health %d %q", state.ready, code, body)
		}
		if code, _, _ := p.ask("GET", "/readyz", true); code != state.readyz {
			t.Errorf("ready %v: /readyz %d", state.ready, code)
		}
		if code, body, _ := p.ask("GET", "/healthz", true); code != 200 || body != "ok\n" {
			t.Errorf("ready %v: /healthz %d %q", state.ready, code, body)
		}
	}
}

func TestProfilesNeedATokenOfOperators(t *testing.T) {
	g, operator, caller := guard(t)
	p := newPort(t, g)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine", "/debug/pprof/symbol", "/debug/pprof/profile", "/debug/pprof/trace"} {
		for _, elsewhere := range []bool{false, true} {
			if code, body, h := p.ask("GET", path, elsewhere); code != 401 || !strings.Contains(h.Get("WWW-Authenticate"), "Bearer") || !strings.Contains(body, "token") {
				t.Errorf("%s without a token: %d %q", path, code, body)
			}
			if code, _, _ := p.ask("GET", path, elsewhere, "Authorization", "Bearer wrong"); code != 401 {
				t.Errorf("%s with a wrong token: %d", path, code)
			}
			if code, body, _ := p.ask("GET", path, elsewhere, "Authorization", caller); code != 403 || !strings.Contains(body, "admin") {
				t.Errorf("%s with the token of a caller: %d %q", path, code, body)
			}
		}
	}
	for path, want := range map[string]string{"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile", "/debug/pprof/cmdline": "test"} {
		if code, body, _ := p.ask("GET", path, true, "Authorization", operator); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s with the token of an operator: %d %.80q", path, code, body)
		}
	}
}

func TestWithoutTokensNobodySeesProfiles(t *testing.T) {
	p := newPort(t, nil)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap"} {
		if code, body, _ := p.ask("GET", path, false, "Authorization", "Bearer x"); code != 403 || !strings.Contains(body, "auth.tokens") {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	p.handler = adminHandler(adminOptions{ready: &p.ready})
	for _, path := range []string{"/debug/pprof/", "/metrics"} {
		if code, _, _ := p.ask("GET", path, false); code != 404 {
			t.Errorf("%s that is off: %d", path, code)
		}
	}
}

func TestDrainIsForOperatorsAndThisMachine(t *testing.T) {
	g, operator, caller := guard(t)
	for name, c := range map[string]struct {
		guard     *auth.Guard
		method    string
		elsewhere bool
		headers   []string
		want      int
	}{
		"local":                  {g, "POST", false, nil, 202},
		"local without tokens":   {nil, "POST", false, nil, 202},
		"operator":               {g, "POST", true, []string{"Authorization", operator}, 202},
		"local, a page":          {g, "POST", false, []string{"Origin", "http://example.org"}, 401},
		"local, a browser":       {g, "POST", false, []string{"Sec-Fetch-Site", "same-origin"}, 401},
		"local, a proxy":         {g, "POST", false, []string{"X-Forwarded-For", "10.0.0.1"}, 401},
		"local, another proxy":   {g, "POST", false, []string{"Forwarded", "for=10.0.0.1"}, 401},
		"page of an operator":    {g, "POST", false, []string{"Origin", "http://example.org", "Authorization", operator}, 202},
		"elsewhere":              {g, "POST", true, nil, 401},
		"elsewhere, no tokens":   {nil, "POST", true, nil, 403},
		"caller":                 {g, "POST", true, []string{"Authorization", caller}, 403},
		"two tokens":             {g, "POST", true, []string{"Authorization", operator, "Authorization", operator}, 401},
		"reading begins nothing": {g, "GET", false, nil, 405},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, c.guard)
			code, body, _ := p.ask(c.method, "/drain", c.elsewhere, c.headers...)
			if code != c.want || (p.drained == 1) != (c.want == 202) {
				t.Errorf("%d %q, drained %d times, want %d", code, body, p.drained, c.want)
			}
		})
	}
}

func TestMetricsAtAnotherPath(t *testing.T) {
	var ready readiness
	p := &port{t: t, handler: adminHandler(adminOptions{ready: &ready, metrics: metrics.New(metrics.Options{}).Handler(), metricsPath: "/prom"})}
	if code, body, h := p.ask("GET", "/prom", true); code != 200 || !strings.Contains(body, "remotemedia_grpc_active_connections 0") || !strings.HasPrefix(h.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("/prom: %d %v", code, h)
	}
	if code, _, _ := p.ask("GET", "/metrics", true); code != 404 {
		t.Errorf("/metrics: %d", code)
	}
}

// A profile takes longer than the other answers may, over a real connection.
func TestProfilesHaveTime(t *testing.T) {
	g, operator, _ := guard(t)
	var ready readiness
	a, err := listenAdmin(t.Context(), "localhost:0", adminOptions{ready: &ready, guard: g, pprof: true})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- a.serve() }()
	if a.http.WriteTimeout != 0 {
		t.Errorf("write timeout %v: profiles of more seconds are refused", a.http.WriteTimeout)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.address()+"/debug/pprof/trace?seconds=0.01", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", operator)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(string(body), "go 1.") {
		t.Errorf("%v: %s %.40q", err, resp.Status, body)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
