package nodetest

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
)

// Walk puts every node of a catalogue through the suite, each in a subtest of its name, in virtual time.
func Walk(t *testing.T, catalog *node.Catalog) {
	for _, spec := range catalog.Specs() {
		t.Run(spec.Name, func(t *testing.T) { Check(t, spec) })
	}
}

// suite is what each node must pass. A check that doesn't concern a node returns at once.
var suite = []struct {
	name  string
	check func(testing.TB, *subject)
}{
	{"declaration", checkDeclaration},
	{"kinds", checkKinds},
	{"chunks", checkChunks},
	{"flush", checkFlush},
	{"reset", checkReset},
	{"cancel", checkCancel},
	{"input", checkInput},
	{"memory", checkMemory},
	{"empty", checkEmpty},
	{"hostile", checkHostile},
	{"instances", checkInstances},
	{"allocations", checkAllocations},
}

// Check puts one node through the suite, with its defaults and with its example as parameters.
func Check(t *testing.T, spec *node.Spec) {
	for _, s := range subjects(spec) {
		for _, entry := range suite {
			t.Run(s.name+"/"+entry.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { entry.check(t, s) })
			})
		}
	}
}

// subject is a node with parameters.
type subject struct {
	*node.Spec
	name, params string
}

func subjects(spec *node.Spec) []*subject {
	all := []*subject{{spec, "example", spec.Example}}
	for _, f := range spec.Params().Fields() {
		if f.Required {
			return all
		}
	}
	return append(all, &subject{spec, "defaults", "{}"})
}

func (s *subject) rig(t testing.TB) *Rig {
	t.Helper()
	return New(t, s.Spec, s.params)
}

func (s *subject) takesAudio() bool { return s.Accepts&node.Audio != 0 }

// formats are those in which audio is given. Rates are such that no conversion between usual rates is trivial.
var formats = []audio.Format{
	{Rate: 44_100, Channels: 1, Encoding: pcm.F32},
	{Rate: 48_000, Channels: 2, Encoding: pcm.I16},
	{Rate: 16_000, Channels: 1, Encoding: pcm.I32},
	{Rate: 22_050, Channels: 3, Encoding: pcm.F32},
}

// taken returns those formats that the node takes with its parameters.
func (s *subject) taken(t testing.TB) []audio.Format {
	p := Decode(t, s.Spec, s.params)
	return slices.DeleteFunc(slices.Clone(formats), func(f audio.Format) bool {
		_, err := s.Output(p, f)
		return err != nil
	})
}

// data are items of every kind that isn't audio.
var data = map[node.Kinds][]string{
	node.JSON: {
		"0", "-1.5e300", "1e999", "9223372036854775807", "true", "null", "{}", "[]", "[1, 2.5, -3]", `[1,"x",null]`, `{"value": 10.0}`,
		`{"value":null}`, `{"a": 2, "b": 3}`, `{"a":1}`, `{"operation":"divide","operands":[1,0]}`, `{"operation":"add","args":[1]}`,
		`{"text":"Hello World","operations":["reverse","nonsense"]}`, `{"text":7}`, `{"a":1,"a":2}`, `[[[[[[[[{"deep":[]}]]]]]]]]`,
		`{"samples":[0.1,0.2],"sample_rate":8000}`,
	},
	node.Text:    {`""`, `"hello"`, `"12"`, `"1e5"`, `"\u0000\ud83d\ude00 naïve"`},
	node.Control: {`{"type":"control","message_type":"CancelSpeculation"}`},
	node.Binary:  {`"AAECAw=="`},
}

// dataItems returns the items of a kind.
func dataItems(kind node.Kinds) []node.Item {
	var items []node.Item
	for _, text := range data[kind] {
		item := node.DataItem([]byte(text))
		item.Kind, item.Stamp = kind, audio.Stamp{Position: 7, Micros: 11, StreamID: "s"}
		items = append(items, item)
	}
	return items
}
