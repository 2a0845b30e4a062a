// Package reference writes the pages of the documentation that are made and not written: a page for each node type with their
// index, and the catalogue of errors. They come from the declarations in the program and from runs of it, so that they can't
// tell anything else than the program does. The command in write puts them into docs; a test of docs compares.
package reference

import (
	"path"
	"strings"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/inject"
)

// notice stands on every page.
const notice = "<!-- Made by `make generate`: what is changed here is overwritten. -->\n"

// Pages returns the text of every page by its path below docs. Root is the folder of the repository, whose recorded speech
// the examples are run on.
func Pages(root string) (map[string]string, error) {
	specs, err := documented()
	if err != nil {
		return nil, err
	}
	sound, err := speech(root)
	if err != nil {
		return nil, err
	}
	errors, err := errorsPage()
	if err != nil {
		return nil, err
	}
	pages := map[string]string{"nodes/README.md": indexPage(specs), "errors.md": errors}
	for _, s := range specs {
		text, err := nodePage(s, sound)
		if err != nil {
			return nil, err
		}
		pages[path.Join("nodes", FileName(s))] = text
	}
	return pages, nil
}

// FileName is the name of a node type's page.
func FileName(s *node.Spec) string { return s.Name + ".md" }

// documented returns the types of the catalogue, without those that fail on purpose.
func documented() ([]*node.Spec, error) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return nil, err
	}
	var specs []*node.Spec
	for _, s := range catalog.Specs() {
		if s.Category != inject.Category {
			specs = append(specs, s)
		}
	}
	return specs, nil
}

// cell makes a text fit for a table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}

// code marks each of the texts as code.
func code(texts []string) string {
	marked := make([]string, len(texts))
	for i, t := range texts {
		marked[i] = "`" + t + "`"
	}
	return strings.Join(marked, ", ")
}
