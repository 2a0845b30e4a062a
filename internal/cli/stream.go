package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/remotemedia/remotemedia-go/media"
)

type streamCmd struct {
	Manifest string `arg:"" help:"File of JSON or YAML, - for standard input."`

	Input  string   `short:"i" required:"" placeholder:"[NODE=]PATH" help:"Audio to stream, - for standard input."`
	Data   []string `sep:"none" placeholder:"[NODE=]JSON" help:"A data item for a node, which goes in with the first chunk."`
	Output []string `short:"o" sep:"none" placeholder:"[NODE=]PATH" help:"Where the audio of a node goes, - for standard output."`
	Server string   `placeholder:"HOST:PORT" help:"Stream to this service."`
	accessFlags
	Chunk    chunkLength `default:"100ms" placeholder:"LENGTH" help:"Length of a chunk: a time such as 20ms, or a number of frames. Default ${default}."`
	Realtime bool        `help:"Send each chunk no sooner than a sound card would have recorded it."`

	InFormat  string `enum:"wav,f32le,s16le,s32le" default:"wav" help:"Form of the input: wav, f32le, s16le, s32le."`
	OutFormat string `enum:"same,wav,f32le,s16le,s32le" default:"same" help:"Form of the output; same as the input by default."`
	Rate      int    `placeholder:"HZ" help:"Sample rate of raw input."`
	Channels  int    `default:"1" help:"Channels of raw input."`

	Timeout    time.Duration `help:"Most time for one chunk, for instance 1s. Default 5s."`
	MaxMemory  uint64        `placeholder:"BYTES" help:"Most memory. Default 104857600."`
	MaxSamples uint64        `placeholder:"N" help:"Most samples of one chunk. Default 10485760."`

	JSON  bool `name:"json" help:"Print everything as lines of JSON."`
	Quiet bool `short:"q" help:"Print no report and no level."`
}

// Help is shown below the usage.
func (*streamCmd) Help() string {
	return `Prints a line for each event, such as the start of speech, and for each other data item, as they come, with their media
time; on a terminal also the level of the input. At the end comes the report of run.

  arecord -f S16_LE -r 48000 -t raw | remotemedia stream speech.yaml -i - --in-format s16le --rate 48000
  remotemedia stream speech.yaml -i talk.wav --realtime --chunk 20ms --server 127.0.0.1:50051

An interrupt ends the input: the stream is closed in order, and the files are complete. Lines and report go to standard
output, or to standard error where the audio goes to standard output.`
}

// Run streams the input, here or to a service.
func (c *streamCmd) Run(ctx context.Context, env *Env) error {
	run := c.asRun()
	err := run.check()
	if err == nil {
		err = c.stream(ctx, run, env)
	}
	if err != nil && c.JSON {
		return jsonError{err}
	}
	return err
}

// asRun is the same as a filter: what it checks, reads and writes is the same.
func (c *streamCmd) asRun() *runCmd {
	return &runCmd{
		Manifest: c.Manifest, Input: []string{c.Input}, Data: c.Data, Output: c.Output, Server: c.Server, accessFlags: c.accessFlags, Block: defaultBlock,
		InFormat: c.InFormat, OutFormat: c.OutFormat, Rate: c.Rate, Channels: c.Channels,
		Timeout: c.Timeout, MaxMemory: c.MaxMemory, MaxSamples: c.MaxSamples, JSON: c.JSON, Quiet: c.Quiet,
	}
}

func (c *streamCmd) stream(ctx context.Context, run *runCmd, env *Env) error {
	out := &display{w: env.Stdout, json: c.JSON}
	if run.writes(stdio) > 0 {
		out.w = env.Stderr
	}
	if env.Terminal && !c.Quiet && !c.JSON {
		out.meter = &meter{w: env.Stderr}
	}
	r, err := run.streamed(ctx, env, func(s *source) (int, listener) {
		return c.Chunk.frames(s.format.Rate), &liveListener{display: out, realtime: c.Realtime}
	})
	out.end()
	if r == nil {
		return err
	}
	switch {
	case c.Quiet:
	case c.JSON:
		err = errors.Join(out.line(struct {
			Type string `json:"type"`
			*report
		}{"report", r}), err)
	default:
		r.print(out.w)
	}
	return err
}

// chunkLength is a time or a number of frames; the other is 0.
type chunkLength struct {
	time   time.Duration
	number int
}

// UnmarshalText reads either.
func (l *chunkLength) UnmarshalText(text []byte) (err error) {
	if l.number, err = strconv.Atoi(string(text)); err != nil {
		l.time, err = time.ParseDuration(string(text))
	}
	if err != nil || l.number < 0 || l.number > maxBlock || l.time < 0 || l.time > time.Minute || l.time == 0 && l.number == 0 {
		return fmt.Errorf("expected a time up to 1m such as 100ms, or 1 to %d frames, got %q", maxBlock, text)
	}
	return nil
}

// frames is the length at a sample rate, at least one frame.
func (l *chunkLength) frames(rate int) int {
	if l.number > 0 {
		return l.number
	}
	return min(max(int(l.time.Seconds()*float64(rate)+0.5), 1), maxBlock)
}

// liveListener paces what is sent and shows what comes.
type liveListener struct {
	display  *display
	realtime bool
	pacer    pacer
}

func (l *liveListener) started(s *source) { l.pacer = pacer{rate: s.format.Rate} }

func (l *liveListener) sends(ctx context.Context, chunk media.Audio) {
	if l.realtime {
		l.pacer.wait(ctx, chunk.Frames())
	}
	l.display.sends(chunk)
}

func (l *liveListener) hears(r *media.Result) error { return l.display.hears(r) }

// pacer holds audio back until a sound card would have recorded it. It follows the clock, so that being late once doesn't
// make all that follows late.
type pacer struct {
	rate   int
	began  time.Time
	frames int64
}

// wait returns when so many more frames would have been recorded, or ctx ends.
func (p *pacer) wait(ctx context.Context, frames int) {
	if p.began.IsZero() {
		p.began = time.Now()
	}
	p.frames += int64(frames)
	timer := time.NewTimer(time.Until(p.began.Add(playTime(p.frames, p.rate))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// playTime is how long frames last.
func playTime(frames int64, rate int) time.Duration {
	whole, rest := frames/int64(rate), frames%int64(rate)
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(rate)
}
