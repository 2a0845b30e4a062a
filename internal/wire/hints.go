package wire

import (
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/manifest"
)

var runtimeHints = map[pb.RuntimeHint]manifest.RuntimeHint{
	pb.RuntimeHint_RUNTIME_HINT_RUSTPYTHON:   manifest.RuntimeRustPython,
	pb.RuntimeHint_RUNTIME_HINT_CPYTHON:      manifest.RuntimeCPython,
	pb.RuntimeHint_RUNTIME_HINT_CPYTHON_WASM: manifest.RuntimeCPythonWASM,
	pb.RuntimeHint_RUNTIME_HINT_AUTO:         manifest.RuntimeAuto,
}

var dataTypes = map[pb.DataTypeHint]string{
	pb.DataTypeHint_DATA_TYPE_HINT_AUDIO:  "audio",
	pb.DataTypeHint_DATA_TYPE_HINT_VIDEO:  "video",
	pb.DataTypeHint_DATA_TYPE_HINT_TENSOR: "tensor",
	pb.DataTypeHint_DATA_TYPE_HINT_JSON:   "json",
	pb.DataTypeHint_DATA_TYPE_HINT_TEXT:   "text",
	pb.DataTypeHint_DATA_TYPE_HINT_BINARY: "binary",
	pb.DataTypeHint_DATA_TYPE_HINT_ANY:    "any",
	pb.DataTypeHint_DATA_TYPE_HINT_FILE:   "file",
}

// typesFromProto names the hints; a number that this version doesn't know is left out, as a hint has no effect.
func typesFromProto(in []pb.DataTypeHint) []string {
	var out []string
	for _, t := range in {
		if name, ok := dataTypes[t]; ok {
			out = append(out, name)
		}
	}
	return out
}

func typesToProto(in []string) []pb.DataTypeHint {
	var out []pb.DataTypeHint
	for _, name := range in {
		if t, ok := keyOf(dataTypes, name); ok {
			out = append(out, t)
		}
	}
	return out
}

// keyOf looks a small table up backwards.
func keyOf[K, V comparable](table map[K]V, want V) (key K, ok bool) {
	for k, v := range table {
		if v == want {
			return k, true
		}
	}
	return key, false
}
