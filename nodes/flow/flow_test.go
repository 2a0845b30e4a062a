package flow_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rig(t *testing.T, name, params string) *nodetest.Rig {
	t.Helper()
	return nodetest.New(t, nodetest.Find(t, flow.Nodes(), name), params)
}
