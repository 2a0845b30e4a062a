package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	named   = regexp.MustCompile("`((?:Test|test_)[A-Za-z0-9_]+)`")
	defined = regexp.MustCompile(`(?m)^(?:func|def) ((?:Test|test_)[A-Za-z0-9_]+)\(`)
)

// TestRequirementsNameTestsThatExist keeps docs/requirements.md from naming tests that were renamed or never written.
func TestRequirementsNameTestsThatExist(t *testing.T) {
	text, err := os.ReadFile("../../docs/requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	names := named.FindAllStringSubmatch(string(text), -1)
	if len(names) < 50 {
		t.Fatalf("docs/requirements.md names %d tests: the pattern or the document is broken", len(names))
	}
	tests := definedTests(t)
	for _, m := range names {
		if !tests[m[1]] {
			t.Errorf("docs/requirements.md names %s, which doesn't exist", m[1])
		}
	}
}

func definedTests(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".venv" || d.Name() == ".git"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(d.Name(), "test_"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
