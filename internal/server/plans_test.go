package server

import (
	"testing"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// planRig is a server with one node type, and a request for it.
func planRig(t *testing.T) (*Server, []byte) {
	t.Helper()
	pass := node.Define(node.Spec{Name: "Pass", Accepts: node.Any, Forwards: true},
		func(struct{}, node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error { return c.Emit(in) }), nil
		})
	catalog, err := node.NewCatalog("test", []node.Spec{pass})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Engine: engine.New(engine.Options{Pool: mem.NewPool(0)}), Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(&pb.ExecuteRequest{
		Manifest:   &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "Pass"}}},
		DataInputs: map[string]string{"a": "1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, raw
}

// ask reads a request and asks for its plan, and returns whether the manifest was decoded for that.
func (s *Server) ask(t *testing.T, raw []byte) (plan any, decoded bool, err error) {
	t.Helper()
	m := new(pb.ExecuteRequest)
	in := &wire.Incoming{Message: m, KeepManifest: true}
	defer in.Release()
	if err := s.codec.Unmarshal(grpcmem.BufferSlice{grpcmem.SliceBuffer(raw)}, in); err != nil || in.Err != nil {
		t.Fatal(err, in.Err)
	}
	p, data, err := s.plan(&planRequest{ExecuteRequest: m, in: in}, engine.DefaultLimits())
	if err == nil && len(data) != 1 {
		t.Errorf("data inputs %v", data)
	}
	return p, m.Manifest != nil, err
}

// A plan that is cached is found by the manifest's bytes, which aren't decoded.
func TestACachedPlanIsFoundWithoutDecodingTheManifest(t *testing.T) {
	s, raw := planRig(t)
	first, decoded, err := s.ask(t, raw)
	if err != nil || !decoded {
		t.Fatalf("error %v, decoded %v", err, decoded)
	}
	for range 3 {
		if p, decoded, err := s.ask(t, raw); err != nil || decoded || p != first {
			t.Fatalf("error %v, decoded %v, another plan %v", err, decoded, p != first)
		}
	}
	if s.plans.Len() != 1 {
		t.Errorf("%d plans", s.plans.Len())
	}
	m := new(pb.ExecuteRequest)
	if err := proto.Unmarshal(raw, m); err != nil {
		t.Fatal(err)
	}
	limits := engine.DefaultLimits()
	limits.MemoryBytes++
	for _, req := range []*planRequest{{ExecuteRequest: m}, {ExecuteRequest: proto.Clone(m).(*pb.ExecuteRequest)}} {
		if p, _, err := s.plan(req, limits); err != nil || any(p) == first { // plans depend on the limit of memory
			t.Errorf("error %v, the plan of another limit %v", err, any(p) == first)
		}
	}
}

// Other bytes that mean the same are another entry, and a stream, whose manifest comes decoded, finds that of the usual encoding.
func TestOtherBytesAreAnotherPlan(t *testing.T) {
	s, raw := planRig(t)
	if _, _, err := s.ask(t, raw); err != nil {
		t.Fatal(err)
	}
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 1)
	number, typ, n := protowire.ConsumeTag(raw)
	if number != 1 || typ != protowire.BytesType {
		t.Fatalf("the request begins with field %d", number)
	}
	manifest, length := protowire.ConsumeBytes(raw[n:])
	other := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), append(manifest[:len(manifest):len(manifest)], unknown...))
	other = append(other, raw[n+length:]...)
	if _, decoded, err := s.ask(t, other); err != nil || !decoded || s.plans.Len() != 2 {
		t.Errorf("error %v, decoded %v, %d plans", err, decoded, s.plans.Len())
	}
	m := new(pb.PipelineManifest)
	if err := proto.Unmarshal(manifest, m); err != nil {
		t.Fatal(err)
	}
	req := &planRequest{ExecuteRequest: &pb.ExecuteRequest{Manifest: m, DataInputs: map[string]string{"a": "1"}}, live: true}
	if _, _, err := s.plan(req, engine.DefaultLimits()); err != nil || s.plans.Len() != 2 {
		t.Errorf("error %v, %d plans", err, s.plans.Len())
	}
}

// A manifest that can't be decoded is told as a request that can't be, and nothing is cached.
func TestAManifestThatIsNoneIsTold(t *testing.T) {
	s, _ := planRig(t)
	raw := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte{0xff})
	_, _, err := s.ask(t, raw)
	if want := undecodable(proto.Unmarshal([]byte{0xff}, new(pb.PipelineManifest))); err == nil || err.Error() != want.Error() {
		t.Errorf("error %v, want %v", err, want)
	}
	if s.plans.Len() != 0 {
		t.Errorf("%d plans", s.plans.Len())
	}
}
