package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/media"
)

// filter streams one input through the pipeline, block by block, in memory that doesn't depend on how much there is. An
// interrupt ends the input: what the nodes hold back still comes out, and the files are complete.
func (c *runCmd) filter(ctx context.Context, env *Env) error {
	p, err := loadPipeline(c.Manifest, env, remotemedia.WithLimits(c.limits()))
	if err != nil {
		return err
	}
	patient := *env
	patient.Stdin = &interruptible{ctx: ctx, r: env.Stdin}
	node, path := splitNode(c.Input[0])
	s, err := openSource(node, path, c.raw(), &patient)
	if err != nil {
		return err
	}
	defer s.close()
	f := &filterRun{source: s, data: c.data(), outputs: newOutputs(c, env), block: c.Block, started: time.Now()}
	err = f.overwrites()
	if err == nil {
		err = f.run(ctx, p, env)
	}
	if err = f.outputs.close(err); err != nil {
		return err
	}
	r := newReport(p.Name(), "", f.last, f.outputs)
	r.Warnings = append(s.warnings(), r.Warnings...)
	return errors.Join(c.print(r, env), ctx.Err())
}

// filterRun is a stream on its way.
type filterRun struct {
	source  *source
	data    map[string]json.RawMessage // joins the first block
	outputs *outputs
	block   int // frames, 0 for the default
	started time.Time
	last    *media.Result // of the flush: its figures are those of the whole stream
}

// overwrites refuses to write to the file that is being read.
func (f *filterRun) overwrites() error {
	for _, s := range f.outputs.sinks {
		if s.path != stdio && s.path == f.source.path {
			return usagef("%s is both input and output: a stream can't overwrite what it reads", s.path)
		}
	}
	return nil
}

func (f *filterRun) run(ctx context.Context, p *remotemedia.Pipeline, env *Env) error {
	stream, err := p.Open()
	if err != nil {
		return err
	}
	defer stream.Close()
	bar := startProgress(env, f.source.path, f.source.frames)
	defer bar.stop()
	if f.block == 0 {
		f.block = defaultBlock
	}
	block := make([]byte, f.block*f.source.format.FrameBytes())
	// A turn is short and has its own limit: it isn't cut, so that what was read isn't lost.
	turns := context.WithoutCancel(ctx)
	for {
		n, err := f.source.read(block)
		if n > 0 {
			if err := f.push(turns, stream, block[:n*f.source.format.FrameBytes()]); err != nil {
				return err
			}
			bar.add(n)
		}
		switch {
		case err == io.EOF, ctx.Err() != nil:
			return f.flush(turns, stream)
		case err != nil:
			return f.source.explain(err)
		}
	}
}

func (f *filterRun) push(ctx context.Context, stream *remotemedia.Stream, block []byte) error {
	in := media.Inputs{
		Audio: map[string]media.Audio{f.source.node: {Format: f.source.format, Bytes: block}},
		Data:  f.data,
	}
	f.data = nil
	result, err := stream.Push(ctx, in)
	if err != nil {
		return err
	}
	return f.outputs.take(result, false)
}

func (f *filterRun) flush(ctx context.Context, stream *remotemedia.Stream) error {
	result, err := stream.Flush(ctx)
	if err != nil {
		return err
	}
	result.Metrics.Wall = time.Since(f.started)
	f.last = result
	return f.outputs.take(result, false)
}

// interruptible is a reader whose waiting ends with a context. What the read that was left alone brings is lost.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read reads on a goroutine, since a read of a terminal or a pipe can't be called off.
func (i *interruptible) Read(p []byte) (int, error) {
	type outcome struct {
		n   int
		err error
	}
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	own := make([]byte, min(len(p), 64<<10))
	done := make(chan outcome, 1)
	go func() {
		n, err := i.r.Read(own)
		done <- outcome{n, err}
	}()
	select {
	case o := <-done:
		return copy(p, own[:o.n]), o.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}
