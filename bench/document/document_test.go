package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPartIsReplacedAndTheRestStays(t *testing.T) {
	text := "# Title\n\nby hand\n"
	one, err := Replace(text, "bench", "first\n")
	if err != nil || !strings.HasPrefix(one, text) || Part(one, "bench") != "first" {
		t.Fatalf("%q, %v", one, err)
	}
	one += "\nmore by hand\n"
	two, err := Replace(one, "bench", "\nsecond\nline\n\n")
	if err != nil || Part(two, "bench") != "second\nline" || strings.Contains(two, "first") {
		t.Fatalf("%q, %v", two, err)
	}
	if strings.Replace(two, "second\nline", "first", 1) != one {
		t.Errorf("something else was changed:\n%s", two)
	}
	if again, err := Replace(two, "bench", "second\nline"); err != nil || again != two {
		t.Errorf("the same content changed the text: %v\n%s", err, again)
	}
	three, err := Replace(two, "profile", "other")
	if err != nil || Part(three, "bench") != "second\nline" || Part(three, "profile") != "other" {
		t.Errorf("%q, %v", three, err)
	}
}

func TestBrokenMarkersAreRefused(t *testing.T) {
	for _, text := range []string{begin("x"), end("x"), end("x") + begin("x"), begin("x") + begin("x") + end("x")} {
		if out, err := Replace(text, "x", "content"); err == nil {
			t.Errorf("%q became %q", text, out)
		}
	}
	if got := Part("nothing", "x") + Part(begin("x"), "x"); got != "" {
		t.Error(got)
	}
}

func TestFileIsUpdated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.md")
	if err := Update(path, "x", "content"); err == nil {
		t.Error("a file that doesn't exist was updated")
	}
	if err := WriteFile(path, []byte("text\n")); err != nil {
		t.Fatal(err)
	}
	if err := Update(path, "x", "content"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || Part(string(got), "x") != "content" {
		t.Errorf("%q, %v", got, err)
	}
	if files, err := filepath.Glob(path + ".*"); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestTable(t *testing.T) {
	table := Table{Head: []string{"a", "b"}}
	table.Add("1", "x|y")
	table.Add("2\n3")
	if got, want := table.String(), "| a | b |\n|---|---|\n| 1 | x\\|y |\n| 2 3 |  |\n"; got != want {
		t.Errorf("%q", got)
	}
}
