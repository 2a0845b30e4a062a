package nodes_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes"
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

func TestEveryNodePassesTheSuite(t *testing.T) { nodetest.Walk(t, catalog(t)) }
