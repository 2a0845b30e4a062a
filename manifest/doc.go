// Package manifest has the document types of a pipeline, reads them from JSON and YAML with the place of everything, and
// writes them. It knows what a manifest looks like and nothing of what nodes mean: types, ids, cycles and parameters are
// checked by package graph, which reports through [Manifest.Place], so that faults of meaning show their place too.
//
// # Paths
//
// A path names a place of the document: member names joined by dots, indexes from 0 in brackets, as in
// nodes[2].params.target_sample_rate or connections[0].from. Names that aren't made of letters, digits, _ and - alone are
// quoted in brackets: nodes[0].params["a b"]. [Field] and [Index] build paths. The names are the canonical ones, in
// snake_case, whatever spelling a text uses:
//
//	version
//	metadata.name  metadata.description  metadata.created_at
//	nodes
//	nodes[i].id  .node_type  .params  .is_streaming  .capabilities  .host  .runtime_hint  .execution
//	nodes[i].is_output_node  .timeout_ms  .input_types[k]  .output_types[k]
//	nodes[i].capabilities.gpu.type  .gpu.min_memory_gb  .gpu.required  .cpu.cores  .cpu.arch  .memory_gb
//	nodes[i].execution.placement  .reason  .fallback
//	nodes[i].params.NAME...  names below params as the manifest gives them
//	connections[i].from  .to  .from_output  .to_input
//
// The path of something that is missing is that which it would have; it is shown at the object that lacks it.
//
// # Spellings
//
// A text may use the camelCase of any name, and type for node_type, config for params, from_node and to_node for from and
// to, output_port and input_port for from_output and to_input. The same field in two spellings is a fault, as is an unknown
// field; names that begin with x- are free in every object of the document, and $schema is ignored. Params may be a string
// that holds JSON. Null is the same as absent.
//
// # How it works
//
// YAML is translated to JSON with a map of places, aliases and merge keys expanded within bounds; JSON is read in one pass
// with tables of fields. Positions are looked up in the text when they are asked for: a document costs no index. Whatever
// the text is, time and memory stay in proportion to its length, which is bounded.
package manifest
