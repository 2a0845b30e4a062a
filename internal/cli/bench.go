package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

type benchCmd struct {
	connectFlags

	Manifest string `arg:"" optional:"" help:"File of JSON or YAML, - for standard input; without one, --pipeline says what is run."`
	Pipeline string `enum:"passthrough,resample,resample-vad,calculator" default:"passthrough" help:"What is run without a manifest: ${enum}. Default ${default}."`

	Stream   bool `help:"Stream the audio chunk by chunk, instead of calls with all of it."`
	Realtime bool `help:"Send each chunk when it is due on the clock of the audio; implies --stream."`

	Connections int           `short:"c" default:"1" placeholder:"N" help:"Connections that calls and streams are spread over. Default ${default}."`
	Concurrency int           `short:"n" aliases:"streams" default:"1" placeholder:"N" help:"Calls or streams at once in a closed loop. 0 only holds --idle streams. Default ${default}."`
	Rate        *float64      `placeholder:"N" help:"Open loop: begin so many calls or streams a second, whatever became of those before."`
	Ramp        []ramp        `placeholder:"FROM:TO:TIME" help:"Open loop whose rate goes evenly from one value to another, such as 100:1000:30s; again for further stages."`
	Poisson     bool          `help:"Begin them at random, as independent callers do, instead of evenly."`
	Outstanding int           `default:"10000" placeholder:"N" help:"Most calls or streams at once in an open loop; what is due beyond is counted as unstarted. Default ${default}."`
	Duration    time.Duration `short:"d" placeholder:"TIME" help:"Length of the measurement. Default 10s, unless --requests says when to end."`
	Requests    uint64        `placeholder:"N" help:"End after so many calls or streams, those of the warm-up among them."`
	Warmup      time.Duration `default:"1s" placeholder:"TIME" help:"Load before the measurement. Default ${default}."`
	Stagger     time.Duration `placeholder:"TIME" help:"Time over which the calls or streams of a closed loop first begin. Default: none, with --realtime a chunk."`
	Timeout     time.Duration `default:"10s" placeholder:"TIME" help:"Most time of a call, and of a stream's silence. Default ${default}."`
	Deadline    time.Duration `aliases:"chunk-deadline" placeholder:"TIME" help:"Answers that come later after they were due count as late. Default: none, with --realtime a chunk."`
	Retries     int           `default:"0" placeholder:"N" help:"Further attempts when the service refuses; its pushback is obeyed. Default ${default}."`
	Seed        uint64        `default:"1" placeholder:"N" help:"Of generated audio and random arrivals. Default ${default}."`

	Audio         string      `placeholder:"[NODE=]WAV" help:"Audio to send, instead of a generated signal."`
	Data          string      `placeholder:"[NODE=]JSON" help:"A data item to send, instead of audio."`
	Seconds       float64     `default:"1" placeholder:"N" help:"Length of the generated signal. Default ${default}."`
	RateHz        int         `default:"44100" placeholder:"HZ" help:"Its sample rate. Default ${default}."`
	Channels      int         `default:"1" placeholder:"N" help:"Its channels. Default ${default}."`
	Format        string      `enum:"f32le,s16le,s32le" default:"f32le" help:"Its encoding: ${enum}. Default ${default}."`
	Chunk         chunkLength `default:"100ms" placeholder:"LENGTH" help:"Length of a chunk: a time such as 20ms, or a number of frames. Default ${default}."`
	StreamSeconds float64     `placeholder:"N" help:"Length of a stream, in seconds of audio, which begins anew where it ends. Default: all audio once, with --realtime the whole run."`
	Window        int         `default:"1" placeholder:"N" help:"Chunks of a stream that may be without their answer, unless it is in real time. Default ${default}."`
	Check         string      `enum:"sample,full,length,none" default:"sample" help:"How answers are compared with the first: ${enum}. Default ${default}."`

	Idle            int `placeholder:"N" help:"Streams that are opened before and only held."`
	IdleConnections int `placeholder:"N" help:"Connections of the idle streams. Default: one each."`
	PID             int `name:"pid" placeholder:"N" help:"Process of the service, on this machine: its CPU time and memory are told. Linux only."`

	FailIf []string `placeholder:"CONDITION" sep:"none" help:"Exit with code 5 when it holds, such as 'p99>5ms', 'errors>0.1%', 'throughput<8000' or 'late>0.1%'; may be given again."`
	JSON   string   `name:"json" placeholder:"FILE" help:"Write the report as JSON, - for standard output."`
	Plot   string   `placeholder:"FILE" help:"Draw latency and throughput: FILE.svg or FILE.png."`
	HDR    string   `name:"hdr" placeholder:"FILE" help:"Write the distributions as an HDR histogram log."`
	Quiet  bool     `short:"q" help:"Print no report and no progress."`
}

