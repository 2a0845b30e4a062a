package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type none struct{}

// lag waits 10 ms with each item.
func lag(c *node.Call, in node.Item) error {
	if err := c.Sleep(10 * time.Millisecond); err != nil {
		return err
	}
	return c.Emit(in)
}

// picky fails on a chunk of one frame.
func picky(c *node.Call, in node.Item) error {
	if in.Audio != nil && in.Audio.Frames() == 1 {
		return errors.New("one frame is too few")
	}
	return c.Emit(in)
}

// held gives its items at the end only.
type held struct{ items []node.Item }

func (h *held) Process(_ *node.Call, in node.Item) error {
	if in.Audio != nil {
		in.Audio.Retain()
	}
	h.items = append(h.items, in)
	return nil
}

func (h *held) Flush(c *node.Call) error {
	for _, i := range h.items {
		if err := c.Emit(i); err != nil {
			return err
		}
	}
	return nil
}

func (h *held) Close() {
	for _, i := range h.items {
		if i.Audio != nil {
			i.Audio.Release()
		}
	}
}

// fragile can't forget.
type fragile struct{}

func (fragile) Process(c *node.Call, in node.Item) error { return lag(c, in) }
func (fragile) Reset()                                   { panic("no way back") }

func catalog() *node.Catalog {
	def := func(name string, f func(*node.Call, node.Item) error) node.Spec {
		return node.Define(node.Spec{Name: name, Accepts: node.Any, Forwards: true},
			func(none, node.Env) (node.Processor, error) { return node.ProcessorFunc(f), nil })
	}
	c, err := node.NewCatalog("test", []node.Spec{
		def("Pass", func(c *node.Call, in node.Item) error { return c.Emit(in) }),
		def("Lag", lag), def("Picky", picky),
		def("Grumble", func(c *node.Call, in node.Item) error { c.Warnf("not again"); return c.Emit(in) }),
		def("Deaf", func(*node.Call, node.Item) error { time.Sleep(time.Hour); return nil }),
		def("Hang", func(c *node.Call, _ node.Item) error { return c.Sleep(time.Hour) }),
		node.Define(node.Spec{Name: "Sound", Accepts: node.Audio, Produces: node.Audio},
			func(none, node.Env) (node.Processor, error) {
				return node.ProcessorFunc(func(c *node.Call, in node.Item) error { return c.Emit(in) }), nil
			}),
		node.Define(node.Spec{Name: "Hold", Accepts: node.Any, Forwards: true},
			func(none, node.Env) (node.Processor, error) { return &held{}, nil }),
		node.Define(node.Spec{Name: "Fragile", Accepts: node.Any, Forwards: true, Stateful: true},
			func(none, node.Env) (node.Processor, error) { return fragile{}, nil }),
	})
	if err != nil {
		panic(err)
	}
	return c
}

// peer is a client and the service around a stream, in one process.
type peer struct {
	t        *testing.T
	engine   *engine.Engine
	requests chan *pb.StreamRequest
	answers  chan *pb.StreamResponse
	ctx      context.Context
	hangUp   context.CancelFunc
	drain    chan struct{}
	ended    chan error
	summary  Summary
	account  *mem.Account
	once     sync.Once
}

// start runs a stream; the answers that the client hasn't read wait in a window of the given size.
func start(t *testing.T, window int, change ...func(*Options)) *peer {
	ctx, cancel := context.WithCancel(context.Background())
	p := &peer{t: t, engine: engine.New(engine.Options{Pool: mem.NewPoisonedPool()}), requests: make(chan *pb.StreamRequest),
		answers: make(chan *pb.StreamResponse, window), ctx: ctx, hangUp: cancel, drain: make(chan struct{}), ended: make(chan error, 1)}
	opts := Options{Drain: p.drain, Ended: func(s Summary) { p.summary = s }}
	for _, f := range change {
		f(&opts)
	}
	go func() {
		p.ended <- Run(p, p, opts)
		cancel() // what the transport does when a handler returns
		close(p.ended)
	}()
	return p
}

func (p *peer) Context() context.Context { return p.ctx }

func (p *peer) Recv() (*pb.StreamRequest, error) {
	select {
	case r, ok := <-p.requests:
		if !ok {
			return nil, io.EOF
		}
		return r, nil
	case <-p.ctx.Done():
		return nil, p.ctx.Err()
	}
}

