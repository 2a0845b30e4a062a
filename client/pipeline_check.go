package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// newer is told with what may be right for a service that is newer than this client's table.
const newer = "For a service that is newer than this client, update the client or set Unchecked"

// checkPipeline finds what the service would refuse a pipeline for by its names alone: in the service's order, which is that of what
// depends on what, and by its codes and paths.
func checkPipeline(m *manifest.Manifest, nodes []Node) error {
	if len(m.Nodes) == 0 {
		return fault.FromProblems([]fault.Problem{
			problem(fault.CodeManifestEmpty, "", "nodes", "add at least one node", "the pipeline has no nodes"),
		})
	}
	byID, problems := checkIDs(m)
	var params []fault.Problem
	for i, n := range m.Nodes {
		if nodes[i].Unchecked {
			continue
		}
		path := manifest.Index("nodes", i)
		if t := typesByName()[n.Type]; t == nil {
			problems = append(problems, unknownType(&n, path+".node_type"))
		} else {
			params = append(params, checkParams(&n, t, path+".params")...)
		}
	}
	problems = slices.Concat(problems, params, checkConnections(m, byID))
	err := fault.FromProblems(problems)
	if err == nil {
		return nil
	}
	if slices.ContainsFunc(problems, func(p fault.Problem) bool { return p.Code == fault.CodeUnknownNodeType }) {
		err.With("available_node_types", slices.Clone(typeNames()))
	}
	return err
}

func checkIDs(m *manifest.Manifest) (map[string]int, []fault.Problem) {
	var problems []fault.Problem
	byID := make(map[string]int, len(m.Nodes))
	for i, n := range m.Nodes {
		first, taken := byID[n.ID]
		if taken {
			problems = append(problems, problem(fault.CodeDuplicateNodeID, n.ID, manifest.Index("nodes", i)+".id", "rename one of them",
				"node id %q is used by nodes[%d] and nodes[%d]", n.ID, first, i))
			continue
		}
		byID[n.ID] = i
	}
	return byID, problems
}

func unknownType(n *manifest.Node, path string) fault.Problem {
	if n.Type == "" {
		return problem(fault.CodeMissingField, n.ID, path, "name a type of the service's catalogue", "node %q has no node_type", n.ID)
	}
	return problem(fault.CodeUnknownNodeType, n.ID, path, hint(fault.DidYouMean(n.Type, typeNames())),
		"node %q has the unknown node type %q", n.ID, n.Type)
}

func checkParams(n *manifest.Node, t *knownType, path string) []fault.Problem {
	if len(n.Params) == 0 {
		return nil
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(n.Params, &given) != nil { // it was encoded just now, so that it can only be no object
		return []fault.Problem{problem(fault.CodeParamsSyntax, n.ID, path, "give a map or a struct",
			"node %q: the parameters must be an object, not %s", n.ID, fault.Shorten(string(n.Params), 40))}
	}
	spellings := slices.Concat(t.parameters...)
	var problems []fault.Problem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(spellings, name) {
			continue
		}
		near := fault.DidYouMean(name, spellings)
		switch {
		case near != "":
		case len(t.parameters) == 0:
			near = "there are no parameters."
		default:
			near = "the parameters are " + strings.Join(t.canonical(), ", ") + "."
		}
		problems = append(problems, problem(fault.CodeUnknownParam, n.ID, manifest.Field(path, name), hint(near),
			"node %q: parameter %q is unknown", n.ID, name))
	}
	return problems
}

func checkConnections(m *manifest.Manifest, byID map[string]int) []fault.Problem {
	var problems []fault.Problem
	for i, edge := range m.Connections {
		path := manifest.Index("connections", i)
		if edge.From == "" {
			problems = append(problems, problem(fault.CodeEmptyConnection, edge.To, path+".from", "name both ends", "%s has an empty from", path))
			continue
		}
		if _, ok := byID[edge.From]; !ok {
			near := fault.DidYouMean(edge.From, slices.Sorted(maps.Keys(byID)))
			if near == "" {
				near = "use the id of a node in the pipeline"
			}
			problems = append(problems, problem(fault.CodeUnknownEndpoint, edge.From, path+".from", near,
				"%s.from names node %q, which doesn't exist", path, edge.From))
		}
	}
	return problems
}

func hint(near string) string {
	if near == "" {
		return newer
	}
	return near + " " + newer
}

func problem(code fault.Code, id, path, hint, format string, args ...any) fault.Problem {
	return fault.Problem{Code: code, NodeID: id, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}
}
