package dsp

import "math"

// CompressorOptions set a [Compressor].
type CompressorOptions struct {
	ThresholdDB float64 // level from which on the gain falls, -120 to 24 dBFS
	Ratio       float64 // dB in for one dB out above the threshold, 1 to 1000
	KneeDB      float64 // width of the soft transition around the threshold, 0 to 60 dB
	AttackMS    float64 // time constant of falling gain, 0 to 60,000
	ReleaseMS   float64 // time constant of rising gain, 0 to 60,000
	MakeupDB    float64 // gain behind it, -60 to 60 dB
}

// Compressor lowers the gain of loud audio. All channels get the same gain, which follows the loudest sample of each frame,
// in dB: a static curve with a soft knee and then one pole each for attack and release (Giannoulis, Massberg and Reiss,
// "Digital dynamic range compressor design - a tutorial and analysis", 2012: feed-forward, log domain, smoothed gain). It has
// no delay.
type Compressor struct {
	o               CompressorOptions
	attack, release float64
	makeup          float64
	quiet           float64 // amplitude below which the curve does nothing
	reduction       float64 // dB, at most 0
}

// NewCompressor returns a compressor for a sample rate in Hz.
func NewCompressor(rate int, o CompressorOptions) (*Compressor, error) {
	if err := check(rate,
		within{"the threshold", o.ThresholdDB, "dB", -120, 24}, within{"the ratio", o.Ratio, ": 1", 1, 1000},
		within{"the knee", o.KneeDB, "dB", 0, 60}, within{"the attack", o.AttackMS, "ms", 0, maxMillis},
		within{"the release", o.ReleaseMS, "ms", 0, maxMillis}, within{"the makeup gain", o.MakeupDB, "dB", -60, 60},
	); err != nil {
		return nil, err
	}
	return &Compressor{
		o: o, attack: onePole(o.AttackMS, rate), release: onePole(o.ReleaseMS, rate),
		makeup: math.Exp(o.MakeupDB / dbPerNeper), quiet: Amplitude(o.ThresholdDB - o.KneeDB/2),
	}, nil
}

// Process changes audio in place, one slice of the same length for each channel.
func (k *Compressor) Process(x [][]float32) {
	for i := range shortest(x) {
		gain := float32(k.next(loudest(x, i)))
		for _, channel := range x {
			channel[i] *= gain
		}
	}
}

// next returns the gain for a frame.
func (k *Compressor) next(level float64) float64 {
	target := 0.0
	if level > k.quiet {
		target = k.curve(dbPerNeper * math.Log(level))
	} else if k.reduction == 0 {
		return k.makeup
	}
	pole := k.release
	if target < k.reduction {
		pole = k.attack
	}
	k.reduction = target + pole*(k.reduction-target)
	if k.reduction > -inaudibleDB {
		k.reduction = 0
	}
	return math.Exp((k.reduction + k.o.MakeupDB) / dbPerNeper)
}

// dbPerNeper converts natural logarithms, which are quicker than others, to dB.
const dbPerNeper = 20 / math.Ln10

// inaudibleDB is where a gain that approaches 0 dB is taken to have arrived.
const inaudibleDB = 1e-6

// curve returns the gain in dB for a steady level.
func (k *Compressor) curve(level float64) float64 {
	over, slope := level-k.o.ThresholdDB, 1/k.o.Ratio-1
	switch {
	case 2*over <= -k.o.KneeDB:
		return 0
	case 2*over < k.o.KneeDB:
		part := over + k.o.KneeDB/2
		return slope * part * part / (2 * k.o.KneeDB)
	}
	return slope * over
}

// Reduction returns the gain of the last frame in dB without the makeup, at most 0.
func (k *Compressor) Reduction() float64 { return k.reduction }

// Reset forgets the audio.
func (k *Compressor) Reset() { k.reduction = 0 }
