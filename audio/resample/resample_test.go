package resample

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pairs are the rate pairs most tests run over: usual, steep and ugly ones.
var pairs = [][2]int{
	{44100, 16000}, {48000, 16000}, {16000, 48000}, {44100, 48000}, {48000, 44100}, {8000, 16000},
	{22050, 16000}, {11025, 16000}, {96000, 44100}, {44101, 16000}, {44101, 44100}, {16000, 44101},
	{768000, 8000}, {8000, 768000}, {768000, 8001},
}

func mustNew(tb testing.TB, src, dst, channels int, q Quality) *Resampler {
	tb.Helper()
	r, err := New(src, dst, channels, q)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// feed processes the chunks of src and flushes, checking that every call
// makes what OutFrames and FlushFrames announced.
func feed(tb testing.TB, r *Resampler, src [][]float32, chunk func() int) [][]float32 {
	tb.Helper()
	out := make([][]float32, len(src))
	grow := func(want int, call func(dst [][]float32) (int, error)) {
		dst := make([][]float32, len(src))
		for c := range dst {
			dst[c] = make([]float32, want)
		}
		got, err := call(dst)
		if err != nil || got != want {
			tb.Fatalf("got %d frames and error %v, want %d", got, err, want)
		}
		for c := range out {
			out[c] = append(out[c], dst[c]...)
		}
	}
	for at := 0; at < len(src[0]); {
		n := min(chunk(), len(src[0])-at)
		part := make([][]float32, len(src))
		for c := range part {
			part[c] = src[c][at : at+n]
		}
		grow(r.OutFrames(n), func(dst [][]float32) (int, error) { return r.Process(dst, part) })
		at += n
	}
	grow(r.FlushFrames(), r.Flush)
	return out
}

func whole() int { return math.MaxInt }

func noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()*2 - 1
	}
	return x
}

func TestChunksDoNotChangeABit(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		for _, p := range pairs {
			f, err := NewFilter(p[0], p[1], High)
			if err != nil {
				t.Fatal(err)
			}
			src := [][]float32{noise(f.Latency()+6001, 3)}
			want := feed(t, newResampler(f, 1, k), src, whole)[0]
			rng := rand.New(rand.NewPCG(9, 9))
			r := newResampler(f, 1, k)
			for _, size := range []int{1, 7, 77, 160, 479, 480, 4096, 0} {
				if size < 77 && f.Latency() > 1000 {
					continue // covered by the random sizes; too many calls here
				}
				got := feed(t, r, src, func() int {
					if size == 0 {
						return rng.IntN(1500) * rng.IntN(2)
					}
					return size
				})[0]
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d to %d Hz: chunks of %d (0: random) differ from one chunk", k.name, p[0], p[1], size)
				}
			}
		}
	}
}

func TestChannelsAreIndependent(t *testing.T) {
	t.Parallel()
	for _, p := range pairs[:10] {
		src := [][]float32{noise(5000, 1), noise(5000, 2), noise(5000, 3)}
		got := feed(t, mustNew(t, p[0], p[1], 3, High), src, func() int { return 700 })
		for c := range src {
			want := feed(t, mustNew(t, p[0], p[1], 1, High), src[c:c+1], whole)[0]
			if !slices.Equal(got[c], want) {
				t.Errorf("%d to %d Hz: channel %d differs from the same signal in mono", p[0], p[1], c)
			}
		}
	}
}

func TestEqualRatesCopy(t *testing.T) {
	t.Parallel()
	src := [][]float32{noise(1000, 1)}
	src[0][3] = float32(math.Inf(1))
	got := feed(t, mustNew(t, 44100, 44100, 1, High), src, func() int { return 77 })
	if !slices.Equal(got[0], src[0]) {
		t.Error("equal rates changed the samples")
	}
}

