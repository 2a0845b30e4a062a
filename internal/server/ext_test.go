package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

const (
	listPath     = "/remotemedia.ext.v1.NodeCatalogService/ListNodes"
	describePath = "/remotemedia.ext.v1.NodeCatalogService/DescribeNode"
	validatePath = "/remotemedia.ext.v1.PipelineToolsService/ValidatePipeline"
	convertPath  = "/remotemedia.ext.v1.PipelineToolsService/ConvertManifest"
)

// ask makes a call that is answered.
func ask[Out any, Message interface {
	*Out
	proto.Message
}](r *rig, method string, in proto.Message) Message {
	r.t.Helper()
	out := Message(new(Out))
	if err := r.Invoke(r.t.Context(), method, in, out); err != nil {
		r.t.Fatalf("%s: %v", method, err)
	}
	return out
}

func listed(r *rig, req *extpb.ListNodesRequest) []string {
	var names []string
	for _, n := range ask[extpb.ListNodesResponse](r, listPath, req).GetNodes() {
		names = append(names, n.GetName())
	}
	return names
}

func TestListNodesNarrowsTheList(t *testing.T) {
	r := newRig(t, library(t))
	all := listed(r, &extpb.ListNodesRequest{})
	if len(all) < 15 || !slices.IsSorted(all) || !slices.Contains(all, "AudioResample") {
		t.Errorf("got %q", all)
	}
	for _, x := range []struct {
		req  *extpb.ListNodesRequest
		want []string
	}{
		{&extpb.ListNodesRequest{Filter: "RUSTvad"}, []string{"VAD"}}, // an alias
		{&extpb.ListNodesRequest{Filter: "silero network"}, []string{"SileroVADNode"}},
		{&extpb.ListNodesRequest{Category: "detect"}, []string{"SileroVADNode", "VAD", "VoiceActivityDetector"}},
		{&extpb.ListNodesRequest{Category: "Detect"}, nil},
		{&extpb.ListNodesRequest{Category: "flow", Filter: "vad"}, nil},
	} {
		if got := listed(r, x.req); !slices.Equal(got, x.want) {
			t.Errorf("%v: got %q, want %q", x.req, got, x.want)
		}
	}
	for _, schemas := range []bool{false, true} {
		for _, n := range ask[extpb.ListNodesResponse](r, listPath, &extpb.ListNodesRequest{IncludeSchema: schemas}).GetNodes() {
			if (n.GetParamsSchema() != "") != schemas || (n.GetDefaults() != "") != schemas || (n.GetExample() != "") != schemas {
				t.Errorf("with schemas %v %s has %v", schemas, n.GetName(), n)
			}
			if n.GetDescription() == "" || n.GetCategory() == "" || len(n.GetAccepts()) == 0 || len(n.GetProduces()) == 0 || n.GetLatencyClass() == 0 {
				t.Errorf("something is missing: %v", n)
			}
		}
	}
}

func TestDescribeNodeTellsAllOfAType(t *testing.T) {
	r := newRig(t, library(t))
	got := ask[extpb.NodeTypeInfo](r, describePath, &extpb.DescribeNodeRequest{NodeType: "RustVADNode"})
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var steady any // protojson varies its spaces on purpose
	if err := json.Unmarshal(text, &steady); err != nil {
		t.Fatal(err)
	}
	text, err = json.MarshalIndent(steady, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "../describe_vad", append(text, '\n'))
}

// TestEveryExampleIsValid holds the descriptions against the check: the example of each type, and it with the defaults.
func TestEveryExampleIsValid(t *testing.T) {
	r := newRig(t, library(t))
	for _, n := range ask[extpb.ListNodesResponse](r, listPath, &extpb.ListNodesRequest{IncludeSchema: true}).GetNodes() {
		got := ask[extpb.ValidatePipelineResponse](r, validatePath, fromJSON(n.GetExample()))
		if !got.GetValid() || got.GetNormalized().GetNodes()[0].GetNodeType() != n.GetName() {
			t.Errorf("%s: %v", n.GetName(), got)
			continue
		}
		again := ask[extpb.ValidatePipelineResponse](r, validatePath, fromMessage(got.GetNormalized()))
		if !again.GetValid() || len(again.GetProblems()) > 0 || !proto.Equal(again.GetNormalized(), got.GetNormalized()) {
			t.Errorf("%s: what is normalized isn't, or isn't valid: %v", n.GetName(), again)
		}
	}
}

