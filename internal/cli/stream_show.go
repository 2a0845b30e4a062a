package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/audio/dsp"
	"github.com/remotemedia/remotemedia-go/media"
)

// display shows a stream while it runs: lines of what comes out, and the level of what goes in. Both come from goroutines of
// their own, and may share a terminal.
type display struct {
	w    io.Writer
	json bool

	mu    sync.Mutex
	meter *meter             // nil for none
	sent  []time.Duration    // media time of the chunks that aren't answered yet
	at    time.Duration      // media time of the next chunk
	open  map[string]float64 // start of the speech that goes on, in seconds, by node
}

// sends notes a chunk that goes in.
func (d *display) sends(chunk media.Audio) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, d.at)
	d.at += chunk.Duration()
	d.meter.show(d.at, chunk)
}

// hears shows the data of one result: that of the chunk sent first of those without an answer, or of the flush.
func (d *display) hears(r *media.Result) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.at
	if len(d.sent) > 0 {
		at, d.sent = d.sent[0], d.sent[1:]
	}
	for _, id := range slices.Sorted(maps.Keys(r.Lists)) {
		for _, item := range r.Lists[id].Data {
			if err := d.item(at, id, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// end leaves the terminal as it was.
func (d *display) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.meter.hide()
}

// streamEvent is what detectors tell of a moment.
type streamEvent struct {
	Type string   `json:"type"`
	At   *float64 `json:"timestamp_ms"`
}

// streamLine is a line of JSON.
type streamLine struct {
	Type  string          `json:"type"`
	At    float64         `json:"at_ms"` // media time: of an event itself, of data that of the chunk it came with
	Node  string          `json:"node"`
	Event json.RawMessage `json:"event,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// item shows one data item: its events with their own times and, where it isn't a detector's, or as JSON, the item.
func (d *display) item(at time.Duration, node string, item json.RawMessage) error {
	events, detector := eventsOf(item)
	for _, text := range events {
		if err := d.event(at, node, text); err != nil {
			return err
		}
	}
	switch {
	case d.json:
		return d.line(streamLine{Type: "data", At: inMillis(at), Node: node, Data: item})
	case detector:
		return nil
	}
	return d.say(at.Seconds(), node, compact(item))
}

// eventsOf gives the events of an item, and whether it is of a kind that has them.
func eventsOf(item json.RawMessage) (events []json.RawMessage, detector bool) {
	var v struct {
		Events []json.RawMessage `json:"events"`
	}
	if len(item) == 0 || item[0] != '{' || json.Unmarshal(item, &v) != nil {
		return nil, false
	}
	return v.Events, v.Events != nil
}

func (d *display) event(at time.Duration, node string, text json.RawMessage) error {
	ms := inMillis(at)
	var e streamEvent
	if json.Unmarshal(text, &e) == nil && e.At != nil {
		ms = *e.At
	}
	if d.json {
		return d.line(streamLine{Type: "event", At: ms, Node: node, Event: text})
	}
	return d.say(ms/1000, node, d.words(node, e.Type, ms/1000, text))
}

// words tells an event to people.
func (d *display) words(node, kind string, at float64, text json.RawMessage) string {
	switch kind {
	case "speech_start":
		if d.open == nil {
			d.open = make(map[string]float64)
		}
		d.open[node] = at
		return "speech starts"
	case "speech_end":
		if start, ok := d.open[node]; ok {
			return fmt.Sprintf("speech ends after %.2f s", at-start)
		}
		return "speech ends"
	}
	return compact(text)
}

func (d *display) say(at float64, node, text string) error {
	d.meter.hide()
	_, err := fmt.Fprintf(d.w, "%9.3f s  %s  %s\n", at, node, text)
	return err
}

// line prints a value as one line of JSON.
func (d *display) line(v any) error {
	e := json.NewEncoder(d.w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func compact(text json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return string(text)
	}
	return b.String()
}

// meter is the level of the input on one line of a terminal, drawn over and over. A nil one shows nothing.
type meter struct {
	w     io.Writer
	drawn time.Time
	shown bool

	squares float64 // since the meter was drawn
	samples int
	peak    float32
}

const (
	meterInterval = 50 * time.Millisecond
	meterFloor    = -60.0 // dBFS at the left end; the right is 0
	meterWidth    = 40
	eraseLine     = "\r\x1b[K"
)

// show takes a chunk into account and draws, unless it was drawn just before.
func (m *meter) show(at time.Duration, chunk media.Audio) {
	if m == nil {
		return
	}
	for _, channel := range chunk.Samples() {
		m.squares += dsp.SumSquares(channel)
		m.samples += len(channel)
		m.peak = max(m.peak, dsp.Peak(channel))
	}
	now := time.Now()
	if m.samples == 0 || now.Sub(m.drawn) < meterInterval {
		return
	}
	rms, peak := dsp.DB(math.Sqrt(m.squares/float64(m.samples))), dsp.DB(float64(m.peak))
	fmt.Fprintf(m.w, "%s%9.3f s  [%s] %6.1f dBFS, peak %6.1f", eraseLine, at.Seconds(), bar(rms, peak), rms, peak)
	m.drawn, m.shown = now, true
	m.squares, m.samples, m.peak = 0, 0, 0
}

// hide takes the line away.
func (m *meter) hide() {
	if m != nil && m.shown {
		fmt.Fprint(m.w, eraseLine)
		m.shown = false
	}
}

// bar draws the mean level as a bar and the peak as a mark.
func bar(rms, peak float64) string {
	place := func(db float64) int { return int(min(max(1-db/meterFloor, 0), 1)*meterWidth + 0.5) }
	cells := []byte(strings.Repeat("=", place(rms)) + strings.Repeat(" ", meterWidth-place(rms)))
	if p := place(peak); p > 0 {
		cells[p-1] = '|'
	}
	return string(cells)
}
