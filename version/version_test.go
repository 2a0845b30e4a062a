package version

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestFR015_Compatible(t *testing.T) {
	for v, want := range map[string]bool{
		"": true, "v1": true, "V1": true, " v1 ": true, "test-v1": true, "1.0": true, "1.0.0": true, "0.9": true, "1.0.0-2": true,
		"v1.2.0-20251028": true, "client/1.4": true, "sdk@v1": true, "my_client_1": true,
		"2.0.0-1": false, "v2": false, "v99": false, "2.0.0": false, "test-v2": false, "test": false, "vv1": false,
		"99999999999999999999999": false, "-": false,
	} {
		if got := Compatible(v); got != want {
			t.Errorf("Compatible(%q) = %v, want %v", v, got, want)
		}
	}
}

func TestRuntimeIsTheNewestChangelogEntry(t *testing.T) {
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\]`).FindSubmatch(text)
	if m == nil || string(m[1]) != Runtime {
		t.Errorf("CHANGELOG.md's newest entry is %q, Runtime is %q", m, Runtime)
	}
}

func TestMatrixAgreesWithCompatible(t *testing.T) {
	for _, e := range Matrix() {
		if got := Compatible(e.Client); got != e.Compatible {
			t.Errorf("the matrix says %v for client %s, Compatible says %v", e.Compatible, e.Client, got)
		}
	}
}

func TestTheDocumentHasTheMatrix(t *testing.T) {
	text, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Entry
	for _, m := range regexp.MustCompile(`(?m)^\| (v\S+) \| (\S+) \| (yes|no) \| (.+) \|$`).FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, Entry{m[1], m[2], m[3] == "yes", m[4]})
	}
	if !slices.Equal(rows, Matrix()) {
		t.Errorf("docs/compatibility.md has the rows %v, the service tells %v", rows, Matrix())
	}
}