func fromJSON(text string) *extpb.ValidatePipelineRequest {
	return &extpb.ValidatePipelineRequest{Source: &extpb.ValidatePipelineRequest_Json{Json: text}}
}

func fromYAML(text string) *extpb.ValidatePipelineRequest {
	return &extpb.ValidatePipelineRequest{Source: &extpb.ValidatePipelineRequest_Yaml{Yaml: text}}
}

func fromMessage(m *pb.PipelineManifest) *extpb.ValidatePipelineRequest {
	return &extpb.ValidatePipelineRequest{Source: &extpb.ValidatePipelineRequest_Manifest{Manifest: m}}
}

func TestDescribeNodeSaysWhatWasMeant(t *testing.T) {
	r := newRig(t, library(t))
	for name, want := range map[string]string{"audio_resampel": "did you mean AudioResample?", "": "ListNodes", strings.Repeat("x", 1<<20): "ListNodes"} {
		err := r.Invoke(t.Context(), describePath, &extpb.DescribeNodeRequest{NodeType: name}, new(extpb.NodeTypeInfo))
		s := status.Convert(err)
		if s.Code() != codes.NotFound || !strings.Contains(s.Message(), want) || len(s.Message()) > 1000 {
			t.Errorf("%.20q: %v", name, err)
		}
		if detail, ok := s.Details()[0].(*pb.ErrorResponse); !ok || detail.GetCode() != "unknown_node_type" || !strings.Contains(detail.GetContext(), "AudioResample") {
			t.Errorf("%.20q: details %v", name, s.Details())
		}
	}
}

const twoNodes = `version: "1.0"
metadata: {name: two}
nodes:
  - {id: out, type: RustVADNode, params: {threshold: 0.02}}
  - {id: in, node_type: AudioResample, params: {targetSampleRate: 16000}}
connections:
  - {from: in, to: out}
  - {from: in, to: out}
`

func TestValidatePipelineTellsThePlan(t *testing.T) {
	r := newRig(t, library(t))
	req := fromYAML(twoNodes)
	req.InputFormats = map[string]*extpb.InputFormat{"in": {SampleRate: 44100, Channels: 2, Format: pb.AudioFormat_AUDIO_FORMAT_I16}}
	got := ask[extpb.ValidatePipelineResponse](r, validatePath, req)
	if !got.GetValid() || len(got.GetProblems()) != 1 || got.GetProblems()[0].GetCode() != "duplicate_edge" ||
		got.GetProblems()[0].GetSeverity() != extpb.Severity_SEVERITY_WARNING || got.GetProblems()[0].GetLine() != 8 {
		t.Fatalf("got %v", got)
	}
	if !slices.Equal(got.GetExecutionOrder(), []string{"in", "out"}) || !slices.Equal(got.GetSources(), []string{"in"}) || !slices.Equal(got.GetSinks(), []string{"out"}) {
		t.Errorf("order %q, sources %q, sinks %q", got.GetExecutionOrder(), got.GetSources(), got.GetSinks())
	}
	if want := uint64(2 * 4 * 16000 * 2); got.GetEstimatedMemoryBytes() != want { // two nodes, 16 kHz, stereo
		t.Errorf("estimated are %d bytes, want %d", got.GetEstimatedMemoryBytes(), want)
	}
	m := got.GetNormalized()
	if m.GetNodes()[0].GetNodeType() != "VAD" || len(m.GetConnections()) != 1 || !strings.Contains(m.GetNodes()[1].GetParams(), `"target_sample_rate":16000`) {
		t.Errorf("normalized %v", m)
	}
	if bare := ask[extpb.ValidatePipelineResponse](r, validatePath, fromYAML(twoNodes)); bare.GetEstimatedMemoryBytes() != 0 {
		t.Errorf("without formats %d bytes are estimated", bare.GetEstimatedMemoryBytes())
	}
	if clock := ask[extpb.ValidatePipelineResponse](newRig(t), validatePath, fromMessage(pipeline("c:Clock"))); !clock.GetValid() || len(clock.GetSources()) > 0 {
		t.Errorf("a node that makes its own data needs an input: %v", clock)
	}
}

