package reference

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
)

// attempt is a manifest, or a run of it, that gives an error or a warning of its code.
type attempt struct {
	code   fault.Code
	text   string // of the manifest
	limits remotemedia.Limits
	push   []remotemedia.Inputs // what goes in: at once, or as a stream where there are several; none: the manifest alone is wrong
}

func (a attempt) provoke() (text string, warning bool, err error) {
	problems, err := a.run()
	for _, p := range problems {
		if p.Code == a.code {
			return p.Message, p.Severity == fault.SeverityWarning, nil
		}
	}
	if f := fault.From(err); f != nil && f.Code == a.code {
		return f.Text(), false, nil
	}
	return "", false, fmt.Errorf("the example of the code %s doesn't give it, but %v %v", a.code, problems, err)
}

func (a attempt) run() ([]fault.Problem, error) {
	p, err := remotemedia.Compile(a.text, remotemedia.WithLimits(a.limits))
	if err != nil {
		return problemsOf(err), err
	}
	switch len(a.push) {
	case 0:
		return p.Plan().Warnings, nil
	case 1:
		_, err := p.Run(context.Background(), a.push[0])
		return problemsOf(err), err
	}
	s, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for _, in := range a.push {
		if _, err = s.Push(context.Background(), in); err != nil {
			return problemsOf(err), err
		}
	}
	return nil, nil
}

func problemsOf(err error) []fault.Problem {
	if f := fault.From(err); f != nil {
		return f.Problems
	}
	return nil
}

// pipeline writes a manifest of nodes, each "id type" or "id type params", and connections, each "from to".
func pipeline(nodes []string, connections ...string) string {
	var out strings.Builder
	out.WriteString(`{"version": "v1", "nodes": [`)
	for i, n := range nodes {
		part := append(strings.SplitN(n, " ", 3), "{}")
		fmt.Fprintf(&out, `%s{"id": %q, "node_type": %q, "params": %s}`, comma(i), part[0], part[1], part[2])
	}
	out.WriteString(`], "connections": [`)
	for i, c := range connections {
		from, to, _ := strings.Cut(c, " ")
		fmt.Fprintf(&out, `%s{"from": %q, "to": %q}`, comma(i), from, to)
	}
	return out.String() + "]}"
}

func comma(i int) string { return map[bool]string{true: ", "}[i > 0] }

func one(node string) string { return pipeline([]string{node}) }

func data(node, text string) []remotemedia.Inputs {
	return []remotemedia.Inputs{{Data: map[string]json.RawMessage{node: json.RawMessage(text)}}}
}

// sound is a turn of silence.
func sound(node string, rate, frames int) remotemedia.Inputs {
	return remotemedia.Inputs{Audio: map[string]remotemedia.Audio{node: remotemedia.Planar(rate, make([]float32, frames))}}
}

// torn is audio of half a frame.
func torn(node string) remotemedia.Inputs {
	a := remotemedia.Audio{Format: audio.Format{Rate: 16000, Channels: 2, Encoding: pcm.I16}, Bytes: make([]byte, 6)}
	return remotemedia.Inputs{Audio: map[string]remotemedia.Audio{node: a}}
}

// some is a turn of audio where only its receiver matters.
func some(node string) []remotemedia.Inputs { return []remotemedia.Inputs{sound(node, 16000, 160)} }

