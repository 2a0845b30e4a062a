// Package archtest holds the rule by which the packages of this module may import each other, and what may be imported
// from outside where. Its test applies the rule to the module.
package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Module is the path of this module; packages are named relative to it, "." being the root.
const Module = "github.com/remotemedia/remotemedia-go"

// layer says what the packages that its pattern fits may import of this module. A pattern is a package, or all below a
// folder ("nodes/..." is nodes and what is in it).
type layer struct {
	pattern string
	may     []string
}

// layers is the way of the data: what stands further down may import what stands above it, and never the reverse. The first
// layer that fits a package counts.
var layers = []layer{
	{"version", nil},
	{"fault", nil},
	{"mem", nil},
	{"audio/...", []string{"fault", "mem", "audio/..."}},
	{"manifest", []string{"fault"}},
	{"node/...", []string{"fault", "mem", "audio/...", "node/..."}},
	// The library of nodes sees the contract of a node and audio; nobody but the root package, app and tests sees it.
	{"nodes/...", []string{"fault", "mem", "audio/...", "node/...", "nodes/..."}},
	{"graph", []string{"version", "fault", "audio", "manifest", "node/..."}},
	{"engine", []string{"fault", "mem", "audio/...", "node", "graph", "internal/stack"}},
	{"media", []string{"audio/..."}},
	{".", []string{"version", "fault", "mem", "audio/...", "manifest", "node", "nodes", "graph", "engine", "media"}},

	{"api/...", []string{"api/..."}},
	{"internal/wire", []string{"api/...", "version", "fault", "mem", "audio/...", "manifest", "node"}},
	{"client/...", []string{"api/...", "version", "fault", "audio/...", "manifest", "media", "internal/wire", "client/..."}},

	// The load generator: of gRPC it is a client, and of the service it knows the messages.
	{"internal/load", []string{"api/...", "version", "mem", "internal/machine"}},
	{"internal/load/service", []string{
		"api/...", "version", "fault", "audio/...", "manifest", "media", "internal/wire", "client", "internal/load",
	}},

	// Parts of the service that know nothing of the runtime.
	{"internal/metrics", nil},
	{"internal/config", []string{"version", "fault", "internal/filewatch"}},
	{"internal/auth/...", []string{"fault", "internal/auth/...", "internal/filewatch"}},
	{"internal/admission/...", []string{"fault", "mem", "internal/admission/..."}},
	{"internal/filewatch", nil},
	{"internal/machine", nil},
	{"internal/stack", nil},
	{"internal/tlsreload", []string{"fault", "internal/filewatch"}},
	{"internal/plot", nil},
	{"internal/server/...", []string{
		"api/...", "version", "fault", "mem", "audio/...", "manifest", "node", "graph", "engine",
		"internal/wire", "internal/metrics", "internal/auth/...", "internal/admission/...", "internal/server/...", "internal/stack",
	}},
	{"internal/admin", []string{"version", "fault", "internal/metrics"}},
	{"internal/app", []string{
		"version", "fault", "mem", "manifest", "node", "nodes", "graph", "engine", "internal/config", "internal/auth/...",
		"internal/admission/...", "internal/metrics", "internal/admin", "internal/filewatch", "internal/tlsreload",
		"internal/wire", "internal/server/...",
	}},
	{"internal/cli", []string{
		".", "version", "fault", "audio/...", "manifest", "media", "node/...", "graph", "engine", "client/...",
		"internal/app", "internal/config", "internal/plot", "internal/load/...",
	}},
	{"cmd/...", []string{"internal/cli"}},
	{"examples/...", []string{".", "fault", "audio/...", "manifest", "media", "client/..."}},

	// Tests that are programs or packages of their own.
	{"internal/archtest", nil},
	{"internal/testfile", nil},
	{"conformance/...", []string{"..."}},
	{"bench/...", []string{"..."}},
	{"deploy", []string{"..."}},

	// The documentation: what writes its pages, and what runs them.
	{"internal/reference/...", []string{"..."}},
	{"docs", []string{"..."}},
}

// outside says which packages of this module may import others' packages, by the beginning of their path. What isn't named
// is free.
var outside = []layer{
	{"google.golang.org/grpc", []string{"internal/wire", "internal/server/...", "internal/app", "client/...", "internal/load/...", "internal/reference", "bench/...", "conformance/..."}},
	{"google.golang.org/protobuf", []string{"api/...", "internal/wire", "internal/server/...", "internal/app", "client/...", "internal/load/...", "bench/...", "conformance/..."}},
	{"github.com/prometheus", []string{"internal/metrics"}},
	{"go.opentelemetry.io", []string{"internal/app"}},
	{"gonum.org/v1/plot", []string{"internal/plot", "bench/..."}},
	{"github.com/alecthomas/kong", []string{"internal/cli"}},
	{"C", nil},
}

// fits reports whether a pattern covers a package; "..." covers all.
func fits(pattern, pkg string) bool {
	below, all := strings.CutSuffix(pattern, "...")
	if !all {
		return pkg == pattern
	}
	return below == "" || strings.HasPrefix(pkg+"/", below)
}

// relative names a package relative to the module; ok is false for those of others.
func relative(path string) (pkg string, ok bool) {
	if path == Module {
		return ".", true
	}
	return strings.CutPrefix(path, Module+"/")
}

// Check returns what is wrong with the imports of a package of this module, given by full paths.
func Check(path string, imports []string) []string {
	pkg, ok := relative(path)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(layers, func(l layer) bool { return fits(l.pattern, pkg) })
	if i < 0 {
		return []string{fmt.Sprintf("%s has no place in the order of packages: give it one in internal/archtest", pkg)}
	}
	var wrong []string
	for _, imported := range imports {
		if reason := forbidden(pkg, layers[i].may, imported); reason != "" {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", pkg, imported, reason))
		}
	}
	return wrong
}

func forbidden(pkg string, may []string, imported string) string {
	covers := func(name string) func(string) bool { return func(p string) bool { return fits(p, name) } }
	if own, ok := relative(imported); ok {
		if own == pkg || slices.ContainsFunc(may, covers(own)) {
			return ""
		}
		return "it may import " + strings.Join(may, " ")
	}
	for _, rule := range outside {
		if strings.HasPrefix(imported+"/", rule.pattern+"/") && !slices.ContainsFunc(rule.may, covers(pkg)) {
			return fmt.Sprintf("only %s may", strings.Join(rule.may, " "))
		}
	}
	return ""
}