func (p *peer) Send(r *pb.StreamResponse) error {
	r = proto.Clone(r).(*pb.StreamResponse) // as sending does
	select {
	case p.answers <- r:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *peer) Open(_ context.Context, init *pb.StreamInit) (*Opened, *fault.Error) {
	m := &manifest.Manifest{Version: "v1"}
	for _, n := range init.GetManifest().GetNodes() {
		m.Nodes = append(m.Nodes, manifest.Node{ID: n.GetId(), Type: n.GetNodeType()})
	}
	for _, c := range init.GetManifest().GetConnections() {
		m.Connections = append(m.Connections, manifest.Connection{From: c.GetFrom(), To: c.GetTo()})
	}
	plan, err := graph.Compile(m, catalog(), graph.Options{})
	if err != nil {
		return nil, err
	}
	limits := engine.DefaultLimits()
	limits.Samples = 10_000
	s, oerr := p.engine.Open(plan, limits)
	if oerr != nil {
		return nil, fault.From(oerr)
	}
	p.account = s.Account()
	opened := &Opened{Session: s}
	for i, n := range plan.Nodes {
		if text, ok := init.GetDataInputs()[n.ID]; ok {
			opened.Data = append(opened.Data, engine.Input{Node: i, Item: node.DataItem([]byte(text))})
		}
	}
	return opened, nil
}

func (p *peer) Failure(err *fault.Error) *pb.ErrorResponse {
	return &pb.ErrorResponse{Message: err.Error(), Code: string(err.Code), FailingNodeId: err.NodeID}
}

func (p *peer) Result(r *pb.ChunkResult, s *engine.Session, out *engine.Output) (wire.Frame, error) {
	var given []wire.Audio
	r.DataOutputs = make(map[string]string)
	for _, n := range out.Nodes {
		if n.Audio != nil {
			given = append(given, wire.Audio{NodeID: n.ID, Buffer: n.Audio})
		}
		if n.Data != nil {
			r.DataOutputs[n.ID] = string(n.Data)
		}
	}
	return p.codec().EncodeChunk(given, s.Account(), r)
}

func (p *peer) SendResult(f *wire.Frame) error {
	data, err := p.codec().Marshal(f)
	if err != nil {
		return err
	}
	defer data.Free()
	r := new(pb.StreamResponse)
	if err := p.codec().Unmarshal(data, r); err != nil {
		return err
	}
	return p.Send(r)
}

func (p *peer) codec() *wire.Codec { return wire.NewCodec(p.engine.Pool()) }

func (p *peer) Audio(in *pb.AudioBuffer, account *mem.Account) (*audio.Buffer, bool, error) {
	return new(wire.Payloads).Audio(in, account)
}

func (p *peer) Done() {}

func (p *peer) Metrics(*engine.Session, time.Duration, time.Duration) *pb.ExecutionMetrics {
	return &pb.ExecutionMetrics{WallTimeMs: 1}
}

func (p *peer) send(r *pb.StreamRequest) {
	select {
	case p.requests <- r:
	case <-p.ctx.Done():
		p.t.Error("the stream ended before a request was taken")
	}
}

func (p *peer) halfClose() { p.once.Do(func() { close(p.requests) }) }

func request(v any) *pb.StreamRequest {
	switch v := v.(type) {
	case *pb.StreamInit:
		return &pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: v}}
	case *pb.AudioChunk:
		return &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: v}}
	case *pb.JsonChunk:
		return &pb.StreamRequest{Request: &pb.StreamRequest_DataChunk{DataChunk: v}}
	case pb.StreamControl_Command:
		return &pb.StreamRequest{Request: &pb.StreamRequest_Control{Control: &pb.StreamControl{Command: v}}}
	}
	return &pb.StreamRequest{}
}

func pipeline(parts ...string) *pb.StreamInit {
	m := &pb.PipelineManifest{Version: "v1"}
	for _, p := range parts {
		if from, to, ok := strings.Cut(p, ">"); ok {
			m.Connections = append(m.Connections, &pb.Connection{From: from, To: to})
			continue
		}
		id, typ, _ := strings.Cut(p, ":")
		m.Nodes = append(m.Nodes, &pb.NodeManifest{Id: id, NodeType: typ})
	}
	return &pb.StreamInit{Manifest: m}
}

