package transform_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/transform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rig(t *testing.T, name, params string) *nodetest.Rig {
	t.Helper()
	return nodetest.New(t, nodetest.Find(t, transform.Nodes(), name), params)
}

func mono(rate int) audio.Format { return audio.Format{Rate: rate, Channels: 1, Encoding: pcm.F32} }

// expectWarning expects exactly one distinct warning, with the given words.
func expectWarning(t *testing.T, r *nodetest.Rig, words string) {
	t.Helper()
	got := slices.Compact(slices.Clone(r.Warnings))
	if words == "" && len(got) == 0 {
		return
	}
	if len(got) != 1 || words == "" || !strings.Contains(got[0], words) {
		t.Errorf("warnings %q, expected one with %q", got, words)
	}
}
