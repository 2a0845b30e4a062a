package app

import "testing"

func TestTheBallastFitsTheMemory(t *testing.T) {
	t.Setenv("GOGC", "")
	for _, c := range []struct{ total, want uint64 }{{128 << 20, 2 << 20}, {16 << 30, mostBallast}, {0, 0}} {
		if got := uint64(len(newBallast(c.total))); got != c.want {
			t.Errorf("of %d bytes the ballast takes %d, want %d", c.total, got, c.want)
		}
	}
	t.Setenv("GOGC", "100")
	if got := len(newBallast(16 << 30)); got != 0 {
		t.Errorf("the ballast takes %d bytes although the operator set GOGC", got)
	}
}