func chunk(id string, sequence uint64, frames int) *pb.AudioChunk {
	raw := make([]byte, 2*frames)
	for i := range raw {
		raw[i] = byte(sequence)
	}
	return &pb.AudioChunk{NodeId: id, Sequence: sequence, Buffer: &pb.AudioBuffer{
		Samples: raw, SampleRate: 8000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: uint64(frames)}}
}

// show renders an answer in a few words.
func show(r *pb.StreamResponse) string {
	switch v := r.GetResponse().(type) {
	case *pb.StreamResponse_Ready:
		return "ready"
	case *pb.StreamResponse_Result:
		s := fmt.Sprintf("result %d", v.Result.GetSequence())
		for id, b := range v.Result.GetAudioOutputs() {
			s += fmt.Sprintf(" %s=%d", id, b.GetNumSamples())
		}
		for id, d := range v.Result.GetDataOutputs() {
			s += fmt.Sprintf(" %s=%s", id, d)
		}
		if v.Result.GetDropped() {
			s += " dropped"
		}
		if v.Result.GetIsFinal() {
			s += " final"
		}
		return s
	case *pb.StreamResponse_Error:
		return fmt.Sprintf("error %s %s at %d", v.Error.GetCode(), pb.StreamErrorType(v.Error.GetStreamErrorCode()), v.Error.GetFailingSequence())
	case *pb.StreamResponse_Metrics:
		return fmt.Sprintf("metrics %d", v.Metrics.GetChunksProcessed())
	case *pb.StreamResponse_Closed:
		return fmt.Sprintf("closed %q after %d", v.Closed.GetReason(), v.Closed.GetChunksProcessed())
	}
	return "nothing"
}

// rest reads the answers until the stream has ended, and checks that all was given back.
func (p *peer) rest() string {
	got := p.answersUntilTheEnd()
	synctest.Wait()
	p.nothingLeft()
	return got
}

func (p *peer) answersUntilTheEnd() string {
	var got []string
	for {
		select {
		case r := <-p.answers:
			got = append(got, show(r))
			continue
		case err := <-p.ended:
			for len(p.answers) > 0 {
				got = append(got, show(<-p.answers))
			}
			if err != nil {
				got = append(got, "cut: "+err.Error())
			}
		}
		break
	}
	p.hangUp()
	return strings.Join(got, "\n")
}

func (p *peer) nothingLeft() {
	if p.engine.OpenSessions() != 0 || p.engine.Abandoned() != 0 || p.engine.Pool().Out() != 0 || p.account != nil && p.account.Used() != 0 {
		p.t.Errorf("leaked: %d sessions, %d pumps, %d buffers", p.engine.OpenSessions(), p.engine.Abandoned(), p.engine.Pool().Out())
	}
}

// check runs a stream with a script and compares its answers.
func check(t *testing.T, want string, script func(p *peer), change ...func(*Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100, change...)
		script(p)
		if got := p.rest(); got != strings.TrimSpace(want) {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	})
}

func sends(parts ...any) func(p *peer) {
	return func(p *peer) {
		for _, part := range parts {
			p.send(request(part))
		}
	}
}

const (
	closeCommand  = pb.StreamControl_COMMAND_CLOSE
	cancelCommand = pb.StreamControl_COMMAND_CANCEL
)

func TestOneAnswerPerChunkThenClosed(t *testing.T) {
	check(t, `
ready
result 0 a=5
result 1 a=6
closed "Client requested close" after 2`,
		sends(pipeline("a:Pass"), chunk("a", 0, 5), chunk("", 1, 6), closeCommand))
}

func TestHalfCloseFlushes(t *testing.T) {
	check(t, `
ready
result 0
result 1
result 1 h=7 final
closed "Client half-closed" after 2`,
		func(p *peer) {
			sends(pipeline("h:Hold"), chunk("h", 0, 3), chunk("h", 1, 4))(p)
			p.halfClose()
		})
}

func TestMetricsFollowEveryTenthChunk(t *testing.T) {
	parts := []any{pipeline("a:Pass")}
	var want strings.Builder
	want.WriteString("ready\n")
	for i := range 21 {
		parts = append(parts, chunk("a", uint64(i), 1))
		fmt.Fprintf(&want, "result %d a=1\n", i)
		if i%10 == 9 {
			fmt.Fprintf(&want, "metrics %d\n", i+1)
		}
	}
	want.WriteString(`closed "Client requested close" after 21`)
	check(t, want.String(), sends(append(parts, closeCommand)...))
}

