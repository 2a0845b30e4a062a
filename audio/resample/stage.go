package resample

// stage is the state of one stage for all channels of a stream: a bank and,
// per channel, the inputs that are still needed.
type stage struct {
	*bank
	kernel *kernel
	bufs   [][]float32 // per channel, inputs base .. base+fill-1 and slack
	base   int64       // index of the first input in the buffers
	fill   int
	limit  int   // of fill
	next   int64 // index of the next output
	// scratch takes tiles of which only some lanes are wanted.
	scratch [scratchPeriods * lanes]float32
	points  [32]point
}

// scratchPeriods is how many periods are computed beside the output at a time;
// cutPeriods how many at the beginning or the end when there are more.
const (
	scratchPeriods = 16
	cutPeriods     = 4
)

// newStage makes a stage that accepts up to block inputs at a time.
func newStage(b *bank, k *kernel, channels int, block int64) *stage {
	// Kept between blocks: less than a group's rows, and what the fixed length
	// rule holds back. After the inputs: what zero taps of a cut group read.
	limit := b.rows + 2*b.down/b.up + 16 + block
	size := limit + b.rows
	s := &stage{bank: b, kernel: k, limit: int(limit), bufs: make([][]float32, channels)}
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

// reserve makes room for n more inputs. The inputs still needed are moved to
// the front only when the room runs out, not at every small chunk.
func (s *stage) reserve(n int) {
	if s.fill+n <= s.limit {
		return
	}
	drop := int(min(s.keep(s.next)-s.base, int64(s.fill)))
	for _, buf := range s.bufs {
		copy(buf, buf[drop:s.fill])
	}
	s.base += int64(drop)
	s.fill -= drop
}

// space returns where channel c's next inputs go.
func (s *stage) space(c int) []float32 { return s.bufs[c][s.fill:] }

// run makes the outputs up to index to; out tells where they go for each
// channel.
func (s *stage) run(to int64, out func(c int) []float32) {
	if to <= s.next {
		return
	}
	for c := range s.bufs {
		s.channel(out(c)[:to-s.next], s.bufs[c])
	}
	s.next = to
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
	t := tiles{stage: s, period: int(s.period()), step: int(s.periodIn()), out: out, buf: buf}
	laps := (len(out) - at + t.period - 1) / t.period
	for g, start := range s.starts {
		t.group(g, at+g*lanes, x+int(start), laps)
	}
}

// tiles makes a block of outputs of one channel. All periods of a group are
// done before the next group, so that the taps are read once per block.
type tiles struct {
	*stage
	period, step int // between tiles, in outputs and in inputs
	out, buf     []float32

	// Of the group in work:
	taps  []float32
	width int // lanes in use
	x     int // index into buf of the next tile's first input
}

// group makes the outputs of group g: in each of laps periods the lanes at ..
// at+lanes-1 of out. The block may begin after the first and end before the
// last of them.
func (t *tiles) group(g, at, x, laps int) {
	size := int(t.rows) * lanes
	t.width = min(lanes, t.period-g*lanes)
	if at+t.width <= 0 {
		at += t.period
		x += t.step
		laps--
	}
	if at+(laps-1)*t.period >= len(t.out) {
		laps--
	}
	if laps > 0 {
		t.taps, t.x = t.stage.taps[g*size:][:size], x
		t.run(at, laps)
	}
}

// run makes the periods of a group. The first and the last, if only some of
// their lanes are wanted, are made beside the output, together with
// neighbours: one period alone can't keep the multipliers busy.
func (t *tiles) run(at, laps int) {
	headCut := at < 0
	tailCut := at+(laps-1)*t.period+lanes > len(t.out)
	switch {
	case t.width < lanes, laps <= scratchPeriods && (headCut || tailCut):
		t.cut(at, laps)
		return
	case headCut:
		at = t.cut(at, cutPeriods)
		laps -= cutPeriods
	}
	if tailCut {
		at = t.whole(at, laps-cutPeriods)
		t.cut(at, cutPeriods)
		return
	}
	t.whole(at, laps)
}

// whole writes count periods straight to the output from index at on.
func (t *tiles) whole(at, count int) (next int) {
	t.kernel.tile(t.out[at:], t.period, t.taps, int(t.rows), t.buf[t.x:], t.step, count)
	t.x += count * t.step
	return at + count*t.period
}

// cut computes count periods beside the output and copies the lanes that lie
// inside it.
func (t *tiles) cut(at, count int) (next int) {
	for count > 0 {
		n := min(count, scratchPeriods)
		t.kernel.tile(t.scratch[:], lanes, t.taps, int(t.rows), t.buf[t.x:], t.step, n)
		for p := range n {
			t.take(t.scratch[p*lanes:][:lanes], at)
			at += t.period
		}
		t.x += n * t.step
		count -= n
	}
	return at
}

// take copies the lanes of one period that lie inside the output.
func (t *tiles) take(lane []float32, at int) {
	if at >= 0 && t.width == lanes && at+lanes <= len(t.out) {
		out := t.out[at:][:lanes]
		for i := 0; i < lanes; i += 4 { // four are one move, sixteen a call
			*(*[4]float32)(out[i:]) = *(*[4]float32)(lane[i:])
		}
		return
	}
	copy(t.out[max(at, 0):], lane[max(-at, 0):t.width])
}

// interpolate makes outputs whose taps are cubics between stored phases.
func (s *stage) interpolate(out, buf []float32) {
	at := int32(s.first(s.next) - s.base)
	rem := s.next * s.down % s.up
	step, stepRem := int32(s.down/s.up), s.down%s.up
	scale := float64(s.phases) / float64(s.up)
	for len(out) > 0 {
		points := s.points[:min(len(out), len(s.points))]
		for i := range points {
			f := float64(rem) * scale
			phase := int32(f)
			points[i] = point{taps: phase * 4 * int32(s.rows), x: at, mu: float32(f - float64(phase))}
			at += step
			if rem += stepRem; rem >= s.up {
				rem -= s.up
				at++
			}
		}
		s.kernel.cubic(out, points, s.taps, int(s.rows), buf)
		out = out[len(points):]
	}
}
