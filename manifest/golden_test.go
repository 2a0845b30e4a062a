package manifest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/remotemedia/remotemedia-go/fault"
)

var update = flag.Bool("update", false, "write the golden files of testdata/faults anew")

// Each file of testdata/faults is a faulty document; beside it stands what a user sees.
func TestFaultsAsRendered(t *testing.T) {
	for _, file := range faultFiles(t) {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text := readTestFile(t, file)
			_, problems := Parse(name, text)
			if len(problems) == 0 {
				t.Fatal("no problem found")
			}
			checkProblems(t, text, problems)
			compareGolden(t, file+".golden", Render(name, problems, false))
		})
	}
}

func faultFiles(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.json", "*.yaml"} {
		found, err := filepath.Glob(filepath.Join("testdata", "faults", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 40 {
		t.Fatalf("only %d faulty documents found", len(files))
	}
	return files
}

func readTestFile(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// checkProblems checks what holds for the problems of any text.
func checkProblems(t testing.TB, text []byte, problems []fault.Problem) {
	t.Helper()
	offset := 0
	for _, p := range problems {
		if _, known := p.Code.Describe(); !known || p.Message == "" {
			t.Errorf("problem without a known code or message: %+v", p)
		}
		if p.Line < 1 || p.Column < 1 || p.Offset < 0 || p.Offset > len(text) || p.Offset < offset {
			t.Errorf("place out of the text or its order: %+v", p)
		}
		if strings.Count(p.Excerpt, "\n") != 1 || !strings.Contains(p.Excerpt, "^") {
			t.Errorf("excerpt isn't a line and a caret: %q", p.Excerpt)
		}
		if strings.ContainsAny(p.Excerpt+p.Message, "\x1b\x00\x07") {
			t.Errorf("control character passed on: %+v", p)
		}
		offset = p.Offset
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := string(readTestFile(t, file))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", file, diff)
	}
}
