// Package state holds what nodes share that keep audio between items: a [Timeline], which tells where each frame lies in
// time whatever items it came in, and [Memory], which charges what a node holds to the execution.
package state

import "github.com/remotemedia/remotemedia-go/audio"

// Timeline follows the audio of one run: items of one format and one stream id, one after the other. Its times are counted
// from the first item, so that they don't depend on how the audio was cut, and anew from an item whose stamp doesn't follow
// from the one before (a client that stamps its chunks). The zero value is ready for the first item.
type Timeline struct {
	started bool
	format  audio.Format
	frames  int64
	end     audio.Stamp // what the next item's stamp is if it simply follows
	marks   []mark      // oldest first; the first covers what was asked for last
}

// mark says that the frame of an index, counted from the start of the run, has a stamp that doesn't follow from before.
type mark struct {
	index int64
	at    audio.Stamp
}

// Continues reports whether b belongs to the run: always before the first item.
func (t *Timeline) Continues(b *audio.Buffer) bool {
	return !t.started || b.Format == t.format && b.Stamp.StreamID == t.end.StreamID
}

// Started reports whether the run has had an item.
func (t *Timeline) Started() bool { return t.started }

// Format is that of the run's items.
func (t *Timeline) Format() audio.Format { return t.format }

// Frames counts the frames of the run.
func (t *Timeline) Frames() int64 { return t.frames }

// End returns the stamp behind the last frame, on the clock that holds there. The run must have started.
func (t *Timeline) End() audio.Stamp {
	m := t.marks[len(t.marks)-1]
	return m.at.Add(t.frames-m.index, t.format.Rate)
}

// Append adds an item, which must continue the run.
func (t *Timeline) Append(b *audio.Buffer) {
	if !t.started || !follows(t.end, b.Stamp) {
		t.marks = append(t.marks, mark{t.frames, b.Stamp})
	}
	t.started, t.format = true, b.Format
	t.frames += int64(b.Frames())
	t.end = b.End()
}

// follows allows for the rounding of media time to whole microseconds.
func follows(want, got audio.Stamp) bool {
	d := got.Micros - want.Micros
	return got.Position == want.Position && -1 <= d && d <= 1
}

// Span returns the stamps of the frame of an index and of the frame n later, both on the clock that holds at the first.
// Indexes are asked for in rising order: what lies before is forgotten.
func (t *Timeline) Span(index, n int64) (start, end audio.Stamp) {
	m := t.seek(index)
	return m.at.Add(index-m.index, t.format.Rate), m.at.Add(index+n-m.index, t.format.Rate)
}

// Scaled returns the stamp of frame k of the run after its conversion to another rate: the position counts frames of that
// rate, the media time is exact to the microsecond. As with Span, k rises.
func (t *Timeline) Scaled(k int64, rate int) audio.Stamp {
	in, out := int64(t.format.Rate), int64(rate)
	m := t.seek(k * in / out)
	s := m.at
	s.Position = rescale(s.Position, in, out) + k - rescale(m.index, in, out)
	d, second := k*in-m.index*out, in*out // time since the mark, in units of 1/(in*out) seconds
	s.Micros += d/second*1_000_000 + d%second*1_000_000/second
	return s
}

// rescale converts a count of frames, rounded half up as the lengths of the resampler are.
func rescale(n, in, out int64) int64 { return (n*out*2 + in) / (2 * in) }

// seek returns the mark that holds at index.
func (t *Timeline) seek(index int64) mark {
	for len(t.marks) > 1 && t.marks[1].index <= index {
		t.marks = t.marks[:copy(t.marks, t.marks[1:])]
	}
	return t.marks[0]
}

// Reset starts a new run.
func (t *Timeline) Reset() { *t = Timeline{marks: t.marks[:0]} }
