package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
)

// Explained is the value of one key and where it came from.
type Explained struct {
	Key    string
	Value  string // as the file would have it; secrets are ***
	Origin Origin
	Doc    string
	Env    []string // environment variables that set it, those that win first
}

// Explain lists every key with its value and origin, in the order of the sample file. Lists and tables are told entry by
// entry.
func (c *Config) Explain() []Explained {
	var out []Explained
	schema().visit(reflect.ValueOf(c).Elem(), "", func(k *key, path string, v reflect.Value) {
		e := Explained{Key: path, Value: format(v), Origin: c.Origin(path), Doc: k.doc}
		if k.path == path {
			e.Env = EnvNames(path)
		}
		out = append(out, e)
	})
	return out
}

// ExplainText is Explain as a table for a person: key, value, origin.
func (c *Config) ExplainText() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range c.Explain() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", e.Key, e.Value, e.Origin)
	}
	_ = w.Flush() // a strings.Builder doesn't fail
	return b.String()
}

// Show returns the configuration as YAML, secrets redacted.
func (c *Config) Show() string {
	var p printer
	p.group(schema(), reflect.ValueOf(c).Elem(), 0)
	return p.String()
}

// Sample returns a documented YAML file with every key at its default.
func Sample() string {
	p := printer{documented: true}
	p.line(0, "# Configuration of remotemedia: every key with its default. Made by 'remotemedia config sample'.")
	p.line(0, "# A flag wins over the environment, the environment over this file, this file over the default. Every key")
	p.line(0, "# has an environment variable: REMOTEMEDIA_SERVER_PORT is server.port; others are named where they exist.")
	p.WriteByte('\n')
	p.group(schema(), reflect.ValueOf(Default()).Elem(), 0)
	return p.String()
}

// Reference returns a table of every key in Markdown: key, default, range, meaning, environment, whether a change takes
// effect without a restart.
func Reference() string {
	var b strings.Builder
	b.WriteString("| Key | Default | Meaning | Environment | Reload |\n|---|---|---|---|---|\n")
	values := reflect.ValueOf(Default()).Elem()
	schema().visit(values, "", func(k *key, path string, v reflect.Value) {
		reference(&b, k, path, format(v))
		if k.elem != nil {
			zero := reflect.Zero(k.elem.typ)
			for _, f := range k.elem.fields {
				reference(&b, f, path+map[shape]string{list: "[]", table: ".<name>"}[k.shape]+"."+f.name, format(zero.FieldByIndex(f.index)))
			}
		}
	})
	return b.String()
}

func reference(b *strings.Builder, k *key, path, value string) {
	names := ""
	if k.path == path {
		names = "`" + strings.Join(EnvNames(path), "`, `") + "`"
	}
	reload := "restart"
	if k.live {
		reload = "live"
	}
	doc, notes := k.doc, strings.SplitN(k.notes(), "Environment:", 2)[0]
	fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s |\n", path, value, strings.TrimSpace(doc+" "+notes), names, reload)
}

// Changes compares two configurations. It returns the keys whose change takes effect at once and those that need a
// restart, each sorted.
func Changes(from, to *Config) (live, restart []string) {
	old := from.comparable()
	for path, now := range to.comparable() {
		before, had := old[path]
		delete(old, path)
		if had && before.text == now.text {
			continue
		}
		live, restart = now.sort(path, live, restart)
	}
	for path, gone := range old {
		live, restart = gone.sort(path, live, restart)
	}
	slices.Sort(live)
	slices.Sort(restart)
	return live, restart
}

type comparison struct {
	text string
	live bool
}

func (c comparison) sort(path string, live, restart []string) (l, r []string) {
	if c.live {
		return append(live, path), restart
	}
	return live, append(restart, path)
}

// comparable returns the text of every value; secrets are compared by their hash, never told.
func (c *Config) comparable() map[string]comparison {
	out := map[string]comparison{}
	schema().visit(reflect.ValueOf(c).Elem(), "", func(k *key, path string, v reflect.Value) {
		text := format(v)
		if secret, ok := v.Interface().(Secret); ok {
			text = hashOf(secret).Reveal()
		}
		out[path] = comparison{text, k.live}
	})
	return out
}
