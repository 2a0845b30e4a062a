package flow_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestIdentitiesHandOnTheVeryItem(t *testing.T) {
	for name, params := range map[string]string{
		"PassThrough": "{}", "audio_input": "", "JavaScriptBridgeNode": "null",
		"FormatConverter": `{"target_format": "json"}`, "DataSourceNode": `{"buffer_size": 100, "timeout_seconds": 30}`,
		"GRPCStreamSource": `{"session_id": "x"}`,
	} {
		r := rig(t, name, params)
		hostile := r.Wire(audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.F32}, 0, nodetest.Hostile())
		buffer := hostile.Audio
		r.Run(hostile, nodetest.JSON(`{"a": 1.50}`), nodetest.JSON(`"text"`))
		if len(r.Items) != 3 || r.Items[0].Audio != buffer || !bytes.Equal(r.Bytes(buffer), nodetest.Hostile()) {
			t.Errorf("%s: the audio isn't the same buffer with the same bytes", name)
		}
		if got := fmt.Sprint(r.Data()); got != `[{"a": 1.50} "text"]` {
			t.Errorf("%s: data %s", name, got)
		}
	}
}

func TestOldParametersAreIgnoredWithAWarningAndOthersRefused(t *testing.T) {
	spec := nodetest.Find(t, flow.Nodes(), "FormatConverter")
	_, problems := spec.Decode([]byte(`{"target_format": "json"}`))
	if len(problems) != 1 || problems[0].Code != fault.CodeIgnored || problems[0].Severity != fault.SeverityWarning {
		t.Errorf("got %v, expected one warning", problems)
	}
	_, problems = nodetest.Find(t, flow.Nodes(), "PassThrough").Decode([]byte(`{"target_format": "json"}`))
	if len(problems) != 1 || problems[0].Code != fault.CodeUnknownParam {
		t.Errorf("got %v, expected an unknown parameter", problems)
	}
}

func BenchmarkPassThrough(b *testing.B) {
	f := audio.Format{Rate: 16_000, Channels: 1, Encoding: pcm.I16}
	nodetest.Benchmark(b, nodetest.Find(b, flow.Nodes(), "PassThrough"), "{}", f, 320)
}
