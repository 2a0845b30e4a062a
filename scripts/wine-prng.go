//go:build ignore

// Wine-prng writes the library bcryptprimitives.dll, which Go's runtime asks for random bytes on Windows and which Wine has
// only since its release 9. The one function in it, ProcessPrng, is a forwarder to advapi32's SystemFunction036, which takes the
// same two arguments, and gives true as well: the file holds no code, only the table that says so.
//
//	go run scripts/wine-prng.go FOLDER
package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

const (
	name      = "bcryptprimitives.dll"
	function  = "ProcessPrng"
	forwarder = "advapi32.SystemFunction036"

	dosSize    = 64     // the old header; its last word says where the new one is
	section    = 0x1000 // where the one section is in memory
	fileAlign  = 0x200
	imageBase  = 0x1_8000_0000
	directory  = 40 // bytes of an export directory: three tables and three texts follow it
	addresses  = section + directory
	names      = addresses + 4
	ordinals   = names + 4
	libraryAt  = ordinals + 2
	functionAt = libraryAt + len(name) + 1
	forwardAt  = functionAt + len(function) + 1
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run scripts/wine-prng.go FOLDER")
		os.Exit(2)
	}
	if err := os.WriteFile(filepath.Join(os.Args[1], name), library(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "wine-prng:", err)
		os.Exit(1)
	}
}

// exports is the only section: a directory with one address, which lies inside the section and therefore is the text of a
// forwarder, not code.
func exports() []byte {
	var b bytes.Buffer
	put(&b, struct {
		Flags, Time                  uint32
		Major, Minor                 uint16
		Library, FirstOrdinal        uint32
		Addresses, Names             uint32
		AddressAt, NameAt, OrdinalAt uint32
	}{Library: uint32(libraryAt), FirstOrdinal: 1, Addresses: 1, Names: 1, AddressAt: addresses, NameAt: names, OrdinalAt: ordinals})
	put(&b, uint32(forwardAt))
	put(&b, uint32(functionAt))
	put(&b, uint16(0))
	b.WriteString(name + "\x00" + function + "\x00" + forwarder + "\x00")
	return b.Bytes()
}

func library() []byte {
	data := exports()
	var b bytes.Buffer
	b.WriteString("MZ")
	b.Write(make([]byte, dosSize-6))
	put(&b, uint32(dosSize))
	b.WriteString("PE\x00\x00")
	optional := pe.OptionalHeader64{
		Magic: 0x20b, ImageBase: imageBase, SectionAlignment: section, FileAlignment: fileAlign,
		SizeOfInitializedData: fileAlign, SizeOfImage: 2 * section, SizeOfHeaders: fileAlign,
		MajorOperatingSystemVersion: 6, MajorSubsystemVersion: 6, Subsystem: pe.IMAGE_SUBSYSTEM_WINDOWS_CUI,
		DllCharacteristics:  pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT | pe.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE,
		NumberOfRvaAndSizes: 16,
	}
	optional.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT] = pe.DataDirectory{VirtualAddress: section, Size: uint32(len(data))}
	put(&b, pe.FileHeader{
		Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(optional)),
		Characteristics: pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
	})
	put(&b, optional)
	put(&b, pe.SectionHeader32{
		Name: [8]uint8{'.', 'e', 'd', 'a', 't', 'a'}, VirtualSize: uint32(len(data)), VirtualAddress: section,
		SizeOfRawData: fileAlign, PointerToRawData: fileAlign, Characteristics: pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
	})
	b.Write(make([]byte, fileAlign-b.Len()))
	b.Write(data)
	b.Write(make([]byte, 2*fileAlign-b.Len()))
	return b.Bytes()
}

// put appends a value of a fixed size, which can't fail.
func put(b *bytes.Buffer, value any) {
	if err := binary.Write(b, binary.LittleEndian, value); err != nil {
		panic(err)
	}
}
