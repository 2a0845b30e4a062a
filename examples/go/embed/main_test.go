package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Example shows what the program prints.
func Example() {
	main()
	// Output:
	// telephone-rate: 44100 frames at 44100 Hz became 16000 at 16000 Hz
	// streaming gives the same bytes: true
}

// TestPL11_EmbeddingLinksNoGRPC proves that a program which embeds the runtime carries no gRPC, protobuf or generated message.
func TestPL11_EmbeddingLinksNoGRPC(t *testing.T) {
	deps := strings.Fields(goList(t, "."))
	banned := []string{"google.golang.org/grpc", "google.golang.org/protobuf", "github.com/remotemedia/remotemedia-go/api/", "github.com/remotemedia/remotemedia-go/internal/server"}
	if found := beginningWith(deps, banned); len(found) > 0 {
		t.Errorf("the program links %v", found)
	}
	// The list must be able to show them: the client links gRPC.
	control := strings.Fields(goList(t, "github.com/remotemedia/remotemedia-go/client"))
	if len(beginningWith(control, banned[:1])) == 0 {
		t.Error("gRPC isn't seen among the dependencies of the client: the test proves nothing")
	}
}

func goList(t *testing.T, pkg string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", pkg, err)
	}
	return string(out)
}

func beginningWith(deps, prefixes []string) (found []string) {
	for _, d := range deps {
		for _, p := range prefixes {
			if strings.HasPrefix(d+"/", p) {
				found = append(found, d)
			}
		}
	}
	return found
}
