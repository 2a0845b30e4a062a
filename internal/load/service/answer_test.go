package service

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/media"
)

// answered is a response with audio and data, and what is expected of it.
func answered(t testing.TB) ([]byte, *outputs) {
	t.Helper()
	a := media.Audio{Format: audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}, Bytes: bytes.Repeat([]byte{1, 2, 3, 4}, 1000)}
	message, err := proto.Marshal(&pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{
		AudioOutputs: map[string]*pb.AudioBuffer{"a": buffer(a)}, DataOutputs: map[string]string{"d": `{"x":1}`},
		Status: pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS, Metrics: &pb.ExecutionMetrics{WallTimeMs: 3},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return message, expect(&media.Result{
		Audio: map[string]media.Audio{"a": a}, Data: map[string]json.RawMessage{"d": json.RawMessage(`{"x":1}`)},
	})
}

// cutAudio makes the audio of a response a frame shorter.
func cutAudio(t testing.TB, message []byte) []byte {
	t.Helper()
	r := new(pb.ExecuteResponse)
	if err := proto.Unmarshal(message, r); err != nil {
		t.Fatal(err)
	}
	for _, b := range r.GetResult().GetAudioOutputs() {
		b.Samples = b.Samples[:len(b.Samples)-4]
	}
	out, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheCheckFindsEveryChangedByteOfTheContent(t *testing.T) {
	message, want := answered(t)
	if err := CheckFull.execution(message, want, 0); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(message, bytes.Repeat([]byte{1, 2, 3, 4}, 100))
	for i := 0; i < 4000; i += 13 {
		message[at+i] ^= 0x80
		if CheckFull.execution(message, want, 0) == nil {
			t.Errorf("the full check misses byte %d", i)
		}
		found := 0
		for n := range uint64(parts) {
			if CheckSample.execution(message, want, n) != nil {
				found++
			}
		}
		if edges := i < edge || i >= 4000-edge; found != 1 && !edges || edges && found != parts {
			t.Errorf("byte %d is found by %d of 16 samples", i, found)
		}
		message[at+i] ^= 0x80
	}
}

func TestMoreOrLessThanTheExpectedOutputsIsWrong(t *testing.T) {
	message, want := answered(t)
	for name, change := range map[string]func(*outputs){
		"audio too much": func(o *outputs) { delete(o.audio, "a") },
		"data too much":  func(o *outputs) { delete(o.data, "d") },
		"audio missing":  func(o *outputs) { o.audio["b"] = o.audio["a"] },
		"data missing":   func(o *outputs) { o.data["e"] = nil },
		"other format": func(o *outputs) {
			a := o.audio["a"]
			a.Format.Rate = 16000
			o.audio["a"] = a
		},
		"other data": func(o *outputs) { o.data["d"] = []byte(`{"x":2}`) },
	} {
		_, want := answered(t)
		change(want)
		if CheckSample.execution(message, want, 0) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
	want.data["d"] = nil // differs from call to call
	if err := CheckFull.execution(message, want, 0); err != nil {
		t.Error(err)
	}
}

// A check is run on each answer: it allocates nothing where the answer is right.
func TestChecksAllocateNothing(t *testing.T) {
	message, want := answered(t)
	if n := testing.AllocsPerRun(100, func() {
		if CheckSample.execution(message, want, 3) != nil {
			t.Error("wrong")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAnswers(f *testing.F) {
	message, want := answered(f)
	f.Add(message)
	f.Add([]byte{0x0a, 2, 5 << 3, 1})
	f.Add([]byte{0x12, 4, 8, 3, 0x12, 0})
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	stream := &answers{check: CheckFull, chunks: []*outputs{want}}
	f.Fuzz(func(t *testing.T, message []byte) {
		// It must neither panic nor take another answer for the right one.
		if CheckFull.execution(message, want, 0) == nil {
			r := new(pb.ExecuteResponse)
			if proto.Unmarshal(message, r) == nil && len(r.GetResult().GetAudioOutputs()["a"].GetSamples()) != 4000 {
				t.Errorf("taken for right: %v", r)
			}
		}
		for _, whole := range []bool{false, true} {
			stream.look(message, 0, whole)
		}
	})
}
