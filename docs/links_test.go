package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// markdown returns the Markdown files of the repository, relative to it.
func markdown(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("SKIPPED: git ls-files: %v", err)
	}
	var files []string
	for _, name := range strings.Fields(string(out)) {
		if _, err := os.Stat(filepath.Join("..", name)); err == nil { // not one that was removed
			files = append(files, name)
		}
	}
	if len(files) < 20 {
		t.Fatalf("only %d Markdown files were found", len(files))
	}
	return files
}

var (
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)\s]+)\)`)
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inline  = regexp.MustCompile("`[^`\n]+`")
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	target  = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]+)`)
)

// prose is a page without its code.
func prose(text string) string { return inline.ReplaceAllString(fenced.ReplaceAllString(text, ""), "") }

// Every link to a file leads to one, and every link to a heading to a heading.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	found := 0
	for _, file := range markdown(t) {
		for _, m := range link.FindAllStringSubmatch(prose(read(t, "../"+file)), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			found++
			path, anchor, _ := strings.Cut(m[1], "#")
			to := filepath.Join("..", filepath.Dir(file), filepath.FromSlash(path))
			if path == "" {
				to = filepath.Join("..", file)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: the link %s: %v", file, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s: the link %s: there is no such heading", file, m[1])
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d links were found", found)
	}
}

// anchors are the names that the headings of a page have on the web.
func anchors(text string) (out []string) {
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		out = append(out, name)
	}
	return out
}

// Every make target that a text names, in code, is one.
func TestEveryMakeTargetThatIsNamedExists(t *testing.T) {
	makefile := read(t, "../Makefile")
	named := 0
	for _, file := range markdown(t) {
		text := read(t, "../"+file)
		for _, code := range append(fenced.FindAllString(text, -1), inline.FindAllString(text, -1)...) {
			for _, m := range target.FindAllStringSubmatch(code, -1) {
				named++
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s names make %s, which isn't a target", file, m[1])
				}
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d targets were found", named)
	}
}

// The map in the README has every folder.
func TestTheMapHasEveryFolder(t *testing.T) {
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("SKIPPED: git ls-files: %v", err)
	}
	text := read(t, "../README.md")
	seen := map[string]bool{}
	for _, name := range strings.Fields(string(out)) {
		folder, _, below := strings.Cut(name, "/")
		if below && !seen[folder] && folder[0] != '.' && !strings.Contains(text, "`"+folder+"/") {
			t.Errorf("the map lacks %s/", folder)
		}
		seen[folder] = true
	}
}

// Every page of the documentation is reached from its index, docs/README.md, or from a folder's own.
func TestTheIndexHasEveryPage(t *testing.T) {
	for _, file := range markdown(t) {
		path, ours := strings.CutPrefix(file, "docs/")
		if !ours || path == "README.md" {
			continue
		}
		if !leads("README.md", path) && !leads(filepath.Join(filepath.Dir(path), "README.md"), path) {
			t.Errorf("docs/%s isn't in docs/README.md", path)
		}
	}
}

// leads reports whether an index, if it exists, has a link to a page, or to the folder that it is in.
func leads(index, page string) bool {
	text, err := os.ReadFile(index)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(link.FindAllStringSubmatch(string(text), -1), func(m []string) bool {
		path, _, _ := strings.Cut(m[1], "#")
		to := filepath.Join(filepath.Dir(index), filepath.FromSlash(path))
		return to == filepath.FromSlash(page) || strings.HasSuffix(path, "/") && to == filepath.Dir(page)
	})
}
