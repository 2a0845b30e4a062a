package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// Of many calls that were cut, the error names the oldest, which are the likeliest to be stuck.
func TestTheOldestOfTheCutAreNamedFirst(t *testing.T) {
	a := &app{log: slog.New(slog.DiscardHandler)}
	var cut []server.InFlight
	for _, age := range []time.Duration{3, 7, 1, 6, 2, 5, 4} {
		cut = append(cut, server.InFlight{Method: "/s/M", RequestID: "age-" + string(rune('0'+age)), Age: age * time.Hour})
	}
	text := a.name(cut, time.Second).Error()
	at := 0
	for _, id := range []string{"age-7", "age-6", "age-5", "age-4", "age-3"} {
		i := strings.Index(text[at:], id)
		if i < 0 {
			t.Fatalf("%s isn't in its place: %s", id, text)
		}
		at += i
	}
	if strings.Contains(text, "age-2") || !strings.Contains(text, "7 calls") {
		t.Errorf("got %s", text)
	}
}