func codesOf(problems []*extpb.PipelineProblem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.GetCode())
	}
	return out
}

func TestValidatePipelineTellsAllProblems(t *testing.T) {
	r := newRig(t, library(t))
	bad := strings.Replace(strings.Replace(twoNodes, "threshold: 0.02", "treshold: 2", 1), "- {from: in, to: out}", "- {from: inn, to: out}", 1)
	formats := map[string]*extpb.InputFormat{
		"in": {Kind: pb.DataTypeHint_DATA_TYPE_HINT_TEXT}, "nowhere": {}, "out": {SampleRate: 8000, Channels: 9999},
	}
	for name, x := range map[string]struct {
		req  *extpb.ValidatePipelineRequest
		want []string
	}{
		"yaml":        {fromYAML(bad), []string{"unknown_parameter", "unknown_endpoint"}},
		"nothing":     {&extpb.ValidatePipelineRequest{}, []string{"manifest_missing"}},
		"an empty m.": {fromMessage(nil), []string{"missing_field", "manifest_empty"}},
		"broken json": {fromJSON(`{"version": "v1",`), []string{"syntax"}},
		"no json":     {fromJSON(twoNodes), []string{"syntax"}},
		"video":       {withFormats(fromYAML(twoNodes), map[string]*extpb.InputFormat{"in": {Kind: pb.DataTypeHint_DATA_TYPE_HINT_VIDEO}}), []string{"input_kind"}},
		"formats":     {withFormats(fromYAML(twoNodes), formats), []string{"bad_audio", "input_kind", "unknown_input_node"}},
	} {
		got := ask[extpb.ValidatePipelineResponse](r, validatePath, x.req)
		var errors []string
		for _, p := range got.GetProblems() {
			if p.GetSeverity() == extpb.Severity_SEVERITY_ERROR {
				errors = append(errors, p.GetCode())
			}
		}
		slices.Sort(errors)
		slices.Sort(x.want)
		if got.GetValid() || !slices.Equal(errors, x.want) || got.GetNormalized() != nil || len(got.GetExecutionOrder()) > 0 {
			t.Errorf("%s: got %q of %v, want %q", name, errors, got, x.want)
		}
	}
	for _, p := range ask[extpb.ValidatePipelineResponse](r, validatePath, fromYAML(bad)).GetProblems() {
		if p.GetLine() == 0 || p.GetColumn() == 0 || p.GetPath() == "" || p.GetMessage() == "" {
			t.Errorf("a problem of a text has no place: %v", p)
		}
	}
}

func withFormats(req *extpb.ValidatePipelineRequest, formats map[string]*extpb.InputFormat) *extpb.ValidatePipelineRequest {
	req.InputFormats = formats
	return req
}

