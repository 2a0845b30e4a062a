package stream

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/node"
)

// receiver is the state of the goroutine that reads.
type receiver struct {
	sequence  uint64 // the next one
	allowGaps bool
	formats   map[int]source // of the audio sources that were used
	joining   []engine.Input // the init's data inputs, until the first chunk takes them along
}

// source is what the audio of one node must keep to.
type source struct {
	format audio.Format
	stream string
}

// receive reads until the stream ends, a request can't be served, or the client has said its last. What follows the first request is read by
// a goroutine of its own: the stack that opening a session takes isn't held for as long as the stream is open.
func (s *stream) receive(first bool) {
	handedOn := false
	defer func() {
		if !handedOn {
			s.conn.Done()
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			s.queue.do(entry{work: doFail, err: engine.Recovered(p)})
		}
	}()
	for {
		switch last := s.receiveOne(first); {
		case last:
			return
		case first:
			handedOn = true
			go s.receive(false)
			return
		}
	}
}

// receiveOne reads and handles a request and reports whether it is the last to be read.
func (s *stream) receiveOne(first bool) (last bool) {
	req, err := s.conn.Recv()
	switch {
	case errors.Is(err, io.EOF) && first:
		s.fail(fault.New(fault.CodeStreamInit, "the stream was closed before init: send init first"), 0)
		return true
	case errors.Is(err, io.EOF):
		s.queue.do(entry{work: doClose, reason: "Client half-closed"})
		return true
	case refused(err):
		s.fail(fault.From(err), s.receiver.sequence)
		return true
	case err != nil:
		s.cut("Client disconnected", fmt.Errorf("receiving failed: %w", err))
		return true
	}
	s.quiet.rest()
	return s.take(req, first)
}

// refused reports whether an error is the service's, and not the connection's.
func refused(err error) bool {
	_, ok := errors.AsType[*fault.Error](err)
	return ok
}

// take handles one request and reports whether it is the last to be read.
func (s *stream) take(req *pb.StreamRequest, first bool) (last bool) {
	if init := req.GetInit(); init != nil || first {
		return s.takeInit(init, first)
	}
	switch r := req.GetRequest().(type) {
	case *pb.StreamRequest_AudioChunk:
		return s.takeAudio(r.AudioChunk)
	case *pb.StreamRequest_DataChunk:
		return s.takeData(r.DataChunk)
	case *pb.StreamRequest_Control:
		return s.takeControl(r.Control.GetCommand())
	}
	s.fail(fault.New(fault.CodeStreamEmpty, "stream request carries nothing this server understands: set init, audio_chunk, data_chunk or control"),
		s.receiver.sequence)
	return true
}

// fail tells an error behind the answers to the chunks that were sound, and ends the stream.
func (s *stream) fail(err *fault.Error, sequence uint64) {
	s.queue.do(entry{work: doFail, err: err, sequence: sequence})
}

func (s *stream) takeInit(init *pb.StreamInit, first bool) (last bool) {
	switch {
	case init == nil:
		s.fail(fault.New(fault.CodeStreamInit, "the first request isn't init: send init first"), 0)
		return true
	case !first:
		s.fail(fault.New(fault.CodeStreamSecondInit, "init came a second time: open another stream for another pipeline"), s.receiver.sequence)
		return true
	}
	opened, err := s.open(init)
	if err != nil {
		s.fail(err, 0)
		return true
	}
	if !s.queue.unlessClosed(func() {
		s.opened, s.pumped.began = opened, time.Now()
		s.opts.Observer.Opened(s.id, opened.Session)
	}) {
		opened.Session.Close()
		return true
	}
	s.queue.do(entry{work: doReady, sequence: init.GetExpectedChunkSize()})
	return false
}

// open makes the session that an init asks for, and keeps what else it asks. The stream isn't told of the session yet: until then a
// drain ends it as one that never opened.
func (s *stream) open(init *pb.StreamInit) (*Opened, *fault.Error) {
	policy, err := policyOf(init.GetBackpressure())
	if err != nil {
		return nil, err
	}
	opened, err := s.host.Open(s.conn.Context(), init)
	if err != nil {
		return nil, err
	}
	opened.Session.Inline(s.goOn)
	s.receiver.joining, s.receiver.allowGaps = opened.Data, init.GetAllowGaps()
	s.queue.policy, s.continues, s.every = policy, init.GetContinueOnError(), init.GetMetricsIntervalChunks()
	return opened, nil
}

func policyOf(p pb.BackpressurePolicy) (Policy, *fault.Error) {
	if p == pb.BackpressurePolicy_BACKPRESSURE_POLICY_UNSPECIFIED {
		return Block, nil
	}
	if _, known := pb.BackpressurePolicy_name[int32(p)]; !known {
		return 0, fault.New(fault.CodeStreamPolicy, "backpressure policy %d isn't known: use BLOCK, DROP_OLDEST, DROP_NEWEST or ERROR", p)
	}
	return Policy(p), nil
}

func (s *stream) takeAudio(c *pb.AudioChunk) (last bool) {
	e, err := s.chunk(c.GetNodeId(), c.GetSequence())
	if err == nil {
		err = s.audio(&e, c)
	}
	return s.enqueue(e, err, c.GetSequence())
}

func (s *stream) takeData(c *pb.JsonChunk) (last bool) {
	e, err := s.chunk(c.GetNodeId(), c.GetSequence())
	if err == nil {
		err = s.data(&e, c)
	}
	return s.enqueue(e, err, c.GetSequence())
}

