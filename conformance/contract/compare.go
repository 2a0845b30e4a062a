package contract

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Numbers that additions of this project to messages of the contract may have. Below lie the contract's own and, up to 12, those that
// other implementations have already added.
const (
	FirstOwnNumber = 101
	LastOwnNumber  = 199
)

// adopted are the additive fields of other implementations that are served with their meaning: message, number, name.
var adopted = map[protoreflect.FullName]map[protoreflect.FieldNumber]protoreflect.Name{
	"remotemedia.v1.AudioBuffer":      {6: "metadata_json"},
	"remotemedia.v1.NodeManifest":     {8: "input_types", 9: "output_types"},
	"remotemedia.v1.ExecutionMetrics": {6: "proto_to_runtime_ms", 7: "runtime_to_proto_ms", 8: "data_type_breakdown"},
	"remotemedia.v1.StreamMetrics": {
		8: "data_type_breakdown", 9: "cache_hits", 10: "cache_misses", 11: "cached_nodes_count", 12: "cache_hit_rate",
	},
}

// addedMethods are the methods that services of the contract have gained.
var addedMethods = map[protoreflect.FullName]bool{
	"remotemedia.v1.PipelineExecutionService.GetMetrics": true,
}

// Compare lists the ways in which ours isn't the contract old plus permitted additions, one sentence each; none means that it is. Every
// service, method, message, field, oneof and enum value of old must be there with the same name, number, type, cardinality, presence, JSON
// name and streaming flags; what ours has beyond must follow the rules on additions.
func Compare(old, ours Files) []string {
	c := &comparison{ours: ours}
	for _, m := range Methods(old) {
		c.method(m)
	}
	for _, m := range Messages(old) {
		c.message(m)
	}
	for _, e := range Enums(old) {
		c.enum(e)
	}
	c.services(old)
	return c.faults
}

type comparison struct {
	ours   Files
	faults []string
}

func (c *comparison) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// same reports a difference between two properties of one element.
func (c *comparison) same(what protoreflect.FullName, property string, old, ours any) {
	if old != ours {
		c.fault("%s: %s is %v, the contract has %v", what, property, ours, old)
	}
}

// counterpart finds the element of ours with the full name of old and reports when there is none of its sort.
func counterpart[D protoreflect.Descriptor](c *comparison, old D) (ours D, ok bool) {
	d, err := c.ours.FindDescriptorByName(old.FullName())
	if err == nil {
		ours, ok = d.(D)
	}
	if !ok {
		c.fault("%s: missing", old.FullName())
	}
	return ours, ok
}

func (c *comparison) method(old protoreflect.MethodDescriptor) {
	ours, ok := counterpart(c, old)
	if !ok {
		return
	}
	name := old.FullName()
	c.same(name, "request", old.Input().FullName(), ours.Input().FullName())
	c.same(name, "response", old.Output().FullName(), ours.Output().FullName())
	c.same(name, "client streaming", old.IsStreamingClient(), ours.IsStreamingClient())
	c.same(name, "server streaming", old.IsStreamingServer(), ours.IsStreamingServer())
}

// services holds the services of the contract to the methods that they may have.
func (c *comparison) services(old Files) {
	seen := map[protoreflect.FullName]bool{}
	for _, m := range Methods(old) {
		seen[m.Parent().FullName()] = true
		seen[m.FullName()] = true
	}
	for _, m := range Methods(c.ours) {
		if seen[m.Parent().FullName()] && !seen[m.FullName()] && !addedMethods[m.FullName()] {
			c.fault("%s: a method that the contract doesn't have and that isn't a listed addition", m.FullName())
		}
	}
}

func (c *comparison) message(old protoreflect.MessageDescriptor) {
	ours, ok := counterpart(c, old)
	if !ok {
		return
	}
	for i := range old.Fields().Len() {
		c.field(old.Fields().Get(i), ours)
	}
	c.additions(old, ours)
	for i := range old.Oneofs().Len() {
		o := old.Oneofs().Get(i)
		if ours.Oneofs().ByName(o.Name()) == nil {
			c.fault("%s: missing", o.FullName())
		}
	}
}

func (c *comparison) field(old protoreflect.FieldDescriptor, in protoreflect.MessageDescriptor) {
	ours := in.Fields().ByName(old.Name())
	if ours == nil {
		c.fault("%s: missing", old.FullName())
		return
	}
	name := old.FullName()
	c.same(name, "number", old.Number(), ours.Number())
	c.same(name, "cardinality", old.Cardinality(), ours.Cardinality())
	c.same(name, "JSON name", old.JSONName(), ours.JSONName())
	c.same(name, "presence", old.HasPresence(), ours.HasPresence())
	c.same(name, "packed", old.IsPacked(), ours.IsPacked())
	c.same(name, "oneof", oneofName(old), oneofName(ours))
	c.same(name, "type", typeName(old), typeName(ours))
}

func oneofName(f protoreflect.FieldDescriptor) protoreflect.Name {
	if o := f.ContainingOneof(); o != nil {
		return o.Name()
	}
	return ""
}

// typeName is the type of a field as it is written in a proto file.
func typeName(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", typeName(f.MapKey()), typeName(f.MapValue()))
	case f.Message() != nil:
		return string(f.Message().FullName())
	case f.Enum() != nil:
		return string(f.Enum().FullName())
	}
	return f.Kind().String()
}

// additions holds the fields that ours has beyond old to the numbers that are free.
func (c *comparison) additions(old, ours protoreflect.MessageDescriptor) {
	for i := range ours.Fields().Len() {
		f := ours.Fields().Get(i)
		if old.Fields().ByName(f.Name()) != nil || adopted[old.FullName()][f.Number()] == f.Name() {
			continue
		}
		if f.Number() < FirstOwnNumber || f.Number() > LastOwnNumber {
			c.fault("%s: added with number %d; additions have %d to %d, or are a listed field of another implementation",
				f.FullName(), f.Number(), FirstOwnNumber, LastOwnNumber)
		}
	}
}

// enum compares the values of an enum, in both directions: clients in the field raise on a number that they don't know.
func (c *comparison) enum(old protoreflect.EnumDescriptor) {
	ours, ok := counterpart(c, old)
	if !ok {
		return
	}
	for i := range old.Values().Len() {
		v := old.Values().Get(i)
		if w := ours.Values().ByName(v.Name()); w == nil {
			c.fault("%s: %s is missing", old.FullName(), v.Name())
		} else {
			c.same(old.FullName(), string(v.Name()), v.Number(), w.Number())
		}
	}
	for i := range ours.Values().Len() {
		if v := ours.Values().Get(i); old.Values().ByName(v.Name()) == nil {
			c.fault("%s: %s was added; clients raise on values that they don't know", old.FullName(), v.Name())
		}
	}
}
