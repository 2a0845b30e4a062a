package manifest

import "github.com/go-json-experiment/json/jsontext"

// Bounds of a document. Beyond the first four, parsing ends at once with one problem and without a manifest.
const (
	// MaxTextBytes bounds the text of a document, and the JSON that a YAML document with aliases expands to.
	MaxTextBytes = 1 << 20
	// MaxDepth bounds how deep objects and arrays may nest, the document's own braces included.
	MaxDepth = 64
	// MaxValues bounds how many values (scalars, objects and arrays) a document may hold, aliases expanded.
	MaxValues = 100_000
	// MaxNodes bounds how many nodes are read at all. What a service accepts is lower, see [DefaultMaxNodes].
	MaxNodes = 4096
	// DefaultMaxNodes is how many nodes a manifest may have unless a service is configured otherwise. The parser
	// doesn't check it: package graph does, with the limit that is in force.
	DefaultMaxNodes = 256
	// MaxProblems bounds how many problems are reported for one document.
	MaxProblems = 100
)

// Manifest is a pipeline: nodes and the connections between them. It is a plain value without meaning: ids may clash,
// types may be unknown. It may be read concurrently once it is built.
type Manifest struct {
	Version     string // as given: "v1", "1.0"; required
	Metadata    Metadata
	Nodes       []Node
	Connections []Connection

	// Source is the text that the manifest came from, nil when it was built otherwise.
	Source *Source
}

// Metadata describes a pipeline for people.
type Metadata struct {
	Name        string // as given, "" when absent; see [Manifest.DisplayName]
	Description string
	CreatedAt   string // ISO 8601 by convention, not checked
}

// Node is one processing step.
type Node struct {
	ID   string
	Type string
	// Params is the text of a JSON object with the literals of the source (15.0 stays 15.0), without insignificant
	// space. [Parse] and [ParseParams] give an object, or nil with a problem; in a manifest that was built by hand nil, ""
	// and "null" mean {}.
	Params       jsontext.Value
	IsStreaming  bool
	Capabilities *Capabilities
	Host         string
	RuntimeHint  RuntimeHint
	Execution    *Execution
	IsOutputNode bool
	TimeoutMS    uint64 // 0: none of its own
	InputTypes   []string
	OutputTypes  []string

	// ParamsSource is the text that Params came from where that is a text of its own: the proto's params string, or a
	// string holding JSON in a document. Nil otherwise. [Manifest.Locate] uses it for the paths below nodes[i].params.
	ParamsSource *Source
}

// RuntimeHint names the interpreter that a node was meant for. The nodes here are native: it has no effect.
type RuntimeHint string

// The hints of the contract.
const (
	RuntimeUnspecified RuntimeHint = ""
	RuntimeRustPython  RuntimeHint = "rust_python"
	RuntimeCPython     RuntimeHint = "cpython"
	RuntimeCPythonWASM RuntimeHint = "cpython_wasm"
	RuntimeAuto        RuntimeHint = "auto"
)

// Capabilities is what a node needs of the machine it runs on.
type Capabilities struct {
	GPU      *GPU
	CPU      *CPU
	MemoryGB float64 // 0: no requirement
}

// GPU is a requirement of a graphics processor.
type GPU struct {
	Type        string // "cuda", "rocm", "metal"
	MinMemoryGB float64
	Required    bool // true when a document doesn't say
}

// CPU is a requirement of processors.
type CPU struct {
	Cores uint32
	Arch  string // "x86_64", "aarch64"
}

// Execution is a placement hint of JSON manifests. It has no effect and no place in the proto.
type Execution struct {
	Placement string
	Reason    string
	Fallback  string
}

// Connection leads from one node to another, between ports where they are named ("" is the default port).
type Connection struct {
	From       string
	To         string
	FromOutput string
	ToInput    string
}

// DisplayName is the pipeline's name, "unnamed" when it has none.
func (m *Manifest) DisplayName() string {
	if m.Metadata.Name == "" {
		return "unnamed"
	}
	return m.Metadata.Name
}
