// Package document writes the generated parts of texts that people write too: what stands between two markers is replaced, the
// rest stays as it is.
package document

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func begin(name string) string { return "<!-- begin " + name + ": generated, changes are lost -->" }
func end(name string) string   { return "<!-- end " + name + " -->" }

// Replace puts content between the markers of a part. A text that lacks the part gets it at its end; one whose markers are
// broken is refused.
func Replace(text, name, content string) (string, error) {
	first, last := begin(name), end(name)
	part := first + "\n" + strings.Trim(content, "\n") + "\n" + last
	switch n, m := strings.Count(text, first), strings.Count(text, last); {
	case n == 0 && m == 0:
		return strings.TrimRight(text, "\n") + "\n\n" + part + "\n", nil
	case n != 1 || m != 1 || strings.Index(text, first) > strings.Index(text, last):
		return "", fmt.Errorf("document: expected one %q and one %q after it, found %d and %d: mend the text by hand", first, last, n, m)
	}
	head, rest, _ := strings.Cut(text, first)
	_, tail, _ := strings.Cut(rest, last)
	return head + part + tail, nil
}

// Part gives what stands between the markers of a part, "" where there are none.
func Part(text, name string) string {
	_, rest, found := strings.Cut(text, begin(name))
	if !found {
		return ""
	}
	content, _, found := strings.Cut(rest, end(name))
	if !found {
		return ""
	}
	return strings.Trim(content, "\n")
}

// Update replaces a part of a file, all or nothing.
func Update(path, name, content string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := Replace(string(text), name, content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return WriteFile(path, []byte(changed))
}

// WriteFile writes a file so that a reader sees the old content or the new one, and nothing between.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing, once it is renamed
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
