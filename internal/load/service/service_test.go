package service

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a service for the length of the test. With tokens, callers need one.
func serve(t testing.TB, tokens ...config.Token) load.Target {
	t.Helper()
	settings := config.Default()
	settings.Server.Admin.Enabled = false
	settings.Auth.Tokens = tokens
	return load.Target{Address: local.Serve(t, settings)}
}

// spec is a pipeline with a second of audio, or its data.
func spec(t testing.TB, pipeline string) Spec {
	t.Helper()
	m, data, err := Pipeline(pipeline)
	if err != nil {
		t.Fatal(err)
	}
	if data != nil {
		return Spec{Manifest: m, Data: map[string]json.RawMessage{"": data}}
	}
	a, err := Signal(audio.Format{Rate: 44100, Channels: 1, Encoding: pcm.F32}, 44100, 1)
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Manifest: m, Audio: map[string]media.Audio{"": a}}
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestEveryPipelineAnswersCallsRight(t *testing.T) {
	target := serve(t)
	for _, name := range Pipelines() {
		t.Run(name, func(t *testing.T) {
			w, err := Unary(bounded(t), target, spec(t, name))
			if err != nil {
				t.Fatal(err)
			}
			r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Connections: 2, Concurrency: 4, Requests: 40})
			if err != nil {
				t.Fatal(err)
			}
			if r.Units != 40 || r.Failed != 0 || r.Of(load.Latency).Count() != 40 {
				t.Errorf("%d right, %d failed (%+v), %d latencies: expected 40 right ones", r.Units, r.Failed, r.Failures, r.Of(load.Latency).Count())
			}
		})
	}
}

func TestEveryPipelineAnswersStreamsRight(t *testing.T) {
	target := serve(t)
	for _, name := range Pipelines() {
		t.Run(name, func(t *testing.T) {
			// 23 chunks of a second cut into 10 begin the input anew twice.
			w, err := Stream(bounded(t), target, spec(t, name), StreamSpec{Frames: 4410, Chunks: 23, Window: 4})
			if err != nil {
				t.Fatal(err)
			}
			r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Connections: 2, Concurrency: 3, Requests: 12})
			if err != nil {
				t.Fatal(err)
			}
			if r.Units != 12*23 || r.Failed != 0 || r.Streams != 12 || r.Of(load.First).Count() != 12 || r.Of(load.Final).Count() != 12 {
				t.Errorf("%d chunks, %d streams, %d failed (%+v), %d first, %d final: expected 276 chunks in 12 streams",
					r.Units, r.Streams, r.Failed, r.Failures, r.Of(load.First).Count(), r.Of(load.Final).Count())
			}
		})
	}
}

func TestStreamsInRealTime(t *testing.T) {
	target := serve(t)
	w, err := Stream(bounded(t), target, spec(t, "resample-vad"), StreamSpec{Frames: 441, Chunks: 20, Realtime: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := load.Run(bounded(t), load.Config{Target: target, Workload: w, Concurrency: 5, Requests: 10, Stagger: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r.Units != 200 || r.Failed != 0 || r.Streams != 10 {
		t.Errorf("%d chunks, %d streams, %d failed: %+v", r.Units, r.Streams, r.Failed, r.Failures)
	}
	if r.Elapsed < 390*time.Millisecond {
		t.Errorf("two rounds of 20 chunks of 10 ms took %v: they weren't paced", r.Elapsed)
	}
}

func TestIdleStreamsAreHeld(t *testing.T) {
	target := serve(t)
	idle, err := Idle(spec(t, "passthrough"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := load.Run(bounded(t), load.Config{
		Target: target, Duration: 10 * time.Millisecond, Idle: load.Idle{Streams: 30, Connections: 3, Stream: idle},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Idle == nil || r.Idle.Streams != 30 || r.Idle.Connections != 3 || r.Idle.Lost != 0 {
		t.Errorf("%+v", r.Idle)
	}
}
