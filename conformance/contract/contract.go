// Package contract holds the wire contract that clients in the field were built against, read from its committed descriptors
// (testdata/contract-003.binpb), and compares other descriptors with it. It is the independent witness of the wire: nothing here is made
// from this project's own protos, and no second generated copy of remotemedia.v1 is linked (two copies of one package can't be registered
// in a process), so messages of the contract are dynamic ones.
package contract

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Files is a set of descriptors that knows its members by full name; *protoregistry.Files is one.
type Files interface {
	FindDescriptorByName(protoreflect.FullName) (protoreflect.Descriptor, error)
	RangeFiles(func(protoreflect.FileDescriptor) bool)
}

// ReadSet reads a serialized google.protobuf.FileDescriptorSet from a file.
func ReadSet(path string) (*descriptorpb.FileDescriptorSet, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(raw, set); err != nil {
		return nil, fmt.Errorf("%s is no FileDescriptorSet: %w", path, err)
	}
	return set, nil
}

// Load reads a descriptor set from a file and links it. The result is independent of the process's registry.
func Load(path string) (*protoregistry.Files, error) {
	set, err := ReadSet(path)
	if err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("%s doesn't link: %w", path, err)
	}
	return files, nil
}

// Messages lists every message of the files, nested ones after their parents; map entries aren't messages of their own and are left out.
func Messages(files Files) []protoreflect.MessageDescriptor {
	var all []protoreflect.MessageDescriptor
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		all = appendMessages(all, f.Messages())
		return true
	})
	return all
}

func appendMessages(all []protoreflect.MessageDescriptor, in protoreflect.MessageDescriptors) []protoreflect.MessageDescriptor {
	for i := range in.Len() {
		if m := in.Get(i); !m.IsMapEntry() {
			all = appendMessages(append(all, m), m.Messages())
		}
	}
	return all
}

// Enums lists every enum of the files, those inside messages included.
func Enums(files Files) []protoreflect.EnumDescriptor {
	var all []protoreflect.EnumDescriptor
	add := func(in protoreflect.EnumDescriptors) {
		for i := range in.Len() {
			all = append(all, in.Get(i))
		}
	}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		add(f.Enums())
		return true
	})
	for _, m := range Messages(files) {
		add(m.Enums())
	}
	return all
}

// Methods lists every method of every service of the files.
func Methods(files Files) []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				all = append(all, methods.Get(j))
			}
		}
		return true
	})
	return all
}
