package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service starts the real service for the length of the test and connects to it.
func service(t *testing.T) *client.Client {
	t.Helper()
	return dial(t, local.Serve(t, nil))
}

func dial(t *testing.T, address string, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// answering starts a server that answers every call with what f gives, for what the real one never sends.
func answering(t *testing.T, f func(method string) (proto.Message, error), options ...client.Option) *client.Client {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
			return err
		}
		method, _ := grpc.MethodFromServerStream(stream)
		m, err := f(method)
		if err != nil {
			return err
		}
		return stream.SendMsg(m)
	}))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	c, err := client.Dial("passthrough:///test", append([]client.Option{
		client.WithVersionCheck(false), client.WithRetry(client.NoRetry),
		client.WithDialOptions(
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func parse(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, problems := manifest.Parse("", []byte(text))
	if err := fault.FromProblems(problems); err != nil {
		t.Fatal(err)
	}
	return m
}

const calculator = `{"version":"v1","nodes":[{"id":"calc","node_type":"CalculatorNode","params":{"operation":"divide","value":0}}]}`

func number(id, text string) media.Inputs {
	return media.Inputs{Data: map[string]json.RawMessage{id: json.RawMessage(text)}}
}

func TestExecuteGivesWhatALocalRunGives(t *testing.T) {
	const text = `{"version":"v1","nodes":[{"id":"r","node_type":"AudioResample","host":"h:1"},{"id":"v","node_type":"VAD"}],
		"connections":[{"from":"r","to":"v"}]}`
	p, err := remotemedia.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]float32, 44100)
	for i := range samples {
		samples[i] = float32(i%100)/100 - 0.5
	}
	in := media.Inputs{Audio: map[string]media.Audio{"": media.Planar(44100, samples)}}
	want, err := p.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := service(t).Execute(context.Background(), client.Request{Manifest: parse(t, text), Inputs: in, RequestID: "call-1"})
	if err != nil {
		t.Fatal(err)
	}
	if got.RequestID != "call-1" || got.Metrics.Wall <= 0 || got.Metrics.PeakMemory == 0 {
		t.Errorf("request id %q, metrics %+v", got.RequestID, got.Metrics)
	}
	for _, r := range []*media.Result{got, want} {
		r.RequestID, r.Metrics = "", media.Metrics{}
		for i := range r.Nodes {
			r.Nodes[i].Time, r.Nodes[i].Memory = 0, 0
		}
	}
	if string(got.Audio["v"].Bytes) != string(want.Audio["v"].Bytes) || got.Audio["v"].Format != want.Audio["v"].Format {
		t.Error("the audio differs")
	}
	if len(got.Lists["v"].Audio) != len(want.Lists["v"].Audio) {
		t.Errorf("%d items of audio, want %d", len(got.Lists["v"].Audio), len(want.Lists["v"].Audio))
	}
	if _, text, ok := strings.Cut(want.Warnings[0], ": "); ok { // the service has no text, and so no line
		want.Warnings[0] = text
	}
	for _, r := range []*media.Result{got, want} {
		r.Audio, r.Lists = nil, map[string]media.Items{"v": {Data: r.Lists["v"].Data}}
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("the service's result differs from the local one:\n%s\n%s", a, b)
	}
}

func TestFaultsComeBackTyped(t *testing.T) {
	c := service(t)
	cases := []struct {
		name     string
		manifest string
		in       media.Inputs
		limits   media.Limits
		want     fault.Error
	}{
		{"unknown type", `{"version":"v1","nodes":[{"id":"a","node_type":"Nope"}]}`, media.Inputs{}, media.Limits{}, fault.Error{Kind: fault.Validation, Code: fault.CodeUnknownNodeType, NodeID: "a"}},
		{"a node fails", calculator, number("calc", "1"), media.Limits{}, fault.Error{Kind: fault.NodeExecution, Code: fault.CodeNodeFailed, NodeID: "calc"}},
		{"version", `{"version":"v9","nodes":[{"id":"a","node_type":"Echo"}]}`, number("a", "1"), media.Limits{}, fault.Error{Kind: fault.Validation, Code: fault.CodeVersion}},
		{"time", `{"version":"v1","nodes":[{"id":"a","node_type":"DelayNode","params":{"delay_ms":60000}}]}`, number("a", "1"), media.Limits{Timeout: time.Millisecond}, fault.Error{Kind: fault.ResourceLimit, Code: fault.CodeTimeLimit, NodeID: "a"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := c.Execute(context.Background(), client.Request{Manifest: parse(t, tc.manifest), Inputs: tc.in, Limits: tc.limits})
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("got %v", err)
			}
			if f.Code != tc.want.Code || f.NodeID != tc.want.NodeID || f.Kind.Retryable() {
				t.Errorf("got %v %s %q, want %v %s %q: %v", f.Kind, f.Code, f.NodeID, tc.want.Kind, tc.want.Code, tc.want.NodeID, err)
			}
			if f.Kind != tc.want.Kind && tc.name != "version" {
				t.Errorf("the kind is %v, want %v", f.Kind, tc.want.Kind)
			}
		})
	}
}

func TestWhatCannotBeSentIsRefusedHere(t *testing.T) {
	c, err := client.Dial("127.0.0.1:1", client.WithRetry(client.NoRetry)) // nobody listens: a call would tell so
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	two := parse(t, `{"version":"v1","nodes":[{"id":"a","node_type":"Echo"},{"id":"b","node_type":"Echo"}]}`)
	cases := map[fault.Code]client.Request{
		fault.CodeManifestMissing: {},
		fault.CodeUnknownInput:    {Manifest: two, Inputs: number("", "1")},
		fault.CodeBadAudio:        {Manifest: two, Inputs: media.Inputs{Audio: map[string]media.Audio{"a": {Bytes: []byte{1}}}}},
	}
	for code, r := range cases {
		if _, err := c.Execute(context.Background(), r); fault.From(err).Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}

func TestAServiceThatIsNotThere(t *testing.T) {
	c, err := client.Dial("127.0.0.1:1", client.WithRetry(client.NoRetry))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Version(context.Background())
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.Code != fault.CodeUnreachable || !f.Retryable() {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Health(ctx, ""); fault.From(err).Kind != fault.Canceled {
		t.Errorf("a call that was given up gives %v", err)
	}
}

func TestVersionAndHealth(t *testing.T) {
	c := service(t)
	v, err := c.Version(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !v.Compatible || v.Protocol != "v1" || v.Service == "" || len(v.NodeTypes) < 20 || v.String() != v.Service+" (v1)" {
		t.Errorf("got %+v", v)
	}
	if got, err := c.Health(context.Background(), ""); err != nil || got != "SERVING" {
		t.Errorf("health is %q, %v", got, err)
	}
}

func TestRefusalsCarryTheirDetail(t *testing.T) {
	detail := &pb.ErrorResponse{
		ErrorType: pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, Code: string(fault.CodeOverloaded), Message: "come back later", RetryAfterMs: 250,
	}
	s, err := status.New(codes.Unavailable, "come back later").WithDetails(detail)
	if err != nil {
		t.Fatal(err)
	}
	c := answering(t, func(string) (proto.Message, error) { return nil, s.Err() })
	_, err = c.Execute(context.Background(), client.Request{Manifest: parse(t, calculator)})
	f := fault.From(err)
	if f.Kind != fault.Unavailable || f.RetryAfter != 250*time.Millisecond || !strings.Contains(f.Error(), "come back later") {
		t.Errorf("got %+v", f)
	}
}

// A service of the 0.2 line sends no lists and no counts, and prose where JSON should be.
func TestAnswersOfAnOldService(t *testing.T) {
	c := answering(t, func(string) (proto.Message, error) {
		return &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{
			Status:       pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS,
			AudioOutputs: map[string]*pb.AudioBuffer{"calc": {Samples: make([]byte, 8), SampleRate: 8000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32}},
			DataOutputs:  map[string]string{"calc": "15.0"},
			NodeResults:  []*pb.NodeResult{{NodeId: "calc", Status: pb.NodeStatus_NODE_STATUS_SUCCESS}},
			Metrics: &pb.ExecutionMetrics{WallTimeMs: 1.5, NodeMetrics: map[string]*pb.NodeMetrics{
				"calc": {ExecutionTimeMs: 0.5, SamplesProcessed: 2, CustomMetrics: "all went well"},
			}},
		}}}, nil
	})
	r, err := c.Execute(context.Background(), client.Request{Manifest: parse(t, calculator)})
	if err != nil {
		t.Fatal(err)
	}
	items := r.Lists["calc"]
	if len(items.Audio) != 1 || items.Audio[0].Frames() != 2 || len(items.Data) != 1 || string(items.Data[0]) != "15.0" {
		t.Errorf("items are %+v", items)
	}
	n := r.Nodes[0]
	if n.Type != "CalculatorNode" || n.Time != 500*time.Microsecond || n.Samples != 2 || n.Custom != nil || r.Metrics.Wall != 1500*time.Microsecond {
		t.Errorf("the report is %+v, metrics %+v", n, r.Metrics)
	}
}

func TestAnEmptyAnswerIsAFault(t *testing.T) {
	c := answering(t, func(string) (proto.Message, error) { return &pb.ExecuteResponse{}, nil })
	if _, err := c.Execute(context.Background(), client.Request{Manifest: parse(t, calculator)}); fault.From(err).Kind != fault.Internal {
		t.Errorf("got %v", err)
	}
}

// The names that are called are those of the contract.
func TestMethodsAreThoseOfTheContract(t *testing.T) {
	declared := make(map[string]bool)
	services := pb.File_remotemedia_v1_execution_proto.Services()
	for i := range services.Len() {
		s := services.Get(i)
		for m := range s.Methods().Len() {
			declared["/"+string(s.FullName())+"/"+string(s.Methods().Get(m).Name())] = true
		}
	}
	var called []string
	c := answering(t, func(method string) (proto.Message, error) {
		called = append(called, method)
		return &emptypb.Empty{}, nil // an empty message of any type
	})
	if _, err := c.Execute(context.Background(), client.Request{Manifest: parse(t, calculator)}); err == nil {
		t.Error("an empty answer is taken for a result")
	}
	if _, err := c.Version(context.Background()); err != nil {
		t.Error(err)
	}
	if len(called) != 2 {
		t.Fatalf("called are %v", called)
	}
	for _, method := range called {
		if !declared[method] {
			t.Errorf("%s isn't in the contract", method)
		}
	}
}

func TestDialRefusesWhatIsNoAddress(t *testing.T) {
	if _, err := client.Dial("dns:///\x7f"); err == nil {
		t.Error("a control character is taken for an address")
	}
}

// An input without a node's name doesn't hide what is wrong with the manifest.
func TestInputsWithoutANameLeaveTheManifestToTheService(t *testing.T) {
	c := service(t)
	for text, want := range map[string]fault.Code{
		`{"version":"v1","nodes":[{"id":"a","node_type":"Echo"},{"id":"b","node_type":"Echo"}],"connections":[{"from":"a","to":"b"},{"from":"b","to":"a"}]}`: fault.CodeCycle,
		`{"version":"v1","nodes":[]}`: fault.CodeManifestEmpty,
	} {
		_, err := c.Execute(context.Background(), client.Request{Manifest: parse(t, text), Inputs: number("", "1")})
		if f := fault.From(err); f == nil || f.Code != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
