package flow_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestBufferCollectsDataInArrays(t *testing.T) {
	r := rig(t, "BufferNode", `{"buffer_size": 3}`)
	r.Run(nodetest.JSON(`1`), nodetest.JSON(`"two"`), nodetest.JSON(`{"n": 3}`), nodetest.JSON(`[4]`))
	if got, want := r.Data(), []string{`[1,"two",{"n": 3}]`, `[[4]]`}; !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestBufferJoinsAudio(t *testing.T) {
	stereo := audio.Format{Rate: 8000, Channels: 2, Encoding: pcm.I16}
	first, second := nodetest.Signal(mono, 700, 1), nodetest.Signal(stereo, 50, 2)
	r := rig(t, "BufferNode", `{"buffer_size": 2}`)
	items := r.Cut(mono, first, func() int { return 300 })
	r.Run(append(items, nodetest.JSON(`"beside"`), r.Wire(stereo, 0, second))...)
	if got := lengths(r); !slices.Equal(got, []int{600, 100, 50}) {
		t.Fatalf("audio of %v frames", got)
	}
	var all []byte
	for _, item := range r.Items {
		if item.Audio != nil {
			all = append(all, r.Bytes(item.Audio)...)
		}
	}
	if !bytes.Equal(all, append(first, second...)) || r.Items[1].Audio.Stamp.Position != 600 {
		t.Error("the bytes or stamps changed")
	}
	if got := r.Data(); !slices.Equal(got, []string{`["beside"]`}) {
		t.Errorf("data %q", got)
	}
}

func TestBufferDefaultsToTen(t *testing.T) {
	r := rig(t, "BufferNode", "")
	for range 25 {
		if err := r.Process(nodetest.JSON("0")); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.Items) != 2 {
		t.Errorf("%d arrays of 25 items, expected 2 before the end", len(r.Items))
	}
}

func BenchmarkBuffer(b *testing.B) {
	nodetest.BenchmarkData(b, nodetest.Find(b, flow.Nodes(), "BufferNode"), "{}", `{"value": 10.0}`)
}
