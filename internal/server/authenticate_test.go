package server_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

// Tokens of these tests, by what they may do.
const (
	goodToken   = "good-token-0123456789abcdef"
	streamToken = "stream-token-0123456789abcdef"
	nextToken   = "next-token-0123456789abcdef"
	seldomToken = "seldom-token-0123456789abcdef"
	singleToken = "single-token-0123456789abcdef"
)

func tokenStore(t testing.TB) *auth.Store {
	t.Helper()
	store, err := auth.NewStore([]auth.Spec{
		{Name: "good", Tenant: "a", Digest: auth.DigestOf(goodToken)},
		{Name: "stream only", Digest: auth.DigestOf(streamToken), Scopes: []auth.Scope{auth.Stream}},
		{Name: "seldom", Digest: auth.DigestOf(seldomToken), RatePerSecond: 0.001, Burst: 1},
		{Name: "single", Tenant: "single tenant", Digest: auth.DigestOf(singleToken), MaxConcurrent: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// guarded asks for tokens, but for the methods that the configuration exempts by default.
func guarded(t testing.TB, store *auth.Store) func(*server.Options) {
	return func(o *server.Options) {
		policy, err := server.Policy([]string{
			versionPath, "/grpc.health.v1.Health/*", "/grpc.reflection.v1.ServerReflection/*", "/grpc.reflection.v1alpha.ServerReflection/*",
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Guard = auth.NewGuard(store, auth.Options{Required: true, Policy: policy, Audit: o.Log.With("log", "audit")})
	}
}

// TestFR008_EveryMethodIsRefusedOnItsHeaders asks every method that is served, and two that aren't, without and with every kind of
// wrong token, and sends nothing but headers: the answer can't have waited for a body.
func TestFR008_EveryMethodIsRefusedOnItsHeaders(t *testing.T) {
	r, address := tcpRig(t, guarded(t, tokenStore(t)))
	methods := []string{"/remotemedia.v1.PipelineExecutionService/Other", "/other.Service/ExecutePipeline"}
	for service, info := range r.server.Services() {
		for _, m := range info.Methods {
			methods = append(methods, "/"+service+"/"+m.Name)
		}
	}
	exempt := func(method string) bool { return method == versionPath || strings.HasPrefix(method, "/grpc.") }
	if protected := slices.DeleteFunc(slices.Clone(methods), exempt); len(protected) < 5 || len(protected) == len(methods) {
		t.Fatalf("protected are %q of %q", protected, methods)
	}
	c := dialFrames(t, address)
	for _, method := range slices.DeleteFunc(methods, exempt) {
		for _, x := range []struct {
			headers []string
			code    codes.Code
			message string
		}{
			{nil, codes.Unauthenticated, "carries none"},
			{[]string{"authorization", "Basic " + goodToken}, codes.Unauthenticated, "isn't Bearer"},
			{[]string{"authorization", goodToken}, codes.Unauthenticated, "isn't Bearer"},
			{[]string{"authorization", "Bearer "}, codes.Unauthenticated, "no token behind"},
			{[]string{"authorization", "Bearer " + goodToken + "x"}, codes.Unauthenticated, "isn't known"},
			{[]string{"authorization", "Bearer " + goodToken, "authorization", "Bearer " + goodToken}, codes.Unauthenticated, "2 times"},
		} {
			fields, only := c.headers(c.begin(method, x.headers...))
			if fields["grpc-status"] != strconv.Itoa(int(x.code)) || !strings.Contains(fields["grpc-message"], x.message) || !only {
				t.Errorf("%s with %q: status %s, message %q, only trailers %v", method, x.headers, fields["grpc-status"], fields["grpc-message"], only)
			}
			if fields["x-remotemedia-error-type"] != "ERROR_TYPE_AUTHENTICATION" || fields["x-request-id"] == "" || fields["x-remotemedia-protocol"] != "v1" {
				t.Errorf("%s: trailers %v", method, fields)
			}
		}
	}
	r.checkSecrets(goodToken)
}

func (r *rig) checkSecrets(secrets ...string) {
	r.t.Helper()
	for _, s := range secrets {
		if strings.Contains(r.logs.String(), s) {
			r.t.Errorf("the log has the token %s", s)
		}
	}
}

func TestFR008_RightTokensScopesAndRotation(t *testing.T) {
	store := tokenStore(t)
	r := newRig(t, guarded(t, store))
	req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	code := func(token string) (codes.Code, string) {
		_, err := r.call(t.Context(), req, "authorization", "bearer "+token)
		return status.Code(err), status.Convert(err).Message()
	}
	if got, message := code(goodToken); got != codes.OK {
		t.Errorf("a right token: %v %s", got, message)
	}
	if got, message := code(streamToken); got != codes.PermissionDenied || !strings.Contains(message, `"execute"`) {
		t.Errorf("a token that lacks the scope: %v %s", got, message)
	}
	if err := r.Invoke(t.Context(), versionPath, &pb.VersionRequest{}, &pb.VersionResponse{}); err != nil {
		t.Errorf("GetVersion without a token: %v", err)
	}
	if err := store.Replace([]auth.Spec{{Name: "next", Digest: auth.DigestOf(nextToken)}}); err != nil {
		t.Fatal(err)
	}
	if got, message := code(goodToken); got != codes.Unauthenticated || !strings.Contains(message, "revoked") {
		t.Errorf("the old token after rotation: %v %s", got, message)
	}
	if got, message := code(nextToken); got != codes.OK {
		t.Errorf("the new token: %v %s", got, message)
	}
	r.checkSecrets(goodToken, streamToken, nextToken)
}

func TestRateLimitsOfATokenAreTold(t *testing.T) {
	r := newRig(t, guarded(t, tokenStore(t)))
	req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	if _, err := r.call(t.Context(), req, "authorization", "Bearer "+seldomToken); err != nil {
		t.Fatal(err)
	}
	a, err := r.call(t.Context(), req, "authorization", "Bearer "+seldomToken)
	if status.Code(err) != codes.ResourceExhausted || len(a.trailer.Get("grpc-retry-pushback-ms")) != 1 || len(a.header) > 0 {
		t.Errorf("got %v, trailers %v, headers %v", err, a.trailer, a.header)
	}
}

// A token's calls at once are counted down when they end, whether they were served or refused further on.
func TestCallsAtOnceOfATokenAreCountedDown(t *testing.T) {
	r := newRig(t, guarded(t, tokenStore(t)))
	good := request(pipeline("a:Pass"), map[string]any{"a": "1"})
	for i, method := range []string{executePath, "/made.up/Method", executePath, executePath} {
		err := r.Invoke(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+singleToken), method, good, new(pb.ExecuteResponse))
		if want := method == executePath; (err == nil) != want || status.Code(err) == codes.ResourceExhausted {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

// Calls count for the tenant of their token, which capacity is shared by.
func TestUS2_2_CallsCountForTheTenantOfTheirToken(t *testing.T) {
	c := admission.New(admission.Options{})
	_, address := tcpRig(t, guarded(t, tokenStore(t)), admitting(c))
	raw := dialFrames(t, address)
	for i, token := range []string{goodToken, singleToken} {
		raw.begin(executePath, "authorization", "Bearer "+token) // it holds its place until its body is there
		waitFor(t, func() bool { return c.Stats().Places == i+1 })
	}
	if n := c.Stats().Tenants; n != 2 {
		t.Errorf("the calls of two tenants count for %d", n)
	}
}

// TestRel21_StreamsOfARevokedTokenAreCut: at once, with the reason as the status, and without hurting the others.
func TestRel21_StreamsOfARevokedTokenAreCut(t *testing.T) {
	store := tokenStore(t)
	r := newRig(t, library(t), guarded(t, store))
	open := func(token string) liveClient {
		ctx := withToken(t.Context(), token)
		return r.live(ctx, &pb.StreamInit{Manifest: pipeline("in:AudioResample")})
	}
	lost, kept := open(goodToken), open(streamToken)
	if err := store.Replace([]auth.Spec{{Name: "stream only", Digest: auth.DigestOf(streamToken), Scopes: []auth.Scope{auth.Stream}}}); err != nil {
		t.Fatal(err)
	}
	err := lost.RecvMsg(new(pb.StreamResponse))
	if status.Code(err) != codes.Unauthenticated || !strings.Contains(status.Convert(err).Message(), "revoked") {
		t.Errorf("the stream of the revoked token ended with %v", err)
	}
	kept.chunk("in", 0, buffer(tone(160, 1)))
	if a := kept.next(); a.GetResult() == nil {
		t.Errorf("the other stream got %v", a)
	}
	kept.close()
	kept.drain()
}

// drain reads to the end.
func (c liveClient) drain() {
	c.t.Helper()
	for {
		if err := c.RecvMsg(new(pb.StreamResponse)); err != nil {
			if !errors.Is(err, io.EOF) {
				c.t.Errorf("the stream ended with %v", err)
			}
			return
		}
	}
}