// TestValidatePipelineBoundsHostileInput: each would take minutes or gigabytes if it were taken at its word.
func TestValidatePipelineBoundsHostileInput(t *testing.T) {
	r := newRig(t, library(t))
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		laughs += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i, i, i, i, i)
	}
	manyEdges := `{"version":"v1","nodes":[` + strings.TrimSuffix(strings.Repeat(`{"id":"%s","node_type":"PassThrough"},`, 200), ",") + `],"connections":[` +
		strings.TrimSuffix(strings.Repeat(`{"from":"some_long_name_of_a_nodf","to":"another_long_name_of_ond"},`, 12_000), ",") + `]}`
	var ids []any
	for i := range 200 {
		ids = append(ids, fmt.Sprintf("some_long_name_of_a_node_%d", i))
	}
	manyEdges = fmt.Sprintf(manyEdges, ids...)
	formats := map[string]*extpb.InputFormat{}
	for i := range 50_000 {
		formats[fmt.Sprintf("some_long_name_of_nothing_%d", i)] = &extpb.InputFormat{}
	}
	long := strings.Repeat("x", 300<<10)
	for name, x := range map[string]struct {
		req  *extpb.ValidatePipelineRequest
		want string
	}{
		"deep json":      {fromJSON(deep), "document_too_deep"},
		"deep yaml":      {fromYAML(deep), "document_too_deep"},
		"deep params":    {fromMessage(&pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough", Params: deep}}}), "document_too_deep"},
		"billion laughs": {fromYAML(laughs), "document_too_large"},
		"long json":      {fromJSON(strings.Repeat(" ", 1<<20) + "{}"), "document_too_large"},
		"long yaml":      {fromYAML(strings.Repeat("a: b\n", 1<<20)), "document_too_large"},
		"long message":   {fromMessage(pipeline(`a:PassThrough{"x":"` + strings.Repeat("x", 1<<20) + `"}`)), "document_too_large"},
		"long ids":       {fromMessage(pipeline("a:PassThrough", long+">"+long+"x", long+"y:PassThrough")), "bad_node_id"},
		"many edges":     {fromJSON(manyEdges), "unknown_endpoint"},
		"many formats":   {withFormats(fromJSON(manyEdges), formats), "unknown_input_node"},
	} {
		got := ask[extpb.ValidatePipelineResponse](r, validatePath, x.req)
		if got.GetValid() || !slices.Contains(codesOf(got.GetProblems()), x.want) || len(got.GetProblems()) > 100 || proto.Size(got) > 256<<10 {
			t.Errorf("%s: %d problems in %d bytes: %.300v", name, len(got.GetProblems()), proto.Size(got), got)
		}
	}
}

func TestConvertManifest(t *testing.T) {
	r := newRig(t)
	asJSON := ask[extpb.ConvertManifestResponse](r, convertPath, &extpb.ConvertManifestRequest{Text: twoNodes, To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON})
	asYAML := ask[extpb.ConvertManifestResponse](r, convertPath, &extpb.ConvertManifestRequest{Text: asJSON.GetText(), To: extpb.ManifestSyntax_MANIFEST_SYNTAX_YAML})
	back := ask[extpb.ConvertManifestResponse](r, convertPath, &extpb.ConvertManifestRequest{
		Text: asYAML.GetText(), From: extpb.ManifestSyntax_MANIFEST_SYNTAX_YAML, To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON,
	})
	if !json.Valid([]byte(asJSON.GetText())) || json.Valid([]byte(asYAML.GetText())) || back.GetText() != asJSON.GetText() {
		t.Errorf("JSON:\n%s\nYAML:\n%s\nand back:\n%s", asJSON.GetText(), asYAML.GetText(), back.GetText())
	}
	if !proto.Equal(back.GetManifest(), asJSON.GetManifest()) || back.GetManifest().GetNodes()[0].GetNodeType() != "RustVADNode" {
		t.Errorf("messages %v and %v", asJSON.GetManifest(), back.GetManifest())
	}
	for name, req := range map[string]*extpb.ConvertManifestRequest{
		"no syntax wanted": {Text: twoNodes},
		"broken":           {Text: "{", To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON},
		"too deep":         {Text: strings.Repeat("[", 1<<19), To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON},
		"not JSON":         {Text: twoNodes, From: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON, To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON},
	} {
		err := r.Invoke(t.Context(), convertPath, req, new(extpb.ConvertManifestResponse))
		if s := status.Convert(err); s.Code() != codes.InvalidArgument || len(s.Details()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCatalogAndToolsNeedTheScopeExecute(t *testing.T) {
	r := newRig(t, guarded(t, tokenStore(t)))
	for method, req := range map[string]proto.Message{
		listPath: &extpb.ListNodesRequest{}, describePath: &extpb.DescribeNodeRequest{NodeType: "Pass"},
		validatePath: fromMessage(pipeline("a:Pass")), convertPath: &extpb.ConvertManifestRequest{Text: twoNodes, To: extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON},
	} {
		for token, want := range map[string]codes.Code{"": codes.Unauthenticated, streamToken: codes.PermissionDenied, goodToken: codes.OK} {
			ctx := t.Context()
			if token != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
			}
			if err := r.Invoke(ctx, method, req, new(emptypb.Empty)); status.Code(err) != want {
				t.Errorf("%s with %q: %v, want %v", method, token, err, want)
			}
		}
	}
}
