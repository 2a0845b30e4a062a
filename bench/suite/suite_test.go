package suite

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

func TestEveryScenarioHasItsWorkItsSubjectsAndANameOfItsOwn(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range Scenarios() {
		if names[s.Name()] {
			t.Errorf("%s is there twice", s.Name())
		}
		names[s.Name()] = true
		var err error
		if s.Mode == Unary {
			_, err = work.NewCall(s.Work)
		} else {
			_, err = work.NewStream(s.Work)
		}
		if err != nil {
			t.Error(err)
		}
		if !slices.Contains(s.Subjects, Service) {
			t.Errorf("%s isn't measured on the service", s.Name())
		}
		for _, subject := range s.Subjects {
			if _, ok := subjects[subject]; !ok {
				t.Errorf("%s: there is no subject %q", s.Name(), subject)
			}
		}
	}
	for _, wanted := range []string{
		"unary, pass 1 s, 1000", "unary, resample 10 s, 100", "unary, calculator, 100", "pipelined, pass, 20 ms, 100",
		"ping, pass, 4096, 1", "idle, pass, 20 ms, 9900", "live, 16 to 8 kHz+VAD, 20 ms, 1000", "climb, 16 to 8 kHz+VAD, 20 ms, 600",
	} {
		if !names[wanted] {
			t.Errorf("there is no scenario %q", wanted)
		}
	}
}

func TestSlugsOfWorksDiffer(t *testing.T) {
	seen := make(map[string]string)
	for _, s := range Scenarios() {
		if other, ok := seen[slug(s.Work)]; ok && other != s.Work {
			t.Errorf("%q and %q would share a file", s.Work, other)
		}
		seen[slug(s.Work)] = s.Work
	}
}

func TestOrderIsShuffledCompleteAndReproducible(t *testing.T) {
	r := Runner{Scale: Scale{Rounds: 3, Once: 1}, Seed: 7, Scenarios: []Scenario{
		{Unary, "a", 1, []string{Service, Raw, OneCopy}}, {Unary, "b", 1, []string{Service, Raw, OneCopy}},
		{Unary, "c", 1, []string{Service, Raw, OneCopy}}, {Idle, "d", 1, []string{Service, OneCopy}},
	}}
	key := func(s step) string {
		c := Cell{Scenario: s.scenario.Name(), Subject: s.subject, Round: s.round}
		return c.Key()
	}
	var order []string
	for _, s := range r.steps() {
		order = append(order, key(s))
	}
	if len(order) != 3*9+2 { // the idle streams are measured once
		t.Fatalf("%d steps: %v", len(order), order)
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(order))); len(sorted) != len(order) {
		t.Error("a step is there twice")
	}
	for i, s := range r.steps() {
		if key(s) != order[i] {
			t.Fatal("an equal seed gives another order")
		}
	}
	r.Seed = 8
	same := 0
	for i, s := range r.steps() {
		if key(s) == order[i] {
			same++
		}
	}
	if same == len(order) {
		t.Error("another seed gives the same order")
	}
}

// What is compared is measured right after one another: the subjects of a scenario are never torn apart.
func TestSubjectsOfAScenarioStayTogether(t *testing.T) {
	r := Runner{Scale: Scales["full"], Scenarios: Scenarios()}
	seen := make(map[string]bool)
	last := ""
	for _, s := range r.steps() {
		now := s.scenario.Name() + string(rune('0'+s.round))
		if now != last && seen[now] {
			t.Fatalf("%s is torn apart", now)
		}
		seen[now], last = true, now
	}
}

