package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/media"
)

// filter streams one input through the pipeline, block by block, in memory that doesn't depend on how much there is.
func (c *runCmd) filter(ctx context.Context, env *Env) error {
	bar := &barListener{env: env}
	defer bar.stop()
	r, err := c.streamed(ctx, env, func(*source) (int, listener) { return cmp.Or(c.Block, defaultBlock), bar })
	if r == nil {
		return err
	}
	return errors.Join(c.print(r, env), err)
}

// listener is told what goes into a stream, on the goroutine that reads, and what comes out, on another.
type listener interface {
	started(s *source)
	sends(ctx context.Context, chunk media.Audio)
	hears(r *media.Result) error
}

// streamed runs one input through a stream. Begin says how many frames a chunk has, and who listens. An interrupt ends the
// input: what the nodes hold back still comes out, the files are complete, and the error is that of ctx.
func (c *runCmd) streamed(ctx context.Context, env *Env, begin func(*source) (int, listener)) (*report, error) {
	l, err := c.newLane(env)
	if err != nil {
		return nil, err
	}
	defer l.close()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	patient := *env
	patient.Stdin = &interruptible{ctx: reading, r: env.Stdin}
	node, path := splitNode(c.Input[0])
	s, err := openSource(node, path, c.raw(), &patient)
	if err != nil {
		return nil, err
	}
	defer s.close()
	f := &filterRun{source: s, outputs: newOutputs(c, env)}
	f.block, f.listener = begin(s)
	err = f.overwrites()
	if err == nil {
		err = l.open(ctx, stop)
	}
	if err == nil {
		err = f.run(reading, l)
	}
	if err = f.outputs.close(err); err != nil {
		return nil, err
	}
	r := newReport(l.name(), c.Server, f.last, f.outputs)
	r.Warnings = append(s.warnings(), r.Warnings...)
	return r, ctx.Err()
}

// filterRun is a stream on its way.
type filterRun struct {
	source   *source
	outputs  *outputs
	listener listener
	block    int           // frames
	last     *media.Result // with the figures of the whole stream
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

func (f *filterRun) run(reading context.Context, l lane) error {
	f.listener.started(f.source)
	for r, err := range l.answers(f.chunks(reading)) {
		if err != nil {
			return err
		}
		f.last = r
		if err := f.listener.hears(r); err != nil {
			return err
		}
		if err := f.outputs.take(r, false); err != nil {
			return err
		}
	}
	return nil
}

// chunks reads the input to its end, or to that of reading. A chunk is good until the next one is asked for.
func (f *filterRun) chunks(reading context.Context) iter.Seq2[client.Chunk, error] {
	return func(yield func(client.Chunk, error) bool) {
		frame := f.source.format.FrameBytes()
		block := make([]byte, f.block*frame)
		for reading.Err() == nil {
			n, err := f.source.read(block)
			if n > 0 {
				a := media.Audio{Format: f.source.format, Bytes: block[:n*frame]}
				f.listener.sends(reading, a)
				if !yield(client.Chunk{Node: f.source.node, Audio: a}, nil) {
					return
				}
			}
			if err == io.EOF || reading.Err() != nil {
				return
			}
			if err != nil {
				yield(client.Chunk{}, f.source.explain(err))
				return
			}
		}
	}
}

// barListener shows how far the input was read.
type barListener struct {
	env *Env
	bar *progress
}

func (b *barListener) started(s *source) { b.bar = startProgress(b.env, s.path, s.frames) }

func (b *barListener) sends(_ context.Context, chunk media.Audio) { b.bar.add(chunk.Frames()) }

func (b *barListener) hears(*media.Result) error { return nil }

func (b *barListener) stop() { b.bar.stop() }

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