// TestLength checks the length rule and its independence of chunks for any
// rates and any input.
func TestLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.OneOf(rapid.IntRange(MinRate, MaxRate), rapid.SampledFrom([]int{8000, 11025, 16000, 44100, 48000, 96000}))
		src, dst := rate.Draw(t, "src"), rate.Draw(t, "dst")
		q := Quality(rapid.IntRange(0, 3).Draw(t, "quality"))
		r, err := New(src, dst, 1, q)
		if err != nil {
			t.Fatal(err)
		}
		if r.StateBytes() > 64<<10 {
			t.Fatalf("state of %d bytes, want at most 64 KB", r.StateBytes())
		}
		n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 5000)).Draw(t, "n")
		chunks := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 5).Draw(t, "chunks")
		made, given := 0, 0
		for i := 0; given < n; i++ {
			part := min(chunks[i%len(chunks)], n-given)
			want := r.OutFrames(part)
			got, err := r.Process([][]float32{make([]float32, want)}, [][]float32{make([]float32, part)})
			if err != nil || got != want {
				t.Fatalf("Process made %d, %v, want %d", got, err, want)
			}
			made, given = made+got, given+part
			if fresh, err := New(src, dst, 1, q); err != nil || fresh.OutFrames(given) != made {
				t.Fatalf("%d frames in chunks made %d, at once %d (%v)", given, made, fresh.OutFrames(given), err)
			}
		}
		rest, err := r.Flush([][]float32{make([]float32, r.FlushFrames())})
		up, down := int64(dst), int64(src)
		red := reduce(up, down)
		if want := int((int64(n)*red.up + red.down/2) / red.down); err != nil || made+rest != want {
			t.Fatalf("%d frames from %d to %d Hz made %d (%v), want %d", n, src, dst, made+rest, err, want)
		}
	})
}

