package contract

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	remotemediav1 "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

const descriptors = "../../testdata/contract-003.binpb"

// ourFiles are the generated messages of this project; naming a package member links them.
func ourFiles() Files {
	_ = remotemediav1.File_remotemedia_v1_streaming_proto
	return protoregistry.GlobalFiles
}

func loadContract(t *testing.T) *protoregistry.Files {
	t.Helper()
	old, err := Load(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	return old
}

func TestProtosAreTheContractPlusAdditions(t *testing.T) {
	old := loadContract(t)
	for _, fault := range Compare(old, ourFiles()) {
		t.Error(fault)
	}
}

// TestWalkIsComplete guards the walk itself: a lister that loses elements would make every comparison pass.
func TestWalkIsComplete(t *testing.T) {
	old := loadContract(t)
	fields, values := 0, 0
	for _, m := range Messages(old) {
		fields += m.Fields().Len()
	}
	for _, e := range Enums(old) {
		values += e.Values().Len()
	}
	got := []int{len(Methods(old)), len(Messages(old)), fields, len(Enums(old)), values}
	// Counted with another implementation of protobuf (Python's): methods, messages, fields, enums, enum values.
	want := []int{3, 29, 111, 7, 34}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("methods, messages, fields, enums, values (-want +got):\n%s", diff)
	}
}

// TestAdditionsAreThoseSpecified compares the added fields with the list in testdata, both ways.
func TestAdditionsAreThoseSpecified(t *testing.T) {
	var got []string
	for _, m := range Messages(loadContract(t)) {
		ours, err := ourFiles().FindDescriptorByName(m.FullName())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, added(m, ours.(protoreflect.MessageDescriptor))...)
	}
	sort.Strings(got)
	if diff := cmp.Diff(specifiedAdditions(t), got); diff != "" {
		t.Errorf("additive fields (-specified +ours):\n%s", diff)
	}
}

func added(old, ours protoreflect.MessageDescriptor) []string {
	var lines []string
	for i := range ours.Fields().Len() {
		if f := ours.Fields().Get(i); old.Fields().ByName(f.Name()) == nil {
			typ := strings.ReplaceAll(typeName(f), "remotemedia.v1.", "")
			lines = append(lines, fmt.Sprintf("%s %d %s %s", old.Name(), f.Number(), f.Name(), typ))
		}
	}
	return lines
}

func specifiedAdditions(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/additive.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for sc := bufio.NewScanner(bytes.NewReader(raw)); sc.Scan(); {
		message, fields, ok := strings.Cut(sc.Text(), " ")
		if !ok || message == "#" {
			continue
		}
		for _, f := range strings.Split(fields, ";") {
			lines = append(lines, message+" "+strings.TrimSpace(f))
		}
	}
	sort.Strings(lines)
	return lines
}

// TestRoundTrip sends every message of the contract with every field set through our generated message and back: an old client's message
// is understood in full (no unknown fields) and comes back byte for byte.
func TestRoundTrip(t *testing.T) {
	for _, md := range Messages(loadContract(t)) {
		t.Run(string(md.Name()), func(t *testing.T) {
			for variant := range Variants(md) {
				roundTrip(t, md, variant)
			}
		})
	}
}

func roundTrip(t *testing.T, md protoreflect.MessageDescriptor, variant int) {
	t.Helper()
	old := dynamicpb.NewMessage(md)
	Fill(old, variant)
	sent := marshal(t, old)
	if len(sent) == 0 {
		t.Fatal("the filled message is empty")
	}
	ours := newOurs(t, md.FullName())
	if err := proto.Unmarshal(sent, ours); err != nil {
		t.Fatal(err)
	}
	if unknown := firstUnknown(ours.ProtoReflect()); unknown != "" {
		t.Errorf("variant %d: %s has fields that our protos don't know", variant, unknown)
	}
	returned := dynamicpb.NewMessage(md)
	back := marshal(t, ours)
	if err := proto.Unmarshal(back, returned); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sent, back) || !bytes.Equal(sent, marshal(t, returned)) {
		t.Errorf("variant %d: bytes changed:\nsent %x\nback %x", variant, sent, back)
	}
}

// TestOldClientsIgnoreAdditions sends every message of ours with the additions set to the old contract: it parses, and what the old client
// sees is what the old contract has of it.
func TestOldClientsIgnoreAdditions(t *testing.T) {
	for _, md := range Messages(loadContract(t)) {
		t.Run(string(md.Name()), func(t *testing.T) {
			ours := newOurs(t, md.FullName())
			Fill(ours.ProtoReflect(), 0)
			seen := dynamicpb.NewMessage(md)
			if err := proto.Unmarshal(marshal(t, ours), seen); err != nil {
				t.Fatal(err)
			}
			for i := range md.Fields().Len() {
				if f := md.Fields().Get(i); f.ContainingOneof() == nil && !seen.Has(f) {
					t.Errorf("%s isn't seen", f.FullName())
				}
			}
		})
	}
}

func newOurs(t *testing.T, name protoreflect.FullName) proto.Message {
	t.Helper()
	mt, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return mt.New().Interface()
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// firstUnknown names a message at or below m that holds unknown fields; empty when there is none.
func firstUnknown(m protoreflect.Message) string {
	if len(m.GetUnknown()) > 0 {
		return string(m.Descriptor().FullName())
	}
	found := ""
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		found = firstUnknownIn(fd, v)
		return found == ""
	})
	return found
}

func firstUnknownIn(fd protoreflect.FieldDescriptor, v protoreflect.Value) (found string) {
	switch {
	case fd.IsMap() && fd.MapValue().Message() != nil:
		v.Map().Range(func(_ protoreflect.MapKey, e protoreflect.Value) bool {
			found = firstUnknown(e.Message())
			return found == ""
		})
	case fd.IsList() && fd.Message() != nil:
		for i := 0; i < v.List().Len() && found == ""; i++ {
			found = firstUnknown(v.List().Get(i).Message())
		}
	case !fd.IsMap() && !fd.IsList() && fd.Message() != nil:
		found = firstUnknown(v.Message())
	}
	return found
}
