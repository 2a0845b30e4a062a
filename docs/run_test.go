package docs

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/cli"
)

// TestMain makes this test the program remotemedia where it is called by that name: the light pages need no build.
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "remotemedia" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := cli.Run(ctx, os.Args[1:], cli.System())
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// light are the pages that need nothing but the program and the files of the repository.
var light = []string{"concepts.md", "guides/pipelines.md", "guides/streaming.md", "guides/tokens.md", "performance.md", "reference/cli.md"}

func TestPagesDoAsTheySay(t *testing.T) {
	for _, page := range light {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for _, name := range []string{"examples", "testdata"} {
				if err := os.Symlink(absolute(t, filepath.Join("..", name)), filepath.Join(folder, name)); err != nil {
					t.Skipf("SKIPPED: no symbolic links here: %v", err)
				}
			}
			newShell(t, page, folder, programs(t)).runAll()
		})
	}
}

func TestTheCommandLinesPageNamesEveryCommand(t *testing.T) {
	var help bytes.Buffer
	if code := cli.Run(t.Context(), []string{"--help"}, cli.Env{Stdout: &help, Stderr: &help}); code != 0 {
		t.Fatalf("--help ends with %d", code)
	}
	_, list, _ := strings.Cut(help.String(), "\nCommands:\n")
	commands := regexp.MustCompile(`(?m)^  (\w+)( \w+)?  `).FindAllStringSubmatch(list, -1)
	if len(commands) < 15 {
		t.Fatalf("only %d commands were found in\n%s", len(commands), list)
	}
	page := read(t, "reference/cli.md")
	for _, c := range commands {
		row := regexp.MustCompile("(?m)^\\| `" + c[1] + "\\b.*$").FindString(page)
		if row == "" || !strings.Contains(row, strings.TrimSpace(c[2])) {
			t.Errorf("the table lacks %s%s", c[1], c[2])
		}
	}
}

// programs is a folder in which this test is called remotemedia.
func programs(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(self, filepath.Join(folder, "remotemedia")); err != nil {
		t.Skipf("SKIPPED: no symbolic links here: %v", err)
	}
	return folder
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// heavy are the pages that build, install and start things. They run in a copy of the repository, as on a clean machine.
var heavy = []string{"quickstart.md", "migration.md", "../README.md"}

func TestSC007_QuickstartDoesAsItSays(t *testing.T) {
	if os.Getenv("REMOTEMEDIA_DOCS") == "" {
		t.Skip("SKIPPED: it builds and installs things; scripts/test.sh docs runs it, or set REMOTEMEDIA_DOCS=1")
	}
	folder := t.TempDir()
	copyOf(t, folder)
	for _, page := range heavy {
		began := time.Now()
		s := newShell(t, page, folder, "")
		s.runAll()
		if t.Failed() {
			return
		}
		t.Logf("%s took %.0f s", page, time.Since(began).Seconds())
		for _, line := range slices.SortedFunc(maps.Keys(s.took), func(a, b string) int { return cmp.Compare(s.took[b], s.took[a]) }) {
			t.Logf("%6.1f s  %s", s.took[line].Seconds(), line)
		}
	}
}