// TestImpulses checks that nothing is lost at the start and before the end: an
// impulse comes out as the filter's response centred at its time.
func TestImpulses(t *testing.T) {
	t.Parallel()
	for _, p := range pairs[:12] {
		n := p[0] / 10
		for _, at := range []int{0, n - 20} {
			x := make([]float32, n)
			x[at] = 1
			y := feed(t, mustNew(t, p[0], p[1], 1, High), [][]float32{x}, whole)[0]
			peak := 0
			for i, v := range y {
				if math.Abs(float64(v)) > math.Abs(float64(y[peak])) {
					peak = i
				}
			}
			if want := math.Round(float64(at) * float64(p[1]) / float64(p[0])); math.Abs(float64(peak)-want) > 0.5+float64(p[1])/float64(p[0]) {
				t.Errorf("%d to %d Hz: impulse at %d has its peak at %d, want %g", p[0], p[1], at, peak, want)
			}
			gain := min(1, float64(p[1])/float64(p[0]))
			if v := math.Abs(float64(y[peak])); v < 0.6*gain || v > 1.05*gain {
				t.Errorf("%d to %d Hz: impulse at %d has the height %g, want about %g", p[0], p[1], at, v, gain)
			}
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Src, Dst int
		In, Out  []float32
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for q, tolerance := range []float64{Low: 1e-3, Medium: 2e-4, High: 6e-5, VeryHigh: 2e-5} {
			got := feed(t, mustNew(t, c.Src, c.Dst, 1, Quality(q)), [][]float32{c.In}, whole)[0]
			if len(got) != len(c.Out) {
				t.Fatalf("%d to %d Hz: %d frames, want %d", c.Src, c.Dst, len(got), len(c.Out))
			}
			if d := distance(got, c.Out); d > tolerance {
				t.Errorf("%d to %d Hz, %v: off scipy by %.2g, want at most %g", c.Src, c.Dst, Quality(q), d, tolerance)
			}
		}
	}
}

// distance is the largest difference of two signals.
func distance(a, b []float32) float64 {
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

func TestNonFiniteInputStaysLocal(t *testing.T) {
	t.Parallel()
	for _, p := range pairs[:10] {
		r := mustNew(t, p[0], p[1], 1, High)
		x := noise(40*r.Latency()+4000, 5)
		want := feed(t, r, [][]float32{x}, whole)[0]
		at := len(x) / 2
		x[at] = float32(math.NaN())
		got := feed(t, r, [][]float32{x}, whole)[0]
		reach := float64(2*r.Latency() + 200)
		for i := range got {
			if d := float64(i)*float64(p[0])/float64(p[1]) - float64(at); math.Abs(d) > reach && got[i] != want[i] {
				t.Fatalf("%d to %d Hz: a NaN changed output %d, %g input samples away", p[0], p[1], i, d)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	ok := mustNew(t, 44100, 16000, 2, High)
	mono := make([]float32, 480)
	_, newErr := New(44100, 7999, 1, High)
	_, zeroErr := New(0, 16000, 1, High)
	_, fastErr := New(44100, MaxRate+1, 1, High)
	_, qualityErr := New(44100, 16000, 1, 4)
	_, channelErr := New(44100, 16000, 0, High)
	_, srcErr := ok.Process([][]float32{mono, mono}, [][]float32{mono})
	_, unevenErr := ok.Process([][]float32{mono, mono}, [][]float32{mono, mono[:1]})
	_, dstErr := ok.Process([][]float32{mono, nil}, [][]float32{mono, mono})
	_, widthErr := ok.Process(nil, [][]float32{mono, mono})
	_, parseErr := ParseQuality("best")
	for i, c := range []struct {
		err  error
		want string
	}{
		{newErr, "7999 Hz"}, {zeroErr, "0 Hz"}, {fastErr, "768001 Hz"}, {qualityErr, "quality 4"},
		{channelErr, "0 channels"}, {srcErr, "1 input channels"}, {unevenErr, "channel 1 has 1"},
		{dstErr, "room for 0"}, {widthErr, "0 output channels"}, {parseErr, `"best"`},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("case %d: error %v, want one about %s", i, c.err, c.want)
		}
	}
	if n := ok.OutFrames(480); n != ok.OutFrames(480) || ok.received != 0 {
		t.Error("refused calls changed the state")
	}
}

func TestParseQuality(t *testing.T) {
	t.Parallel()
	for q := Low; q <= VeryHigh; q++ {
		for _, name := range []string{q.String(), strings.ToUpper(q.String())} {
			if got, err := ParseQuality(name); err != nil || got != q {
				t.Errorf("ParseQuality(%q) = %v, %v", name, got, err)
			}
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	for _, p := range pairs {
		r := mustNew(t, p[0], p[1], 2, High)
		src := [][]float32{noise(480, 1), noise(480, 2)}
		room := make([]float32, r.OutFrames(480*300))
		dst := [][]float32{room, room}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := r.Process(dst, src); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d to %d Hz: %g allocations per Process, want 0", p[0], p[1], n)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache(200 << 10)
	first := c.get(filterKey{reduce(160, 441), High})
	if c.get(filterKey{reduce(160, 441), High}) != first {
		t.Error("a cached filter was designed again")
	}
	for rate := int64(8000); rate < 8060; rate++ {
		c.get(filterKey{reduce(rate, 44100), Low})
		if c.bytes > c.limit {
			t.Fatalf("cache holds %d bytes, limit %d", c.bytes, c.limit)
		}
	}
	if got := len(c.entries); got != c.order.Len() || got == 0 || got >= 60 {
		t.Errorf("%d entries, %d in order; want the same and some dropped", got, c.order.Len())
	}
	if c.get(filterKey{reduce(160, 441), High}) == first {
		t.Error("the least recently used filter was kept")
	}
}

func FuzzResampler(f *testing.F) {
	f.Add(44100, 16000, uint8(2), uint16(480), uint64(1), 3000)
	f.Add(44101, 16000, uint8(3), uint16(1), uint64(2), 50)
	f.Add(8000, 768000, uint8(0), uint16(4096), uint64(3), 100)
	f.Add(0, -1, uint8(9), uint16(0), uint64(4), 0)
	f.Fuzz(func(t *testing.T, src, dst int, q uint8, chunk uint16, seed uint64, n int) {
		filter, err := NewFilter(src, dst, Quality(q))
		if err != nil {
			return
		}
		x := [][]float32{noise(max(0, min(n, 6000)), seed)}
		want := feed(t, newResampler(filter, 1, &portable), x, whole)[0]
		for _, k := range kernels() {
			got := feed(t, newResampler(filter, 1, k), x, func() int { return int(chunk) + 1 })[0]
			if d := distance(got, want); d > 1e-6 {
				t.Fatalf("%s: off the portable kernel by %g", k.name, d)
			}
		}
	})
}
