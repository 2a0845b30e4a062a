package suite

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/client"
)

// Signal describes audio.
type Signal struct {
	Kind      string    `json:"kind"`
	Rate      int       `json:"rate"`
	Channels  int       `json:"channels"`
	Frames    int       `json:"frames"`
	Format    string    `json:"format"`
	Hz        []float64 `json:"hz"`
	Amplitude float64   `json:"amplitude"`
	Seed      uint64    `json:"seed"`
	At        int       `json:"at"`
	Samples   []float64 `json:"samples"`
	Base64    string    `json:"base64"`
	Path      string    `json:"path"`
}

// sound is a signal as samples: interleaved little-endian bytes.
type sound struct {
	Rate, Channels int
	Format         string
	Bytes          []byte
	File           string // where runners find them
}

func (s *sound) frames() int { return len(s.Bytes) / max(frameBytes(s.Format, s.Channels), 1) }

func frameBytes(format string, channels int) int {
	encoding, err := pcm.Parse(format)
	if err != nil {
		return 0
	}
	return encoding.Bytes() * channels
}

// make gives the samples. Paths are relative to root, the project's folder.
func (s Signal) make(root string) (*sound, error) {
	if s.Kind == "wav" {
		return readWAV(filepath.Join(root, s.Path))
	}
	if s.Channels == 0 {
		s.Channels = max(len(s.Hz), 1)
	}
	if s.Format == "" {
		s.Format = "f32"
	}
	out := &sound{Rate: s.Rate, Channels: s.Channels, Format: s.Format}
	var err error
	if s.Kind == "bytes" {
		out.Bytes, err = base64.StdEncoding.DecodeString(s.Base64)
		return out, err
	}
	next, n, err := s.generator()
	if err != nil {
		return nil, err
	}
	for i := range n {
		if out.Bytes, err = appendSample(out.Bytes, s.Format, next(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// generator gives each interleaved sample: floats at full scale 1, and integers as they are, exactly.
func (s Signal) generator() (next func(i int) value, n int, err error) {
	n = s.Frames * s.Channels
	switch s.Kind {
	case "silence":
		return func(int) value { return value{} }, n, nil
	case "sine":
		return func(i int) value {
			hz := s.Hz[(i%s.Channels)%len(s.Hz)]
			return value{float: s.Amplitude * math.Sin(2*math.Pi*hz*float64(i/s.Channels)/float64(s.Rate))}
		}, n, nil
	case "impulse":
		return func(i int) value {
			if i/s.Channels == s.At {
				return value{float: s.Amplitude}
			}
			return value{}
		}, n, nil
	case "noise":
		state := s.Seed
		return func(int) value {
			state = state*6364136223846793005 + 1442695040888963407
			return value{bits: int64(state), exact: true}
		}, n, nil
	case "samples":
		return func(i int) value { return value{float: s.Samples[i], literal: true} }, len(s.Samples), nil
	}
	return nil, 0, fmt.Errorf("%q isn't a kind of signal", s.Kind)
}

// value is one sample: a float at full scale 1, a literal of the format, or 64 random bits whose highest are taken.
type value struct {
	float          float64
	bits           int64
	exact, literal bool
}

func appendSample(b []byte, format string, v value) ([]byte, error) {
	le := binary.LittleEndian
	switch {
	case format == "f32" && v.exact:
		return le.AppendUint32(b, math.Float32bits(float32(v.bits>>40)/(1<<23))), nil
	case format == "f32":
		return le.AppendUint32(b, math.Float32bits(float32(v.float))), nil
	case format == "i16":
		return le.AppendUint16(b, uint16(integer(v, 16))), nil
	case format == "i32":
		return le.AppendUint32(b, uint32(integer(v, 32))), nil
	}
	return nil, fmt.Errorf("%q isn't a format: expected f32, i16 or i32", format)
}

func integer(v value, bits int) int64 {
	switch {
	case v.exact:
		return v.bits >> (64 - bits)
	case v.literal:
		return int64(v.float)
	}
	full := math.Ldexp(1, bits-1)
	return int64(min(max(math.RoundToEven(v.float*full), -full), full-1))
}

func readWAV(path string) (*sound, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := client.ReadWAV(f)
	if err != nil {
		return nil, err
	}
	return &sound{Rate: a.Format.Rate, Channels: a.Format.Channels, Format: a.Format.Encoding.String(), Bytes: a.Bytes}, nil
}

// floats gives samples as numbers, interleaved: integers at full scale 1.
func (s *sound) floats() []float64 {
	var out []float64
	le := binary.LittleEndian
	switch s.Format {
	case "f32":
		for i := 0; i+4 <= len(s.Bytes); i += 4 {
			out = append(out, float64(math.Float32frombits(le.Uint32(s.Bytes[i:]))))
		}
	case "i16":
		for i := 0; i+2 <= len(s.Bytes); i += 2 {
			out = append(out, float64(int16(le.Uint16(s.Bytes[i:])))/(1<<15))
		}
	case "i32":
		for i := 0; i+4 <= len(s.Bytes); i += 4 {
			out = append(out, float64(int32(le.Uint32(s.Bytes[i:])))/(1<<31))
		}
	}
	return out
}
