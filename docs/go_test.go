package docs

import (
	"context"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/conformance/local"
)

// The Go blocks of the client's page, each as a function of one program, do as the page says.
func TestTheGoClientsPageRuns(t *testing.T) {
	const page = "clients/go.md"
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("SKIPPED: the Go tool isn't there to build the blocks")
	}
	var imports string
	var parts []string
	for _, b := range blocksOf(t, page) {
		if b.language != "go" {
			continue
		}
		if neat, err := format.Source([]byte(b.text)); err != nil || string(neat) != b.text {
			t.Errorf("%s:%d: gofmt makes it (%v)\n%s", page, b.line, err, neat)
		}
		switch {
		case imports == "":
			imports = b.text
		default:
			parts = append(parts, fmt.Sprintf("//line %s:%d\n%s", page, b.line, b.text))
		}
	}
	if len(parts) < 5 {
		t.Fatalf("only %d blocks were found", len(parts))
	}
	folder := t.TempDir()
	program := compile(t, folder, programOf(imports, parts))
	if err := os.Symlink(absolute(t, "../testdata"), filepath.Join(folder, "testdata")); err != nil {
		t.Skipf("SKIPPED: no symbolic links here: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, serve(t))
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"16000 Hz, 1 channels, i16 95465", "\n15.0\n", "\n95465 Client requested close\n", `"counter":3`, "unknown_node_type", "true"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q isn't in\n%s", want, out)
		}
	}
}

// programOf makes a program of the parts, which calls the address that is its argument.
func programOf(imports string, parts []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "package main\n\n%s\nfunc main() {\n\tctx := context.Background()\n", imports)
	out.WriteString("\tc, err := client.Dial(os.Args[1])\n")
	for i := range parts {
		fmt.Fprintf(&out, "\tif err == nil {\n\t\terr = part%d(ctx, c)\n\t}\n", i)
	}
	out.WriteString("\tif err != nil {\n\t\tfmt.Fprintln(os.Stderr, err)\n\t\tos.Exit(1)\n\t}\n}\n")
	for i, part := range parts {
		end := "return nil\n"
		if strings.HasSuffix(strings.TrimSpace(part), "\n}") && strings.Contains(part, "\nfor {\n") {
			end = "" // a loop without an end
		}
		part = strings.ReplaceAll(part, `"localhost:50051"`, "os.Args[1]")
		fmt.Fprintf(&out, "\nfunc part%d(ctx context.Context, c *client.Client) error {\n%s%s}\n", i, part, end)
	}
	return out.String()
}

// compile builds a program against this module.
func compile(t *testing.T, folder, text string) string {
	t.Helper()
	if _, err := format.Source([]byte(text)); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "program.exe")
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// serve runs a service for the length of the test.
func serve(t *testing.T) (address string) {
	t.Helper()
	return local.Serve(t, nil)
}
