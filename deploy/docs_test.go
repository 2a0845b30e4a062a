package deploy

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/nodes"
)

var update = flag.Bool("update", false, "write docs/operate/configuration.md anew")

const operate = "../docs/operate"

const referenceHead = `# Configuration

Made by ` + "`remotemedia config reference`" + `. A flag wins over the environment, the environment over the file (` + "`--config`" + `), the file over the default. Every
key has the variable ` + "`REMOTEMEDIA_<KEY>`" + `, and some have older names; of several that are set, the first in the list wins. A change of a key that is "live" takes effect when the
file changes or on SIGHUP. ` + "`deploy/config/sample.yaml`" + ` has the same as a file.

`

func TestTheReferenceOfTheConfigurationIsCurrent(t *testing.T) {
	path := filepath.Join(operate, "configuration.md")
	want := referenceHead + config.Reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, operate+"/configuration.md") != want {
		t.Errorf("%s isn't current: run go test ./deploy -run Reference -update", path)
	}
}

func TestT079_EveryMetricIsDocumentedAndThereIsNoOther(t *testing.T) {
	text := read(t, operate+"/metrics.md")
	told := map[string]bool{"remotemedia_compute_saturated_seconds_total": true} // by the service with admission
	for _, l := range registry(t) {
		name := l.Get("__name__")
		if strings.HasPrefix(name, "remotemedia_") || strings.HasPrefix(name, "grpc_") {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, suffix)
			}
			told[name] = true
		}
	}
	for name := range told {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s isn't documented", name)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(remotemedia_\\w+)`").FindAllStringSubmatch(text, -1) {
		if !told[row[1]] {
			t.Errorf("%s is documented, and the service doesn't tell it", row[1])
		}
	}
	for _, query := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(text, -1) {
		mustKnow(t, registry(t), nil, "metrics.md", query[1])
	}
}

func TestEveryAlertIsDocumentedAndThereIsNoOther(t *testing.T) {
	var want []string
	for _, r := range rules(t) {
		if r.Alert != "" {
			want = append(want, r.Alert)
		}
	}
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(Remotemedia\\w+)`").FindAllStringSubmatch(read(t, operate+"/metrics.md"), -1) {
		got = append(got, row[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("documented are %v, there are %v", got, want)
	}
}

// Keys and files that the pages name exist.
func TestWhatTheDocsNameExists(t *testing.T) {
	keys := config.Reference()
	for name, text := range pages(t) {
		for _, m := range regexp.MustCompile("`((?:server|auth|limits|stream|admission|memory|observability|runtime)\\.[a-z_.]+)(?:: [^`]*)?`").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(keys, "| `"+m[1]+"`") && !strings.Contains(keys, "| `"+m[1]+".") {
				t.Errorf("%s: there is no key %s", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`deploy/[a-z]+/[A-Za-z.-]*`).FindAllString(text, -1) {
			if _, err := os.Stat(filepath.Join("..", strings.TrimRight(m, "."))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, m := range regexp.MustCompile(`\]\(([a-z./]+\.md)[)#]`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(operate, m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, command := range regexp.MustCompile(`(?m)^remotemedia (config check|config explain|health|token new|token hash)(.*)$`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(command[1], "config") {
				checkFlags(t, name, strings.Fields(command[1]), strings.Fields(command[2]))
			}
		}
	}
}

func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(operate)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out[e.Name()] = read(t, operate+"/"+e.Name())
	}
	return out
}

// commands are the lines of the pages' shell blocks that begin with one of the programs.
func commands(t *testing.T, programs ...string) (out []string) {
	t.Helper()
	for _, text := range pages(t) {
		for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(block[1]) {
				if program, _, _ := strings.Cut(line, " "); slices.Contains(programs, program) {
					out = append(out, strings.TrimSpace(line))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// pinned are the tools whose commands the pages show, and where they come from.
var pinned = map[string]string{
	"grpcurl":           "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4",
	"grpc-health-probe": "github.com/grpc-ecosystem/grpc-health-probe@v0.4.61",
}

// tools returns a folder with the tools: build/tools of this repository. With REMOTEMEDIA_TOOLS=install they are built when they
// aren't there, which takes minutes the first time.
func tools(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../build/tools")
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range pinned {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			continue
		}
		if os.Getenv("REMOTEMEDIA_TOOLS") != "install" {
			t.Skipf("%s isn't in build/tools; REMOTEMEDIA_TOOLS=install builds %s", name, source)
		}
		cmd := exec.Command("go", "install", source)
		cmd.Dir = t.TempDir() // outside of this module
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("%s can't be had: %v\n%s", source, err, out)
		}
	}
	return dir
}

// guarded starts a service with a token that may do everything.
func guarded(t *testing.T) (grpc, admin, token string, ended <-chan error) {
	t.Helper()
	catalog, err := nodes.Catalog("test")
	if err != nil {
		t.Fatal(err)
	}
	token, digest := auth.NewToken()
	c, _, err := config.Load(config.Sources{Args: map[string]string{
		"auth.tokens": "[{name: ops, hash: '" + digest.Text() + "', scopes: [execute, stream, metrics, admin]}]",
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- app.Serve(ctx, app.Options{
			Config: c, Listen: []string{"127.0.0.1:0"}, Admin: "127.0.0.1:0", Catalog: catalog,
			Ready: func(g, a string) { grpc, admin = g, a; close(ready) },
		})
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return grpc, admin, token, done
}

// try runs a line of the docs against a service, and returns what it said.
func try(t *testing.T, line, grpc, admin, token, path string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	line = strings.NewReplacer("localhost:50051", grpc, "localhost:9090", admin).Replace(line)
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TOKEN="+token, "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestQS2_CommandsOfTheDocsWork(t *testing.T) {
	path := tools(t)
	grpc, admin, token, _ := guarded(t)
	lines := commands(t, "grpcurl", "grpc-health-probe")
	if len(lines) < 8 {
		t.Errorf("only %d commands were found", len(lines))
	}
	for _, line := range lines {
		out, err := try(t, line, grpc, admin, token, path)
		if err != nil || strings.TrimSpace(out) == "" {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		if strings.Contains(line, "$TOKEN") {
			if out, err := try(t, line, grpc, admin, "wrong", path); err == nil {
				t.Errorf("with a wrong token: %s\n%s", line, out)
			}
		}
	}
}

func TestCurlCommandsOfTheDocsWork(t *testing.T) {
	tool(t, "curl")
	grpc, admin, token, ended := guarded(t)
	lines := commands(t, "curl")
	if len(lines) < 6 {
		t.Errorf("only %d commands were found", len(lines))
	}
	drain := ""
	for _, line := range lines {
		if strings.Contains(line, "/drain") {
			drain = line
			continue
		}
		if out, err := try(t, strings.Replace(line, "curl -s", "curl -sf", 1), grpc, admin, token, ""); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if out, err := try(t, drain, grpc, admin, token, ""); err != nil || strings.TrimSpace(out) != "draining" {
		t.Errorf("%s: %v\n%s", drain, err, out)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