func TestInitDataJoinsTheFirstTurnAfterItsAudio(t *testing.T) {
	init := pipeline("a:Pass")
	init.DataInputs = map[string]string{"a": "1"}
	check(t, `
ready
result 0 a=2 a=1
result 1 a=2
closed "Client requested close" after 2`, sends(init, chunk("a", 0, 2), chunk("a", 1, 2), closeCommand))
	check(t, `
ready
result 0 a=1 final
closed "Client requested close" after 0`, sends(init, closeCommand))
}

func TestDataChunksShareTheSequence(t *testing.T) {
	check(t, `
ready
result 0 a=2
result 1 a={"x":1}
closed "Client requested close" after 2`,
		sends(pipeline("a:Pass", "b:Pass"), chunk("a", 0, 2), &pb.JsonChunk{NodeId: "a", Json: `{"x":1}`, Sequence: 1}, closeCommand))
}

func TestT048_ErrorsAreFatalAndInBand(t *testing.T) {
	ok := pipeline("a:Pass")
	other := chunk("a", 1, 2)
	other.Buffer.SampleRate = 16000
	late := chunk("a", 0, 2)
	late.TimestampMs = 1<<64 - 1
	gaps := pipeline("a:Pass")
	gaps.AllowGaps = true
	bad := chunk("a", 1, 2)
	bad.Buffer.NumSamples = 9
	for name, c := range map[string]struct {
		parts []any
		want  string
	}{
		"chunk before init":  {[]any{chunk("a", 0, 1)}, "error stream_init_required STREAM_ERROR_INIT_REQUIRED at 0\nclosed \"error\" after 0"},
		"second init":        {[]any{ok, ok}, "ready\nerror stream_second_init STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"unknown node":       {[]any{ok, chunk("z", 0, 1)}, "ready\nerror stream_unknown_node STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"skipped sequence":   {[]any{ok, chunk("a", 0, 1), chunk("a", 2, 1)}, "ready\nresult 0 a=1\nerror stream_sequence STREAM_ERROR_INVALID_SEQUENCE at 2\nclosed \"error\" after 1"},
		"repeated sequence":  {[]any{ok, chunk("a", 0, 1), chunk("a", 0, 1)}, "ready\nresult 0 a=1\nerror stream_sequence STREAM_ERROR_INVALID_SEQUENCE at 0\nclosed \"error\" after 1"},
		"another rate":       {[]any{ok, chunk("a", 0, 1), other}, "ready\nresult 0 a=1\nerror format_changed STREAM_ERROR_UNSPECIFIED at 1\nclosed \"error\" after 1"},
		"contradicting":      {[]any{ok, chunk("a", 0, 1), bad}, "ready\nresult 0 a=1\nerror bad_audio STREAM_ERROR_UNSPECIFIED at 1\nclosed \"error\" after 1"},
		"empty request":      {[]any{ok, nil}, "ready\nerror stream_empty_request STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"unknown command":    {[]any{ok, pb.StreamControl_COMMAND_UNSPECIFIED}, "ready\nerror stream_command STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"above the limits":   {[]any{ok, chunk("a", 0, 10_001)}, "ready\nerror sample_limit STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"invalid manifest":   {[]any{pipeline("a:Nope")}, "error unknown_node_type STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"data that isn't":    {[]any{ok, &pb.JsonChunk{NodeId: "a", Json: "{"}}, "ready\nerror data_input_syntax STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"time beyond all":    {[]any{ok, late}, "ready\nerror bad_audio STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"last sequence":      {[]any{gaps, chunk("a", 1<<64-1, 1)}, "ready\nerror stream_sequence STREAM_ERROR_INVALID_SEQUENCE at 18446744073709551615\nclosed \"error\" after 0"},
		"unknown port":       {[]any{ok, &pb.JsonChunk{NodeId: "a", Json: "1", Port: "side"}}, "ready\nerror unknown_port STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"kind not taken":     {[]any{pipeline("a:Sound"), &pb.JsonChunk{NodeId: "a", Json: "1"}}, "ready\nerror input_kind STREAM_ERROR_UNSPECIFIED at 0\nclosed \"error\" after 0"},
		"failing node":       {[]any{pipeline("a:Picky"), chunk("a", 0, 1)}, "ready\nerror node_failed STREAM_ERROR_EXECUTION at 0\nclosed \"error\" after 0"},
		"chunk takes longer": {[]any{pipeline("a:Hang"), chunk("a", 0, 1)}, "ready\nerror time_limit STREAM_ERROR_TIMEOUT at 0\nclosed \"error\" after 0"},
	} {
		t.Run(name, func(t *testing.T) { check(t, c.want, sends(c.parts...)) })
	}
}

func TestContinueOnErrorGoesOn(t *testing.T) {
	init := pipeline("a:Picky")
	init.ContinueOnError = true
	check(t, `
ready
result 0 a=2
error node_failed STREAM_ERROR_EXECUTION at 1
result 2 a=3
closed "Client requested close" after 3`, sends(init, chunk("a", 0, 2), chunk("a", 1, 1), chunk("a", 2, 3), closeCommand))
}

// TestContinueOnErrorEndsAtALimit: after a breached limit the nodes' state is unknown.
func TestContinueOnErrorEndsAtALimit(t *testing.T) {
	init := pipeline("a:Hang")
	init.ContinueOnError = true
	check(t, `
ready
error time_limit STREAM_ERROR_TIMEOUT at 0
closed "error" after 0`, sends(init, chunk("a", 0, 2), chunk("a", 1, 2), closeCommand))
}

func TestAllowGapsTakesSkippedSequences(t *testing.T) {
	init := pipeline("a:Pass")
	init.AllowGaps = true
	check(t, `
ready
result 0 a=1
result 5 a=1
closed "Client requested close" after 2`, sends(init, chunk("a", 0, 1), chunk("a", 5, 1), closeCommand))
}

// TestDropsKeepTheSequencesOfAStreamWithGaps: each answer has the sequence of its chunk, also where a run of drops has gaps.
func TestDropsKeepTheSequencesOfAStreamWithGaps(t *testing.T) {
	for policy, want := range map[pb.BackpressurePolicy]string{
		pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_OLDEST: "ready\nresult 0 a=1\nresult 3 dropped\nresult 4 dropped\nresult 9 dropped\nresult 12 a=1\nclosed \"Client requested close\" after 5",
		pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_NEWEST: "ready\nresult 0 a=1\nresult 3 a=1\nresult 4 dropped\nresult 9 dropped\nresult 12 dropped\nclosed \"Client requested close\" after 5",
	} {
		init := pipeline("a:Lag")
		init.Backpressure, init.AllowGaps = policy, true
		check(t, want, func(p *peer) {
			p.send(request(init))
			for _, sequence := range []uint64{0, 3, 4, 9, 12} {
				p.send(request(chunk("a", sequence, 1)))
				synctest.Wait()
			}
			p.send(request(closeCommand))
		}, func(o *Options) { o.QueueChunks = 1 })
	}
}

// TestPanicWhileStateIsForgottenEndsTheStreamOnly: nodes forget where chunks of audio or data were dropped, and one that fails at it
// harms nobody else.
func TestPanicWhileStateIsForgottenEndsTheStreamOnly(t *testing.T) {
	for _, dropped := range []any{chunk("a", 1, 1), &pb.JsonChunk{NodeId: "a", Json: "7", Sequence: 1}} {
		init := pipeline("a:Fragile")
		init.Backpressure = pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_OLDEST
		check(t, "ready\nresult 0 a=1\nerror panic STREAM_ERROR_EXECUTION at 1\nclosed \"error\" after 1", func(p *peer) {
			p.send(request(init))
			for _, c := range []any{chunk("a", 0, 1), dropped, chunk("a", 2, 1)} {
				p.send(request(c))
				synctest.Wait()
			}
			p.send(request(closeCommand))
		}, func(o *Options) { o.QueueChunks = 1 })
	}
}

// TestTotalsAndTheClockOverDrops: the totals count what was processed, and the clock goes on over what wasn't.
func TestTotalsAndTheClockOverDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100, func(o *Options) { o.QueueChunks = 1 })
		init := pipeline("a:Lag")
		init.Backpressure = pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_OLDEST
		p.send(request(init))
		for i, frames := range []int{8, 16, 24, 32} {
			p.send(request(chunk("a", uint64(i), frames)))
			synctest.Wait()
		}
		p.send(request(closeCommand))
		<-p.answers // ready
		for i, want := range []struct {
			dropped             bool
			total               uint64
			position, timestamp int64
		}{{false, 8, 0, 0}, {true, 8, 0, 0}, {true, 8, 0, 0}, {false, 40, 48, 6000}} {
			r := (<-p.answers).GetResult()
			b := r.GetAudioOutputs()["a"]
			if r.GetDropped() != want.dropped || r.GetTotalSamplesProcessed() != want.total ||
				b.GetPositionFrames() != want.position || b.GetTimestampUs() != want.timestamp {
				t.Errorf("chunk %d: %v, want %+v", i, r, want)
			}
		}
		if c := (<-p.answers).GetClosed(); c.GetTotalSamples() != 40 || c.GetChunksProcessed() != 4 {
			t.Errorf("closed: %v", c)
		}
		p.rest()
		if s := p.summary; s.Dropped != 2 || s.Samples != 40 || s.Chunks != 4 {
			t.Errorf("summary: %+v", s)
		}
	})
}

func TestEachWarningIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100)
		sends(pipeline("a:Grumble"), chunk("a", 0, 1), chunk("a", 1, 1), closeCommand)(p)
		<-p.answers // ready
		for i, want := range []int{1, 0} {
			if told := (<-p.answers).GetResult().GetWarnings(); len(told) != want {
				t.Errorf("chunk %d is told %q, want %d warnings", i, told, want)
			}
		}
		p.rest()
	})
}

func TestUnknownPolicyIsRefused(t *testing.T) {
	init := pipeline("a:Pass")
	init.Backpressure = 257 // which isn't BLOCK in eight bits
	check(t, `
error stream_policy STREAM_ERROR_UNSPECIFIED at 0
closed "error" after 0`, sends(init))
}

func TestCancelDropsWhatWaitsAndStopsTheNode(t *testing.T) {
	check(t, `
ready
closed "Client requested cancel" after 0`,
		sends(pipeline("a:Hang"), chunk("a", 0, 1), chunk("a", 1, 1), cancelCommand))
}

func TestT047_PoliciesCountWhatTheyDrop(t *testing.T) {
	for policy, want := range map[pb.BackpressurePolicy]string{
		pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_OLDEST: "ready\nresult 0 a=1\nresult 1 dropped\nresult 2 dropped\nresult 3 a=1\nresult 4 a=1\nclosed \"Client requested close\" after 5",
		pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_NEWEST: "ready\nresult 0 a=1\nresult 1 a=1\nresult 2 a=1\nresult 3 dropped\nresult 4 dropped\nclosed \"Client requested close\" after 5",
		pb.BackpressurePolicy_BACKPRESSURE_POLICY_BLOCK:       "ready\nresult 0 a=1\nresult 1 a=1\nresult 2 a=1\nresult 3 a=1\nresult 4 a=1\nclosed \"Client requested close\" after 5",
	} {
		init := pipeline("a:Lag")
		init.Backpressure = policy
		check(t, want, func(p *peer) {
			p.send(request(init))
			for i := range 5 {
				p.send(request(chunk("a", uint64(i), 1)))
				synctest.Wait()
			}
			p.send(request(closeCommand))
		}, func(o *Options) { o.QueueChunks = 2 })
	}
	init := pipeline("a:Lag")
	init.Backpressure = pb.BackpressurePolicy_BACKPRESSURE_POLICY_ERROR
	check(t, "ready\nresult 0 a=1\nresult 1 a=1\nresult 2 a=1\nerror stream_overflow STREAM_ERROR_BUFFER_OVERFLOW at 3\nclosed \"error\" after 3",
		func(p *peer) {
			p.send(request(init))
			for i := range 4 {
				p.send(request(chunk("a", uint64(i), 1)))
				synctest.Wait()
			}
		}, func(o *Options) { o.QueueChunks = 2 })
}

func TestIdleAndInitTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := start(t, 100)
		if got, want := p.rest(), "error stream_init_required STREAM_ERROR_INIT_REQUIRED at 0\nclosed \"error\" after 0"; got != want || time.Since(begin) != 30*time.Second {
			t.Errorf("after %v:\n%s", time.Since(begin), got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100)
		sends(pipeline("a:Pass"), chunk("a", 0, 1))(p)
		time.Sleep(299 * time.Second)
		p.send(request(chunk("a", 1, 1))) // the time starts anew
		begin := time.Now()
		want := "ready\nresult 0 a=1\nresult 1 a=1\nerror stream_idle STREAM_ERROR_TIMEOUT at 0\nclosed \"error\" after 2"
		if got := p.rest(); got != want || time.Since(begin) != 300*time.Second {
			t.Errorf("after %v:\n%s", time.Since(begin), got)
		}
	})
}

func TestPeerThatDoesNotReadIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 1)
		sends(pipeline("a:Pass"), chunk("a", 0, 1), chunk("a", 1, 1))(p)
		begin := time.Now()
		synctest.Wait()
		p.send(request(chunk("a", 2, 1))) // it goes on sending
		synctest.Wait()
		held := p.account.Used()
		err := <-p.ended
		if !errors.Is(err, ErrStalled) || time.Since(begin) != 30*time.Second || p.summary.Reason != "Client doesn't read" {
			t.Errorf("after %v: %v, %+v", time.Since(begin), err, p.summary)
		}
		if held > 6+256 { // three chunks and an item
			t.Errorf("%d bytes were held for a peer that doesn't read", held)
		}
		p.rest()
	})
}

