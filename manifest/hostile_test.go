package manifest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
)

// allocated gives the bytes that a call allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Documents beyond a bound: refused at once, by one problem, within a small part of the memory that reading them takes.
func TestBoundsRefuseAtOnce(t *testing.T) {
	const most = 4 << 20
	deep := 10_000
	head := `{"version":"v1","nodes":[`
	for _, tt := range []struct {
		name, file, text string
		want             fault.Code
		within           bool // the bound is met only after part of the document was read or written
	}{
		{"json deep lists", "a.json", head + strings.Repeat("[", deep), fault.CodeTooDeep, false},
		{"json deep objects", "a.json", strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep), fault.CodeTooDeep, false},
		{"json deep params", "a.json", head + `{"id":"a","type":"x","params":` + strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep+1) + "]}", fault.CodeTooDeep, false},
		{"json a million nodes", "a.json", head + strings.Repeat("{},", 1e6) + "{}]}", fault.CodeTooLarge, false},
		{"json thousands of nodes", "a.json", head + strings.Repeat(`{"id":"a","type":"x"},`, MaxNodes) + "{}]}", fault.CodeTooManyNodes, false},
		{"json many values", "a.json", head + strings.Repeat("1,", MaxValues) + "1]}", fault.CodeTooLarge, false},
		{"json long text", "a.json", `{"version":"` + strings.Repeat("x", MaxTextBytes) + `"}`, fault.CodeTooLarge, false},
		{"yaml deep lists", "a.yaml", "nodes: " + strings.Repeat("[", deep), fault.CodeTooDeep, false},
		{"yaml deep maps", "a.yaml", strings.Repeat("{a: ", deep), fault.CodeTooDeep, false},
		{"yaml deep lists, closed", "a.yaml", strings.Repeat("[", deep) + strings.Repeat("]", deep), fault.CodeTooDeep, false},
		{"yaml deep dashes", "a.yaml", strings.Repeat("- ", 1000) + "a", fault.CodeTooDeep, false},
		{"yaml deep blocks", "a.yaml", stairs(200), fault.CodeTooDeep, false},
		{"yaml brackets in disguise", "a.yaml", `a: ["` + strings.Repeat(`]`, 900) + `", ` + strings.Repeat("[", 1800), fault.CodeTooDeep, false},
		{"yaml a million nodes", "a.yaml", "nodes:\n" + strings.Repeat("- {}\n", 1e6), fault.CodeTooLarge, false},
		{"yaml many lines", "a.yaml", "nodes:\n" + strings.Repeat("-\n", 400_000), fault.CodeTooLarge, false},
		{"yaml many keys", "a.yaml", numbered(5000, "k%d: 1\n"), fault.CodeTooLarge, true},
		{"yaml many keys behind anchors", "a.yaml", numbered(3000, "&a%[1]d k%[1]d: 1\n"), fault.CodeTooLarge, true},
		{"billion laughs", "a.yaml", laughs(9, 10), fault.CodeTooLarge, true},
		{"exponential aliases", "a.yaml", laughs(30, 2), fault.CodeTooLarge, true},
		{"aliases of a long text", "a.yaml", "x-a: &a " + strings.Repeat("x", 1000) + "\nnodes: [" + strings.Repeat("*a,", 2000) + "]", fault.CodeTooLarge, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m *Manifest
			var problems []fault.Problem
			text := []byte(tt.text)
			bytes := allocated(func() { m, problems = Parse(tt.file, text) })
			if m != nil || len(problems) != 1 || problems[0].Code != tt.want {
				t.Fatalf("manifest %v, problems %v; want one problem %s", m != nil, problems, tt.want)
			}
			if problems[0].Line == 0 || problems[0].Hint == "" && tt.want != fault.CodeTooDeep && tt.want != fault.CodeTooLarge {
				t.Errorf("no place or hint: %+v", problems[0])
			}
			limit := uint64(most)
			if tt.within {
				limit = 3 * most
			}
			if bytes > limit {
				t.Errorf("allocated %d bytes, want at most %d", bytes, limit)
			}
		})
	}
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// laughs doubles, or more, what an alias stands for, level by level.
func laughs(levels, times int) string {
	var b strings.Builder
	b.WriteString("x-0: &a0 [x]\n")
	for i := range levels {
		alias := fmt.Sprintf("*a%d,", i)
		fmt.Fprintf(&b, "x-%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(alias, times))
	}
	return b.String()
}

// Documents that are made to cost a parser time or memory that is out of proportion to their length: whatever the answer
// is, the memory is in proportion.
func TestCostIsInProportion(t *testing.T) {
	const perByte = 3000
	for name, unit := range map[string]string{
		"anchors": "&", "aliases": "*", "tags": "!", "percent": "%", "colons": ": ", "dashes": "- ", "questions": "? ",
		"quotes": "''", "double quotes": "\"", "lists": "[] ", "closers": "]", "maps": "a: ", "named tags": "!a ",
		"lines of colons": ":\n", "blocks": "|\n", "reserved": "@", "documents": "---\n", "ends": "...\n", "tabs": "\t",
		"spaces": " ", "newlines": "\n", "comments": "# c\n", "entries": "- 1\n", "carriage": "\r\n", "commas": ",",
		"anchored": "&a x\n", "opened": "[{", "merges": "<<: ", "merge lines": "<<: {a: 1}\n", "keys in lists": "- a: 1\n",
		"zeros": "\x00", "wide": "\u2028", "text": "é", "keys": "a: |\n", "escapes": "\\",
	} {
		for _, file := range []string{"a.yaml", "a.json"} {
			text := []byte("version: v1\nx-a: \"é\"\nnodes: " + strings.Repeat(unit, 60_000/len(unit)))
			var problems []fault.Problem
			bytes := allocated(func() { _, problems = Parse(file, text) })
			if len(problems) == 0 {
				t.Errorf("%s as %s: no problem", name, file)
			}
			if bytes > uint64(perByte*len(text)) {
				t.Errorf("%s as %s: %d bytes allocated for %d bytes of text", name, file, bytes, len(text))
			}
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := `{"version":"v1","nodes":[],` + strings.TrimSuffix(numbered(5000, `"k%d":1,`), ",") + "}"
	_, problems := ParseJSON("a.json", []byte(text))
	if len(problems) != MaxProblems {
		t.Fatalf("%d problems, want %d", len(problems), MaxProblems)
	}
	if last := problems[len(problems)-1].Message; !strings.Contains(last, "4900 more") {
		t.Errorf("the last problem doesn't tell how many are left out: %s", last)
	}
}

// A chain of merges that add nothing costs, though nothing is written.
func TestMergesThatAddNothingAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-0: &a0 {a: 1}\n")
	for i := range 40 {
		fmt.Fprintf(&b, "x-%d: &a%d {a: 1, <<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	_, problems := ParseYAML("a.yaml", []byte(b.String()))
	if len(problems) != 1 || problems[0].Code != fault.CodeTooLarge {
		t.Errorf("problems %v, want one %s", problems, fault.CodeTooLarge)
	}
}
