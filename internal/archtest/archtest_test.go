package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// listed is what go list tells of a package.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// list returns every package of the module and all that they are made of, built with the tags.
func list(t *testing.T, tags string) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-tags", tags, "-json=ImportPath,Standard,Imports", Module+"/...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := d.Decode(&p); {
		case err == io.EOF:
			return packages
		case err != nil:
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	for _, tags := range []string{"", "faultnodes"} {
		checked := 0
		for _, p := range list(t, tags) {
			if _, ours := relative(p.ImportPath); ours {
				checked++
			}
			for _, wrong := range Check(p.ImportPath, p.Imports) {
				t.Errorf("tags %q: %s", tags, wrong)
			}
		}
		if checked < 15 {
			t.Errorf("tags %q: only %d packages were seen: the list is wrong", tags, checked)
		}
	}
}

// The rule must be able to refuse: each of these would be a breach.
func TestTheRuleRefuses(t *testing.T) {
	breaches := map[string]string{
		"fault":              Module + "/mem",
		"audio":              Module + "/node",
		"manifest":           Module + "/node",
		"node":               Module + "/graph",
		"nodes/flow":         Module + "/engine",
		"graph":              Module + "/nodes",
		"engine":             Module + "/nodes/flow",
		"internal/wire":      Module + "/engine",
		"client":             Module,
		"internal/server":    Module + "/nodes",
		"internal/metrics":   "google.golang.org/grpc/codes",
		"internal/auth":      "google.golang.org/grpc",
		"internal/cli":       "google.golang.org/grpc",
		"cmd/remotemedia":    Module + "/engine",
		"internal/admission": "github.com/prometheus/client_golang/prometheus",
		"internal/server/x":  "go.opentelemetry.io/otel",
		"audio/resample":     "C",
		"internal/load":      Module + "/internal/server",
		"something/new":      "fmt",
	}
	for pkg, imported := range breaches {
		if len(Check(Module+"/"+pkg, []string{imported})) != 1 {
			t.Errorf("%s may import %s", pkg, imported)
		}
	}
	if got := Check(Module, []string{"google.golang.org/grpc"}); len(got) != 1 {
		t.Error("the root package may import grpc")
	}
}

func TestTheRuleAllows(t *testing.T) {
	allowed := map[string]string{
		"audio":               Module + "/mem",
		"nodes/internal/fold": Module + "/audio/pcm",
		"client":              "google.golang.org/grpc/codes",
		"engine":              "github.com/google/uuid",
		"graph":               "strings",
	}
	for pkg, imported := range allowed {
		if wrong := Check(Module+"/"+pkg, []string{imported}); len(wrong) > 0 {
			t.Errorf("%v", wrong)
		}
	}
	if wrong := Check("example.org/other", []string{"google.golang.org/grpc"}); wrong != nil {
		t.Errorf("packages of others are judged: %v", wrong)
	}
}

// All the module is made of is pure Go: no cgo and none of the copyleft or unsafe dependencies that were ruled out.
func TestRuledOutModulesAreNotLinked(t *testing.T) {
	ruledOut := []string{"github.com/tphakala/go-audio-resampler", "github.com/go-audio/wav", "github.com/skrashevich/go-aac", "github.com/improbable-eng/grpc-web"}
	for _, p := range list(t, "") {
		if p.Standard {
			continue
		}
		for _, imported := range p.Imports {
			if imported == "C" {
				t.Errorf("%s uses cgo", p.ImportPath)
			}
		}
		for _, bad := range ruledOut {
			if strings.HasPrefix(p.ImportPath, bad) {
				t.Errorf("%s is linked", p.ImportPath)
			}
		}
	}
}