// Help is shown below the usage.
func (*benchCmd) Help() string {
	return `Puts a service under load and tells its latency, free of coordinated omission, its throughput and its errors. The first answer is
decoded in full; all others are compared with it without decoding them, so that the load generator costs little.

  remotemedia bench --pipeline resample -n 10 -d 30s
  remotemedia bench speech.yaml --rate 500 --poisson --fail-if 'p99>5ms' --fail-if 'errors>0'
  remotemedia bench --pipeline resample-vad --realtime --streams 100 --chunk 20ms --plot live.svg

Conditions of --fail-if compare with > >= < <=: p0 to p100, min, mean and max of the latency, or of another measure (first.p99,
final.max, stream, open, service, lateness, failed); errors, late and unstarted as a percentage or a number; throughput and goodput a
second; cpu (the service's time for a call or chunk), rss, and lost idle streams.`
}

// ramp is a stage of --ramp.
type ramp load.Stage

// UnmarshalText reads FROM:TO:TIME.
func (r *ramp) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) == 3 {
		from, err1 := strconv.ParseFloat(parts[0], 64)
		to, err2 := strconv.ParseFloat(parts[1], 64)
		d, err3 := time.ParseDuration(parts[2])
		if errors.Join(err1, err2, err3) == nil {
			*r = ramp{From: from, To: to, For: d}
			return nil
		}
	}
	return fmt.Errorf("expected FROM:TO:TIME such as 100:1000:30s, got %q", text)
}

// Run puts the service under load and reports.
func (c *benchCmd) Run(ctx context.Context, env *Env) error {
	thresholds, err := c.thresholds()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	config, err := c.config(ctx, env)
	if err != nil {
		return err
	}
	service := c.serviceVersion(ctx)
	stop := c.showProgress(env, &config)
	result, err := load.Run(ctx, config)
	stop()
	if result == nil {
		return c.unreachable(err)
	}
	b := &benchReport{cmd: c, result: result, service: service}
	for _, t := range thresholds {
		b.verdicts = append(b.verdicts, t.Check(result))
	}
	if err := errors.Join(b.write(env), err); err != nil {
		return err
	}
	return b.judge()
}

func (c *benchCmd) thresholds() ([]load.Threshold, error) {
	var out []load.Threshold
	for _, text := range c.FailIf {
		t, err := load.ParseThreshold(text)
		if err != nil {
			return nil, usagef("--fail-if: %v", err)
		}
		if t.NeedsProcess() && c.PID == 0 {
			return nil, usagef("--fail-if %q needs --pid, the process of the service", text)
		}
		out = append(out, t)
	}
	return out, nil
}

// check refuses flags that don't fit each other; what single values may be is checked where they are used.
func (c *benchCmd) check() error {
	c.Stream = c.Stream || c.Realtime
	switch {
	case c.Rate != nil && len(c.Ramp) > 0:
		return usagef("--rate and --ramp are both given: expected one")
	case c.Poisson && !c.open():
		return usagef("--poisson needs --rate or --ramp: a closed loop has no arrivals")
	case c.Rate != nil && !(*c.Rate > 0):
		return usagef("--rate is %v: expected more than 0", *c.Rate)
	case len(c.Ramp) > 0 && c.Duration != 0:
		return usagef("--duration and --ramp are both given: the stages have their own length")
	case c.Concurrency == 0 && c.Idle == 0:
		return usagef("--concurrency 0 needs --idle: there is nothing to do")
	case c.Audio != "" && c.Data != "":
		return usagef("--audio and --data are both given: expected one")
	case !(c.StreamSeconds >= 0 && c.StreamSeconds <= 86400):
		return usagef("--stream-seconds is %v: expected at most a day, 86400", c.StreamSeconds)
	case c.JSON == stdio && (c.Plot == stdio || c.HDR == stdio) || c.Plot == stdio && c.HDR == stdio:
		return usagef("only one thing can go to standard output")
	}
	_, err := plotFormat(c.Plot)
	return err
}

func (c *benchCmd) open() bool { return c.Rate != nil || len(c.Ramp) > 0 }

// showProgress shows a line on a terminal, and gives what takes it away.
func (c *benchCmd) showProgress(env *Env, config *load.Config) (stop func()) {
	if !env.Terminal || c.Quiet {
		return func() {}
	}
	var last load.Progress
	config.Progress = func(p load.Progress) {
		rate := float64(p.Units-last.Units) / (p.Elapsed - last.Elapsed).Seconds()
		fmt.Fprintf(env.Stderr, "\r\033[K%4.0f s  %.0f/s, %d right, %d failed", p.Elapsed.Seconds(), rate, p.Units, p.Failed)
		last = p
	}
	return func() { io.WriteString(env.Stderr, "\r\033[K") }
}
