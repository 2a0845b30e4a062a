package wire

import (
	"time"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

var latencyClasses = map[string]extpb.LatencyClass{
	"realtime": extpb.LatencyClass_LATENCY_CLASS_REALTIME,
	"fast":     extpb.LatencyClass_LATENCY_CLASS_FAST,
	"medium":   extpb.LatencyClass_LATENCY_CLASS_MEDIUM,
	"slow":     extpb.LatencyClass_LATENCY_CLASS_SLOW,
	"batch":    extpb.LatencyClass_LATENCY_CLASS_BATCH,
}

// NodeTypeToProto describes a node type in short: what a list tells.
func NodeTypeToProto(s *node.Spec) *extpb.NodeTypeInfo {
	return &extpb.NodeTypeInfo{
		Name: s.Name, Aliases: s.Aliases, Description: s.Summary, Category: s.Category,
		Accepts: kindsToProto(s.Accepts), Produces: kindsToProto(s.Gives()),
		MultiOutput: s.MultiOutput, Stateful: s.Stateful,
		LatencyClass: latencyClasses[s.LatencyClass], LatencySamples: latencySamples(s),
	}
}

// AddSchema adds to the description of a type what is long: schema and defaults of the parameters, and an example.
func AddSchema(m *extpb.NodeTypeInfo, s *node.Spec) error {
	m.ParamsSchema, m.Defaults = string(s.Params().JSONSchema()), string(s.Params().Defaults())
	example := manifest.Manifest{Version: "v1", Nodes: []manifest.Node{{ID: "example", Type: s.Name, Params: []byte(s.Example)}}}
	text, err := example.MarshalJSON()
	m.Example = string(text)
	return err
}

// latencyRate is that of the delay of a node whose output has the rate of its input.
const latencyRate = 16000

func latencySamples(s *node.Spec) uint64 {
	rate := latencyRate
	if params, problems := s.Decode(nil); len(problems) == 0 {
		if out, err := s.Output(params, audio.Format{}); err == nil && out.Rate > 0 {
			rate = out.Rate
		}
	}
	return uint64((s.Latency*time.Duration(rate) + time.Second/2) / time.Second)
}

// kindsToProto names the kinds as hints. Control messages are JSON.
func kindsToProto(k node.Kinds) []pb.DataTypeHint {
	if k == node.Any {
		return []pb.DataTypeHint{pb.DataTypeHint_DATA_TYPE_HINT_ANY}
	}
	if k&node.Control != 0 {
		k = k&^node.Control | node.JSON
	}
	return typesToProto(k.Names())
}

// kindFromProto gives the kinds that a hint stands for; ok is false for those that don't exist here.
func kindFromProto(t pb.DataTypeHint) (k node.Kinds, ok bool) {
	switch t {
	case pb.DataTypeHint_DATA_TYPE_HINT_AUDIO:
		return node.Audio, true
	case pb.DataTypeHint_DATA_TYPE_HINT_JSON:
		return node.JSON, true
	case pb.DataTypeHint_DATA_TYPE_HINT_TEXT:
		return node.Text, true
	case pb.DataTypeHint_DATA_TYPE_HINT_BINARY:
		return node.Binary, true
	case pb.DataTypeHint_DATA_TYPE_HINT_ANY:
		return node.Any, true
	}
	return 0, false
}
