package manifest

import (
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// field declares one field of an object of the document, once: parsing, spellings, positions and the JSON Schema are all
// made from the tables of fields.
type field[T any] struct {
	name      string   // canonical, snake_case; its camelCase is accepted too
	also      []string // further spellings
	doc       string
	required  string     // what to do when it is absent; "" when it is optional
	missing   fault.Code // the code of its absence, when that isn't missing_field
	takesNull bool       // null means something else than absent
	schema    schema
	read      func(d *decoder, into *T)
}

// all gives every spelling of the field, the canonical one first.
func (f *field[T]) all() []string {
	out := []string{f.name}
	if camel := camelCase(f.name); camel != f.name {
		out = append(out, camel)
	}
	return append(out, f.also...)
}

func camelCase(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// table is the fields of an object, with their spellings at hand.
type table[T any] struct {
	fields    []field[T]
	spellings map[string]spelling
}

// spelling leads to a field of a table and to one of its names.
type spelling struct{ field, name int }

func newTable[T any](fields []field[T]) *table[T] {
	t := &table[T]{fields: fields, spellings: make(map[string]spelling)}
	for i := range fields {
		for n, name := range fields[i].all() {
			t.spellings[name] = spelling{i, n}
		}
	}
	return t
}

// names gives the canonical names, in the order of the table.
func (t *table[T]) names() []string {
	out := make([]string, len(t.fields))
	for i := range t.fields {
		out[i] = t.fields[i].name
	}
	return out
}

// named gives the field with a canonical name.
func (t *table[T]) named(name string) *field[T] { return &t.fields[t.spellings[name].field] }

// canonical gives a path with the canonical names of all fields of the document.
func canonical(path []segment) []segment {
	out := slices.Clone(path)
	parent := ""
	for i, s := range out {
		if s.index >= 0 {
			parent += "[]"
			continue
		}
		if lookup := lookups[parent]; lookup != nil {
			out[i].name = lookup(s.name)
		}
		parent += "." + out[i].name
	}
	return out
}

// lookups leads from the path of an object of the document, indexes left out, to the canonical names of its fields.
var lookups = map[string]func(string) string{
	"":                          manifestFields.canonical,
	".metadata":                 metadataFields.canonical,
	".nodes[]":                  nodeFields.canonical,
	".nodes[].capabilities":     capabilityFields.canonical,
	".nodes[].capabilities.gpu": gpuFields.canonical,
	".nodes[].capabilities.cpu": cpuFields.canonical,
	".nodes[].execution":        executionFields.canonical,
	".connections[]":            connectionFields.canonical,
}

// canonical gives the canonical name for a spelling; a name that is no field's is its own.
func (t *table[T]) canonical(name string) string {
	if s, ok := t.spellings[name]; ok {
		return t.fields[s.field].name
	}
	return name
}

// tolerated reports whether a name may stand in any object of the document without being a field: names that begin with
// x- are free (YAML documents keep their anchors there), and editors read $schema.
func tolerated(name string) bool { return strings.HasPrefix(name, "x-") || name == "$schema" }

var manifestFields = newTable([]field[Manifest]{
	{
		name: "version", required: `add version: "v1"`, schema: versionSchema,
		doc:  "Version of the manifest: v1.",
		read: func(d *decoder, m *Manifest) { m.Version = d.version() },
	},
	{
		name: "metadata", schema: objectSchema("metadata"), doc: "What the pipeline is, for people.",
		read: func(d *decoder, m *Manifest) { readObject(d, &m.Metadata, metadataFields) },
	},
	{
		name: "nodes", required: "add at least one node", schema: listSchema("node"), doc: "The processing steps.",
		read: func(d *decoder, m *Manifest) { m.Nodes = readNodes(d) },
	},
	{
		name: "connections", schema: listSchema("connection"), doc: "Which node's output goes to which node.",
		read: func(d *decoder, m *Manifest) {
			m.Connections = readItems(d, "a list of connections", connectionFields, nil)
		},
	},
})

var metadataFields = newTable([]field[Metadata]{
	{
		name: "name", schema: stringSchema, doc: "Name of the pipeline.",
		read: func(d *decoder, m *Metadata) { m.Name = d.text() },
	},
	{
		name: "description", schema: stringSchema, doc: "What the pipeline does.",
		read: func(d *decoder, m *Metadata) { m.Description = d.text() },
	},
	{
		name: "created_at", schema: stringSchema, doc: "When it was made, ISO 8601.",
		read: func(d *decoder, m *Metadata) { m.CreatedAt = d.text() },
	},
})

var nodeFields = newTable([]field[Node]{
	{
		name: "id", required: "give the node an id", schema: idSchema, doc: "Name of the node within the pipeline.",
		read: func(d *decoder, n *Node) { n.ID = d.text() },
	},
	{
		name: "node_type", also: []string{"type"}, required: "give the node a type", schema: objectSchema("node_type"),
		doc:  "What the node does.",
		read: func(d *decoder, n *Node) { n.Type = d.text() },
	},
	{
		name: "params", also: []string{"config"}, takesNull: true, schema: paramsSchema,
		doc:  "Parameters of the node: an object, or a string that holds one as JSON.",
		read: func(d *decoder, n *Node) { d.params(n) },
	},
	{
		name: "is_streaming", schema: booleanSchema, doc: "A hint; nodes behave the same either way.",
		read: func(d *decoder, n *Node) { n.IsStreaming = d.boolean() },
	},
	{
		name: "capabilities", schema: objectSchema("capabilities"), doc: "What the node needs of the machine.",
		read: func(d *decoder, n *Node) { n.Capabilities = readNew(d, Capabilities{}, capabilityFields) },
	},
	{
		name: "host", schema: stringSchema, doc: "Reserved, host:port; it has no effect.",
		read: func(d *decoder, n *Node) { n.Host = d.text() },
	},
	{
		name: "runtime_hint", schema: enumSchema(runtimeHints), doc: "It has no effect: the nodes are native.",
		read: func(d *decoder, n *Node) { n.RuntimeHint = RuntimeHint(d.oneOf(runtimeHints, "runtimehint")) },
	},
	{
		name: "execution", schema: objectSchema("execution"), doc: "Placement hints; they have no effect.",
		read: func(d *decoder, n *Node) { n.Execution = readNew(d, Execution{}, executionFields) },
	},
	{
		name: "is_output_node", schema: booleanSchema, doc: "Return the node's output although it has successors.",
		read: func(d *decoder, n *Node) { n.IsOutputNode = d.boolean() },
	},
	{
		name: "timeout_ms", schema: countSchema, doc: "How long the node may take, in milliseconds; 0 sets no bound.",
		read: func(d *decoder, n *Node) { n.TimeoutMS = d.count(64) },
	},
	{
		name: "input_types", schema: hintsSchema, doc: "Kinds of data that the node is meant to take.",
		read: func(d *decoder, n *Node) { n.InputTypes = d.typeHints() },
	},
	{
		name: "output_types", schema: hintsSchema, doc: "Kinds of data that the node is meant to give.",
		read: func(d *decoder, n *Node) { n.OutputTypes = d.typeHints() },
	},
})

var capabilityFields = newTable([]field[Capabilities]{
	{
		name: "gpu", schema: objectSchema("gpu"), doc: "Requirement of a graphics processor.",
		read: func(d *decoder, c *Capabilities) { c.GPU = readNew(d, GPU{Required: true}, gpuFields) },
	},
	{
		name: "cpu", schema: objectSchema("cpu"), doc: "Requirement of processors.",
		read: func(d *decoder, c *Capabilities) { c.CPU = readNew(d, CPU{}, cpuFields) },
	},
	{
		name: "memory_gb", schema: amountSchema, doc: "Memory that the node needs, in GB.",
		read: func(d *decoder, c *Capabilities) { c.MemoryGB = d.amount() },
	},
})

var gpuFields = newTable([]field[GPU]{
	{
		name: "type", schema: stringSchema, doc: "Kind of processor: cuda, rocm or metal.",
		read: func(d *decoder, g *GPU) { g.Type = d.text() },
	},
	{
		name: "min_memory_gb", schema: amountSchema, doc: "Memory that it must have, in GB.",
		read: func(d *decoder, g *GPU) { g.MinMemoryGB = d.amount() },
	},
	{
		name: "required", schema: booleanSchema, doc: "Whether the node can't do without; true when absent.",
		read: func(d *decoder, g *GPU) { g.Required = d.boolean() },
	},
})

var cpuFields = newTable([]field[CPU]{
	{
		name: "cores", schema: countSchema, doc: "Number of cores.",
		read: func(d *decoder, c *CPU) { c.Cores = uint32(d.count(32)) },
	},
	{
		name: "arch", schema: stringSchema, doc: "Architecture: x86_64 or aarch64.",
		read: func(d *decoder, c *CPU) { c.Arch = d.text() },
	},
})

var executionFields = newTable([]field[Execution]{
	{
		name: "placement", schema: stringSchema, doc: "Where the node was meant to run.",
		read: func(d *decoder, e *Execution) { e.Placement = d.text() },
	},
	{
		name: "reason", schema: stringSchema, doc: "Why.",
		read: func(d *decoder, e *Execution) { e.Reason = d.text() },
	},
	{
		name: "fallback", schema: stringSchema, doc: "Where else.",
		read: func(d *decoder, e *Execution) { e.Fallback = d.text() },
	},
})

const endpointHint = "name both ends of the connection, from and to"

var connectionFields = newTable([]field[Connection]{
	{
		name: "from", also: []string{"from_node", "fromNode"}, required: endpointHint, missing: fault.CodeEmptyConnection,
		schema: stringSchema, doc: "Id of the node that sends.",
		read: func(d *decoder, c *Connection) { c.From = d.text() },
	},
	{
		name: "to", also: []string{"to_node", "toNode"}, required: endpointHint, missing: fault.CodeEmptyConnection,
		schema: stringSchema, doc: "Id of the node that receives.",
		read: func(d *decoder, c *Connection) { c.To = d.text() },
	},
	{
		name: "from_output", also: []string{"output_port", "outputPort"}, schema: stringSchema,
		doc:  "Port of the sender, where it has several.",
		read: func(d *decoder, c *Connection) { c.FromOutput = d.text() },
	},
	{
		name: "to_input", also: []string{"input_port", "inputPort"}, schema: stringSchema,
		doc:  "Port of the receiver, where it has several.",
		read: func(d *decoder, c *Connection) { c.ToInput = d.text() },
	},
})