func TestEDGE1_ClientGoneFreesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100)
		sends(pipeline("a:Hang"), chunk("a", 0, 5), chunk("a", 1, 5))(p)
		synctest.Wait()
		begin := time.Now()
		p.hangUp()
		if got := p.rest(); !strings.HasPrefix(got, "ready\ncut: ") || time.Since(begin) != 0 {
			t.Errorf("after %v:\n%s", time.Since(begin), got)
		}
	})
}

// slots counts those that are held.
type slots struct{ held int }

func (s *slots) compute(context.Context, time.Time) (Slot, error) {
	s.held++
	return &slot{of: s}, nil
}

type slot struct {
	of       *slots
	released bool
}

func (*slot) Yield(f func()) { f() }

func (*slot) GiveWay(context.Context) time.Duration { return 0 }

func (s *slot) Release() {
	if !s.released {
		s.of.held--
	}
	s.released = true
}

// TestRel15_DeafNodeIsLeftBehind: the stream ends as it would with a node that heeds cancel, and the node keeps no slot.
func TestRel15_DeafNodeIsLeftBehind(t *testing.T) {
	for name, c := range map[string]struct {
		after  func(p *peer)
		within time.Duration
		want   string
	}{
		"time limit": {func(*peer) {}, 5 * time.Second, `
ready
error time_limit STREAM_ERROR_TIMEOUT at 0
closed "error" after 0`},
		"cancel": {func(p *peer) { p.send(request(cancelCommand)) }, 0, `
ready
closed "Client requested cancel" after 0`},
		"client gone": {func(p *peer) { p.hangUp() }, 0, `
ready
cut: `},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var held slots
				began := time.Now()
				p := start(t, 100, func(o *Options) { o.Compute = held.compute })
				sends(pipeline("a:Deaf"), chunk("a", 0, 5), chunk("a", 1, 5))(p)
				synctest.Wait()
				c.after(p)
				got := p.answersUntilTheEnd()
				if took := time.Since(began); !strings.HasPrefix(got, strings.TrimSpace(c.want)) || took != c.within {
					t.Errorf("after %v, want %v, got:\n%s\nwant:\n%s", took, c.within, got, c.want)
				}
				synctest.Wait()
				if held.held != 0 || p.engine.Abandoned() != 1 || p.engine.OpenSessions() != 1 {
					t.Errorf("%d slots are held, %d are left behind, %d sessions are open", held.held, p.engine.Abandoned(), p.engine.OpenSessions())
				}
				time.Sleep(2 * time.Hour)
				p.nothingLeft()
			})
		})
	}
}

func TestDrainAnswersWhatWaitsAndCloses(t *testing.T) {
	check(t, `
ready
result 0 a=1
result 1 a=1
closed "Server shutting down" after 2`,
		func(p *peer) {
			sends(pipeline("a:Lag"), chunk("a", 0, 1), chunk("a", 1, 1))(p)
			synctest.Wait()
			close(p.drain)
		})
}

func TestIdleStreamHasNoPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, 100)
		sends(pipeline("a:Pass"), chunk("a", 0, 1))(p)
		synctest.Wait()
		if p.account.Used() != 0 {
			t.Errorf("an idle stream holds %d bytes", p.account.Used())
		}
		p.send(request(closeCommand))
		p.rest()
	})
}
