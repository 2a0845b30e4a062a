package wire

import (
	"cmp"
	"fmt"
	"slices"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

// ProblemsToProto tells problems of a document, at most 100 of them, errors before warnings where there are more. Placed says that
// they are of a text, which their lines and columns count in.
func ProblemsToProto(problems []fault.Problem, placed bool) []*extpb.PipelineProblem {
	more := len(problems) - maxProblems
	if more > 0 {
		problems = slices.Clone(problems)
		slices.SortStableFunc(problems, func(a, b fault.Problem) int { return cmp.Compare(a.Severity, b.Severity) })
		problems = problems[:maxProblems]
	}
	out := make([]*extpb.PipelineProblem, len(problems))
	for i, p := range problems {
		out[i] = &extpb.PipelineProblem{
			Severity: extpb.Severity_SEVERITY_ERROR, Code: string(p.Code), NodeId: clean(p.NodeID), Path: clean(p.Path),
			Message: clean(p.Message), Hint: clean(p.Hint),
		}
		if p.Severity == fault.SeverityWarning {
			out[i].Severity = extpb.Severity_SEVERITY_WARNING
		}
		if placed {
			out[i].Line, out[i].Column = uint32(p.Line), uint32(p.Column)
		}
	}
	if more > 0 {
		out[maxProblems-1].Message += fmt.Sprintf("; %d more problems aren't listed", more)
	}
	return out
}

// InputFormatFromProto reads what a node will receive, and returns every way in which it contradicts itself or the bounds of audio, as
// problems at a path such as input_formats["in"]. Fields of the format that aren't told are 0.
func InputFormatFromProto(in *extpb.InputFormat, nodeID, path string) (node.Kinds, audio.Format, []fault.Problem) {
	c := audioCheck{in: &pb.AudioBuffer{SampleRate: in.GetSampleRate(), Channels: in.GetChannels(), Format: in.GetFormat()}, nodeID: nodeID, path: path}
	kind := in.GetKind()
	if kind == pb.DataTypeHint_DATA_TYPE_HINT_UNSPECIFIED {
		kind = pb.DataTypeHint_DATA_TYPE_HINT_JSON
		if in.GetSampleRate() != 0 {
			kind = pb.DataTypeHint_DATA_TYPE_HINT_AUDIO
		}
	}
	kinds, ok := kindFromProto(kind)
	if !ok {
		return 0, audio.Format{}, []fault.Problem{{
			Code: fault.CodeInputKind, NodeID: nodeID, Path: path + ".kind", Hint: "use audio, JSON, text, binary or any",
			Message: fmt.Sprintf("the input for node %q is of the kind %s, which this service doesn't have", shorten(nodeID), kind),
		}}
	}
	if kinds != node.Audio {
		return kinds, audio.Format{}, nil
	}
	for _, told := range []struct {
		is    bool
		check func()
	}{{in.GetSampleRate() != 0, c.rate}, {in.GetChannels() != 0, c.channels}, {in.GetFormat() != 0, c.format}} {
		if told.is {
			told.check()
		}
	}
	return kinds, formatOf(c.in), c.problems
}
