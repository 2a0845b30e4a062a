package cli

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/media"
)

type runCmd struct {
	Manifest string `arg:"" help:"File of JSON or YAML, - for standard input."`

	Input  []string `short:"i" sep:"none" placeholder:"[NODE=]PATH" help:"Audio for a node, - for standard input. The node may be left out where only one is at the start."`
	Data   []string `sep:"none" placeholder:"[NODE=]JSON" help:"A data item for a node."`
	Output []string `short:"o" sep:"none" placeholder:"[NODE=]PATH" help:"Where the audio of a node goes, - for standard output."`
	Events string   `placeholder:"PATH" help:"Write every data item as a line of JSON, as it comes."`
	Server string   `placeholder:"HOST:PORT" help:"Run on this service."`
	accessFlags

	InFormat  string `enum:"wav,f32le,s16le,s32le" default:"wav" help:"Form of the input: wav, f32le, s16le, s32le."`
	OutFormat string `enum:"same,wav,f32le,s16le,s32le" default:"same" help:"Form of the output; same as the input by default."`
	Rate      int    `placeholder:"HZ" help:"Sample rate of raw input."`
	Channels  int    `default:"1" help:"Channels of raw input."`
	Block     int    `placeholder:"FRAMES" help:"Stream the input in blocks of so many frames; 4096 for standard input."`

	Timeout    time.Duration `help:"Most time, for instance 10s; in a stream for one block. Default 5s."`
	MaxMemory  uint64        `placeholder:"BYTES" help:"Most memory. Default 104857600."`
	MaxSamples uint64        `placeholder:"N" help:"Most samples of one input. Default 10485760."`

	JSON  bool `name:"json" help:"Print the report, or the error, as JSON."`
	Quiet bool `short:"q" help:"Print no report, only warnings, to standard error."`
}

// Help is shown below the usage.
func (*runCmd) Help() string {
	return `With files, the whole input runs at once. With -i - or --block it streams in blocks, in memory that doesn't grow, so
that the command works as a filter:

  arecord -f S16_LE -r 48000 -t raw | remotemedia run speech.yaml -i - -o - --in-format s16le --rate 48000 | ...

The report goes to standard output, or to standard error where the audio goes to standard output.`
}

const (
	defaultBlock = 4096
	maxBlock     = 1 << 22
)

// Run runs the pipeline streaming or at once, here or on a service.
func (c *runCmd) Run(ctx context.Context, env *Env) error {
	err := c.check()
	if err == nil {
		err = c.run(ctx, env)
	}
	if err != nil && c.JSON {
		return jsonError{err}
	}
	return err
}

func (c *runCmd) run(ctx context.Context, env *Env) error {
	if c.streams() {
		return c.filter(ctx, env)
	}
	return c.whole(ctx, env)
}

func (c *runCmd) check() error {
	streams := c.streams()
	switch {
	case streams && len(c.Input) != 1:
		return usagef("a stream has exactly one input, given are %d", len(c.Input))
	case c.Block < 0 || c.Block > maxBlock:
		return usagef("--block is %d: expected 1 to %d frames", c.Block, maxBlock)
	case c.Manifest == stdio && c.reads(stdio):
		return usagef("manifest and audio can't both come from standard input")
	case c.writes(stdio) > 1 || c.writes(stdio) == 1 && c.Events == stdio:
		return usagef("only one thing can go to standard output")
	case c.InFormat != formatWAV && c.Rate == 0:
		return usagef("raw input needs --rate, and --channels unless it is mono")
	}
	if c.OutFormat == "same" {
		c.OutFormat = c.InFormat
	}
	return c.checkTwice()
}

// checkTwice refuses a node, or the place of one, that is named twice.
func (c *runCmd) checkTwice() error {
	for flag, arguments := range map[string][]string{"-i": c.Input, "--data": c.Data, "-o": c.Output} {
		var seen []string
		for _, a := range arguments {
			node, _ := splitNode(a)
			if slices.Contains(seen, node) {
				return usagef("%s is given twice for the same node %q: name another one, as in %s NODE=...", flag, node, flag)
			}
			seen = append(seen, node)
		}
	}
	return nil
}

func (c *runCmd) streams() bool { return c.Block > 0 || c.reads(stdio) }

func (c *runCmd) reads(path string) bool {
	return slices.ContainsFunc(c.Input, func(a string) bool { _, p := splitNode(a); return p == path })
}

func (c *runCmd) writes(path string) (n int) {
	for _, a := range c.Output {
		if _, p := splitNode(a); p == path {
			n++
		}
	}
	return n
}

func (c *runCmd) raw() rawFormat { return rawFormat{c.InFormat, c.Rate, c.Channels} }

func (c *runCmd) limits() media.Limits {
	return media.Limits{MemoryBytes: c.MaxMemory, Timeout: c.Timeout, Samples: c.MaxSamples}
}

// data gives the data inputs by node.
func (c *runCmd) data() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(c.Data))
	for _, a := range c.Data {
		node, text := splitNode(a)
		out[node] = json.RawMessage(text)
	}
	return out
}

// whole reads all the input, runs once, and writes all the output.
func (c *runCmd) whole(ctx context.Context, env *Env) error {
	in, notes, err := c.readInputs(env)
	if err != nil {
		return err
	}
	bar := startProgress(env, c.Manifest, -1)
	name, result, err := c.execute(ctx, in, env)
	bar.stop()
	if err != nil {
		return err
	}
	outputs := newOutputs(c, env)
	err = outputs.take(result, true)
	if err = outputs.close(err); err != nil {
		return err
	}
	r := newReport(name, c.Server, result, outputs)
	r.Warnings = append(notes, r.Warnings...)
	return c.print(r, env)
}

func (c *runCmd) readInputs(env *Env) (in media.Inputs, notes []string, err error) {
	in = media.Inputs{Audio: make(map[string]media.Audio), Data: c.data()}
	limit := max(c.MaxSamples, engine.MaxLimits().Samples)
	for _, argument := range c.Input {
		node, path := splitNode(argument)
		s, err := openSource(node, path, c.raw(), env)
		if err != nil {
			return in, nil, err
		}
		in.Audio[s.node], err = s.readAll(limit)
		s.close()
		if err != nil {
			return in, nil, err
		}
		notes = append(notes, s.warnings()...)
	}
	return in, notes, nil
}

// execute runs once, here or on the service.
func (c *runCmd) execute(ctx context.Context, in media.Inputs, env *Env) (name string, r *media.Result, err error) {
	if c.Server != "" {
		return c.executeRemote(ctx, in, env)
	}
	p, err := loadPipeline(c.Manifest, env, remotemedia.WithLimits(c.limits()))
	if err != nil {
		return "", nil, err
	}
	r, err = p.Run(ctx, in)
	return p.Name(), r, err
}

func (c *runCmd) print(r *report, env *Env) error {
	w := env.Stdout
	if c.writes(stdio) > 0 || c.Events == stdio {
		w = env.Stderr
	}
	switch {
	case c.JSON:
		return writeJSON(w, r)
	case c.Quiet:
		r.printWarnings(env.Stderr)
	default:
		r.print(w)
	}
	return nil
}
