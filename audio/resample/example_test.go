package resample_test

import (
	"fmt"
	"log"

	"github.com/remotemedia/remotemedia-go/audio/resample"
)

// A second of mono audio in chunks of 10 ms.
func Example() {
	r, err := resample.New(44100, 16000, 1, resample.High)
	if err != nil {
		log.Fatal(err)
	}
	src := [][]float32{make([]float32, 441)}
	total := 0
	for range 100 {
		dst := [][]float32{make([]float32, r.OutFrames(441))}
		n, err := r.Process(dst, src)
		if err != nil {
			log.Fatal(err)
		}
		total += n
	}
	rest := [][]float32{make([]float32, r.FlushFrames())}
	n, err := r.Flush(rest)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total+n, "frames")
	// Output: 16000 frames
}
