package metrics

import (
	"runtime"
	"time"
)

// Snapshot is the state of a recorder. Each figure is right for a moment while it was being taken.
type Snapshot struct {
	Taken                                time.Time
	Uptime                               time.Duration
	Calls, Failed                        uint64 // all that ended, and those of them that ended in an error
	Connections, Executions, OpenStreams int64
	QueueDepth                           int64
	Rejected                             uint64
	Chunks, Dropped                      uint64
	Samples                              uint64
	ChunkLatency                         Summary
	Resident                             uint64  // bytes
	CPU                                  float64 // share of the processors in use, 0 to 1
	Errors                               map[string]uint64
	NodeTypes                            map[string]NodeTypeStats
}

// NodeTypeStats is what all nodes of a type did.
type NodeTypeStats struct {
	Executions, Errors, Samples uint64
	Total                       time.Duration
}

// Snapshot reads the recorder.
func (r *Recorder) Snapshot() Snapshot {
	s := Snapshot{
		Taken: time.Now(), Uptime: time.Since(r.started),
		Connections: r.connections.Load(), Executions: r.executions.Load(), OpenStreams: int64(r.streams.count()),
		QueueDepth: read(r.sources.QueueDepth), Samples: r.samples.Load(),
		ChunkLatency: r.chunkLatency.of("").log.Summary(),
		Resident:     r.process.resident(), CPU: r.process.utilization(),
		Errors: counts(r.errors), NodeTypes: make(map[string]NodeTypeStats),
		Rejected: sum(r.rejected), Chunks: sum(r.chunks), Dropped: sum(r.dropped),
	}
	r.methods.each(func(_ string, m *method) {
		failed := m.failed.Load()
		s.Failed += failed
		s.Calls += failed + m.success.Load()
	})
	r.nodes.each(func(name string, t *nodeType) {
		s.NodeTypes[name] = NodeTypeStats{t.executions.Load(), t.errors.Load(), t.samples.Load(), time.Duration(t.total.Load())}
	})
	return s
}

// CallLatency describes how long the calls of a method took.
func (r *Recorder) CallLatency(method string) Summary { return r.duration.of(method).log.Summary() }

// Utilization returns the shares, 0 to 1, of the processors, of the memory budget (0 where there is none) and of the compute slots
// that are in use, for balancers.
func (r *Recorder) Utilization() (cpu, memory, slots float64) {
	if budget := read(r.sources.MemoryBudget); budget > 0 {
		memory = float64(read(r.sources.MemoryUsed)) / float64(budget)
	}
	return r.process.utilization(), memory, float64(r.executions.Load()) / float64(r.slots())
}

func (r *Recorder) slots() int64 {
	if r.sources.ComputeSlots != nil {
		return max(r.sources.ComputeSlots(), 1)
	}
	return int64(runtime.GOMAXPROCS(0))
}

func read(source func() int64) int64 {
	if source == nil {
		return 0
	}
	return source()
}

func sum(f *family[counter]) (total uint64) {
	f.each(func(_ string, c *counter) { total += c.Load() })
	return total
}