var attempts = []attempt{
	{code: fault.CodeSyntax, text: `{"version": "v1", "nodes": [`},
	{code: fault.CodeTooLarge, text: strings.Repeat(" ", 1<<20+1)},
	{code: fault.CodeTooDeep, text: strings.Repeat("[", 100)},
	{code: fault.CodeTooManyNodes, text: pipeline(slices.Repeat([]string{"n PassThrough"}, 300))},
	{code: fault.CodeUnknownField, text: `{"version": "v1", "nodez": []}`},
	{code: fault.CodeDuplicateField, text: `{"version": "v1", "version": "v1"}`},
	{code: fault.CodeWrongType, text: `{"version": "v1", "nodes": 5}`},
	{code: fault.CodeMissingField, text: `{"nodes": []}`},
	{code: fault.CodeManifestEmpty, text: ""},
	{code: fault.CodeBadNodeID, text: `{"version": "v1", "nodes": [{"id": "my node", "node_type": "VAD"}]}`},
	{code: fault.CodeDuplicateNodeID, text: pipeline([]string{"vad VAD", "vad VAD"})},
	{code: fault.CodeUnknownNodeType, text: one("resample AudioResampel")},
	{code: fault.CodeParamsSyntax, text: `{"version": "v1", "nodes": [{"id": "a", "node_type": "VAD", "params": "{threshold: 1}"}]}`},
	{code: fault.CodeUnknownParam, text: one(`resample AudioResample {"target_sample_rat": 16000}`)},
	{code: fault.CodeBadParam, text: one(`resample AudioResample {"target_sample_rate": 16}`)},
	{code: fault.CodeIgnored, text: one(`resample AudioResample {"runtime_hint": "auto"}`)},
	{code: fault.CodeEmptyConnection, text: pipeline([]string{"a PassThrough", "b PassThrough"}, "a ")},
	{code: fault.CodeUnknownEndpoint, text: pipeline([]string{"a PassThrough"}, "a b")},
	{code: fault.CodeUnknownPort, text: `{"version": "v1", "nodes": [{"id": "a", "node_type": "PassThrough"}, {"id": "b", "node_type": "VAD"}],
		"connections": [{"from": "a", "to": "b", "to_input": "left"}]}`},
	{code: fault.CodeSelfLoop, text: pipeline([]string{"a PassThrough"}, "a a")},
	{code: fault.CodeDuplicateEdge, text: pipeline([]string{"a PassThrough", "b PassThrough"}, "a b", "a b")},
	{code: fault.CodeCycle, text: pipeline([]string{"a PassThrough", "b PassThrough"}, "a b", "b a")},
	{code: fault.CodeKindMismatch, text: pipeline([]string{"resample AudioResample", "calc CalculatorNode"}, "resample calc")},
	{code: fault.CodeFormatMismatch, text: pipeline([]string{"resample AudioResample", `vad VAD {"sample_rate": 8000}`}, "resample vad")},
	{code: fault.CodeCapability, text: `{"version": "v1", "nodes": [{"id": "a", "node_type": "VAD", "capabilities": {"gpu": {"type": "cuda", "required": true}}}]}`},
	{code: fault.CodeCapabilityMemory, text: `{"version": "v1", "nodes": [{"id": "a", "node_type": "VAD", "capabilities": {"memory_gb": 64}}]}`},
	{code: fault.CodeVersion, text: `{"version": "v2", "nodes": [{"id": "a", "node_type": "VAD"}]}`},
	{code: fault.CodeUnknownInput, text: one("vad VAD"), push: some("vda")},
	{code: fault.CodeMissingInput, text: pipeline([]string{"left PassThrough", "right PassThrough"}), push: some("left")},
	{code: fault.CodeInputKind, text: one("calc CalculatorNode"), push: some("calc")},
	{code: fault.CodeDataSyntax, text: one("calc CalculatorNode"), push: data("calc", `{"value": 1,}`)},
	{code: fault.CodeBadAudio, text: one("vad VAD"), push: []remotemedia.Inputs{torn("vad")}},
	{code: fault.CodeNodeFailed, text: one(`calc CalculatorNode {"operation": "divide"}`), push: data("calc", "1")},
	{code: fault.CodeFormatChanged, text: one("vad VAD"), push: []remotemedia.Inputs{sound("vad", 16000, 160), sound("vad", 8000, 80)}},
	{code: fault.CodeMemoryLimit, text: one("resample AudioResample"), push: []remotemedia.Inputs{sound("resample", 48000, 48000)},
		limits: remotemedia.Limits{MemoryBytes: 100_000, Timeout: time.Minute}},
	{code: fault.CodeSampleLimit, text: one("vad VAD"), push: []remotemedia.Inputs{sound("vad", 16000, 16000)}, limits: remotemedia.Limits{Samples: 8000}},
}
