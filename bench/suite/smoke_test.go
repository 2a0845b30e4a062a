package suite

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/benchtest"
)

// One round with a few requests to every Go server, in every mode: as many right answers as there were requests, and none wrong.
func TestT087_EveryServerAnswersRight(t *testing.T) {
	f := Folder(benchtest.Programs(t))
	scenarios := []Scenario{
		{Unary, "pass 1 s", 2, []string{Service, Quiet, Secure, Raw, NoOp, OneCopy, Default}},
		{Unary, "resample 1 s", 1, []string{Service, Raw, NoOp, OneCopy, Default, Kernel}},
		{Unary, "resample+VAD 1 s", 1, []string{Service, OneCopy}},
		{Unary, "calculator", 1, []string{Service, OneCopy}},
		{Ping, "pass, 4096", 1, []string{Service, Raw, NoOp, OneCopy, Default}},
		{Pipelined, "pass, 20 ms", 2, []string{Service, Raw, NoOp, OneCopy, Default}},
		{Pipelined, "resample, 4096", 1, []string{Service}},
		{Ping, "resample, 4096", 2, []string{Service, OneCopy}},
		{Live, "resample+VAD, 20 ms", 2, []string{Service, OneCopy}},
		{Climb, "16 to 8 kHz+VAD, 20 ms", 6, []string{Service, OneCopy}},
		{Idle, "pass, 20 ms", 3, []string{Service, Secure, OneCopy}},
	}
	state, err := OpenState(filepath.Join(t.TempDir(), "cells"), Header{Scale: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	const count = 25
	var progress bytes.Buffer
	r := &Runner{
		Folder: f, Scale: Scale{Rounds: 1, Measure: 10 * time.Millisecond, Live: time.Second, Once: 1, Count: count},
		Scenarios: scenarios, Progress: &progress, State: state,
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, s := range scenarios {
		want += len(s.Subjects)
		for _, subject := range s.Subjects {
			checkSmoke(t, state, &s, subject, count)
		}
	}
	if got := strings.Count(progress.String(), "\n"); len(state.Cells) != want || got != want {
		t.Errorf("%d measurements and %d lines of progress: expected %d", len(state.Cells), got, want)
	}
	// What was measured isn't measured again.
	if err := r.Run(t.Context()); err != nil || len(state.Cells) != want {
		t.Errorf("a second run: %v, %d measurements", err, len(state.Cells))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err == nil {
		t.Error("a run that was canceled told nothing of it")
	}
}

func checkSmoke(t *testing.T, state *State, s *Scenario, subject string, count int) {
	t.Helper()
	want := uint64(count * s.Concurrency)
	if s.Mode == Idle {
		want = uint64(s.Concurrency)
	}
	for _, c := range state.Cells {
		if c.Scenario != s.Name() || c.Subject != subject {
			continue
		}
		if c.Skipped != "" || c.Failed > 0 {
			t.Errorf("%s on %s: %d wrong: %v %s %s", c.Scenario, c.Subject, c.Failed, c.Errors, c.Example, c.Skipped)
		}
		switch {
		case subject == Kernel:
			want = max(1, c.Units)
		case s.Mode == Climb: // how many are on time is a matter of the machine
			want = uint64(count * max(c.Streams, s.levels()[0]))
		}
		if c.Units != want {
			t.Errorf("%s on %s: %d right answers, not %d", c.Scenario, c.Subject, c.Units, want)
		}
		return
	}
	t.Errorf("%s wasn't measured on %s", s.Name(), subject)
}
