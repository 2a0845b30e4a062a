package detect

import "github.com/remotemedia/remotemedia-go/audio"

// segmenter turns the verdicts on frames into segments of speech. A segment begins when speech has lasted for a number of
// frames, and is dated back to the first of them; it ends when silence has, and is dated back to the end of the last frame
// of speech.
type segmenter struct {
	minSpeech, minSilence int // frames, at least 1

	open bool        // in a segment
	run  int         // frames of speech while it isn't open, of silence while it is
	from audio.Stamp // where the run of speech began
	to   audio.Stamp // where the last frame of speech ended
}

// event is the start or the end of a segment.
type event struct {
	Type     string  `json:"type"` // speech_start or speech_end
	Position int64   `json:"position_frames"`
	Millis   float64 `json:"timestamp_ms"`
}

func newEvent(kind string, at audio.Stamp) event { return event{kind, at.Position, millis(at)} }

// millis is the media time in milliseconds.
func millis(s audio.Stamp) float64 { return float64(s.Micros) / 1000 }

// framesFor is how many frames of a duration cover at least total, which are both in milliseconds.
func framesFor(total, duration int) int { return max(1, (total+duration-1)/duration) }

// next takes the verdict on a frame and returns the event that it completes.
func (s *segmenter) next(speech bool, f frame) (e event, ok bool) {
	if speech {
		if s.to = f.end; s.open {
			s.run = 0
			return e, false
		}
		if s.run == 0 {
			s.from = f.start
		}
		s.run++
		if s.run < s.minSpeech {
			return e, false
		}
		s.open, s.run = true, 0
		return newEvent("speech_start", s.from), true
	}
	if !s.open {
		s.run = 0
		return e, false
	}
	if s.run++; s.run < s.minSilence {
		return e, false
	}
	return s.finish()
}

// finish ends a segment that is open.
func (s *segmenter) finish() (e event, ok bool) {
	ok = s.open
	s.reset()
	return newEvent("speech_end", s.to), ok
}

func (s *segmenter) reset() { s.open, s.run = false, 0 }
