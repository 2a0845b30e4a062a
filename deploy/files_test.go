package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/internal/cli"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/version"
)

// The thread that starts processes, so that they end with this program, is never ended.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/remotemedia/remotemedia-go/bench/process.init.func1.1"))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents parses a file of YAML documents.
func documents(t *testing.T, name string) (out []map[string]any) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(read(t, name))); ; {
		var doc map[string]any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, doc)
	}
}

// at finds a value by keys and indexes: spec.containers.0.image. It fails the test where there is none.
func at(t *testing.T, in any, path string) any {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		switch v := in.(type) {
		case map[string]any:
			in = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				t.Fatalf("%s: no element %s", path, key)
			}
			in = v[i]
		default:
			in = nil
		}
		if in == nil {
			t.Fatalf("there is nothing at %s", path)
		}
	}
	return in
}

func number(t *testing.T, in any, path string) int {
	t.Helper()
	text := strings.TrimSuffix(strings.TrimSuffix(toText(at(t, in, path)), "s"), "m")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

func toText(v any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.Trim(strings.TrimSpace(string(text)), `"'`)
}

// tool finds a program, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s isn't installed: %v", name, err)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestEveryYAMLFileParses(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err == nil && (ext == ".yaml" || ext == ".yml") {
			seen++
			if len(documents(t, filepath.ToSlash(path))) == 0 {
				t.Errorf("%s is empty", path)
			}
		}
		return err
	})
	if err != nil || seen < 15 {
		t.Errorf("%v, %d files", err, seen)
	}
}

// flagsOf are the flags of a command, as its help lists them.
func flagsOf(t *testing.T, command ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if code := cli.Run(t.Context(), append(slices.Clone(command), "--help"), cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out}); code != 0 {
		t.Fatalf("%s --help: %d", command, code)
	}
	return regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(out.String(), -1)
}

// checkCommand holds words of a command line against the program.
func checkCommand(t *testing.T, where string, words []string) {
	t.Helper()
	if len(words) == 0 || strings.HasPrefix(words[0], "-") {
		t.Errorf("%s: %q names no command", where, words)
		return
	}
	checkFlags(t, where, words[:1], words[1:])
}

func checkFlags(t *testing.T, where string, command, args []string) {
	t.Helper()
	flags := flagsOf(t, command...)
	for _, word := range args {
		if name, _, _ := strings.Cut(word, "="); strings.HasPrefix(word, "--") && !slices.Contains(flags, name) {
			t.Errorf("%s: %s has no flag %s", where, command, name)
		}
	}
}

func TestTheCheckOfCommandsRefuses(t *testing.T) {
	if slices.Contains(flagsOf(t, "serve"), "--no-such-flag") || !slices.Contains(flagsOf(t, "serve"), "--config") {
		t.Error("the list of flags is wrong")
	}
}

