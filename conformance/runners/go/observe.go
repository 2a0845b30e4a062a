package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/media"
)

// sound names a stretch of a file of samples.
type sound struct {
	File     string `json:"file"`
	First    int    `json:"first"`
	Bytes    int    `json:"bytes"`
	Rate     int    `json:"rate"`
	Channels int    `json:"channels"`
	Format   string `json:"format"`
}

// audio reads what a job names.
func (r *runner) audio(s sound) (client.Audio, error) {
	data, ok := r.files[s.File]
	if !ok {
		var err error
		if data, err = os.ReadFile(s.File); err != nil {
			return client.Audio{}, err
		}
		r.files[s.File] = data
	}
	encoding, err := pcm.Parse(s.Format)
	return client.Audio{Format: audio.Format{Rate: s.Rate, Channels: s.Channels, Encoding: encoding}, Bytes: data[s.First : s.First+s.Bytes]}, err
}

// keep writes what was received into a file.
func (r *runner) keep(a client.Audio) (object, error) {
	r.wrote++
	path := filepath.Join(r.job.Out, fmt.Sprintf("%d.raw", r.wrote))
	return object{"file": path, "rate": a.Format.Rate, "channels": a.Format.Channels, "format": a.Format.Encoding.String()},
		os.WriteFile(path, a.Bytes, 0o600)
}

func (r *runner) keepAll(named map[string]client.Audio) (object, error) {
	out := object{}
	for id, a := range named {
		kept, err := r.keep(a)
		if err != nil {
			return nil, err
		}
		out[id] = kept
	}
	return out, nil
}

func (r *runner) result(in *client.Result) (object, error) {
	kept, err := r.keepAll(in.Audio)
	if err != nil {
		return nil, err
	}
	items, nodes := object{}, object{}
	for id, list := range in.Lists {
		frames := []int{}
		for _, a := range list.Audio {
			frames = append(frames, a.Frames())
		}
		if len(frames) > 0 {
			items[id] = frames
		}
	}
	for _, n := range in.Nodes {
		nodes[n.ID] = object{"status": n.Status, "samples": n.Samples}
	}
	status := string(in.Status)
	if in.Status == media.Partial {
		status = "partial"
	}
	return object{"result": object{
		"status": status, "audio": kept, "audio_items": items, "data": dataOf(in), "warnings": in.Warnings, "nodes": nodes,
		"request_id": in.RequestID, "wall_ms": in.Metrics.Wall.Seconds() * 1000, "memory_bytes": in.Metrics.PeakMemory,
	}}, nil
}

// dataOf gives the items of each node that gave data.
func dataOf(in *client.Result) map[string][]json.RawMessage {
	out := make(map[string][]json.RawMessage)
	for id, list := range in.Lists {
		if len(list.Data) > 0 {
			out[id] = list.Data
		}
	}
	return out
}

var kinds = map[fault.Kind]string{
	fault.Validation: "validation", fault.NodeExecution: "node_execution", fault.ResourceLimit: "resource_limit",
	fault.Authentication: "authentication", fault.VersionMismatch: "version_mismatch", fault.Internal: "internal",
	fault.Unavailable: "unavailable", fault.RateLimited: "rate_limited", fault.DeadlineExceeded: "deadline_exceeded", fault.Canceled: "canceled",
}

// failure tells an error of the client's type; any other is the runner's.
func failure(err error) (object, error) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil, fmt.Errorf("the client gave an error of another type: %w", err)
	}
	out := object{
		"kind": kinds[f.Kind], "code": f.Code, "message": f.Error(), "node_id": f.NodeID, "context": f.Context,
		"problems": len(f.Problems), "request_id": f.RequestID(),
	}
	if f.RetryAfter > 0 {
		out["retry_after_ms"] = f.RetryAfter.Milliseconds()
	}
	if n, ok := f.Context["failing_sequence"]; ok {
		out["sequence"] = n
	}
	return out, nil
}

// failed is the observation of a call that gave an error.
func failed(err error) (object, error) {
	e, err := failure(err)
	return object{"error": e}, err
}
