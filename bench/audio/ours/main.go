// Command ours runs audio/resample for the comparison in bench/audio. It has the modes of the peers' programs (see
// ../peers/main.c) with the names of our qualities, and one more:
//
//	ours first QUALITY SRC DST      JSON: us of the first second converted with this pair of rates, and of a later one
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/remotemedia/remotemedia-go/audio/resample"
)

const minPasses = 3

// stream is one resampler with room for its output. The input is here so that a call allocates nothing.
type stream struct {
	*resample.Resampler
	in, out [1][]float32
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "version" {
		fmt.Println("audio/resample,", runtime.Version())
		return nil
	}
	if len(args) < 4 {
		return errors.New("usage: version | convert Q SRC DST CHUNK | trace Q SRC DST | time Q SRC DST CHUNK MS | first Q SRC DST")
	}
	quality, err := resample.ParseQuality(args[1])
	if err != nil {
		return err
	}
	numbers := make([]int, len(args)-2)
	for i, a := range args[2:] {
		if numbers[i], err = strconv.Atoi(a); err != nil {
			return err
		}
	}
	return dispatch(args[0], quality, numbers)
}

func dispatch(mode string, q resample.Quality, numbers []int) error {
	src, dst := numbers[0], numbers[1]
	switch {
	case mode == "convert" && len(numbers) == 3:
		return convert(src, dst, q, numbers[2])
	case mode == "trace" && len(numbers) == 2:
		return trace(src, dst, q)
	case mode == "time" && len(numbers) == 4:
		return measure(src, dst, q, numbers[2], time.Duration(numbers[3])*time.Millisecond)
	case mode == "first" && len(numbers) == 2:
		return first(src, dst, q)
	}
	return fmt.Errorf("mode %q with %d numbers is unknown", mode, len(numbers))
}

// open makes a stream that takes up to n samples at a time.
func open(src, dst int, q resample.Quality, n int) (*stream, error) {
	r, err := resample.New(src, dst, 1, q)
	if err != nil {
		return nil, err
	}
	return &stream{Resampler: r, out: [1][]float32{make([]float32, max(r.OutFrames(n), n*dst/src)+dst/10+16)}}, nil
}

// push converts x; the result is good until the next call.
func (s *stream) push(x []float32) ([]float32, error) {
	s.in[0] = x
	n, err := s.Process(s.out[:], s.in[:])
	return s.out[0][:n], err
}

func (s *stream) end() ([]float32, error) {
	n, err := s.Flush(s.out[:])
	return s.out[0][:n], err
}

// chunks yields x in pieces, in one piece for a size of 0.
func chunks(x []float32, size int) func(func([]float32) bool) {
	if size == 0 {
		size = max(len(x), 1)
	}
	return slices.Chunk(x, size)
}

func convert(src, dst int, q resample.Quality, chunk int) error {
	x, err := read()
	if err != nil {
		return err
	}
	s, err := open(src, dst, q, len(x))
	if err != nil {
		return err
	}
	var made []float32
	for c := range chunks(x, chunk) {
		y, err := s.push(c)
		if err != nil {
			return err
		}
		made = append(made, y...)
	}
	y, err := s.end()
	if err != nil {
		return err
	}
	return binary.Write(os.Stdout, binary.LittleEndian, append(made, y...))
}

func trace(src, dst int, q resample.Quality) error {
	x, err := read()
	if err != nil {
		return err
	}
	s, err := open(src, dst, q, 1)
	if err != nil {
		return err
	}
	counts := make([]uint32, 0, len(x))
	made := 0
	for c := range chunks(x, 1) {
		y, err := s.push(c)
		if err != nil {
			return err
		}
		made += len(y)
		counts = append(counts, uint32(made))
	}
	return binary.Write(os.Stdout, binary.LittleEndian, counts)
}

func read() ([]float32, error) {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	x := make([]float32, len(data)/4)
	_, err = binary.Decode(data, binary.LittleEndian, x)
	return x, err
}

// pass converts a second of sound: all at once as a stream of its own with its end, or as part of one long stream.
func (s *stream) pass(x []float32, chunk int) (time.Duration, error) {
	start := time.Now()
	for c := range chunks(x, chunk) {
		if _, err := s.push(c); err != nil {
			return 0, err
		}
	}
	if chunk == 0 {
		if _, err := s.end(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func measure(src, dst int, q resample.Quality, chunk int, atLeast time.Duration) error {
	s, err := open(src, dst, q, src)
	if err != nil {
		return err
	}
	x := noise(src)
	if _, err := s.pass(x, chunk); err != nil {
		return err
	}
	var took []float64
	for start := time.Now(); len(took) < minPasses || time.Since(start) < atLeast; {
		d, err := s.pass(x, chunk)
		if err != nil {
			return err
		}
		took = append(took, microseconds(d))
	}
	slices.Sort(took)
	return report(map[string]any{"median_us": took[len(took)/2], "min_us": took[0], "passes": len(took)})
}

// first tells what the design of tables costs: the first call of a pair, in a process that has used the quality for another
// pair, against later calls. process_us is that other call, the first of the process.
func first(src, dst int, q resample.Quality) error {
	process, err := whole(32000, 22050, q)
	if err != nil {
		return err
	}
	cold, err := whole(src, dst, q)
	if err != nil {
		return err
	}
	var warm []float64
	for range 9 {
		d, err := whole(src, dst, q)
		if err != nil {
			return err
		}
		warm = append(warm, microseconds(d))
	}
	slices.Sort(warm)
	return report(map[string]any{"process_us": microseconds(process), "first_us": microseconds(cold), "later_us": warm[len(warm)/2]})
}

// whole makes a stream and converts one second with it.
func whole(src, dst int, q resample.Quality) (time.Duration, error) {
	x := noise(src)
	start := time.Now()
	s, err := open(src, dst, q, src)
	if err != nil {
		return 0, err
	}
	_, err = s.pass(x, 0)
	return time.Since(start), err
}

func noise(n int) []float32 {
	x := make([]float32, n)
	seed := uint32(1)
	for i := range x {
		seed = seed*1664525 + 1013904223
		x[i] = float32(float64(seed)/4294967296 - 0.5)
	}
	return x
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func report(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }
