package admission

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Reason says why a call was refused. The values are those of the label of a metric.
type Reason string

// The reasons.
const (
	ReasonFull      Reason = "queue_full"   // all places are taken and the queue has no room
	ReasonDisplaced Reason = "displaced"    // it gave its room in the queue to a tenant that has less
	ReasonLate      Reason = "deadline"     // it couldn't have been served before its deadline
	ReasonWait      Reason = "wait"         // it waited as long as a call may
	ReasonBacklog   Reason = "backlog"      // the processors have more to do than they get done
	ReasonStreams   Reason = "streams"      // as many streams are open as may be
	ReasonMemory    Reason = "memory_share" // no memory is left for its body
	ReasonCPU       Reason = "cpu"          // load is shed: the processors are busy
	ReasonRAM       Reason = "memory"       // load is shed: the memory is nearly used up
	ReasonQueue     Reason = "queue"        // load is shed: the queue is nearly full
	ReasonStuck     Reason = "stuck"        // load is shed: nodes are stuck
)

// Reasons lists every reason, for metrics that show zeros.
func Reasons() []Reason {
	return []Reason{
		ReasonFull, ReasonDisplaced, ReasonLate, ReasonWait, ReasonBacklog, ReasonStreams, ReasonMemory,
		ReasonCPU, ReasonRAM, ReasonQueue, ReasonStuck,
	}
}

// refusal is what a caller is told: the reason, and the figure that is at its limit.
type refusal struct {
	reason         Reason
	what           string // the name of the limit
	current, limit any
	wait           time.Duration // what the caller would have waited
}

// sentences are short: clients are told them three times, in the status and in its details.
var sentences = map[Reason]string{
	ReasonFull:      "the queue is full",
	ReasonDisplaced: "the queue is full, and a caller with fewer calls in it goes first",
	ReasonLate:      "the deadline can't be met",
	ReasonWait:      "the call waited as long as a call may",
	ReasonBacklog:   "more calls come than can be served",
	ReasonStreams:   "as many streams are open as may be",
	ReasonMemory:    "no memory is left for the body of the call",
	ReasonCPU:       "the processors are too busy for more calls",
	ReasonRAM:       "the memory is nearly used up",
	ReasonQueue:     "the queue is nearly full",
	ReasonStuck:     "too many nodes are stuck",
}

// fault describes the refusal: UNAVAILABLE on the wire, with the pause to make.
func (r refusal) fault(pause time.Duration) *fault.Error {
	pause = pause.Round(time.Millisecond)
	current, limit := plain(r.current), plain(r.limit)
	return &fault.Error{
		Kind: fault.CodeOverloaded.Kind(), Code: fault.CodeOverloaded, Op: "admission", RetryAfter: pause,
		Message: r.message(current, limit, pause),
		Context: map[string]any{"reason": string(r.reason), "limit": r.what, "used": current, "current": current, "allowed": limit,
			"hint": "retry after the pause told, with backoff"},
	}
}

// message is put together by hand: there may be thousands of refusals a second.
func (r refusal) message(current, limit any, pause time.Duration) string {
	const usual = 256
	var room [usual]byte
	b := append(room[:0], "the service is at capacity: "...)
	b = append(b, sentences[r.reason]...)
	b = append(append(b, " ("...), r.what...)
	b = appendFigure(append(b, " is "...), current)
	b = appendFigure(append(b, ", the limit is "...), limit)
	b = append(append(b, "); retry after "...), pause.String()...)
	return string(b)
}

// appendFigure appends a value as fmt prints it.
func appendFigure(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		const short = 1e6
		if v >= 0 && v < short { // percentages are
			return strconv.AppendFloat(b, v, 'f', -1, 64)
		}
	}
	return fmt.Append(b, v)
}

// plain gives durations in words, percentages with one decimal, and everything else as it is.
func plain(v any) any {
	const decimal = 10
	switch v := v.(type) {
	case time.Duration:
		return v.Round(time.Millisecond).String()
	case float64:
		return math.Round(v*decimal) / decimal
	}
	return v
}
