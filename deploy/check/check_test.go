package check

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	weighted "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3"
	least "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	upstream "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// validator is what Envoy's messages implement: the rules of their fields.
type validator interface{ ValidateAll() error }

func TestEnvoyTakesItsConfiguration(t *testing.T) {
	text, err := yaml.YAMLToJSONStrict(read(t, "envoy/envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := new(bootstrap.Bootstrap)
	if err := protojson.Unmarshal(text, all); err != nil { // also what is inside of each Any
		t.Fatal(err)
	}
	if err := all.ValidateAll(); err != nil {
		t.Error(err)
	}
	cluster := all.GetStaticResources().GetClusters()[0]
	policies := cluster.GetLoadBalancingPolicy().GetPolicies()
	for in, x := range map[*anypb.Any]proto.Message{
		all.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig():     new(manager.HttpConnectionManager),
		policies[0].GetTypedExtensionConfig().GetTypedConfig():                                               new(weighted.ClientSideWeightedRoundRobin),
		policies[1].GetTypedExtensionConfig().GetTypedConfig():                                               new(least.LeastRequest),
		cluster.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]: new(upstream.HttpProtocolOptions),
	} {
		if err := in.UnmarshalTo(x); err != nil {
			t.Errorf("%s: %v", in.GetTypeUrl(), err)
			continue
		}
		if err := x.(validator).ValidateAll(); err != nil {
			t.Errorf("%s: %v", in.GetTypeUrl(), err)
		}
	}
	if err := protojson.Unmarshal(bytes.Replace(text, []byte("stat_prefix"), []byte("stat_prefixes"), 1), new(bootstrap.Bootstrap)); err == nil {
		t.Error("an unknown field is taken")
	}
}

// kinds are the objects of the manifests that Kubernetes itself defines.
var kinds = map[string]func() any{
	"ConfigMap": func() any { return new(core.ConfigMap) }, "Secret": func() any { return new(core.Secret) },
	"Service": func() any { return new(core.Service) }, "Namespace": func() any { return new(core.Namespace) },
	"ServiceAccount": func() any { return new(core.ServiceAccount) }, "Deployment": func() any { return new(apps.Deployment) },
	"PodDisruptionBudget":     func() any { return new(policy.PodDisruptionBudget) },
	"HorizontalPodAutoscaler": func() any { return new(autoscaling.HorizontalPodAutoscaler) },
}

func TestKubernetesTakesItsManifests(t *testing.T) {
	paths, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	var seen, others []string
	for _, path := range paths {
		for _, text := range strings.Split("\n"+string(read(t, filepath.Join("kubernetes", filepath.Base(path)))), "\n---\n") {
			var head struct {
				Kind string `json:"kind"`
			}
			if err := yaml.Unmarshal([]byte(text), &head); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			made, ok := kinds[head.Kind]
			if !ok {
				others = append(others, filepath.Base(path)+": "+head.Kind)
				continue
			}
			seen = append(seen, head.Kind)
			if err := yaml.UnmarshalStrict([]byte(text), made()); err != nil {
				t.Errorf("%s: %s: %v", path, head.Kind, err)
			}
		}
	}
	for _, kind := range []string{"Deployment", "Service", "ConfigMap", "PodDisruptionBudget", "HorizontalPodAutoscaler"} {
		if !slices.Contains(seen, kind) {
			t.Errorf("no %s was read", kind)
		}
	}
	t.Logf("not objects of Kubernetes' own: %v", others)
	if err := yaml.UnmarshalStrict([]byte("spec: {replica: 2}"), new(apps.Deployment)); err == nil {
		t.Error("an unknown field is taken")
	}
}

func TestBuildKitTakesTheDockerfile(t *testing.T) {
	parsed, err := parser.Parse(bytes.NewReader(read(t, "docker/Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Warnings) > 0 {
		t.Errorf("warnings %v", parsed.Warnings)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 2 || stages[0].Name != "build" || stages[1].BaseName != "scratch" {
		t.Fatalf("stages %+v", stages)
	}
	// The image has the program as the Makefile builds it.
	flags := ""
	for line := range strings.Lines(string(read(t, "../Makefile"))) {
		if text, ok := strings.CutPrefix(line, "BUILD_FLAGS := "); ok {
			flags = strings.TrimSpace(text)
		}
	}
	built := false
	for _, c := range stages[0].Commands {
		if run, ok := c.(*instructions.RunCommand); ok {
			built = built || flags != "" && strings.Contains(strings.Join(run.CmdLine, " "), "go build "+flags+" ")
		}
	}
	if !built {
		t.Errorf("no stage builds with the Makefile's flags, %s", flags)
	}
	for _, c := range stages[1].Commands {
		if from, ok := c.(*instructions.CopyCommand); ok && from.From != stages[0].Name {
			t.Errorf("the image takes %v from %q", from.SourcePaths, from.From)
		}
	}
}
