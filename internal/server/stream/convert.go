package stream

import (
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/node"
)

// buffer checks the audio of a chunk and adopts it into the session's account.
func buffer(c Conn, s *engine.Session, n *graph.Node, in *pb.AudioBuffer) (b *audio.Buffer, hasTime bool, _ *fault.Error) {
	if in == nil {
		return nil, false, fault.New(fault.CodeBadAudio, "the chunk for node %q has no buffer", n.ID).WithNode(n.ID)
	}
	if f := fault.FromProblems(wire.CheckAudio(in, n.ID, "audio_chunk.buffer")); f != nil {
		return nil, false, f
	}
	if got, allowed := wire.NumSamples(in), s.Limits().Samples; got > allowed {
		return nil, false, engine.SampleLimit(n.ID, got, allowed)
	}
	b, hasTime, err := c.Audio(in, s.Account())
	if err != nil {
		return nil, false, engine.MemoryLimit(err, n.ID)
	}
	return b, hasTime, nil
}

// datum checks the JSON text of a data input.
func datum(n *graph.Node, text, path string) (node.Item, *fault.Error) {
	item, problem := wire.DataFromProto(text, n.ID, path)
	if problem != nil {
		return node.Item{}, fault.FromProblems([]fault.Problem{*problem})
	}
	return item, takes(n, item.Kind)
}

// takes refuses an external item of a kind that the node doesn't process.
func takes(n *graph.Node, kind node.Kinds) *fault.Error {
	if n.Spec.Takes(kind) {
		return nil
	}
	return fault.New(fault.CodeInputKind, "node %q (%s) takes %s, not %s", n.ID, n.Spec.Name, n.Spec.Accepts, kind).WithNode(n.ID)
}
