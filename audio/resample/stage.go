package resample

// stage is the state of one stage for all channels of a stream: a bank and,
// per channel, the inputs that are still needed.
type stage struct {
	*bank
	kernel *kernel
	bufs   [][]float32 // per channel, inputs base .. base+fill-1 and slack
	base   int64       // index of the first input in the buffers
	fill   int
	next   int64 // index of the next output
	// scratch takes tiles of which only some lanes are wanted.
	scratch [scratchPeriods * lanes]float32
	sums    [4]float32
}

// scratchPeriods is how many periods are computed beside the output at a time;
// cutPeriods how many are at least when there are more, for one period alone
// can't keep the multipliers busy.
const (
	scratchPeriods = 16
	cutPeriods     = 4
)

// newStage makes a stage that accepts up to block inputs at a time.
func newStage(b *bank, k *kernel, channels int, block int64) *stage {
	// Left over between blocks: less than a group's rows, and what the fixed
	// length rule holds back. After the inputs: what zero taps of a cut group
	// read.
	size := 2*b.rows + 2*b.down/b.up + 16 + block
	s := &stage{bank: b, kernel: k, bufs: make([][]float32, channels)}
	all := make([]float32, int64(channels)*size)
	for c := range s.bufs {
		s.bufs[c] = all[int64(c)*size:][:size:size]
	}
	s.reset()
	return s
}

func (s *stage) reset() {
	s.next = 0
	s.base = s.keep(0)
	s.fill = int(-s.base)
	for _, buf := range s.bufs {
		clear(buf)
	}
}

// received is the number of inputs so far.
func (s *stage) received() int64 { return s.base + int64(s.fill) }

// space returns where channel c's next inputs go.
func (s *stage) space(c int) []float32 { return s.bufs[c][s.fill:] }

// run makes the outputs up to index to, where they go for each channel being
// told by out, and drops the inputs that are no longer needed.
func (s *stage) run(to int64, out func(c int) []float32) {
	if to > s.next {
		for c := range s.bufs {
			s.channel(out(c)[:to-s.next], s.bufs[c])
		}
		s.next = to
	}
	s.compact()
}

// compact moves what is still needed to the front of the buffers.
func (s *stage) compact() {
	drop := int(min(s.keep(s.next)-s.base, int64(s.fill)))
	if drop <= 0 {
		return
	}
	for _, buf := range s.bufs {
		copy(buf, buf[drop:s.fill])
	}
	s.base += int64(drop)
	s.fill -= drop
}

// channel makes the outputs next .. next+len(out)-1 of one channel.
func (s *stage) channel(out, buf []float32) {
	if s.phases > 0 {
		s.interpolate(out, buf)
		return
	}
	lap := s.next / s.period()
	at := int(lap*s.period() - s.next)
	x := int(lap*s.periodIn() - s.base)
	for g := range int(s.groups) {
		s.group(out, buf, g, at+g*lanes, x+int(s.starts[g]))
	}
}

// group makes the outputs that belong to group g: in every period the lanes
// at .. at+lanes-1, where at is an index into out, negative at first if the
// block begins inside the group, and x the index into buf of its first input.
// All periods of a group are done before the next group, so that the taps are
// read once per block.
func (s *stage) group(out, buf []float32, g, at, x int) {
	period, step := int(s.period()), int(s.periodIn())
	width := min(lanes, period-g*lanes)
	if at+width <= 0 {
		at += period
		x += step
	}
	if at >= len(out) {
		return
	}
	rows := int(s.rows)
	t := tiles{
		stage: s, taps: s.taps[g*rows*lanes:][:rows*lanes], period: period, step: step, width: width,
		out: out, x: buf[x:],
	}
	t.run(at)
}

// tiles walks the periods of one group.
type tiles struct {
	*stage
	taps         []float32
	period, step int // between tiles, in outputs and in inputs
	width        int // lanes in use
	out, x       []float32
}

// run makes all periods from index at on: few of them, and the first and the
// last if only some of their lanes are wanted, beside the output.
func (t *tiles) run(at int) {
	count := (len(t.out) - at + t.period - 1) / t.period
	if count <= scratchPeriods || t.width < lanes {
		t.cut(at, count)
		return
	}
	if at < 0 {
		at = t.cut(at, cutPeriods)
		count -= cutPeriods
	}
	if at+(count-1)*t.period+lanes > len(t.out) {
		at = t.whole(at, count-cutPeriods)
		t.cut(at, cutPeriods)
		return
	}
	t.whole(at, count)
}

// whole writes count periods straight to the output from index at on.
func (t *tiles) whole(at, count int) (next int) {
	t.kernel.tile(t.out[at:], t.period, t.taps, int(t.rows), t.x, t.step, count)
	t.skip(count * t.step)
	return at + count*t.period
}

// cut computes count periods beside the output and copies the lanes that lie
// inside it.
func (t *tiles) cut(at, count int) (next int) {
	for count > 0 {
		n := min(count, scratchPeriods)
		t.kernel.tile(t.scratch[:], lanes, t.taps, int(t.rows), t.x, t.step, n)
		for p := range n {
			t.take(t.scratch[p*lanes:][:lanes], at)
			at += t.period
		}
		t.skip(n * t.step)
		count -= n
	}
	return at
}

// take copies the lanes of one period that lie inside the output.
func (t *tiles) take(lane []float32, at int) {
	if at >= 0 && t.width == lanes && at+lanes <= len(t.out) {
		*(*[lanes]float32)(t.out[at:]) = *(*[lanes]float32)(lane)
		return
	}
	copy(t.out[max(at, 0):], lane[max(-at, 0):t.width])
}

// skip advances the input; after the last period there may be less left.
func (t *tiles) skip(n int) { t.x = t.x[min(n, len(t.x)):] }

// interpolate makes outputs whose taps are cubics between stored phases.
func (s *stage) interpolate(out, buf []float32) {
	rows := int(s.rows)
	at := int(s.first(s.next) - s.base)
	rem := s.next * s.down % s.up
	step, stepRem := int(s.down/s.up), s.down%s.up
	scale := float64(s.phases) / float64(s.up)
	c := &s.sums
	for i := range out {
		f := float64(rem) * scale
		phase := int(f)
		mu := float32(f - float64(phase))
		s.kernel.cubic(c, s.taps[phase*4*rows:][:4*rows], buf[at:at+rows])
		out[i] = ((c[3]*mu+c[2])*mu+c[1])*mu + c[0]
		at += step
		if rem += stepRem; rem >= s.up {
			rem -= s.up
			at++
		}
	}
}
