package server

import (
	"cmp"
	"fmt"
	"math"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
)

func orLimits(l, otherwise engine.Limits) engine.Limits {
	return engine.Limits{
		MemoryBytes: cmp.Or(l.MemoryBytes, otherwise.MemoryBytes),
		Timeout:     cmp.Or(l.Timeout, otherwise.Timeout),
		Samples:     cmp.Or(l.Samples, otherwise.Samples),
	}
}

func atMost(l, most engine.Limits) engine.Limits {
	return engine.Limits{
		MemoryBytes: min(l.MemoryBytes, most.MemoryBytes), Timeout: min(l.Timeout, most.Timeout), Samples: min(l.Samples, most.Samples),
	}
}

// limitsToProto renders limits for a client.
func limitsToProto(l engine.Limits) *pb.ResourceLimits {
	m := new(pb.ResourceLimits)
	fillLimits(m, l)
	return m
}

func fillLimits(m *pb.ResourceLimits, l engine.Limits) {
	m.MaxMemoryBytes, m.MaxTimeoutMs, m.MaxAudioSamples = uint64(l.MemoryBytes), uint64(l.Timeout.Milliseconds()), l.Samples
}

// limits gives the limits in force for a request: the defaults where it asks for none, and at most the caps, with a warning
// (or, where the service is set so, a refusal).
func (s *Server) limits(asked *pb.ResourceLimits) (engine.Limits, []string, error) {
	settings := s.settings.Load()
	standard, most := settings.DefaultLimits, settings.MaxLimits
	r := limitReader{reject: settings.RejectAboveCap}
	memory := r.read("max_memory_bytes", asked.GetMaxMemoryBytes(), uint64(standard.MemoryBytes), uint64(most.MemoryBytes))
	timeout := r.read("max_timeout_ms", asked.GetMaxTimeoutMs(), uint64(standard.Timeout.Milliseconds()), uint64(most.Timeout.Milliseconds()))
	samples := r.read("max_audio_samples", asked.GetMaxAudioSamples(), standard.Samples, most.Samples)
	if r.err != nil {
		return engine.Limits{}, nil, r.err
	}
	return engine.Limits{
		MemoryBytes: int64(min(memory, math.MaxInt64)), Timeout: time.Duration(timeout) * time.Millisecond, Samples: samples,
	}, r.warnings, nil
}

type limitReader struct {
	reject   bool
	warnings []string
	err      error
}

func (r *limitReader) read(name string, asked, standard, most uint64) uint64 {
	switch {
	case asked == 0:
		return standard
	case asked <= most:
		return asked
	case r.reject:
		if r.err == nil {
			r.err = fault.Limit(fault.CodeLimitAboveCap, name, asked, 0, most, "ask for at most what is allowed")
		}
	default:
		r.warnings = append(r.warnings, fmt.Sprintf("%s: %d was asked for, the service allows at most %d, which is in force", name, asked, most))
	}
	return most
}