func (s *stream) enqueue(e entry, err *fault.Error, sequence uint64) (last bool) {
	if err == nil && !s.queue.push(e) {
		err = fault.New(fault.CodeStreamOverflow, "chunk %d came while %d chunks were waiting: send slower, or use the policy block", sequence, s.opts.QueueChunks)
	}
	if err != nil {
		s.fail(err, sequence)
		return true
	}
	return false
}

// chunk checks the sequence and finds the node.
func (s *stream) chunk(nodeID string, sequence uint64) (entry, *fault.Error) {
	want := s.receiver.sequence
	if sequence < want || sequence > want && !s.receiver.allowGaps || sequence == math.MaxUint64 { // the last would have no next
		return entry{}, fault.New(fault.CodeStreamSequence, "chunk has sequence %d, expected %d: count the chunks of a stream 0, 1, 2, ...", sequence, want)
	}
	s.receiver.sequence = sequence + 1
	n, err := s.target(nodeID)
	return entry{work: doChunk, sequence: sequence, received: time.Now(), input: engine.Input{Node: n}}, err
}

func (s *stream) target(id string) (int, *fault.Error) {
	plan := s.opened.Session.Plan()
	if n, ok := plan.Lookup(id); ok {
		return n, nil
	}
	if n, ok := plan.OnlySource(); ok && id == "" {
		return n, nil
	}
	hint := fmt.Sprintf("this pipeline takes input at %q", plan.IDs(plan.Sources))
	id = shorten(id)
	return 0, fault.New(fault.CodeStreamNode, "chunk is for node %q, which doesn't exist: %s", id, hint).WithNode(id)
}

// shorten keeps hostile names out of messages.
func shorten(s string) string { return fault.Shorten(s, 80) }

func (s *stream) audio(e *entry, c *pb.AudioChunk) *fault.Error {
	session := s.opened.Session
	n := &session.Plan().Nodes[e.input.Node]
	if err := takes(n, node.Audio); err != nil {
		return err
	}
	b, hasTime, err := buffer(s.conn, session, n, c.GetBuffer())
	if err != nil {
		return err
	}
	e.input.Item, e.input.HasTime, e.size = node.AudioItem(b), hasTime, b.Frames()*b.Format.FrameBytes()
	e.samples = uint64(b.NumSamples())
	e.lasts = time.Duration(b.Frames()) * time.Second / time.Duration(b.Format.Rate)
	if !hasTime {
		b.Stamp.Micros, e.input.HasTime, err = mediaTime(n, c.GetTimestampMs())
	}
	if err == nil {
		err = s.sameFormat(e.input.Node, n.ID, b)
	}
	if err != nil {
		b.Release()
		return err
	}
	return nil
}

// sameFormat holds each source to the format of its first chunk.
func (s *stream) sameFormat(n int, id string, b *audio.Buffer) *fault.Error {
	now := source{b.Format, b.Stamp.StreamID}
	if s.receiver.formats == nil {
		s.receiver.formats = make(map[int]source)
	}
	first, known := s.receiver.formats[n]
	if !known {
		s.receiver.formats[n] = now
		return nil
	}
	if first == now {
		return nil
	}
	return fault.New(fault.CodeFormatChanged, "audio for node %q changed from %s%s to %s%s: open a new stream for it",
		id, first.format, named(first.stream), now.format, named(now.stream)).WithNode(id)
}

func named(stream string) string {
	if stream == "" {
		return ""
	}
	return fmt.Sprintf(" of stream %q", shorten(stream))
}

func (s *stream) data(e *entry, c *pb.JsonChunk) *fault.Error {
	n := &s.opened.Session.Plan().Nodes[e.input.Node]
	item, err := datum(n, c.GetJson(), "data_chunk.json")
	if err != nil {
		return err
	}
	item.Port = c.GetPort()
	if item.Port != "" && !slices.Contains(n.Spec.InPorts, item.Port) {
		return fault.New(fault.CodeUnknownPort, "chunk is for the port %q of node %q, which has no such port", shorten(item.Port), n.ID).WithNode(n.ID)
	}
	item.Stamp.Micros, e.input.HasTime, err = mediaTime(n, c.GetTimestampMs())
	e.input.Item, e.size = item, len(item.Data)
	return err
}

// mediaTime is a chunk's timestamp in microseconds; 0 means that it has none.
func mediaTime(n *graph.Node, ms uint64) (micros int64, given bool, _ *fault.Error) {
	if ms > math.MaxInt64/1000 {
		return 0, false, fault.New(fault.CodeBadAudio, "timestamp_ms of the chunk for node %q is %d: expected at most %d", n.ID, ms, int64(math.MaxInt64/1000)).WithNode(n.ID)
	}
	return int64(ms) * 1000, ms != 0, nil
}

func (s *stream) takeControl(command pb.StreamControl_Command) (last bool) {
	switch command {
	case pb.StreamControl_COMMAND_CLOSE:
		s.queue.do(entry{work: doClose, reason: "Client requested close"})
	case pb.StreamControl_COMMAND_CANCEL:
		s.queue.instead(entry{work: doAbort, reason: "Client requested cancel", code: closeCanceled})
		s.stopTurns(errCancelCommand)
	default:
		s.fail(fault.New(fault.CodeStreamCommand, "command %d isn't known: send COMMAND_CLOSE or COMMAND_CANCEL", command), s.receiver.sequence)
	}
	return true
}
