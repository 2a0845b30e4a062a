package client

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// Node is one node of a pipeline that is written in Go; see [NewPipeline].
type Node struct {
	Type    string   // of the catalogue, or an alias
	ID      string   // made of the type where it isn't given: VAD is "vad", SileroVADNode "silero_vad", a second VAD "vad_2"
	Params  any      // what encodes as a JSON object, a map or a struct; nil for none
	After   []string // ids of the nodes that feed it; nil means the node before it, and empty none
	Output  bool     // its output is wanted though others follow
	Timeout time.Duration

	// Unchecked leaves the type and the names of the parameters to the service, which may be newer than this client.
	Unchecked bool
}

// Params are the parameters of a [Node] by name.
type Params = map[string]any

// NewPipeline makes a manifest of nodes, each of which follows the one before it unless it says otherwise. The error is a
// *fault.Error of kind Validation, with the service's codes: parameters that aren't JSON, or all of the node types, names of parameters
// and ids in Problems that can't be. Values are the service's to judge. Types and parameters are those of this client's release;
// [Node.Unchecked] leaves them to a newer service, and a manifest made otherwise is sent as it is.
func NewPipeline(name string, nodes ...Node) (*manifest.Manifest, error) {
	m := &manifest.Manifest{Version: "v1", Metadata: manifest.Metadata{Name: name}}
	taken := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		taken[n.ID] = true
	}
	for i, n := range nodes {
		id := n.ID
		if id == "" {
			id = freeID(taken, defaultID(n.Type))
			taken[id] = true
		}
		params, err := encodeParams(n.Params)
		if err != nil {
			return nil, fault.Wrap(fault.CodeParamsSyntax, err, "the parameters of node %q can't be encoded as JSON", id).WithNode(id)
		}
		after := n.After
		if after == nil && i > 0 {
			after = []string{m.Nodes[i-1].ID}
		}
		for _, from := range after {
			m.Connections = append(m.Connections, manifest.Connection{From: from, To: id})
		}
		m.Nodes = append(m.Nodes, manifest.Node{
			ID: id, Type: n.Type, Params: params, IsOutputNode: n.Output, TimeoutMS: uint64(max(n.Timeout.Milliseconds(), 0)),
		})
	}
	if err := checkPipeline(m, nodes); err != nil {
		return nil, err
	}
	return m, nil
}

func encodeParams(params any) ([]byte, error) {
	if params == nil {
		return nil, nil
	}
	return json.Marshal(params)
}

func freeID(taken map[string]bool, id string) string {
	free := id
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", id, i)
	}
	return free
}

// defaultID writes a type in snake case, without Node at its end.
func defaultID(kind string) string {
	var b strings.Builder
	name := []rune(strings.TrimSuffix(kind, "Node"))
	for i, r := range name {
		wordBegins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(name[i-1]) || i+1 < len(name) && unicode.IsLower(name[i+1]))
		if wordBegins && name[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// ParseManifest reads a manifest, JSON or YAML. The error is a *fault.Error with every problem of the text, by line and column.
func ParseManifest[T ~string | ~[]byte](text T) (*manifest.Manifest, error) {
	return parsed("", []byte(text))
}

// LoadManifest reads a manifest from a file.
func LoadManifest(path string) (*manifest.Manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(fault.CodeManifestMissing, err, "the manifest can't be read")
	}
	return parsed(path, text)
}

func parsed(name string, text []byte) (*manifest.Manifest, error) {
	m, problems := manifest.Parse(name, text)
	if err := fault.FromProblems(problems); err != nil {
		return nil, err
	}
	return m, nil
}

// Run runs a pipeline on audio for the one node at its start. [Client.Execute] takes everything else that a request may have.
func (c *Client) Run(ctx context.Context, m *manifest.Manifest, in Audio) (*Result, error) {
	return c.Execute(ctx, Request{Manifest: m, Inputs: Inputs{Audio: map[string]Audio{"": in}}})
}
