package config

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write deploy/config/sample.yaml anew")

const deployed = "../../deploy/config"

func TestSampleFileIsTheStruct(t *testing.T) {
	path := filepath.Join(deployed, "sample.yaml")
	if *update {
		if err := os.WriteFile(path, []byte(Sample()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != Sample() {
		t.Errorf("%s isn't what Sample() makes: run go test ./internal/config -run TestSampleFile -update", path)
	}
	for _, k := range schema().settable() {
		if k.doc == "" {
			t.Errorf("key %s has no doc", k.path)
		}
		if k.elem != nil {
			for _, f := range k.elem.fields {
				if f.doc == "" || !strings.Contains(string(text), "#     "+f.name+": ") {
					t.Errorf("the sample lacks the entry's key %s", f.path)
				}
			}
		}
	}
}

func TestSampleSetsEveryKeyToItsDefault(t *testing.T) {
	l := parseFile("sample.yaml", []byte(Sample()))
	if len(l.problems) > 0 {
		t.Fatalf("problems: %v", l.problems)
	}
	for _, k := range schema().settable() {
		if _, given := l.origins[k.path]; !given {
			t.Errorf("the sample doesn't set %s", k.path)
		}
	}
	c := mustLoad(t, fileSources(Sample()))
	c.files, c.origins = nil, nil
	want := Default()
	for _, c := range []*Config{c, want} { // nil and empty are the same to a reader
		c.Server.Listen, c.Auth.Tokens, c.Limits.NodeTypes, c.Runtime.NodeTypes = nil, nil, nil, nil
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the sample gives %+v, want the default %+v", c, want)
	}
}

func TestDeployedFilesLoad(t *testing.T) {
	wantWarnings := map[string][]string{"development": nil, "staging": nil, "production": nil, "sample": nil}
	names, err := filepath.Glob(filepath.Join(deployed, "*.yaml"))
	if err != nil || len(names) != len(wantWarnings) {
		t.Fatalf("found %v (%v), want %v", names, err, slices.Sorted(maps.Keys(wantWarnings)))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			s := Sources{File: name, ReadFile: func(path string) ([]byte, error) {
				if path == name {
					return os.ReadFile(path)
				}
				return []byte("sha256:" + strings.Repeat("ab", 32) + "\n"), nil
			}}
			c, warnings, err := Load(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range warnings {
				t.Errorf("warning: %s", w)
			}
			profile := strings.TrimSuffix(filepath.Base(name), ".yaml")
			if secure := profile == "staging" || profile == "production"; secure != (c.Server.TLS.On() && c.Auth.On()) {
				t.Errorf("TLS %v, authentication %v", c.Server.TLS.On(), c.Auth.On())
			}
			if (profile == "development") != c.Server.Debug {
				t.Errorf("debug is %v", c.Server.Debug)
			}
		})
	}
}

func fileSources(text string, environ ...string) Sources {
	return Sources{File: "config.yaml", Environ: environ, ReadFile: func(name string) ([]byte, error) {
		if name == "config.yaml" {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}}
}

func mustLoad(t *testing.T, s Sources) *Config {
	t.Helper()
	c, _, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
