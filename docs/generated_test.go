package docs

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/reference"
)

// The pages that are made are those that are committed, and there are no others among them.
func TestGeneratedPagesAreCurrent(t *testing.T) {
	pages, err := reference.Pages("..")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range pages {
		if got, err := os.ReadFile(filepath.FromSlash(path)); err != nil || string(got) != want {
			t.Errorf("%s isn't what the program tells: run make generate (%v)", path, err)
		}
	}
	there, err := filepath.Glob("nodes/*.md")
	if err != nil {
		t.Fatal(err)
	}
	made := slices.Collect(maps.Keys(pages))
	for _, path := range there {
		if !slices.Contains(made, filepath.ToSlash(path)) {
			t.Errorf("%s is the page of no node type: run make generate", path)
		}
	}
}

func TestEveryNodeTypeHasAPageThatNamesItsParameters(t *testing.T) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	index := read(t, "nodes/README.md")
	for _, s := range catalog.Specs() {
		page := read(t, "nodes/"+reference.FileName(s))
		if !strings.Contains(index, "("+reference.FileName(s)+")") {
			t.Errorf("the index doesn't lead to %s", s.Name)
		}
		for _, f := range s.Params().Fields() {
			for _, name := range append(f.Aliases, f.Name) {
				if !strings.Contains(page, "`"+name+"`") {
					t.Errorf("the page of %s lacks its parameter %s", s.Name, name)
				}
			}
		}
	}
}

func TestT075_EveryCodeAndEveryTypeIsInTheCatalogue(t *testing.T) {
	page := read(t, "errors.md")
	for _, c := range fault.Codes() {
		info, _ := c.Describe()
		_, entry, ok := strings.Cut(page, "\n### "+string(c)+"\n\n")
		if !ok {
			t.Errorf("the code %s isn't in it", c)
			continue
		}
		entry, _, _ = strings.Cut(entry, "\n### ")
		for _, part := range []string{info.Cause[1:], info.Cure[1:], "```text\n"} {
			if !strings.Contains(entry, part) {
				t.Errorf("the entry of %s lacks %q", c, part)
			}
		}
	}
	for _, name := range pb.ErrorType_name {
		_, row, ok := strings.Cut(page, "| `"+name+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		if cells := strings.Split(row, " | "); !ok || len(cells) != 3 || cells[1] == "" || cells[2] == " |" {
			t.Errorf("the type %s lacks its cause or its cure: %q", name, row)
		}
	}
}

// The catalogue names the classes that the clients have, and no others.
func TestT075_ClassesOfTheCatalogueAreTheClients(t *testing.T) {
	python, typescript := read(t, "../clients/python/src/remotemedia_grpc/errors.py"), read(t, "../clients/typescript/src/errors.ts")
	kinds := read(t, "../fault/fault.go")
	for kind, class := range reference.Classes {
		if !strings.Contains(python, "class "+class.Exception+"(") {
			t.Errorf("Python has no %s for %s", class.Exception, kind)
		}
		if !strings.Contains(typescript, "class "+class.Exception+" ") {
			t.Errorf("TypeScript has no %s for %s", class.Exception, kind)
		}
		if !strings.Contains(kinds, "\n\t"+class.Go+":") && !strings.Contains(kinds, "\n\t"+class.Go+"\n") && !strings.Contains(kinds, "\n\t"+class.Go+" Kind") {
			t.Errorf("Go has no %s for %s", class.Go, kind)
		}
	}
	for _, c := range fault.Codes() {
		if reference.Classes[c.Kind()].Exception == "" {
			t.Errorf("no class is named for the kind %s", c.Kind())
		}
	}
}

// oldMethods are those of the Python service, in the order of its definition.
var oldMethods = []string{
	"ExecuteNode", "ExecuteCustomTask", "StreamNode", "StreamObject", "ExecuteObjectMethod", "GetStatus", "ListNodes", "InitGenerator", "GetNextBatch",
	"CloseGenerator", "ExportTypeScriptDefinitions", "RegisterPipeline", "UnregisterPipeline", "ListPipelines", "GetPipelineInfo", "ExecutePipeline",
	"StreamPipeline", "SavePipeline", "LoadPipeline", "ListStoredPipelines", "ClonePipeline", "SaveNode", "LoadNode", "ListStoredNodes",
}

func TestT090_EveryOldMethodHasItsLine(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "migration.md"), "| old RPC | now |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, method := range oldMethods {
		named := false
		for row := range strings.Lines(table) {
			cells := strings.Split(row, " | ")
			named = named || len(cells) == 2 && strings.Contains(cells[0], "`"+method+"`") && len(cells[1]) > 10
		}
		if !named {
			t.Errorf("nothing is said of %s", method)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
