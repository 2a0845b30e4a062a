package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Every text that stands in this package is one that the program can say: it fits a format in a call that names the code.
func TestT075_TextsOfTheCatalogueAreTheProgramsOwn(t *testing.T) {
	formats := formatsOfCodes(t)
	for code, text := range said {
		if !slices.ContainsFunc(formats[code], func(r *regexp.Regexp) bool { return r.MatchString(text) }) {
			t.Errorf("%s: nothing in the program says %q", code, text)
		}
	}
	if slices.ContainsFunc(formats[fault.CodeStreamInit], func(r *regexp.Regexp) bool { return r.MatchString("something else") }) {
		t.Error("the formats fit any text: the test proves nothing")
	}
}

// No text is kept here that a run gives.
func TestNoCodeHasTwoSources(t *testing.T) {
	for _, a := range attempts {
		if said[a.code] != "" {
			t.Errorf("%s is provoked and said", a.code)
		}
	}
}

// formatsOfCodes collects, for every code, the formats of the calls and the literals that it stands in.
func formatsOfCodes(t *testing.T) map[fault.Code][]*regexp.Regexp {
	t.Helper()
	out := map[fault.Code][]*regexp.Regexp{}
	values := codeNames(t)
	limit := pattern("%s exceeded: requested %v, used %v, allowed %v; %s")
	eachFile(t, func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, arg := range call.Args {
				if code, ok := values[nameOf(arg)]; ok {
					out[code] = append(out[code], patterns(call.Args)...)
					if nameOf(call.Fun) == "Limit" {
						out[code] = append(out[code], limit)
					}
				}
			}
			return true
		})
	})
	// Codes that reach their text through a function of their own.
	out[fault.CodeUnknownOutput] = append(out[fault.CodeUnknownOutput], pattern("%s names node %q, which isn't in the manifest"))
	out[fault.CodeOverloaded] = append(out[fault.CodeOverloaded], pattern("the service is at capacity: %s (%s is %v, the limit is %v); retry after %v"))
	out[fault.CodeRateLimited] = append(out[fault.CodeRateLimited], pattern("the token %q calls more often than %g times a second; retry after %s"))
	return out
}

// codeNames maps the names of the constants to the codes.
func codeNames(t *testing.T) map[string]fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../fault/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]fault.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				text, _ := strconv.Unquote(literal.Value)
				out[spec.Names[0].Name] = fault.Code(text)
			}
		}
		return true
	})
	if len(out) != len(fault.Codes()) {
		t.Fatalf("%d constants were found, there are %d codes", len(out), len(fault.Codes()))
	}
	return out
}

// eachFile parses the program's own files.
func eachFile(t *testing.T, f func(*ast.File)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || name == "build" || name == "reference" || path != "../.." && strings.HasPrefix(name, ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f(file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nameOf returns the last part of a name.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func patterns(args []ast.Expr) (out []*regexp.Regexp) {
	for _, arg := range args {
		if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && len(text) > 12 {
				out = append(out, pattern(text))
			}
		}
	}
	return out
}

var verb = regexp.MustCompile(`%[a-z]`)

// pattern fits what a format can give; the text of a wrapped cause may follow.
func pattern(format string) *regexp.Regexp {
	parts := verb.Split(format, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^` + strings.Join(parts, ".*") + `(: .*)?$`)
}
