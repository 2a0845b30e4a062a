package suite

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Runner runs scenarios in rounds.
type Runner struct {
	Folder    Folder
	Scale     Scale
	Scenarios []Scenario
	Seed      uint64    // of the order
	Progress  io.Writer // a line for each measurement
	State     *State    // what was measured before, and where each measurement is kept

	works   works
	answers map[string]int // length of the answers of the echoes
}

// step is a measurement to come.
type step struct {
	scenario *Scenario
	subject  string
	round    int
}

// steps gives all measurements in their order: in each round every scenario, shuffled, and in each scenario its subjects, shuffled and
// one right after another, so that what is compared was measured within seconds. Equal seeds give equal orders.
func (r *Runner) steps() []step {
	var all []step
	for round := range r.Scale.Rounds {
		random := rand.New(rand.NewPCG(r.Seed, uint64(round)))
		for _, i := range random.Perm(len(r.Scenarios)) {
			s := &r.Scenarios[i]
			if round >= r.Scale.rounds(s) {
				continue
			}
			for _, j := range random.Perm(len(s.Subjects)) {
				all = append(all, step{s, s.Subjects[j], round})
			}
		}
	}
	return all
}

// Run measures what wasn't measured before. A measurement that fails is kept as such, and the run goes on: only the end of ctx, or a
// state that can't be kept, ends it.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.Prepare(ctx, r.Scenarios); err != nil {
		return err
	}
	steps := r.steps()
	began, measured := time.Now(), 0
	for i, st := range steps {
		key := (&Cell{Scenario: st.scenario.Name(), Subject: st.subject, Round: st.round}).Key()
		if r.State.Has(key) {
			continue
		}
		cell, err := r.measureCell(ctx, st.scenario, st.subject, st.round)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			cell.Skipped = err.Error()
		}
		if err := r.State.Add(cell); err != nil {
			return err
		}
		measured++
		left := time.Since(began) / time.Duration(measured) * time.Duration(len(steps)-i-1)
		fmt.Fprintf(r.Progress, "%4d/%d  about %s left  %s\n", i+1, len(steps), left.Round(time.Second), cell.line())
	}
	return nil
}

// line tells of a cell in the progress.
func (c *Cell) line() string {
	name := fmt.Sprintf("%-36s %-15s", c.Scenario, c.Subject)
	switch {
	case c.Skipped != "":
		return name + " FAILED: " + c.Skipped
	case c.StreamRSS > 0:
		return fmt.Sprintf("%s %.1f KB a stream, %d lost", name, c.StreamRSS, c.Failed)
	}
	if c.Streams > 0 {
		name += fmt.Sprintf(" %d on time", c.Streams)
	}
	text := fmt.Sprintf("%s %9.0f/s  p50 %8.0f us  p99 %8.0f us  CPU %6.0f us  RSS %5.0f MB", name, c.Rate, c.P50, c.P99, c.ServerCPU, c.PeakRSS)
	if c.Failed > 0 {
		text += fmt.Sprintf("  %d FAILED: %s", c.Failed, c.Example)
	}
	return text
}
