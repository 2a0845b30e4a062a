// Command write puts the pages of package reference into the folder docs of the repository that it is run in, and removes
// those of node types that are no more.
package main

import (
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/remotemedia/remotemedia-go/internal/reference"
)

func main() {
	if err := write("."); err != nil {
		log.Fatal(err)
	}
}

func write(root string) error {
	pages, err := reference.Pages(root)
	if err != nil {
		return err
	}
	docs := filepath.Join(root, "docs")
	old, err := fs.Glob(os.DirFS(docs), "nodes/*.md")
	if err != nil {
		return err
	}
	for _, path := range old {
		if pages[path] == "" {
			err = errors.Join(err, os.Remove(filepath.Join(docs, filepath.FromSlash(path))))
		}
	}
	for path, text := range pages {
		file := filepath.Join(docs, filepath.FromSlash(path))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644))
	}
	return err
}
