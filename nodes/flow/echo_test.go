package flow_test

import (
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestEchoNumbersItsNotes(t *testing.T) {
	r := rig(t, "Echo", "{}")
	r.Run(
		nodetest.JSON(`{"value": 10.0}`),
		nodetest.JSON(`"hi"`),
		r.F32(16000, make([]float32, 320), make([]float32, 320)),
		r.F32(16000, nil),
	)
	want := []string{
		`{"input":{"value": 10.0},"counter":1,"node":"Echo"}`,
		`{"input":"hi","counter":2,"node":"Echo"}`,
		`{"input":{"type":"audio","sample_rate":16000,"channels":2,"num_samples":640},"counter":3,"node":"Echo"}`,
		`{"input":{"type":"audio","sample_rate":16000,"channels":1,"num_samples":0},"counter":4,"node":"Echo"}`,
	}
	if got := r.Data(); !slices.Equal(got, want) {
		t.Errorf("got %q\nexpected %q", got, want)
	}
	if len(r.Items) != 5 || r.Items[2].Audio == nil {
		t.Errorf("got %d items: expected the audio with frames before its note", len(r.Items))
	}
}

func BenchmarkEcho(b *testing.B) {
	nodetest.BenchmarkData(b, nodetest.Find(b, flow.Nodes(), "Echo"), "{}", `{"value": 10.0}`)
}
