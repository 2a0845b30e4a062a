package flow

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

// AudioBufferParams are the parameters of AudioBuffer.
type AudioBufferParams struct {
	Size int `param:"buffer_size_samples" required:"true" min:"1" max:"100000000" unit:"frames" doc:"The length of a block, in samples of each channel."`
}

func audioBufferSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "AudioBuffer", Aliases: []string{"audio-buffer"}, Category: Category, Summary: "Cuts audio into blocks of equal length.",
		Doc: "Collects audio and emits it in blocks of exactly `buffer_size_samples` frames, with the very bytes that came in. " +
			"A block has the stamps of its first frame and the metadata of the item that brought it. Another format or stream id, " +
			"and the end of the input, emit the shorter rest.",
		Accepts: node.Audio, Produces: node.Audio, Granularity: node.PerSample, Stateful: true, MultiOutput: true,
		LatencyClass: "medium", Example: `{"buffer_size_samples": 1024}`,
	}, func(p AudioBufferParams, _ node.Env) (node.Processor, error) { return &audioBuffer{size: p.Size}, nil })
}

type audioBuffer struct {
	size  int
	time  state.Timeline
	given int64 // frames emitted in this run
	block state.Gather
}

// Process takes in one item and emits the blocks that it completes.
func (a *audioBuffer) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if !a.time.Continues(b) {
		if err := a.Flush(c); err != nil {
			return err
		}
	}
	a.time.Append(b)
	if a.block.Frames() == 0 && b.Frames() == a.size {
		a.given += int64(a.size)
		return c.Emit(in)
	}
	for at := 0; at < b.Frames(); {
		if err := c.Check(); err != nil {
			return err
		}
		n := min(a.size-a.block.Frames(), b.Frames()-at, node.CheckFrames)
		if err := a.block.Add(c, b, at, at+n, a.size); err != nil {
			return err
		}
		at += n
		if a.block.Frames() == a.size {
			if err := a.emit(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *audioBuffer) emit(c *node.Call) error {
	b, err := a.block.Take(c)
	if b == nil || err != nil {
		return err
	}
	b.Stamp = a.stamp(b)
	a.given += int64(b.Frames())
	return c.EmitAudio(b)
}

// stamp counts from the start of the run, so that it doesn't depend on how the input is cut.
func (a *audioBuffer) stamp(b *audio.Buffer) audio.Stamp {
	start, _ := a.time.Span(a.given, int64(b.Frames()))
	return start
}

// Flush emits the rest.
func (a *audioBuffer) Flush(c *node.Call) error {
	err := a.emit(c)
	a.Reset()
	return err
}

// Reset implements node.Resetter.
func (a *audioBuffer) Reset() {
	a.block.Drop()
	a.time.Reset()
	a.given = 0
}

// Close implements node.Closer.
func (a *audioBuffer) Close() { a.block.Drop() }