func TestScalesPickWhatIsThere(t *testing.T) {
	noPeers := func(subject string) bool { return subject != Python && subject != Rust }
	all := Scenarios()
	full, quick := Scales["full"].Pick(all, noPeers), Scales["quick"].Pick(all, noPeers)
	if len(full) != len(all) || len(quick) >= len(full) || len(quick) == 0 {
		t.Errorf("%d of %d scenarios in a full run, %d in a quick one", len(full), len(all), len(quick))
	}
	for _, s := range full {
		if slices.Contains(s.Subjects, Python) || slices.Contains(s.Subjects, Rust) {
			t.Errorf("%s has a subject that isn't there", s.Name())
		}
	}
	if !slices.ContainsFunc(all, func(s Scenario) bool { return slices.Contains(s.Subjects, Rust) }) {
		t.Error("picking has changed what was picked from")
	}
	if got := Scales["full"].Pick(all, func(string) bool { return false }); got != nil {
		t.Errorf("%d scenarios without a subject", len(got))
	}
}

func TestStateGoesOnWhereItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells")
	h := Header{Scale: "full", Commit: "abc", Machine: machine.Description{Cores: 2}}
	add := func(s *State, cells ...Cell) {
		t.Helper()
		for _, c := range cells {
			if err := s.Add(c); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open := func(h Header) *State {
		t.Helper()
		s, err := OpenState(path, h)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good, bad := Cell{Scenario: "s", Subject: Service, Figures: Figures{Units: 7}}, Cell{Scenario: "s", Subject: Raw, Skipped: "no"}
	add(open(h), good, bad)
	s := open(h)
	if !s.Has(good.Key()) || s.Has(bad.Key()) || len(s.Cells) != 1 || s.Cells[0].Units != 7 {
		t.Errorf("%+v", s.Cells)
	}
	add(s, Cell{Scenario: "t"})

	// A line that wasn't written to its end is as if it weren't there.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, `{"scenario":"cut`...), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(h)
	if len(s.Cells) != 2 {
		t.Errorf("%+v", s.Cells)
	}
	add(s, Cell{Scenario: "u"})
	if s = open(h); len(s.Cells) != 3 {
		t.Errorf("after a cut line: %+v", s.Cells)
	}
	add(s)

	h.Commit = "def"
	if s = open(h); len(s.Cells) != 0 {
		t.Errorf("another revision takes over %+v", s.Cells)
	}
	add(s, good)
	if s = open(h); len(s.Cells) != 1 {
		t.Errorf("%+v", s.Cells)
	}
	add(s)
}

func TestPinsAreRead(t *testing.T) {
	got := parsePins(strings.NewReader("grpcio==1.2\n# soxr==9\nsoxr==1.0\nother==3\n"), pythonPin, []string{"grpcio", "soxr"})
	if want := []Version{{"grpcio", "1.2"}, {"soxr", "1.0"}}; !slices.Equal(got, want) {
		t.Error(got)
	}
	got = parsePins(strings.NewReader("tonic = \"=0.14.9\"\ntokio = { version = \"=1.5\", features = [\"net\"] }\n"), rustPin, []string{"tonic", "tokio"})
	if want := []Version{{"tonic", "0.14.9"}, {"tokio", "1.5"}}; !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := pinned("nowhere", rustPin, "tonic"); got != nil {
		t.Error(got)
	}
}

func TestMissingProgramsAreTold(t *testing.T) {
	f := Folder(t.TempDir())
	if f.Missing(Kernel) != "" || f.Missing("x") == "" || len(f.AllMissing()) != 4 {
		t.Errorf("%q, %q, %v", f.Missing(Kernel), f.Missing("x"), f.AllMissing())
	}
	if err := os.WriteFile(filepath.Join(string(f), rustProgram), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if f.Missing(Rust) != "" || len(f.AllMissing()) != 3 {
		t.Error(f.AllMissing())
	}
}

// A run goes on only with the programs that it began with.
func TestBuildsAreToldApart(t *testing.T) {
	f := Folder(t.TempDir())
	if f.Digest() != "" {
		t.Error("nothing has a digest")
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(string(f), name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(serviceProgram, "a")
	write(echoProgram, "b")
	first := f.Digest()
	write(echoProgram, "c")
	if first == "" || f.Digest() == first {
		t.Errorf("%q and %q", first, f.Digest())
	}
}
