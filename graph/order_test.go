package graph_test

import (
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// Without a document there are no lines, so problems come in the order of the contract's checks, whoever found them.
func TestProblemsWithoutADocumentComeInTheOrderOfTheChecks(t *testing.T) {
	found := []fault.Problem{
		{Code: fault.CodeUnknownInput, Path: `audio_inputs["x"]`},
		{Code: fault.CodeParamsSyntax, Path: "nodes[0].params", NodeID: "a", Offset: 7, Line: 1, Column: 8},
	}
	m := &manifest.Manifest{
		Version:     "v9",
		Nodes:       []manifest.Node{{ID: "a", Type: "Rate"}, {ID: "b", Type: "Nothing"}},
		Connections: []manifest.Connection{{From: "a", To: "c"}},
	}
	_, err := graph.Compile(m, catalog(t), graph.Options{}, found...)
	if err == nil {
		t.Fatal("it compiled")
	}
	var got []fault.Code
	for _, p := range err.Problems {
		got = append(got, p.Code)
	}
	want := []fault.Code{
		fault.CodeVersion, fault.CodeUnknownNodeType, fault.CodeParamsSyntax, fault.CodeUnknownEndpoint, fault.CodeUnknownInput,
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems %v, want %v", got, want)
	}
	if err.Kind != fault.VersionMismatch || err.Context["requested"] != "v9" {
		t.Errorf("kind %v, context %v: want the version to come first", err.Kind, err.Context)
	}
}

// A params text that couldn't be read is told once, without what its absence would lead to.
func TestConsequencesOfAFaultAreLeftOut(t *testing.T) {
	m, problems := manifest.Parse("test.yaml", []byte("version: v1\nnodes:\n- {id: a, node_type: Rate, params: \"{\\\"rate\\\": 1, \"}\n"))
	if m == nil {
		t.Fatal(problems)
	}
	_, err := graph.Compile(m, catalog(t), graph.Options{}, problems...)
	if err == nil || len(err.Problems) != 1 || err.Code != fault.CodeParamsSyntax {
		t.Errorf("got %v", err)
	}
}
