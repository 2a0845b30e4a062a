package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// Cell is one measurement: a scenario on a server in a round.
type Cell struct {
	Scenario string `json:"scenario"`
	Subject  string `json:"subject"`
	Round    int    `json:"round"`
	Figures
	Errors     map[string]uint64 `json:"errors,omitempty"`
	Example    string            `json:"example,omitempty"` // of an error
	Skipped    string            `json:"skipped,omitempty"` // why it couldn't be measured
	LoadBefore float64           `json:"load_before"`       // average of the machine
	LoadAfter  float64           `json:"load_after"`
	At         time.Time         `json:"at"`
}

// Figures are what was measured. Units are calls or chunks.
type Figures struct {
	Units       uint64  `json:"units"`
	Failed      uint64  `json:"failed"`
	Late        uint64  `json:"late"` // answers after the next chunk was due, of live streams
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"per_second"`
	P50         float64 `json:"p50_us"`
	P95         float64 `json:"p95_us"`
	P99         float64 `json:"p99_us"`
	Max         float64 `json:"max_us"`
	LatenessP99 float64 `json:"lateness_p99_us"`  // of the generator
	ServerCPU   float64 `json:"server_cpu_us"`    // for a unit
	OwnCPU      float64 `json:"generator_cpu_us"` // for a unit
	ServerShare float64 `json:"server_cores"`     // of CPU, in cores
	OwnShare    float64 `json:"generator_cores"`
	BaseRSS     float64 `json:"base_rss_mb"` // of the server before the load
	PeakRSS     float64 `json:"peak_rss_mb"`
	OpenedRSS   float64 `json:"opened_rss_kb"`     // for an idle stream, right after all were opened
	StreamRSS   float64 `json:"stream_rss_kb"`     // for an idle stream, at the end
	Streams     int     `json:"streams,omitempty"` // of a climb: how many were on time, at most
}

// Key names a cell in the state of a run.
func (c *Cell) Key() string { return fmt.Sprintf("%s|%s|%d", c.Scenario, c.Subject, c.Round) }

// LateShare is the share of live chunks that were answered late, or not at all, in percent.
func (f *Figures) LateShare() float64 {
	if f.Units+f.Failed == 0 {
		return 0
	}
	return 100 * float64(f.Late+f.Failed) / float64(f.Units+f.Failed)
}

const megabyte = 1e6

// measureCell starts the server, loads it, and ends it.
func (r *Runner) measureCell(ctx context.Context, s *Scenario, subject string, round int) (Cell, error) {
	cell := Cell{Scenario: s.Name(), Subject: subject, Round: round, LoadBefore: machine.Load(), At: time.Now().UTC().Truncate(time.Second)}
	var err error
	switch {
	case subject == Kernel:
		cell.Figures, err = measureKernel(r.Scale)
	case s.Mode == Climb:
		err = climb(s.levels(), &cell, func(streams int, cell *Cell) error {
			level := *s
			level.Concurrency = streams
			return r.loadServer(ctx, &level, cell)
		})
	default:
		err = r.loadServer(ctx, s, &cell)
	}
	cell.LoadAfter = machine.Load()
	return cell, err
}

// loadServer loads a server that is started for it.
func (r *Runner) loadServer(ctx context.Context, s *Scenario, cell *Cell) error {
	server, err := r.Folder.Start(ctx, cell.Subject, s)
	if err != nil {
		return err
	}
	return errors.Join(r.loadCell(ctx, s, server, cell), server.Stop())
}

func (r *Runner) loadCell(ctx context.Context, s *Scenario, server *process.Server, cell *Cell) error {
	config, err := r.config(s, cell.Subject, server)
	if err != nil {
		return err
	}
	before, err := machine.UsageOf(server.PID)
	if err != nil {
		return err
	}
	result, err := load.Run(ctx, config)
	if err != nil {
		return fmt.Errorf("%s on %s: %w", cell.Scenario, cell.Subject, err)
	}
	after, err := machine.UsageOf(server.PID)
	if err != nil {
		return err
	}
	cell.fill(result)
	if cell.Units+cell.Failed == 0 {
		return fmt.Errorf("%s on %s: nothing was answered within %v, the time of the measurement", cell.Scenario, cell.Subject, config.Duration)
	}
	cell.BaseRSS, cell.PeakRSS = float64(before.RSS)/megabyte, float64(after.PeakRSS)/megabyte
	return nil
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// fill takes over what the generator measured.
func (c *Cell) fill(r *load.Result) {
	latency := r.Of(load.Latency)
	c.Figures = Figures{
		Units: r.Units, Failed: r.Failed, Late: r.Late, Seconds: r.Elapsed.Seconds(), Rate: r.Throughput(),
		P50: us(latency.Quantile(0.5)), P95: us(latency.Quantile(0.95)), P99: us(latency.Quantile(0.99)), Max: us(latency.Max()),
		LatenessP99: us(r.Of(load.Lateness).Quantile(0.99)), ServerCPU: us(r.CPUPerUnit()), OwnCPU: us(r.GeneratorCPUPerUnit()),
	}
	if c.Seconds > 0 {
		c.OwnShare = r.Generator.CPU.Seconds() / c.Seconds
		if r.Server != nil {
			c.ServerShare = r.Server.CPU.Seconds() / c.Seconds
		}
	}
	if idle := r.Idle; idle != nil {
		c.Units, c.Failed = uint64(idle.Streams-idle.Lost), uint64(idle.Lost)
		each := func(held uint64) float64 { return (float64(held) - float64(idle.Before)) / float64(idle.Streams) / 1e3 }
		c.OpenedRSS = each(idle.After)
		if c.StreamRSS = c.OpenedRSS; r.Server != nil {
			c.StreamRSS = each(r.Server.RSSLast)
		}
	}
	for _, f := range r.Failures {
		if c.Errors == nil {
			c.Errors, c.Example = make(map[string]uint64), f.Example
		}
		c.Errors[f.Class.String()] += f.Count
	}
}

// MarshalLine makes one line of the state of a run.
func (c *Cell) MarshalLine() ([]byte, error) {
	line, err := json.Marshal(c)
	return append(line, '\n'), err
}
