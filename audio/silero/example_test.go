package silero_test

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/audio/silero"
)

// A stream of 16 kHz audio is cut into frames of 512 samples; its state goes from one to the next.
func ExampleModel_Process() {
	model := silero.Default()
	var state silero.State
	silence := make([]float32, silero.FrameLen)
	for range 3 {
		fmt.Println("speech:", model.Process(&state, silence) >= 0.5)
	}
	// Output:
	// speech: false
	// speech: false
	// speech: false
}
