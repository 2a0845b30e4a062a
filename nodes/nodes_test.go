package nodes_test

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes"
	"github.com/remotemedia/remotemedia-go/nodes/inject"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func catalog(t *testing.T) *node.Catalog {
	t.Helper()
	c, err := nodes.Catalog("test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryNodePassesTheSuite(t *testing.T) {
	c, err := node.NewCatalog("test", sound(catalog(t)))
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Walk(t, c)
}

// sound lists the nodes that don't fail on purpose.
func sound(c *node.Catalog) []node.Spec {
	var all []node.Spec
	for _, s := range c.Specs() {
		if s.Category != inject.Category {
			all = append(all, *s)
		}
	}
	return all
}

// names are those that manifests of the 003 era use, with the type that each stands for.
var names = map[string][]string{
	"PassThrough": {"PassThroughNode", "PassthroughNode", "DataTransform", "JavaScriptBridgeNode", "BidirectionalNode", "pass-through", "data-transform",
		"audio_input", "audio_output", "AudioInput", "AudioSource", "TextInput", "AudioOutput"},
	"FormatConverter":  {"format-converter"},
	"DataSinkNode":     {"DataSourceNode"},
	"GRPCStreamSource": nil,
	"Echo":             {"EchoNode"},
	"DelayNode":        nil,
	"CalculatorNode":   {"SimpleCalculator", "calculator"},
	"MultiplyNode":     nil,
	"AddNode":          nil,
	"AudioResample":    {"AudioResampleNode", "RustResampleNode", "FastResampleNode", "AutoResampleNode", "Resample"},
	"AudioResampler":   {"audio-resampler"},
	"AudioFormatConverter": {"AudioFormatConverterNode", "FormatConverterNode", "RustFormatConverterNode", "FastFormatConverter",
		"fast_format_converter"},
	"AudioTransform":        {"audio-transform"},
	"AudioBuffer":           {"audio-buffer"},
	"BufferNode":            {"buffer"},
	"StatefulCounter":       nil,
	"TextProcessorNode":     {"TextTransformNode", "text-processor"},
	"ExtractAudioDataNode":  nil,
	"VoiceActivityDetector": nil,
	"VAD":                   {"VADNode", "RustVADNode", "FastVADNode"},
	"SileroVADNode":         {"SileroVAD", "candle-silero-vad"},
}

func TestNamesOfOldManifestsAreKnown(t *testing.T) {
	c := catalog(t)
	for canonical, aliases := range names {
		for _, name := range append(aliases, canonical) {
			spec, ok := c.Lookup(name)
			if !ok || spec.Name != canonical {
				t.Errorf("%s: got %v, expected %s", name, spec, canonical)
			}
		}
	}
}

func TestNodesThatFailOnPurposeNeedTheTag(t *testing.T) {
	c := catalog(t)
	tagged := len(nodes.Faults()) > 0
	for _, name := range []string{"ErrorNode", "PanicNode", "SleepNode", "AllocNode", "LeakNode"} {
		if _, ok := c.Lookup(name); ok != tagged {
			t.Errorf("%s: in the catalogue %v, expected %v", name, ok, tagged)
		}
	}
}

func TestFamiliesAreNamed(t *testing.T) {
	for _, s := range catalog(t).Specs() {
		if !slices.Contains([]string{"transform", "measure", "detect", "flow", "data", inject.Category}, s.Category) {
			t.Errorf("%s is of category %q", s.Name, s.Category)
		}
	}
}
