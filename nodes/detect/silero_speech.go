package detect

import "github.com/remotemedia/remotemedia-go/audio"

// hysteresis turns the probabilities of windows into speech. It starts with a window that reaches one probability, and ends
// when windows that don't reach another, lower one have lasted long enough. Beside that it lists events for those who cut
// audio: speech that lasted for a time, with a margin on either side.
type hysteresis struct {
	start, stay           float64
	minSpeech, minSilence int // samples at 16 kHz
	pad                   int // ms

	open     bool
	duration int         // samples from the first window of the speech to the end of the last that reaches stay
	silence  int         // samples of the windows since
	from, to audio.Stamp // where the speech began, and where the last window ended that reaches stay
	listed   bool        // the start is
	edge     audio.Stamp // no start is dated before it: where the audio began, or the speech before ended with its margin, even within this one
	begun    bool        // edge is known
	bound    audio.Stamp // no end is dated after it: where the audio ends
	bounded  bool        // bound is known
	events   []event     // not yet taken by the user
}

// next takes the probability of a window; rate is that of its stamps' positions.
func (h *hysteresis) next(p float64, w frame, rate int) (started, ended bool) {
	if !h.begun {
		h.begun, h.edge = true, w.start
	}
	switch {
	case p >= h.start || h.open && p >= h.stay:
		if started = !h.open; started {
			h.open, h.listed, h.duration, h.from = true, false, 0, w.start
		}
		h.duration += h.silence + len(w.samples)
		h.silence, h.to = 0, w.end
		h.list(rate)
	case h.open:
		if h.silence += len(w.samples); h.silence >= h.minSilence {
			ended = h.finish(rate)
		}
	}
	return started, ended
}

// list tells of the start once the speech is long enough.
func (h *hysteresis) list(rate int) {
	if h.listed || h.duration < h.minSpeech {
		return
	}
	h.listed = true
	at := shift(h.from, -h.pad, rate)
	if at.Position < h.edge.Position {
		at = h.edge
	}
	h.events = append(h.events, newEvent("speech_start", at))
}

// finish ends speech that is open, and reports whether it was. The rate is that of the positions.
func (h *hysteresis) finish(rate int) (ended bool) {
	if !h.open {
		return false
	}
	h.open, h.silence = false, 0
	if h.listed {
		h.edge = shift(h.to, h.pad, rate)
		if h.bounded && h.edge.Position > h.bound.Position {
			h.edge = h.bound
		}
		h.events = append(h.events, newEvent("speech_end", h.edge))
	}
	return true
}

// shift moves a stamp by milliseconds.
func shift(s audio.Stamp, millis, rate int) audio.Stamp {
	s.Position += int64(millis) * int64(rate) / 1000
	s.Micros += int64(millis) * 1000
	return s
}

// reset forgets everything but the rules.
func (h *hysteresis) reset() {
	h.open, h.listed, h.begun, h.bounded, h.silence = false, false, false, false, 0
	h.events = h.events[:0]
}
