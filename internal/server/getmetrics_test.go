package server_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

func TestGetMetricsNeedsItsScope(t *testing.T) {
	scopes := map[string][]auth.Scope{"reader": {auth.Metrics}, "caller": {auth.Execute, auth.Stream}, "ordinary": nil}
	tokens := map[string]string{"nobody": ""}
	var specs []auth.Spec
	for name, s := range scopes {
		token, digest := auth.NewToken()
		tokens[name] = token
		specs = append(specs, auth.Spec{Name: name, Digest: digest, Scopes: s})
	}
	store, err := auth.NewStore(specs)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := server.Policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *server.Options) { o.Guard = auth.NewGuard(store, auth.Options{Required: true, Policy: policy}) })
	for name, want := range map[string]codes.Code{
		"reader": codes.OK, "ordinary": codes.OK, "caller": codes.PermissionDenied, "nobody": codes.Unauthenticated,
	} {
		ctx := t.Context()
		if token := tokens[name]; token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		}
		got := new(pb.MetricsResponse)
		err := r.Invoke(ctx, metricsPath, &pb.MetricsRequest{}, got)
		if status.Code(err) != want || want == codes.OK && got.ProtocolVersion != "v1" {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if want == codes.PermissionDenied && !strings.Contains(status.Convert(err).Message(), "metrics") {
			t.Errorf("%s: %v doesn't name the scope", name, err)
		}
	}
}
