package dsp

// GateOptions set a [NoiseGate].
type GateOptions struct {
	OpenDB    float64 // level from which on it opens, -120 to 24 dBFS
	CloseDB   float64 // level below which it closes, -120 to OpenDB
	RangeDB   float64 // gain when closed, -120 to 0 dB; at -120 nothing passes
	AttackMS  float64 // time constant of opening, 0 to 60,000
	HoldMS    float64 // time that it stays open below CloseDB, 0 to 60,000
	ReleaseMS float64 // time constant of closing, 0 to 60,000
}

// gateDecayMS is the time constant with which the measured level falls between the peaks of a wave.
const gateDecayMS = 10

// NoiseGate lowers the gain of quiet audio. All channels get the same gain, which follows the loudest sample of each frame. It
// has no delay.
type NoiseGate struct {
	open, close, floor     float64
	attack, release, decay float64
	hold                   int // samples
	level                  float64
	left                   int // samples of the hold
	opened                 bool
	gain                   float64
}

// NewNoiseGate returns a gate for a sample rate in Hz, closed.
func NewNoiseGate(rate int, o GateOptions) (*NoiseGate, error) {
	if err := check(rate,
		within{"the level to open", o.OpenDB, "dB", FloorDB, 24}, within{"the level to close", o.CloseDB, "dB", FloorDB, o.OpenDB},
		within{"the range", o.RangeDB, "dB", FloorDB, 0}, within{"the attack", o.AttackMS, "ms", 0, maxMillis},
		within{"the hold", o.HoldMS, "ms", 0, maxMillis}, within{"the release", o.ReleaseMS, "ms", 0, maxMillis},
	); err != nil {
		return nil, err
	}
	g := &NoiseGate{
		open: Amplitude(o.OpenDB), close: Amplitude(o.CloseDB), floor: Amplitude(o.RangeDB),
		attack: onePole(o.AttackMS, rate), release: onePole(o.ReleaseMS, rate), decay: onePole(gateDecayMS, rate),
		hold: int(o.HoldMS * float64(rate) / 1000),
	}
	if o.RangeDB == FloorDB {
		g.floor = 0
	}
	g.Reset()
	return g, nil
}

// Process changes audio in place, one slice of the same length for each channel.
func (g *NoiseGate) Process(x [][]float32) {
	for i := range shortest(x) {
		gain := float32(g.next(loudest(x, i)))
		for _, channel := range x {
			channel[i] *= gain
		}
	}
}

// next returns the gain for a frame.
func (g *NoiseGate) next(level float64) float64 {
	g.level = max(level, g.level*g.decay)
	if g.level < tiny {
		g.level = 0
	}
	g.decide()
	target, pole := g.floor, g.release
	if g.opened {
		target, pole = 1, g.attack
	}
	rest := pole * (g.gain - target)
	if rest > -inaudible && rest < inaudible {
		rest = 0
	}
	g.gain = target + rest
	return g.gain
}

// inaudible is where a gain is taken to have arrived.
const inaudible = 1e-9

// decide opens or closes the gate.
func (g *NoiseGate) decide() {
	switch {
	case g.level >= g.open:
		g.opened, g.left = true, g.hold
	case g.opened && g.level >= g.close:
		g.left = g.hold
	case g.opened && g.left > 0:
		g.left--
	default:
		g.opened = false
	}
}

// Open reports whether the last frame left it open.
func (g *NoiseGate) Open() bool { return g.opened }

// Reset forgets the audio and closes it.
func (g *NoiseGate) Reset() { g.level, g.left, g.opened, g.gain = 0, 0, false, g.floor }
