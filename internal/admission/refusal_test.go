package admission

import (
	"fmt"
	"testing"
	"time"
)

// TestRefusalsTellTheirFigures as fmt prints them.
func TestRefusalsTellTheirFigures(t *testing.T) {
	for _, figure := range []any{0, -5, int64(1) << 40, 87.5, 1e21, 250*time.Millisecond + time.Microsecond, "less than that now"} {
		r := refusal{ReasonMemory, "limit", figure, figure, 0}
		f := r.fault(1500*time.Millisecond + time.Microsecond)
		text := fmt.Sprint(figure)
		if d, ok := figure.(time.Duration); ok {
			text = d.Round(time.Millisecond).String()
		}
		want := "the service is at capacity: no memory is left for the body of the call (limit is " + text + ", the limit is " + text + "); retry after 1.5s"
		if f.Message != want {
			t.Errorf("got %q, want %q", f.Message, want)
		}
		if fmt.Sprint(f.Context["used"]) != text || fmt.Sprint(f.Context["allowed"]) != text || f.Context["reason"] != "memory_share" {
			t.Errorf("the context of %v is %v", figure, f.Context)
		}
	}
}
