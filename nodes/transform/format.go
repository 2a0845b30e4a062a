package transform

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// FormatParams are the parameters of AudioFormatConverter.
type FormatParams struct {
	Target string `param:"target_format" enum:"f32,i16,i32" default:"f32" doc:"The encoding of the samples that go out."`
	Dither string `param:"dither" enum:"none,tpdf" default:"none" doc:"Noise that is added before precision is reduced: tpdf turns the distortion of quiet signals into an even hiss."`
}

// Output implements node.Formatter.
func (p FormatParams) Output(in audio.Format) (audio.Format, error) {
	in.Encoding = p.encoding()
	return in, nil
}

func (p FormatParams) encoding() pcm.Encoding {
	e, _ := pcm.Parse(p.Target) // the enum admits nothing else
	return e
}

func formatSpec() node.Spec {
	return node.Define(node.Spec{
		Name:     "AudioFormatConverter",
		Aliases:  []string{"AudioFormatConverterNode", "FormatConverterNode", "RustFormatConverterNode", "FastFormatConverter", "fast_format_converter"},
		Category: Category, Summary: "Changes the encoding of the samples.",
		Doc: "Integers become floats by division by their full scale (32768 or 2147483648), floats become integers by " +
			"multiplication with it, rounded half to even and saturated; a warning counts what was clipped. From i16 to i32 " +
			"and back it shifts, so that no bit is lost; i16 to f32 and back is the identity. Audio that has the target's " +
			"encoding passes untouched. An item of no frames changes its format too.",
		Accepts: node.Audio, Produces: node.Audio, Granularity: node.PerSample, LatencyClass: "realtime",
		Example: `{"target_format": "i16", "dither": "tpdf"}`,
	}, newFormat)
}

// ditherSeed makes the noise the same in every run, as all of a pipeline's results are.
const ditherSeed = 1

type format struct {
	target  pcm.Encoding
	convert func(dst, src []byte, to, from pcm.Encoding) (clipped int)
	encode  func(dst []byte, src [][]float32, e pcm.Encoding) (clipped int)
	dither  bool
	views   [][]float32 // of a block, reused
}

func newFormat(p FormatParams, _ node.Env) (node.Processor, error) {
	f := &format{target: p.encoding(), dither: p.Dither == "tpdf"}
	f.Reset()
	return f, nil
}

// Reset implements node.Resetter.
func (f *format) Reset() {
	f.convert, f.encode = pcm.Convert, pcm.Encode
	if f.dither {
		d := pcm.NewDither(ditherSeed)
		f.convert, f.encode = d.Convert, d.Encode
	}
}

// Process converts one item.
func (f *format) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if b.Format.Encoding == f.target {
		return c.EmitAudio(b)
	}
	out, clipped, err := f.render(c, b)
	if err != nil {
		return err
	}
	if clipped > 0 {
		c.Warnf("%d samples were beyond full scale and were clipped", clipped)
	}
	out.Stamp, out.Metadata = b.Stamp, b.Metadata
	return c.EmitAudio(out)
}

// render makes the new buffer: from the bytes where they are integers as they came, else from the samples, whose floats
// are to be free of what isn't finite.
func (f *format) render(c *node.Call, b *audio.Buffer) (out *audio.Buffer, clipped int, err error) {
	raw, untouched := b.Raw()
	if untouched && b.Format.Encoding != pcm.F32 {
		return f.write(c, b, func(dst []byte, from, to int) int {
			size := b.Format.FrameBytes()
			return f.convert(dst, raw[from*size:to*size], f.target, b.Format.Encoding)
		})
	}
	x, err := c.Samples(b)
	if err != nil {
		return nil, 0, err
	}
	if f.target == pcm.F32 {
		out, err = b.WithEncoding(c.Account(), pcm.F32)
		if err != nil {
			return nil, 0, err
		}
		return c.Adopt(out), 0, c.Check()
	}
	return f.write(c, b, func(dst []byte, from, to int) int {
		f.views = window(f.views, x, from, to)
		return f.encode(dst, f.views, f.target)
	})
}

// write makes a buffer of the target's encoding block by block.
func (f *format) write(c *node.Call, b *audio.Buffer, block func(dst []byte, from, to int) (clipped int)) (*audio.Buffer, int, error) {
	to := b.Format
	to.Encoding = f.target
	memory, err := c.Account().Alloc(b.Frames() * to.FrameBytes())
	if err != nil {
		return nil, 0, err
	}
	clipped, step := 0, node.CheckFrames/to.Channels // dither takes ten nanoseconds for a sample
	for from := 0; from < b.Frames(); from += step {
		if err := c.Check(); err != nil {
			memory.Release()
			return nil, 0, err
		}
		end := min(b.Frames(), from+step)
		clipped += block(memory.Bytes()[from*to.FrameBytes():], from, end)
	}
	out, err := wrap(c, to, memory)
	return out, clipped, err
}

func wrap(c *node.Call, f audio.Format, memory *mem.Block) (*audio.Buffer, error) {
	out, err := audio.FromWire(f, memory)
	if err != nil {
		memory.Release()
		return nil, err
	}
	return c.Adopt(out), nil
}