func TestQS1_SystemdUnit(t *testing.T) {
	unit := read(t, "systemd/remotemedia.service")
	value := func(key string) string {
		found := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindStringSubmatch(unit)
		if found == nil {
			t.Fatalf("no %s", key)
		}
		return found[1]
	}
	words := strings.Fields(value("ExecStart"))
	checkCommand(t, "ExecStart", words[1:])
	stop, err := strconv.Atoi(value("TimeoutStopSec"))
	server := config.Default().Server
	if err != nil || time.Duration(stop)*time.Second <= server.DrainTimeout+server.DrainDelay {
		t.Errorf("TimeoutStopSec %d s isn't longer than a drain takes", stop)
	}
	for _, hardened := range []string{"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "SystemCallFilter=@system-service", "MemoryDenyWriteExecute=yes"} {
		if !strings.Contains(unit, "\n"+hardened) {
			t.Errorf("no %s", hardened)
		}
	}
	analyze := tool(t, "systemd-analyze")
	path := filepath.Join(t.TempDir(), "remotemedia.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(unit, "="+words[0], "=/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, analyze, "verify", "--man=no", path); strings.Contains(out, "remotemedia.service:") {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	if out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=20", path).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

func TestQS1_ContainerImage(t *testing.T) {
	file := strings.ReplaceAll(read(t, "docker/Dockerfile"), "\\\n", " ")
	line := func(instruction string) string {
		found := regexp.MustCompile(`(?m)^`+instruction+` (.*)$`).FindAllStringSubmatch(file, -1)
		if found == nil {
			t.Fatalf("no %s", instruction)
		}
		return found[len(found)-1][1]
	}
	if line("FROM") != "scratch" || !strings.Contains(file, "CGO_ENABLED=0") {
		t.Error("the image isn't one static program")
	}
	if user := line("USER"); strings.HasPrefix(user, "0") || strings.HasPrefix(user, "root") {
		t.Errorf("it runs as %s", user)
	}
	server := config.Default().Server
	if want := []string{strconv.Itoa(server.Port), strconv.Itoa(server.Admin.Port)}; !slices.Equal(strings.Fields(line("EXPOSE")), want) {
		t.Errorf("EXPOSE %s, want %v", line("EXPOSE"), want)
	}
	checkCommand(t, "CMD", words(line("CMD")))
	_, probe, _ := strings.Cut(line("HEALTHCHECK"), "CMD ")
	checkCommand(t, "HEALTHCHECK", words(probe)[1:])
	c, warnings, err := config.Load(config.Sources{Environ: strings.Fields(line("ENV"))})
	if err != nil || len(surprising(warnings)) > 0 {
		t.Fatalf("the environment of the image: %v %v", err, warnings)
	}
	if !slices.Equal(c.Server.Addresses(), []string{":50051"}) || !slices.Equal(c.Server.Admin.Addresses(), []string{":9090"}) {
		t.Errorf("it listens on %v and %v", c.Server.Addresses(), c.Server.Admin.Addresses())
	}
}

// surprising are the warnings but those that TLS and tokens are left to whoever deploys.
func surprising(warnings []config.Warning) []config.Warning {
	return slices.DeleteFunc(warnings, func(w config.Warning) bool { return strings.HasPrefix(fmt.Sprint(w), "serving :50051") })
}

// words reads the array of a Dockerfile's instruction.
func words(array string) (out []string) {
	for _, quoted := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(array, -1) {
		out = append(out, quoted[1])
	}
	return out
}

func TestQS1_ComposeFile(t *testing.T) {
	file := documents(t, "docker/compose.yaml")[0]
	server := config.Default().Server
	if got := toText(at(t, file, "services.remotemedia.ports.0")); got != "127.0.0.1:50051:"+strconv.Itoa(server.Port) {
		t.Errorf("the gRPC port is %s", got)
	}
	if grace := number(t, file, "services.remotemedia.stop_grace_period"); time.Duration(grace)*time.Second <= server.DrainTimeout {
		t.Errorf("stop_grace_period %d s isn't longer than a drain takes", grace)
	}
	for _, service := range []string{"prometheus", "grafana"} {
		volumes, _ := at(t, file, "services."+service+".volumes").([]any)
		for _, v := range volumes {
			from, _, _ := strings.Cut(toText(v), ":")
			if _, err := os.Stat(filepath.Join("docker", from)); err != nil {
				t.Errorf("%s mounts what isn't there: %v", service, err)
			}
		}
	}
	scrape := documents(t, "prometheus/prometheus.yml")[0]
	if got := toText(at(t, scrape, "scrape_configs.0.static_configs.0.targets.0")); got != "remotemedia:"+strconv.Itoa(server.Admin.Port) {
		t.Errorf("Prometheus asks %s", got)
	}
	if !strings.Contains(read(t, "docker/compose.yaml"), ":"+toText(at(t, scrape, "rule_files.0"))+":ro") {
		t.Error("the rules aren't where Prometheus looks for them")
	}
}

// manifests are the objects of the Kubernetes files by kind and name.
func manifests(t *testing.T) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	files, _ := at(t, documents(t, "kubernetes/kustomization.yaml")[0], "resources").([]any)
	for _, name := range files {
		for _, doc := range documents(t, "kubernetes/"+toText(name)) {
			out[toText(at(t, doc, "kind"))+"/"+toText(at(t, doc, "metadata.name"))] = doc
		}
	}
	return out
}

func TestQS1_KubernetesManifests(t *testing.T) {
	objects := manifests(t)
	deployment := objects["Deployment/remotemedia"]
	pod := at(t, deployment, "spec.template.spec")
	container := at(t, pod, "containers.0")
	file := filepath.Join(t.TempDir(), "remotemedia.yaml")
	raw, _ := at(t, objects["ConfigMap/remotemedia"], "data").(map[string]any)["remotemedia.yaml"].(string)
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := config.Load(config.Sources{File: file, ReadFile: func(name string) ([]byte, error) {
		if name == "/etc/remotemedia/secret/tokens" {
			return []byte("sha256:" + strings.Repeat("a1", 32) + "\n"), nil
		}
		return os.ReadFile(name)
	}})
	if err != nil || len(surprising(warnings)) > 0 {
		t.Fatalf("the configuration: %v %v", err, warnings)
	}
	ports := map[string]int{"grpc": c.Server.Port, "admin": c.Server.Admin.Port}
	for i, name := range []string{"grpc", "admin"} {
		p := at(t, container, "ports."+strconv.Itoa(i))
		if toText(at(t, p, "name")) != name || number(t, p, "containerPort") != ports[name] {
			t.Errorf("port %v, want %s %d", p, name, ports[name])
		}
	}
	if number(t, container, "readinessProbe.grpc.port") != c.Server.Port {
		t.Error("the readiness probe asks another port")
	}
	for _, probe := range []string{"livenessProbe", "startupProbe"} {
		if toText(at(t, container, probe+".httpGet.port")) != "admin" {
			t.Errorf("the %s asks another port", probe)
		}
	}
	grace := time.Duration(number(t, pod, "terminationGracePeriodSeconds")) * time.Second
	sleep := time.Duration(number(t, container, "lifecycle.preStop.sleep.seconds")) * time.Second
	if grace <= sleep+c.Server.DrainDelay+c.Server.DrainTimeout {
		t.Errorf("%v of grace aren't longer than %v, %v and %v", grace, sleep, c.Server.DrainDelay, c.Server.DrainTimeout)
	}
	args, _ := at(t, container, "args").([]any)
	var command []string
	for _, a := range args {
		command = append(command, toText(a))
	}
	checkCommand(t, "deployment", command)
	if image := toText(at(t, container, "image")); image != "remotemedia:"+version.Runtime {
		t.Errorf("the image is %s, the release %s", image, version.Runtime)
	}
	if at(t, pod, "securityContext.runAsNonRoot") != true || at(t, container, "securityContext.readOnlyRootFilesystem") != true {
		t.Error("the pod has more rights than it needs")
	}
}

func TestQS1_KubernetesObjectsFitTogether(t *testing.T) {
	objects := manifests(t)
	labels := toText(at(t, objects["Deployment/remotemedia"], "spec.template.metadata.labels"))
	for object, path := range map[string]string{
		"Deployment/remotemedia": "spec.selector.matchLabels", "PodDisruptionBudget/remotemedia": "spec.selector.matchLabels",
		"Service/remotemedia-headless": "spec.selector", "Service/remotemedia-admin": "spec.selector",
	} {
		if got := toText(at(t, objects[object], path)); got != labels {
			t.Errorf("%s selects %s, the pods are %s", object, got, labels)
		}
	}
	hpa := objects["HorizontalPodAutoscaler/remotemedia"]
	if toText(at(t, hpa, "spec.scaleTargetRef.name")) != "remotemedia" || number(t, hpa, "spec.minReplicas") != number(t, objects["Deployment/remotemedia"], "spec.replicas") {
		t.Error("the autoscaler scales something else, or begins elsewhere")
	}
	adapter := documents(t, "kubernetes/prometheus-adapter.yaml")[0]
	if toText(at(t, adapter, "rules.custom.0.name.as")) != toText(at(t, hpa, "spec.metrics.0.pods.metric.name")) {
		t.Error("the adapter doesn't make the metric that the autoscaler asks for")
	}
	query := strings.NewReplacer("<<.GroupBy>>", "instance", "<<.LabelMatchers>>", `job="remotemedia"`).Replace(toText(at(t, adapter, "rules.custom.0.metricsQuery")))
	query = strings.TrimSpace(strings.TrimPrefix(query, ">-"))
	mustKnow(t, registry(t), nil, "prometheus-adapter", query)
	if kubectl, err := exec.LookPath("kubectl"); err == nil {
		if out := run(t, kubectl, "kustomize", "kubernetes"); strings.Count(out, "\nkind: ") != len(objects) {
			t.Errorf("kustomize gives\n%s", out)
		}
	} else {
		t.Log("kubectl isn't installed: kustomize wasn't tried")
	}
}

func TestProxiesSendToThePorts(t *testing.T) {
	server := config.Default().Server
	envoy := documents(t, "envoy/envoy.yaml")[0]
	if got := number(t, envoy, "static_resources.clusters.0.load_assignment.endpoints.0.lb_endpoints.0.endpoint.address.socket_address.port_value"); got != server.Port {
		t.Errorf("Envoy sends to port %d", got)
	}
	headless := toText(at(t, envoy, "static_resources.clusters.0.load_assignment.endpoints.0.lb_endpoints.0.endpoint.address.socket_address.address"))
	if _, ok := manifests(t)["Service/"+headless]; !ok {
		t.Errorf("Envoy sends to %s, which isn't a service of kubernetes/", headless)
	}
	haproxy := read(t, "haproxy/haproxy.cfg")
	first := regexp.MustCompile(`server a 127\.0\.0\.1:(\d+) port (\d+)`).FindStringSubmatch(haproxy)
	if first == nil || first[1] != strconv.Itoa(server.Port) || first[2] != strconv.Itoa(server.Admin.Port) {
		t.Errorf("HAProxy sends to %v", first)
	}
	run(t, tool(t, "haproxy"), "-c", "-f", "haproxy/haproxy.cfg")
}

func TestFilesOfTheFolderAreKnown(t *testing.T) {
	want := []string{"check", "config", "docker", "envoy", "grafana", "haproxy", "kubernetes", "prometheus", "systemd"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, e := range entries {
		if e.IsDir() {
			got[e.Name()] = true
		}
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("the folders are %v; those that are checked here %v", names, want)
	}
}

// ignored reports whether one of the patterns leaves a path out of what the image is built from.
func ignored(patterns []string, path string) bool {
	parts := strings.Split(path, "/")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if anywhere, ok := strings.CutPrefix(pattern, "**/"); ok {
			return slices.Contains(parts, anywhere)
		}
		return parts[0] == pattern
	})
}

func TestTheImageIsBuiltFromAllThatTheProgramNeeds(t *testing.T) {
	var patterns []string
	for line := range strings.Lines(read(t, "docker/Dockerfile.dockerignore")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, line)
		}
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const format = `{{if not .Standard}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .SFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}` +
		`{{range .HFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}`
	seen := 0
	for path := range strings.Lines(run(t, "go", "list", "-deps", "-f", format, "../cmd/remotemedia")) {
		path, ours := strings.CutPrefix(filepath.ToSlash(strings.TrimSpace(path)), filepath.ToSlash(root)+"/")
		if !ours {
			continue
		}
		seen++
		if ignored(patterns, path) {
			t.Errorf("%s is left out, and the program needs it", path)
		}
	}
	if seen < 100 || !ignored(patterns, "audio/testdata/x") || !ignored(patterns, ".git/HEAD") || ignored(patterns, "audio/silero/weights/x.f32") {
		t.Errorf("%d files were seen, or the patterns are read wrong", seen)
	}
}
