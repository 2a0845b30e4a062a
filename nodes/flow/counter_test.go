package flow_test

import (
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
)

func TestCounterCountsWhateverComes(t *testing.T) {
	r := rig(t, "StatefulCounter", `{"initial_value": -1}`)
	r.Run(nodetest.JSON(`"x"`), r.F32(8000, []float32{0}), nodetest.JSON(`{}`))
	if got, want := r.Data(), []string{"[-1]", "[0]", "[1]"}; !slices.Equal(got, want) || len(r.Items) != 3 {
		t.Errorf("got %q, expected %q and no audio", got, want)
	}
}
