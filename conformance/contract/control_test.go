package contract

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// set is a descriptor set that can be spoilt.
type set struct {
	*descriptorpb.FileDescriptorSet
}

func (s set) message(name string) *descriptorpb.DescriptorProto {
	for _, f := range s.File {
		for _, m := range f.MessageType {
			if m.GetName() == name {
				return m
			}
		}
	}
	panic("no message " + name)
}

func (s set) field(message, name string) *descriptorpb.FieldDescriptorProto {
	for _, f := range s.message(message).Field {
		if f.GetName() == name {
			return f
		}
	}
	panic("no field " + message + "." + name)
}

func (s set) enum(name string) *descriptorpb.EnumDescriptorProto {
	for _, f := range s.File {
		for _, e := range f.EnumType {
			if e.GetName() == name {
				return e
			}
		}
	}
	panic("no enum " + name)
}

func (s set) method(service, name string) *descriptorpb.MethodDescriptorProto {
	for _, f := range s.File {
		for _, v := range f.Service {
			for _, m := range v.Method {
				if v.GetName() == service && m.GetName() == name {
					return m
				}
			}
		}
	}
	panic("no method " + service + "." + name)
}

func (s set) add(message, field string, number int32) {
	m := s.message(message)
	m.Field = append(m.Field, &descriptorpb.FieldDescriptorProto{
		Name: &field, JsonName: &field, Number: &number,
		Type:  descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	})
}

// TestCompareFindsEachDifference is the positive control: the contract with one thing spoilt must be told from the contract, by name.
func TestCompareFindsEachDifference(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(set)
		want  string // "" means that no fault may be found
	}{
		{"nothing", func(set) {}, ""},
		{"own number", func(s set) { s.add("Connection", "port", 101) }, ""},
		{"adopted field", func(s set) { s.add("AudioBuffer", "metadata_json", 6) }, ""},
		{"field number", func(s set) { s.field("AudioBuffer", "num_samples").Number = proto.Int32(7) }, "AudioBuffer.num_samples: number"},
		{"field type", func(s set) {
			s.field("AudioBuffer", "channels").Type = descriptorpb.FieldDescriptorProto_TYPE_UINT64.Enum()
		}, "AudioBuffer.channels: type"},
		{"message type", func(s set) {
			s.field("ExecuteResponse", "result").TypeName = proto.String(".remotemedia.v1.ErrorResponse")
		}, "ExecuteResponse.result: type"},
		{"field name", func(s set) { s.field("Connection", "from").Name = proto.String("from_") }, "Connection.from: missing"},
		{"cardinality", func(s set) {
			s.field("Connection", "from").Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}, "Connection.from: cardinality"},
		{"JSON name", func(s set) { s.field("VersionRequest", "client_version").JsonName = proto.String("version") }, "JSON name"},
		{"oneof left", func(s set) {
			s.field("ExecuteResponse", "error").OneofIndex = nil
		}, "ExecuteResponse.error: oneof"},
		{"enum value number", func(s set) { s.enum("NodeStatus").Value[3].Number = proto.Int32(9) }, "NODE_STATUS_FAILED is 9"},
		{"enum value added", func(s set) {
			e := s.enum("ErrorType")
			e.Value = append(e.Value, &descriptorpb.EnumValueDescriptorProto{Name: proto.String("NEW"), Number: proto.Int32(7)})
		}, "NEW was added"},
		{"streaming flag", func(s set) {
			s.method("StreamingPipelineService", "StreamPipeline").ClientStreaming = proto.Bool(false)
		}, "StreamPipeline: client streaming"},
		{"method name", func(s set) {
			s.method("PipelineExecutionService", "GetVersion").Name = proto.String("Version")
		}, "GetVersion: missing"},
		{"method added", func(s set) {
			v := s.File[1].Service[0]
			extra := proto.Clone(v.Method[0]).(*descriptorpb.MethodDescriptorProto)
			extra.Name = proto.String("Extra")
			v.Method = append(v.Method, extra)
		}, "Extra: a method"},
		{"added in the contract's numbers", func(s set) { s.add("Connection", "port", 50) }, "Connection.port: added with number 50"},
		{"added above the block", func(s set) { s.add("Connection", "port", 200) }, "Connection.port: added with number 200"},
		{"adopted number under another name", func(s set) { s.add("AudioBuffer", "note", 6) }, "AudioBuffer.note: added"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { checkControl(t, c.spoil, c.want) })
	}
}

func checkControl(t *testing.T, spoil func(set), want string) {
	t.Helper()
	raw, err := ReadSet(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	spoil(set{raw})
	spoilt, err := protodesc.NewFiles(raw)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(Compare(loadContract(t), spoilt), "\n")
	if (want == "") != (got == "") || !strings.Contains(got, want) {
		t.Errorf("faults found:\n%s\nwant one with %q", got, want)
	}
}

// TestFillSetsEveryField guards the round trip: an unset field would make it prove nothing.
func TestFillSetsEveryField(t *testing.T) {
	for _, md := range Messages(loadContract(t)) {
		reached := map[string]bool{}
		for variant := range Variants(md) {
			m := dynamicpb.NewMessage(md)
			Fill(m, variant)
			for i := range md.Fields().Len() {
				f := md.Fields().Get(i)
				reached[string(f.Name())] = reached[string(f.Name())] || m.Has(f)
			}
		}
		for i := range md.Fields().Len() {
			if f := md.Fields().Get(i); !reached[string(f.Name())] {
				t.Errorf("%s is never set", f.FullName())
			}
		}
	}
}

func TestLoadRefusesWhatIsNoDescriptorSet(t *testing.T) {
	if _, err := Load("contract.go"); err == nil {
		t.Error("a Go file was accepted as a descriptor set")
	}
	if _, err := Load("testdata/absent"); err == nil {
		t.Error("an absent file was accepted")
	}
}
