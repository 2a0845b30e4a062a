package reference

import (
	"fmt"
	"maps"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// messages returns an example of what is said with each code: what a run gave, or for what only a service says, a text that a
// test compares with the program's own. Warnings are the codes that don't stop a pipeline.
func messages() (out map[fault.Code]string, warnings map[fault.Code]bool, err error) {
	out, warnings = maps.Clone(said), map[fault.Code]bool{}
	for _, a := range attempts {
		out[a.code], warnings[a.code], err = a.provoke()
		if err != nil {
			return nil, nil, err
		}
	}
	for _, c := range fault.Codes() {
		if out[c] == "" {
			return nil, nil, fmt.Errorf("the code %s has no example: add an attempt or a text to package reference", c)
		}
	}
	for c, text := range out {
		out[c] = brief(text)
	}
	return out, warnings, nil
}

const longestMessage = 240

// brief cuts a message that lists the whole catalogue.
func brief(text string) string {
	if len(text) <= longestMessage {
		return text
	}
	return text[:strings.LastIndexByte(text[:longestMessage], ' ')] + " ..."
}

// said are the messages of codes that aren't provoked here: they need a service, a connection or an accident.
var said = map[fault.Code]string{
	fault.CodeInternal:         "unexpected failure",
	fault.CodePanic:            "internal error 6f0c3a52-6f35-4d8e-9c55-0f1f7a1b5d0e: it was contained, and the log has the trace",
	fault.CodeManifestMissing:  "the request has no manifest: set the field manifest to a pipeline with at least one node",
	fault.CodeUnknownOutput:    `output_nodes names node "vda", which isn't in the manifest`,
	fault.CodeTimeLimit:        "max_timeout_ms exceeded: requested 5000, used 5000.214, allowed 5000; send less audio a call, or ask for a higher limit",
	fault.CodeLimitAboveCap:    "max_timeout_ms exceeded: requested 60000, used 0, allowed 30000; ask for at most what is allowed",
	fault.CodeStreamInit:       "the first request isn't init: send init first",
	fault.CodeStreamSecondInit: "init came a second time: open another stream for another pipeline",
	fault.CodeStreamSequence:   "chunk has sequence 7, expected 5: count the chunks of a stream 0, 1, 2, ...",
	fault.CodeStreamEmpty:      "stream request carries nothing this server understands: set init, audio_chunk, data_chunk or control",
	fault.CodeStreamCommand:    "command 0 isn't known: send COMMAND_CLOSE or COMMAND_CANCEL",
	fault.CodeStreamPolicy:     "backpressure policy 9 isn't known: use BLOCK, DROP_OLDEST, DROP_NEWEST or ERROR",
	fault.CodeStreamNode:       `chunk is for node "resampel", which doesn't exist: did you mean resample?`,
	fault.CodeStreamOverflow:   "chunk 12 came while 10 chunks were waiting: send slower, or use the policy block",
	fault.CodeStreamIdle:       "no request came for 5m0s: send chunks or close the stream",
	fault.CodeStreamStalled:    "the stream was cut: the peer doesn't read its answers",
	fault.CodeCanceled:         "the call was given up: context canceled",
	fault.CodeDeadline:         "the caller's deadline passed",
	fault.CodeOverloaded:       "the service is at capacity: the queue is full (admission.queue_size is 1000, the limit is 1000); retry after 120ms",
	fault.CodeUnreachable:      "no answer within 5s",
	fault.CodeShuttingDown:     "the service closed the stream (Server shutting down) after 512 answers: open another one and go on with the chunk after them",
	fault.CodeRateLimited:      `the token "batch" calls more often than 20 times a second; retry after 50ms`,
	fault.CodeTokenMissing:     `this call needs a token and carries none; send the metadata header "authorization: Bearer <token>"`,
	fault.CodeTokenMalformed:   `the authorization header isn't Bearer, one space and a token; send the metadata header "authorization: Bearer <token>"`,
	fault.CodeTokenUnknown:     `the token isn't known to this service; use a configured one: send the metadata header "authorization: Bearer <token>"`,
	fault.CodeTokenExpired:     `the token "batch" expired at 2027-01-31T00:00:00Z; ask for a new one`,
	fault.CodeTokenScope:       `the token "batch" lacks the scope "stream" (it has: execute); use a token with that scope`,
}
