package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

var streamShape = grpc.StreamDesc{StreamName: "StreamPipeline", ClientStreams: true, ServerStreams: true}

// ErrEnded is what sending gives on a stream that has ended, or after Close. Recv tells why it ended.
var ErrEnded = errors.New("client: the stream has ended: Recv tells why")

// Chunk is one piece of what goes into a stream: audio, or data where Data isn't nil.
type Chunk struct {
	Node  string      // its receiver; "" where only one node is at the start
	Audio media.Audio // of one format for a node's whole stream; read until the call returns
	Data  json.RawMessage
	Port  string        // of the node, for data; "" is its default
	At    time.Duration // media time in whole milliseconds; 0 goes on from the chunk before
}

// Answer is what one chunk gave, or what the nodes had held back at the end.
type Answer struct {
	// Result has the outputs of the sinks; its Nodes, Status and Metrics are empty. It owns its memory.
	media.Result
	Sequence uint64        // of the chunk, counted from 0 over the whole stream
	Final    bool          // what came when the nodes were flushed; Sequence is that of the last chunk
	Dropped  bool          // the stream's backpressure policy dropped the chunk
	Took     time.Duration // in the service, from receipt to answer
	Samples  uint64        // of input so far, over all channels
	// Failure says why the chunk failed, in a stream that goes on after errors; otherwise such an error ends the stream.
	Failure *fault.Error
}

// Stream is a pipeline on the service that is fed piece by piece. Its nodes keep their state from one chunk to the next.
//
// One goroutine may send while another receives, and that is how it is meant: the service stops reading when its queue is
// full and answers aren't taken, so that a program that sends much before it receives waits for ever. [Stream.Pipe] does both:
//
//	s, err := c.Stream(ctx, m, client.StreamOptions{})
//	...
//	for answer, err := range s.Pipe(chunks) { // an iter.Seq2[client.Chunk, error]
//		...
//		use(answer.Sequence, answer.Audio["vad"], answer.Data["vad"])
//	}
//
// A stream is over when Recv has returned an error, io.EOF for a good end, or after Cancel; one of both must happen, or its
// resources stay.
type Stream struct {
	grpc      grpc.ClientStream
	cancel    context.CancelFunc
	explain   func(error) error // makes a fault of an error of gRPC's, which isn't nil
	manifest  *manifest.Manifest
	requestID string
	session   Session

	sending  sync.Mutex // of the sender's side
	sequence uint64
	closing  bool

	// Of the receiver's side, which one goroutine uses.
	ended  error        // what Recv gives from now on
	failed *fault.Error // of the last chunk that failed
	goesOn bool         // after errors of nodes

	state    sync.Mutex // of what both sides use
	stats    StreamStats
	closed   *Closed
	byUs     bool   // Close was called
	sent     uint64 // chunks
	answered uint64
}

// Stream opens a stream and returns when the service is ready for chunks. The stream lives until ctx ends. Errors are
// *fault.Error; a manifest that isn't valid has all its problems in it. Opening is repeated like a call, see [Retry]; a stream that
// breaks later is the caller's to open again.
func (c *Client) Stream(ctx context.Context, m *manifest.Manifest, o StreamOptions) (*Stream, error) {
	init, err := encodeInit(m, o)
	if err != nil {
		return nil, err
	}
	if err := c.knowVersion(ctx); err != nil {
		return nil, err
	}
	init.RequestId, init.ClientVersion = orNew(o.RequestID), c.settings.version
	var s *Stream
	err = c.repeat(ctx, func() (f *failure) {
		s, f = c.openStream(ctx, init, m, o)
		return f
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openStream makes one attempt.
func (c *Client) openStream(ctx context.Context, init *pb.StreamInit, m *manifest.Manifest, o StreamOptions) (*Stream, *failure) {
	id := init.GetRequestId()
	headed, wrong := c.headed(ctx, id)
	if wrong != nil {
		return nil, &failure{fault: wrong}
	}
	living, cancel := context.WithCancel(headed)
	stream, err := c.conn.NewStream(living, &streamShape, streamMethod)
	if err != nil {
		f := c.failed(living, err, nil, id)
		cancel()
		return nil, f
	}
	s := &Stream{
		grpc: stream, cancel: cancel, manifest: m, goesOn: o.ContinueOnError, requestID: id,
		explain: func(err error) error { return c.failed(living, err, stream.Trailer(), id).fault },
	}
	if err := s.open(init); err != nil {
		f := c.failed(living, err, stream.Trailer(), id)
		cancel()
		return nil, f
	}
	return s, nil
}

func (s *Stream) open(init *pb.StreamInit) error {
	if err := s.put(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: init}}); err != nil && !errors.Is(err, ErrEnded) {
		return err // of an ended stream, the answer tells more
	}
	in := new(pb.StreamResponse)
	if err := s.grpc.RecvMsg(in); err != nil {
		return s.broken(err)
	}
	switch r := in.GetResponse().(type) {
	case *pb.StreamResponse_Ready:
		s.session = sessionFromProto(r.Ready)
		return nil
	case *pb.StreamResponse_Error:
		return s.finish(wire.ErrorFromProto(r.Error))
	}
	return unexpected(in)
}

// Session tells what the service said when it was ready.
func (s *Stream) Session() Session { return s.session }

// RequestID names the stream in the service's log.
func (s *Stream) RequestID() string { return s.requestID }

// Context ends with the stream, at the latest when the context did that it was opened with. What feeds a stream waits on it.
func (s *Stream) Context() context.Context { return s.grpc.Context() }

// Send sends one chunk. It waits while flow control says that the service has enough to do. The error is a *fault.Error of
// what can't be sent, after which the stream may be used on, or ErrEnded.
func (s *Stream) Send(c Chunk) error {
	node, err := address(s.manifest, c.Node)
	if err != nil {
		return err
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.closing {
		return ErrEnded
	}
	request, err := chunkToProto(node, s.sequence, c)
	if err != nil {
		return err
	}
	if err := s.put(request); err != nil {
		return err
	}
	s.sequence++
	s.note(func() { s.sent = s.sequence })
	return nil
}

// Close asks the service to process what was sent and to flush the nodes. Recv still gives those answers, and then io.EOF. A
// second Close does nothing.
func (s *Stream) Close() error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.closing {
		return nil
	}
	s.closing = true
	s.note(func() { s.byUs = true })
	command := &pb.StreamControl{Command: pb.StreamControl_COMMAND_CLOSE}
	if err := s.put(&pb.StreamRequest{Request: &pb.StreamRequest_Control{Control: command}}); err != nil {
		return err
	}
	return s.told(s.grpc.CloseSend())
}

// Cancel ends the stream at once: what is queued and in work in the service is dropped. Recv then returns a fault of kind
// Canceled. It may be called at any time, from any goroutine, and more than once; after a good end it does nothing.
func (s *Stream) Cancel() { s.cancel() }

// note changes what both sides use.
func (s *Stream) note(change func()) {
	s.state.Lock()
	defer s.state.Unlock()
	change()
}

// put sends one request.
func (s *Stream) put(m *pb.StreamRequest) error {
	err := s.grpc.SendMsg(m)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), s.grpc.Context().Err() != nil:
		return ErrEnded
	}
	return s.told(err)
}

// told makes the fault of an error of gRPC's; nil stays nil.
func (s *Stream) told(err error) error {
	if err == nil {
		return nil
	}
	return s.explain(err)
}
