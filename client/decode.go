package client

import (
	"encoding/json"
	"math"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

func decode(in *pb.ExecutionResult, m *manifest.Manifest) *media.Result {
	r := &media.Result{
		Status: statusOf(in.GetStatus()), Warnings: in.GetWarnings(), RequestID: in.GetRequestId(),
		Audio: make(map[string]media.Audio), Data: make(map[string]json.RawMessage), Lists: make(map[string]media.Items),
	}
	for id, b := range in.GetAudioOutputs() {
		r.Audio[id] = audioFromProto(b)
	}
	for id, text := range in.GetDataOutputs() {
		r.Data[id] = json.RawMessage(text)
	}
	addLists(r, in)
	addMetrics(r, in, m)
	return r
}

var executionStatuses = map[pb.ExecutionStatus]media.Status{
	pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS:         media.Success,
	pb.ExecutionStatus_EXECUTION_STATUS_PARTIAL_SUCCESS: media.Partial,
	pb.ExecutionStatus_EXECUTION_STATUS_FAILED:          media.Failed,
}

func statusOf(s pb.ExecutionStatus) media.Status { return executionStatuses[s] }

var nodeStatuses = map[pb.NodeStatus]media.Status{
	pb.NodeStatus_NODE_STATUS_SUCCESS: media.Success,
	pb.NodeStatus_NODE_STATUS_SKIPPED: media.Skipped,
	pb.NodeStatus_NODE_STATUS_FAILED:  media.Failed,
}

func audioFromProto(b *pb.AudioBuffer) media.Audio {
	return media.Audio{
		Bytes: b.GetSamples(),
		Format: audio.Format{
			Rate: int(b.GetSampleRate()), Channels: int(b.GetChannels()),
			Encoding: pcm.Encoding(b.GetFormat()), // the values are the same
		},
	}
}

// addLists takes the items one by one; of a service that doesn't send them so, the joined ones count.
func addLists(r *media.Result, in *pb.ExecutionResult) {
	for id, list := range in.GetAudioOutputLists() {
		items := r.Lists[id]
		for _, b := range list.GetBuffers() {
			items.Audio = append(items.Audio, audioFromProto(b))
		}
		r.Lists[id] = items
	}
	for id, list := range in.GetDataOutputLists() {
		items := r.Lists[id]
		for _, text := range list.GetItems() {
			items.Data = append(items.Data, json.RawMessage(text))
		}
		r.Lists[id] = items
	}
	for id, a := range r.Audio {
		if items := r.Lists[id]; len(items.Audio) == 0 {
			items.Audio = []media.Audio{a}
			r.Lists[id] = items
		}
	}
	for id, text := range r.Data {
		if items := r.Lists[id]; len(items.Data) == 0 {
			items.Data = []json.RawMessage{text}
			r.Lists[id] = items
		}
	}
}

func addMetrics(r *media.Result, in *pb.ExecutionResult, m *manifest.Manifest) {
	metrics := in.GetMetrics()
	r.Metrics = media.Metrics{
		Wall: fromMillis(metrics.GetWallTimeMs()), Busy: fromMillis(metrics.GetCpuTimeMs()),
		PeakMemory: metrics.GetMemoryUsedBytes(), QueueWait: fromMillis(metrics.GetQueueWaitMs()),
	}
	types := make(map[string]string, len(m.Nodes))
	for _, n := range m.Nodes {
		types[n.ID] = n.Type
	}
	for _, n := range in.GetNodeResults() {
		r.Nodes = append(r.Nodes, nodeReport(n, metrics.GetNodeMetrics()[n.GetNodeId()], types))
	}
}

func nodeReport(n *pb.NodeResult, figures *pb.NodeMetrics, types map[string]string) media.NodeReport {
	out := media.NodeReport{
		ID: n.GetNodeId(), Type: types[n.GetNodeId()], Status: nodeStatuses[n.GetStatus()],
		Time: fromMillis(figures.GetExecutionTimeMs()), Memory: figures.GetMemoryBytes(), Samples: figures.GetSamplesProcessed(),
	}
	var custom map[string]any
	if json.Unmarshal([]byte(figures.GetCustomMetrics()), &custom) != nil {
		return out // empty, or of a service that puts prose there
	}
	out.ItemsIn, out.ItemsOut = takeCount(custom, "items_in"), takeCount(custom, "items_out")
	if len(custom) > 0 {
		out.Custom = custom
	}
	return out
}

// takeCount moves a whole number out of the custom figures.
func takeCount(custom map[string]any, key string) uint64 {
	v, ok := custom[key].(float64)
	if !ok || v < 0 || v >= math.MaxUint64 {
		return 0
	}
	delete(custom, key)
	return uint64(v)
}

func fromMillis(ms float64) time.Duration {
	ns := ms * float64(time.Millisecond)
	if !(ns >= 0 && ns < math.MaxInt64) {
		return 0
	}
	return time.Duration(math.Round(ns))
}
