package work

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Methods of remotemedia.v1.
const (
	ExecuteMethod = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	StreamMethod  = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"
)

// Call is one request, with what answers it right.
type Call struct {
	Name     string
	Pipeline *remotemedia.Pipeline // the same for a run in this process
	Inputs   remotemedia.Inputs
	Request  []byte // encoded ExecuteRequest
	Seconds  float64

	sink  string
	audio []byte // samples of the sink; nil where it gives none
	data  string // text of the sink's data, "" where it gives none or what changes
	exact bool   // a node that copies
}

// calls are all that are made, by name.
var calls = map[string]func() (*Call, error){
	"pass 1 s":             audioCall(pass, 44100, 1),
	"pass 10 s":            audioCall(pass, 44100, 10),
	"resample 1 s":         audioCall(to16k, 44100, 1),
	"resample 10 s":        audioCall(to16k, 44100, 10),
	"resample+VAD 1 s":     audioCall(to16kVAD, 44100, 1),
	"resample+VAD 10 s":    audioCall(to16kVAD, 44100, 10),
	"very high+VAD 10 s":   audioCall(best, 44100, 10),
	"convert 1 s":          audioCall(toI16, 44100, 1),
	"pass 1 s at 16 kHz":   audioCall(pass, 16000, 1),
	"pass 10 s at 16 kHz":  audioCall(pass, 16000, 10),
	"halve 1 s at 16 kHz":  audioCall(to8kVAD, 16000, 1),
	"halve 10 s at 16 kHz": audioCall(to8kVAD, 16000, 10),
	"calculator":           calculator,
}

// NewCall makes a call of a name.
func NewCall(name string) (*Call, error) {
	make, ok := calls[name]
	if !ok {
		return nil, fmt.Errorf("work: there is no call %q", name)
	}
	c, err := make()
	if err != nil {
		return nil, fmt.Errorf("work: %s: %w", name, err)
	}
	c.Name = name
	return c, nil
}

func audioCall(n nodes, rate, seconds int) func() (*Call, error) {
	return func() (*Call, error) {
		in := remotemedia.Planar(rate, Tone(rate, rate*seconds))
		c := &Call{
			Inputs:  remotemedia.Inputs{Audio: map[string]remotemedia.Audio{n[0].Id: in}},
			Seconds: float64(seconds), exact: n[0].NodeType == "PassThrough",
		}
		return c, c.complete(n, &pb.ExecuteRequest{AudioInputs: map[string]*pb.AudioBuffer{n[0].Id: {
			Samples: in.Bytes, SampleRate: uint32(rate), Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32, NumSamples: uint64(rate * seconds),
		}}})
	}
}

func calculator() (*Call, error) {
	const item = `{"value": 10.0}`
	c := &Call{Inputs: remotemedia.Inputs{Data: map[string]json.RawMessage{"n": json.RawMessage(item)}}}
	return c, c.complete(calculus, &pb.ExecuteRequest{DataInputs: map[string]string{"n": item}})
}

// complete encodes the request, and runs it here for what answers it right.
func (c *Call) complete(n nodes, r *pb.ExecuteRequest) (err error) {
	r.Manifest, r.ClientVersion = n.manifest(), "v1"
	if c.Request, err = proto.Marshal(r); err != nil {
		return err
	}
	if c.Pipeline, err = n.compile(); err != nil {
		return err
	}
	result, err := c.Pipeline.Run(context.Background(), c.Inputs)
	if err != nil {
		return err
	}
	c.sink = n[len(n)-1].Id
	c.audio = result.Audio[c.sink].Bytes
	if c.audio == nil {
		c.data = "15.0"
	}
	return nil
}

// AnswerSamples is the length of the samples of an answer, in bytes.
func (c *Call) AnswerSamples() int { return len(c.audio) }

// ServedBy is how exactly the answers of a server are compared: what others compute isn't the same to the last bit.
type ServedBy struct {
	// Tolerance is by how much a sample may differ, of full scale 1.
	Tolerance float64
	// Prepared says that the server gives the same chunk over and over, made before, whatever was sent: its length alone is
	// compared.
	Prepared bool
}

// Check makes the check of answers.
func (c *Call) Check(by ServedBy) func(answer []byte, number uint64) error {
	tolerance := by.Tolerance
	if c.exact {
		tolerance = 0
	}
	return func(answer []byte, number uint64) error {
		result, ok := field(answer, 1)
		if !ok {
			if message, failed := field(answer, 2); failed {
				return told(message)
			}
			return load.Wrong("no result", "the answer has neither a result nor an error")
		}
		if c.data != "" {
			text, _ := path(result, 2, 2)
			if string(text) != c.data {
				return load.Wrong("content", fmt.Sprintf("the calculator gave %q, not %q", text, c.data))
			}
			return nil
		}
		samples, _ := path(result, 1, 2, 1)
		return sameFloats(samples, c.audio, tolerance, number)
	}
}

// Workload makes the load of the call.
func (c *Call) Workload(by ServedBy) load.Workload {
	return &load.UnaryWorkload{Method: ExecuteMethod, Request: c.Request, Check: c.Check(by)}
}

// Metrics reads what the service tells of an answer.
func Metrics(answer []byte) (*pb.ExecutionMetrics, error) {
	m := new(pb.ExecutionMetrics)
	encoded, ok := path(answer, 1, 3)
	if !ok {
		return nil, load.Wrong("no metrics", "the answer has no result with metrics")
	}
	return m, proto.Unmarshal(encoded, m)
}
