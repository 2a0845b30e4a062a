package server

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/node"
)

// execution is one call of ExecutePipeline. What it needs from call to call is kept and used again: see executions.
type execution struct {
	server *Server
	call   *call
	ctx    context.Context
	req    *pb.ExecuteRequest
	in     wire.Incoming // reads into req

	limits   engine.Limits
	plan     *graph.Plan
	data     map[string]node.Item // data inputs by node id
	session  *engine.Session
	slot     *admission.Slot // held from the decoded request to the encoded answer
	rest     int             // what of the request is charged beside the audio
	out      *engine.Output
	warnings []string
	adopt    time.Duration // turning messages into items

	ask    planRequest // for the plan of req
	inputs []engine.Input
	reply  reply
	frame  wire.Frame
}

var executions = sync.Pool{New: func() any {
	x := &execution{req: new(pb.ExecuteRequest)}
	x.in = wire.Incoming{Message: x.req, KeepManifest: true}
	x.ask = planRequest{ExecuteRequest: x.req, in: &x.in}
	return x
}}

// end implements work: the state becomes another execution's.
func (x *execution) end() {
	x.frame.Free() // where it couldn't be sent
	if x.out != nil {
		x.out.Release()
	}
	if x.session != nil {
		x.session.Account().Release(x.rest)
		x.session.Close()
	}
	x.in.Release()
	x.req.Reset()
	clear(x.inputs)
	clear(x.ask.nodes)
	x.reply.reset()
	x.server, x.call, x.ctx, x.plan, x.data, x.session, x.slot, x.out, x.warnings = nil, nil, nil, nil, nil, nil, nil, nil, nil
	x.rest = 0
	if cap(x.ask.key) <= maxKept && cap(x.inputs) <= maxKeptNodes && x.reply.nodes.small() {
		executions.Put(x)
	}
}

// What a large request leaves behind for the next is bounded.
const (
	maxKept      = 16 << 10 // bytes
	maxKeptNodes = 64
)

// executePipeline runs a manifest over the inputs of the request.
func (s *Server) executePipeline(ctx context.Context, stream grpc.ServerStream) error {
	x := executions.Get().(*execution)
	x.server, x.call, x.ctx = s, callOf(ctx), ctx
	return s.serve(ctx, stream, &x.in, x)
}

// do implements work.
func (x *execution) do(left func(error)) (answer any, err error) {
	x.note()
	err = x.inSlot(left)
	if x.plan == nil {
		x.noteManifest()
	}
	return &x.frame, err
}

// inSlot makes the answer. A peer that is slow to read it must not hold the slot.
func (x *execution) inSlot(left func(error)) error {
	slot, err := x.call.compute(x.ctx)
	if err != nil {
		return err
	}
	defer slot.Release()
	x.slot = slot
	if err := x.prepare(); err != nil {
		return err
	}
	return x.execute(left)
}

// note keeps for the log what the request says of itself.
func (x *execution) note() {
	if id := x.req.GetRequestId(); !x.call.named && usableID(id) {
		x.call.requestID = id
	}
	x.call.labels = boundedLabels(x.req.GetLabels())
}

// noteManifest does so for a manifest that wasn't run, as far as it can be read.
func (x *execution) noteManifest() {
	if x.in.DecodeManifest() == nil {
		x.call.nodes = len(x.req.GetManifest().GetNodes())
		x.call.pipeline = shorten(x.req.GetManifest().GetMetadata().GetName())
	}
}

// boundedLabels keeps a request from filling the log.
func boundedLabels(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	const most = 16
	out := make(map[string]string, min(len(labels), most))
	for k, v := range labels {
		if len(out) < most {
			out[shorten(k)] = shorten(v)
		}
	}
	return out
}

// prepare does everything that may refuse the request, in the order of the contract, and opens the session.
func (x *execution) prepare() error {
	if err := checkClient(x.req.GetClientVersion()); err != nil {
		return err
	}
	limits, warnings, err := x.server.limits(x.req.GetResourceLimits())
	if err != nil {
		return err
	}
	x.limits, x.warnings = limits, warnings
	if x.plan, x.data, err = x.server.plan(&x.ask, limits); err != nil {
		return err
	}
	x.call.nodes, x.call.pipeline = len(x.plan.Nodes), shorten(x.plan.Name)
	if err := x.checkSamples(); err != nil {
		return err
	}
	if x.session, err = x.server.options.Engine.Open(x.plan, limits); err != nil {
		return err
	}
	x.session.SetSlot(x.slot)
	x.call.running.session.Store(x.session)
	return nil
}

// checkSamples tells of a buffer that is too long before its bytes are charged, which they might be too many for.
func (x *execution) checkSamples() error {
	for i := range x.plan.Nodes {
		id := x.plan.Nodes[i].ID
		if n := wire.NumSamples(x.req.GetAudioInputs()[id]); n > x.limits.Samples {
			return engine.SampleLimit(id, n, x.limits.Samples)
		}
	}
	return nil
}

func (x *execution) run() (err error) {
	rest := x.in.Bytes - audioBytes(x.req) // manifest, data, framing
	if err := x.session.Account().Charge(rest); err != nil {
		return engine.MemoryLimit(err, "")
	}
	x.rest = rest
	if err := x.adoptInputs(); err != nil {
		return err
	}
	for i := range x.inputs {
		x.reply.kind(x.inputs[i].Item.Kind)
	}
	if x.out, err = x.session.Execute(x.ctx, x.inputs); err != nil {
		return err
	}
	x.frame, err = x.respond(x.out)
	return err
}

func audioBytes(req *pb.ExecuteRequest) int {
	n := 0
	for _, b := range req.GetAudioInputs() {
		n += len(b.GetSamples())
	}
	return n
}

// adoptInputs turns the request's inputs into items; on failure it holds none.
func (x *execution) adoptInputs() error {
	start := time.Now()
	defer func() { x.adopt = time.Since(start) }()
	x.inputs = x.inputs[:0]
	for i := range x.plan.Nodes {
		id := x.plan.Nodes[i].ID
		if in, ok := x.req.GetAudioInputs()[id]; ok {
			b, timed, err := x.in.Audio(in, x.session.Account())
			if err != nil {
				releaseInputs(x.inputs)
				return engine.MemoryLimit(err, id)
			}
			x.inputs = append(x.inputs, engine.Input{Node: i, Item: node.AudioItem(b), HasTime: timed})
		}
		if item, ok := x.data[id]; ok {
			x.inputs = append(x.inputs, engine.Input{Node: i, Item: item})
		}
	}
	return nil
}

func releaseInputs(inputs []engine.Input) {
	for _, in := range inputs {
		if in.Item.Audio != nil {
			in.Item.Audio.Release()
		}
	}
}
