package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/remotemedia/remotemedia-go/client"
)

type streamStep struct {
	Manifest        json.RawMessage            `json:"manifest"`
	Data            map[string]json.RawMessage `json:"data"`
	Limits          limits                     `json:"limits"`
	Outputs         []string                   `json:"outputs"`
	RequestID       string                     `json:"request_id"`
	Backpressure    string                     `json:"backpressure"`
	ContinueOnError bool                       `json:"continue_on_error"`
	MetricsInterval uint64                     `json:"metrics_interval"`
	ChunkSamples    uint64                     `json:"chunk_samples"`
	TimeoutMS       int64                      `json:"timeout_ms"`
	Chunks          []chunk                    `json:"chunks"`
	LockStep        bool                       `json:"lock_step"`
	End             string                     `json:"end"`
	CancelAfter     int                        `json:"cancel_after"`
	RestartAfter    int                        `json:"restart_after"`
}

type chunk struct {
	Audio *sound          `json:"audio"`
	Data  json.RawMessage `json:"data"`
	Node  string          `json:"node"`
	AtMS  int64           `json:"at_ms"`
}

var policies = map[string]client.Backpressure{
	"": client.Block, "block": client.Block, "drop_oldest": client.DropOldest, "drop_newest": client.DropNewest, "error": client.Refuse,
}

func (s *streamStep) options() (client.StreamOptions, error) {
	policy, ok := policies[s.Backpressure]
	if !ok {
		return client.StreamOptions{}, fmt.Errorf("unknown backpressure %q", s.Backpressure)
	}
	return client.StreamOptions{
		Data: s.Data, Limits: s.Limits.value(), Backpressure: policy, RequestID: s.RequestID, OutputNodes: s.Outputs,
		ChunkSamples: s.ChunkSamples, MetricsInterval: s.MetricsInterval, ContinueOnError: s.ContinueOnError,
	}, nil
}

// conversation is a stream under way.
type conversation struct {
	*runner
	step    *streamStep
	restart func() error
	stream  *client.Stream
	chunks  []client.Chunk
	answers []object
	audio   map[string]client.Audio
}

func (r *runner) stream(ctx context.Context, c *client.Client, s *streamStep, k *kase) (object, error) {
	if s.TimeoutMS > 0 {
		bounded, cancel := context.WithTimeout(ctx, millis(s.TimeoutMS))
		defer cancel()
		ctx = bounded
	}
	m, err := client.ParseManifest(s.Manifest)
	if err != nil {
		return failed(err)
	}
	options, err := s.options()
	if err != nil {
		return nil, err
	}
	t := &conversation{runner: r, step: s, answers: []object{}, audio: make(map[string]client.Audio)}
	t.restart = func() error { return r.post("/restart?server=" + k.Server) }
	for _, part := range s.Chunks {
		one := client.Chunk{Node: part.Node, Data: part.Data, At: millis(part.AtMS)}
		if part.Audio != nil {
			one.Data = nil
			if one.Audio, err = r.audio(*part.Audio); err != nil {
				return nil, err
			}
		}
		t.chunks = append(t.chunks, one)
	}
	if t.stream, err = c.Stream(ctx, m, options); err != nil {
		return failed(err)
	}
	defer t.stream.Cancel()
	return t.observe(t.talk())
}

// talk sends and receives to the end of the stream, and gives its error.
func (t *conversation) talk() error {
	if t.step.LockStep {
		for _, c := range t.chunks {
			if err := t.stream.Send(c); err != nil && !errors.Is(err, client.ErrEnded) {
				return err
			}
			if err := t.receive(); err != nil {
				return err
			}
		}
		return t.finish()
	}
	sent := make(chan error, 1)
	go func() { sent <- t.send() }()
	err := t.drain()
	t.stream.Cancel() // of no effect on a stream that has ended; one that broke must not keep the sender
	if e := <-sent; err == nil {
		err = e
	}
	return err
}

// send sends all chunks, and closes the stream unless it is to be cancelled.
func (t *conversation) send() error {
	for _, c := range t.chunks {
		if err := t.stream.Send(c); err != nil {
			if errors.Is(err, client.ErrEnded) {
				return nil // receiving tells why
			}
			return errors.Join(err, t.stream.Close())
		}
	}
	return t.close()
}

func (t *conversation) close() error {
	if t.step.End == "cancel" {
		return nil
	}
	if err := t.stream.Close(); err != nil && !errors.Is(err, client.ErrEnded) {
		return err
	}
	return nil
}

func (t *conversation) finish() error {
	if err := t.close(); err != nil {
		return err
	}
	return t.drain()
}

func (t *conversation) drain() error {
	for {
		if t.step.End == "cancel" && len(t.answers) >= t.step.CancelAfter {
			t.stream.Cancel()
		}
		err := t.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// receive takes one answer.
func (t *conversation) receive() error {
	a, err := t.stream.Recv()
	if err != nil {
		return err
	}
	frames := object{}
	for id, heard := range a.Audio {
		frames[id] = heard.Frames()
		joined := t.audio[id]
		joined.Format, joined.Bytes = heard.Format, append(joined.Bytes, heard.Bytes...)
		t.audio[id] = joined
	}
	told := object{
		"sequence": a.Sequence, "final": a.Final, "dropped": a.Dropped, "frames": frames, "data": dataOf(&a.Result), "warnings": a.Warnings,
	}
	if a.Failure != nil {
		if told["failed"], err = failure(a.Failure); err != nil {
			return err
		}
	}
	t.answers = append(t.answers, told)
	if t.step.RestartAfter > 0 && len(t.answers) == t.step.RestartAfter {
		return t.restart()
	}
	return nil
}

func (t *conversation) observe(end error) (object, error) {
	kept, err := t.keepAll(t.audio)
	if err != nil {
		return nil, err
	}
	session := t.stream.Session()
	interval := t.step.MetricsInterval
	if interval == 0 {
		interval = 10
	}
	told := object{
		"ready":   object{"inputs": session.Inputs, "outputs": session.Outputs, "queue": session.Queue},
		"answers": t.answers, "audio": kept, "progress": t.stream.Stats().Chunks / interval, "request_id": t.stream.RequestID(),
	}
	if c := t.stream.Closed(); c != nil {
		told["closed"] = object{"reason": c.Reason, "code": c.Code, "chunks": c.Chunks, "samples": c.Samples}
	}
	out := object{"stream": told}
	if end != nil && !errors.Is(end, io.EOF) {
		if out["error"], err = failure(end); err != nil {
			return nil, err
		}
	}
	return out, nil
}
