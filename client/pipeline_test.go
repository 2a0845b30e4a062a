package client_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
)

func TestPipelinesInGoAreManifests(t *testing.T) {
	m, err := client.NewPipeline("branches",
		client.Node{Type: "PassThrough", ID: "in"},
		client.Node{Type: "SileroVADNode", Output: true},
		client.Node{Type: "AudioResample", Params: client.Params{"target_sample_rate": 8000}, After: []string{"in"}, Timeout: time.Second},
		client.Node{Type: "AudioResample", Params: struct {
			Rate int `json:"target_sample_rate"`
		}{16000}},
		client.Node{Type: "VAD", After: []string{}},
	)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":"v1","metadata":{"name":"branches"},"nodes":[{"id":"in","node_type":"PassThrough"},` +
		`{"id":"silero_vad","node_type":"SileroVADNode","is_output_node":true},` +
		`{"id":"audio_resample","node_type":"AudioResample","params":{"target_sample_rate":8000},"timeout_ms":1000},` +
		`{"id":"audio_resample_2","node_type":"AudioResample","params":{"target_sample_rate":16000}},{"id":"vad","node_type":"VAD"}],` +
		`"connections":[{"from":"in","to":"silero_vad"},{"from":"in","to":"audio_resample"},{"from":"audio_resample","to":"audio_resample_2"}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, err = client.NewPipeline("", client.Node{Type: "VAD", Params: client.Params{"threshold": math.NaN()}})
	if f := fault.From(err); f.Code != fault.CodeParamsSyntax || f.NodeID != "vad" {
		t.Errorf("NaN gives %v", err)
	}
}

func TestManifestsAreReadFromTextAndFiles(t *testing.T) {
	for _, text := range []string{echo, "version: v1\nnodes:\n- {id: in, type: PassThrough}\n"} {
		path := filepath.Join(t.TempDir(), "pipeline")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		parsed, err := client.ParseManifest(text)
		loaded, wrong := client.LoadManifest(path)
		if err != nil || wrong != nil || parsed.Nodes[0].Type != "PassThrough" || loaded.Nodes[0].ID != "in" {
			t.Errorf("%v, %v", err, wrong)
		}
	}
	_, err := client.ParseManifest([]byte("version: [v1"))
	_, missing := client.LoadManifest(filepath.Join(t.TempDir(), "none.yaml"))
	for _, err := range []error{err, missing} {
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Validation {
			t.Errorf("got %v", err)
		}
	}
}

func TestRunIsExecuteWithOneInput(t *testing.T) {
	in := client.FromSamples(8000, 1, []int16{1, -2, 3})
	r, err := service(t).Run(t.Context(), parse(t, echo), in)
	if err != nil || string(r.Audio["in"].Bytes) != string(in.Bytes) || r.Audio["in"].Format != in.Format || r.RequestID == "" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestOutputNodesAndLabelsAreSent(t *testing.T) {
	m, err := client.NewPipeline("", client.Node{Type: "PassThrough", ID: "a"}, client.Node{Type: "PassThrough", ID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := service(t).Execute(t.Context(), client.Request{
		Manifest: m, Inputs: number("", "1"), OutputNodes: []string{"a"}, Labels: map[string]string{"user": "me"},
	})
	if err != nil || string(r.Data["a"]) != "1" || string(r.Data["b"]) != "1" {
		t.Errorf("%+v, %v", r, err)
	}
}
