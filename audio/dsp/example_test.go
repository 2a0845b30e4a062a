package dsp_test

import (
	"fmt"
	"math"

	"github.com/remotemedia/remotemedia-go/audio/dsp"
)

func ExampleFilter() {
	rumble, err := dsp.Design{Shape: dsp.HighPass, Rate: 48_000, Frequency: 80, Q: math.Sqrt(0.5)}.Biquad()
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float32, 48_000)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * 80 * float64(i) / 48_000))
	}
	before := dsp.RMS(x)
	dsp.NewFilter(rumble).Process(x, x)
	fmt.Printf("%.1f dB at 80 Hz\n", dsp.DB(dsp.RMS(x[24_000:])/before))
	// Output: -3.0 dB at 80 Hz
}

func ExampleLoudnessMeter() {
	meter, err := dsp.NewLoudnessMeter(48_000, dsp.ChannelWeights(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float32, 10*48_000)
	for i := range x {
		x[i] = float32(dsp.Amplitude(-23) * math.Sin(2*math.Pi*1000*float64(i)/48_000))
	}
	meter.Process([][]float32{x, x})
	fmt.Printf("%.1f LUFS, %.1f dBTP\n", meter.Integrated(), dsp.DB(meter.TruePeak()))
	// Output: -23.0 LUFS, -23.0 dBTP
}
