package remotemedia

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// binder checks inputs against a plan and makes the engine's inputs of them. It finds every problem at once.
type binder struct {
	plan     *graph.Plan
	problems []fault.Problem
	audio    map[int]Audio
	data     map[int]json.RawMessage
}

// bind checks inputs and copies them into an account. Whole says that all of the input is there, so that every node at the
// start of the graph must have got something.
func bind(plan *graph.Plan, account *mem.Account, in Inputs, whole bool) ([]engine.Input, error) {
	b := &binder{plan: plan, audio: make(map[int]Audio), data: make(map[int]json.RawMessage)}
	for _, id := range slices.Sorted(maps.Keys(in.Audio)) {
		b.addAudio(id, in.Audio[id])
	}
	for _, id := range slices.Sorted(maps.Keys(in.Data)) {
		b.addData(id, in.Data[id])
	}
	if whole {
		b.checkSources()
	}
	if err := fault.FromProblems(b.problems); err != nil {
		return nil, err.WithOp("inputs")
	}
	return b.items(account)
}

func (b *binder) report(code fault.Code, nodeID, path, hint, format string, args ...any) {
	b.problems = append(b.problems, fault.Problem{
		Code: code, NodeID: nodeID, Path: path, Hint: hint, Message: fmt.Sprintf(format, args...),
	})
}

func (b *binder) addAudio(id string, a Audio) {
	path := manifest.Field("audio_inputs", id)
	i, ok := b.find(id, path)
	if !ok || !b.takes(i, node.Audio, path) {
		return
	}
	if err := a.Check(); err != nil {
		b.report(fault.CodeBadAudio, b.plan.Nodes[i].ID, path, "", "audio for node %q: %v", b.plan.Nodes[i].ID, err)
		return
	}
	if _, twice := b.audio[i]; twice {
		b.report(fault.CodeUnknownInput, b.plan.Nodes[i].ID, path, `drop the key ""`, "audio for node %q is given twice", b.plan.Nodes[i].ID)
	}
	b.audio[i] = a
}

func (b *binder) addData(id string, text json.RawMessage) {
	path := manifest.Field("data_inputs", id)
	i, ok := b.find(id, path)
	if !ok {
		return
	}
	value := jsontext.Value(bytes.TrimSpace(text)).Clone()
	if p := checkJSON(text); p != nil {
		p.NodeID, p.Path = b.plan.Nodes[i].ID, path
		p.Message = fmt.Sprintf("data for node %q: %s", p.NodeID, p.Message)
		b.problems = append(b.problems, *p)
		return
	}
	if b.takes(i, node.DataItem(value).Kind, path) {
		b.data[i] = json.RawMessage(value)
	}
}

// find returns the node of a key; "" is the one node at the start.
func (b *binder) find(id, path string) (int, bool) {
	if id == "" {
		i, ok := b.plan.OnlySource()
		if !ok {
			b.report(fault.CodeUnknownInput, "", path, "name the node",
				"an input names no node, but %d nodes are at the start: %s", len(b.plan.Sources), strings.Join(b.plan.IDs(b.plan.Sources), ", "))
		}
		return i, ok
	}
	i, ok := b.plan.Lookup(id)
	if !ok {
		ids := make([]string, len(b.plan.Nodes))
		for n := range b.plan.Nodes {
			ids[n] = b.plan.Nodes[n].ID
		}
		b.report(fault.CodeUnknownInput, id, path, fault.DidYouMean(id, ids),
			"an input is for node %q, which doesn't exist; the nodes are %s", id, strings.Join(ids, ", "))
	}
	return i, ok
}

func (b *binder) takes(i int, kind node.Kinds, path string) bool {
	n := &b.plan.Nodes[i]
	if kind&n.Spec.Accepts != 0 {
		return true
	}
	b.report(fault.CodeInputKind, n.ID, path, "", "node %q (%s) takes %s, but its input is %s", n.ID, n.Spec.Name, n.Spec.Accepts, kind)
	return false
}

func (b *binder) checkSources() {
	for _, i := range b.plan.Sources {
		n := &b.plan.Nodes[i]
		_, hasAudio := b.audio[i]
		_, hasData := b.data[i]
		if !hasAudio && !hasData && !n.Spec.Source && !b.blamed(n.ID) {
			b.report(fault.CodeMissingInput, n.ID, "", "", "node %q (%s) has no incoming connection and got no input: give it %s", n.ID, n.Spec.Name, n.Spec.Accepts)
		}
	}
}

// blamed reports whether a node's input was there and wrong, which is told already.
func (b *binder) blamed(id string) bool {
	return slices.ContainsFunc(b.problems, func(p fault.Problem) bool { return p.NodeID == id || p.NodeID == "" })
}

// items copies the inputs into the account, in the order of the manifest.
func (b *binder) items(account *mem.Account) ([]engine.Input, error) {
	var out []engine.Input
	for i := range b.plan.Nodes {
		if a, ok := b.audio[i]; ok {
			buffer, err := copyIn(account, a)
			if err != nil {
				release(out)
				return nil, engine.MemoryLimit(err, b.plan.Nodes[i].ID)
			}
			out = append(out, engine.Input{Node: i, Item: node.AudioItem(buffer)})
		}
		if text, ok := b.data[i]; ok {
			out = append(out, engine.Input{Node: i, Item: node.DataItem(text)})
		}
	}
	return out, nil
}

// copyIn copies, so that the caller may go on with his memory even when a run that was given up still reads its own.
func copyIn(account *mem.Account, a Audio) (*audio.Buffer, error) {
	block, err := account.Alloc(len(a.Bytes))
	if err != nil {
		return nil, err
	}
	copy(block.Bytes(), a.Bytes)
	buffer, err := audio.FromWire(a.Format, block)
	if err != nil {
		block.Release()
	}
	return buffer, err
}

func release(inputs []engine.Input) {
	for _, in := range inputs {
		if in.Item.Audio != nil {
			in.Item.Audio.Release()
		}
	}
}

// checkJSON returns what is wrong with a text that should be one JSON value, with its place.
func checkJSON(text []byte) *fault.Problem {
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	err := dec.SkipValue()
	if err == nil {
		if _, err = dec.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("text follows the end of the value")
		}
	}
	at := int(dec.InputOffset())
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		at, err = int(syntactic.ByteOffset), syntactic.Err
	}
	at = min(at, len(text))
	before := text[:at]
	return &fault.Problem{
		Code: fault.CodeDataSyntax, Offset: at,
		Line: 1 + bytes.Count(before, []byte{'\n'}), Column: 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]),
		Message: "invalid JSON: " + strings.TrimPrefix(err.Error(), "jsontext: "),
	}
}
