package work

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

func call(t *testing.T, name string) *Call {
	t.Helper()
	c, err := NewCall(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func stream(t *testing.T, name string) *Stream {
	t.Helper()
	s, err := NewStream(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryCallAndStreamIsMade(t *testing.T) {
	for name := range calls {
		c := call(t, name)
		r := new(pb.ExecuteRequest)
		if err := proto.Unmarshal(c.Request, r); err != nil || len(r.GetManifest().GetNodes()) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		if size := proto.Size(r.GetManifest()); size < 900 || size > 1200 {
			t.Errorf("%s: the manifest has %d bytes, not about 1 KB", name, size)
		}
	}
	if size := len(call(t, "resample 1 s").Request); size < 177_000 || size > 178_000 {
		t.Errorf("the request of a second has %d bytes, not 177 KB", size)
	}
	if size := call(t, "resample 1 s").AnswerSamples(); size != 64000 {
		t.Errorf("its answer has %d bytes of samples, not 64,000", size)
	}
	for name := range streams {
		stream(t, name)
	}
	if _, err := NewCall("x"); err == nil {
		t.Error("there is a call x")
	}
	if _, err := NewStream("x"); err == nil {
		t.Error("there is a stream x")
	}
}

func answer(c *Call, samples []byte) *pb.ExecuteResponse {
	return &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{
		AudioOutputs: map[string]*pb.AudioBuffer{c.sink: {Samples: samples, SampleRate: 16000, Channels: 1}},
	}}}
}

func origin(err error) load.Origin {
	var f *load.Failure
	if !errors.As(err, &f) {
		return ""
	}
	return f.Origin
}

func TestAnswersAreCheckedByLengthAndContent(t *testing.T) {
	c := call(t, "resample 1 s")
	check := c.Check(ServedBy{})
	right := answer(c, c.audio)
	short := answer(c, c.audio[4:])
	for name, err := range map[string]error{
		"length": check(encoded(t, short), 0), "nothing": check(nil, 0), "malformed": check([]byte{0xff}, 0),
		"without outputs": check(encoded(t, &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{}}}), 0),
	} {
		if origin(err) != load.FromCheck {
			t.Errorf("%s: %v", name, err)
		}
	}
	failed := &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Error{Error: &pb.ErrorResponse{Message: "m", ErrorType: pb.ErrorType_ERROR_TYPE_VALIDATION}}}
	if err := check(encoded(t, failed), 0); origin(err) != load.FromAnswer {
		t.Error("an error in band:", err)
	}
	if err := check(encoded(t, right), 7); err != nil {
		t.Error(err)
	}
	// One wrong sample is found within the numbers by which all samples are looked at once.
	wrong := slices.Clone(c.audio)
	wrong[4*8000+3] ^= 0x40
	b, found := encoded(t, answer(c, wrong)), 0
	for n := range uint64(16000/probes + 1) {
		if check(b, n) != nil {
			found++
		}
	}
	if found != 1 {
		t.Errorf("a wrong sample was found %d times, not once", found)
	}
}

func TestToleranceIsForThoseWhoComputeNotForThoseWhoCopy(t *testing.T) {
	near := ServedBy{Tolerance: 0.01}
	for name, want := range map[string]bool{"resample 1 s": true, "pass 1 s": false} {
		c := call(t, name)
		other := slices.Clone(c.audio)
		for at := 0; at < len(other); at += 4 {
			other[at] ^= 1 // the last bit
		}
		if err := c.Check(near)(encoded(t, answer(c, other)), 0); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCalculatorIsChecked(t *testing.T) {
	c := call(t, "calculator")
	for text, want := range map[string]bool{"15.0": true, "15": false, "": false} {
		r := &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{DataOutputs: map[string]string{"n": text}}}}
		if err := c.Check(ServedBy{})(encoded(t, r), 0); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What is encoded by hand is what the library would encode.
func TestChunksAreThoseOfTheLibrary(t *testing.T) {
	for name := range streams {
		s := stream(t, name)
		for _, sequence := range []uint64{0, 1, 127, 128, 70000} {
			head, body, tail := s.Chunk(sequence)
			got := new(pb.StreamRequest)
			joined := bytes.Join([][]byte{head, body, tail}, nil)
			if err := proto.Unmarshal(joined, got); err != nil {
				t.Fatalf("%s, %d: %v", name, sequence, err)
			}
			want := &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{
				NodeId: "n", Sequence: sequence,
				Buffer: &pb.AudioBuffer{
					Samples: s.payload(sequence), SampleRate: uint32(s.Rate), Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32, NumSamples: uint64(s.Frames),
				},
			}}}
			if !proto.Equal(got, want) {
				t.Errorf("%s, %d: another message", name, sequence)
			}
		}
	}
}

func result(sequence uint64, samples []byte) *pb.StreamResponse {
	r := &pb.ChunkResult{Sequence: sequence}
	if samples != nil {
		r.AudioOutputs = map[string]*pb.AudioBuffer{"n": {Samples: samples, SampleRate: 16000, Channels: 1}}
	}
	return &pb.StreamResponse{Response: &pb.StreamResponse_Result{Result: r}}
}

func TestMessagesOfStreamsAreChecked(t *testing.T) {
	copied, made := stream(t, "pass, 4096"), stream(t, "resample, 4096")
	full := bytes.Repeat([]byte{0, 0, 0, 0x40}, 1000) // 2.0
	for name, c := range map[string]struct {
		stream  *Stream
		message *pb.StreamResponse
		want    load.Answer
		wrong   load.Origin
		by      ServedBy
	}{
		"ready":          {copied, &pb.StreamResponse{Response: &pb.StreamResponse_Ready{Ready: &pb.StreamReady{}}}, load.AnswerReady, "", ServedBy{}},
		"metrics":        {copied, &pb.StreamResponse{Response: &pb.StreamResponse_Metrics{Metrics: &pb.StreamMetrics{}}}, load.AnswerOther, "", ServedBy{}},
		"closed":         {copied, &pb.StreamResponse{Response: &pb.StreamResponse_Closed{Closed: &pb.StreamClosed{}}}, load.AnswerClosed, "", ServedBy{}},
		"error":          {copied, &pb.StreamResponse{Response: &pb.StreamResponse_Error{Error: &pb.ErrorResponse{}}}, load.AnswerOther, load.FromAnswer, ServedBy{}},
		"copied":         {copied, result(3, copied.payload(3)), load.AnswerOutput, "", ServedBy{}},
		"another chunk":  {copied, result(3, copied.payload(4)), load.AnswerOutput, load.FromCheck, ServedBy{}},
		"wrong sequence": {copied, result(4, copied.payload(3)), load.AnswerOutput, load.FromCheck, ServedBy{}},
		"made":           {made, result(3, copied.payload(3)[:5944]), load.AnswerOutput, "", ServedBy{}},
		"nothing yet":    {made, result(3, nil), load.AnswerEmpty, "", ServedBy{}},
		"too long":       {made, result(3, copied.payload(3)), load.AnswerOutput, load.FromCheck, ServedBy{}},
		"too loud":       {made, result(3, full), load.AnswerOutput, load.FromCheck, ServedBy{}},
		"prepared":       {copied, result(3, copied.payload(4)), load.AnswerOutput, "", ServedBy{Prepared: true}},
		"prepared short": {copied, result(3, copied.payload(4)[4:]), load.AnswerOutput, load.FromCheck, ServedBy{Prepared: true}},
	} {
		got, err := c.stream.Check(c.by)(encoded(t, c.message), 3, false)
		if got != c.want || origin(err) != c.wrong {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := copied.Check(ServedBy{})([]byte{0xff}, 0, false); origin(err) != load.FromCheck {
		t.Error("a message that can't be decoded:", err)
	}
}

func TestCallsRunHere(t *testing.T) {
	c := call(t, "resample+VAD 1 s")
	out, err := c.Pipeline.Run(context.Background(), c.Inputs)
	if err != nil || !bytes.Equal(out.Audio["vad"].Bytes, c.audio) {
		t.Errorf("%v", err)
	}
}
