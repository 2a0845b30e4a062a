package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// register puts the recorder, the process and the Go runtime into a registry.
func (r *Recorder) register() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collector{r, r.metrics()},
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(),
	)
	return registry
}

// collector gives the recorder's figures to Prometheus.
type collector struct {
	recorder *Recorder
	metrics  []metric
}

// metric is one metric made of the recorder's own figures.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(told func(value float64, labels ...string))
}

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		ch <- m.desc
	}
	for _, l := range c.recorder.histograms() {
		l.vec.Describe(ch)
	}
	ch <- aliasDuration
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, m := range c.metrics {
		m.read(func(value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
		})
	}
	for _, l := range c.recorder.histograms() {
		l.vec.Collect(ch)
	}
	c.recorder.duration.each(func(_ string, l *latency) {
		if m, ok := l.prom.(prometheus.Metric); ok {
			ch <- renamed{m, aliasDuration}
		}
	})
}

func (r *Recorder) histograms() []*latencies {
	return []*latencies{r.duration, r.waited, r.nodeDuration, r.chunkLatency}
}

// aliasDuration is the name of the durations of calls that the dashboards of the first release query.
var aliasDuration = prometheus.NewDesc("grpc_request_duration_seconds", "The same as remotemedia_grpc_request_duration_seconds.", []string{"method"}, nil)

// renamed is a metric under another name.
type renamed struct {
	prometheus.Metric
	desc *prometheus.Desc
}

// Desc implements prometheus.Metric.
func (m renamed) Desc() *prometheus.Desc { return m.desc }

// metrics is the table of all that isn't a histogram. Four names without the prefix (with that of aliasDuration and the process
// collector's resident memory) are those that the dashboards of the first release query.
func (r *Recorder) metrics() []metric {
	return append([]metric{
		counterOf("remotemedia_grpc_requests_total", "Calls that have ended.", r.tellCalls, "method", "status"),
		counterOf("grpc_requests_total", "The same as remotemedia_grpc_requests_total.", r.tellCalls, "method", "status"),
		counterOf("remotemedia_grpc_call_outcomes_total", "Calls that have ended, by whose doing it was: ok, client, refused, failed.", r.tellOutcomes, "method", "outcome"),
		counterOf("remotemedia_execution_errors_total", "Errors that were told to callers.", tellCounts(r.errors), "error_type"),
		counterOf("remotemedia_requests_rejected_total", "Calls that were refused for lack of capacity.", tellCounts(r.rejected), "reason"),
		counterOf("remotemedia_deadline_misses_total", "Calls that ended because their time was over, and stream chunks whose answer took longer than they last.", tellCounts(r.missed), "kind"),
		counterOf("remotemedia_audio_samples_processed_total", "Samples, over all channels, that entered nodes.", r.tellNodes((*nodeType).sampleCount), "node_type"),
		counterOf("remotemedia_node_executions_total", "Executions and chunks that nodes worked on.", r.tellNodes((*nodeType).executionCount), "node_type"),
		counterOf("remotemedia_node_errors_total", "Failures of nodes.", r.tellNodes((*nodeType).errorCount), "node_type"),
		counterOf("remotemedia_stream_chunks_total", "Stream chunks that were answered.", tellCounts(r.chunks), "status"),
		counterOf("remotemedia_stream_chunks_dropped_total", "Stream chunks that a backpressure policy dropped.", tellCounts(r.dropped), "reason"),
		counterOf("remotemedia_compute_busy_seconds_total", "Time that nodes computed; its rate over remotemedia_compute_slots is the saturation.", one(func() float64 { return seconds(r.busy.Load()) })),
		gaugeOf("remotemedia_compute_slots", "Executions that may compute at the same moment.", whole(r.slots)),
		gaugeOf("remotemedia_grpc_active_connections", "Connections that are open.", whole(r.connections.Load)),
		gaugeOf("remotemedia_grpc_active_executions", "Executions in flight.", whole(r.executions.Load)),
		gaugeOf("grpc_active_executions", "The same as remotemedia_grpc_active_executions.", whole(r.executions.Load)),
		gaugeOf("remotemedia_grpc_active_streams", "Streams that are open.", one(func() float64 { return float64(r.streams.count()) })),
		gaugeOf("remotemedia_execution_memory_bytes", "Memory that executions and streams hold.", whole(orZero(r.sources.MemoryUsed))),
		gaugeOf("remotemedia_request_queue_depth", "Calls that wait for admission.", whole(orZero(r.sources.QueueDepth))),
		gaugeOf("remotemedia_load_shedding_active", "Whether load is being shed: 1 or 0.", one(func() float64 { return truth(r.sources.Shedding) })),
		gaugeOf("remotemedia_abandoned_workers", "Workers that run on although their call was given up.", whole(orZero(r.sources.AbandonedWorkers))),
		gaugeOf("remotemedia_cpu_utilization_ratio", "Share of the processors that the process uses.", one(r.process.utilization)),
		counterOf("remotemedia_log_lines_dropped_total", "Log lines that were lost because standard output didn't take them.", one(func() float64 { return float64(dropped(r.sources.LogLinesDropped)) })),
		gaugeOf("remotemedia_start_time_seconds", "When the service started, in seconds since 1970.", one(func() float64 { return seconds(r.started.UnixNano()) })),
		{newDesc("remotemedia_build_info", "Always 1; the labels say what runs.", "version", "go_version"), prometheus.GaugeValue,
			func(told func(float64, ...string)) { told(1, r.version, runtime.Version()) }},
	}, r.optional()...)
}

// optional are the metrics that exist only where their source does.
func (r *Recorder) optional() []metric {
	s := r.sources
	var out []metric
	if s.QueueCapacity != nil {
		out = append(out, gaugeOf("remotemedia_request_queue_capacity", "Most calls that may wait for admission.", whole(s.QueueCapacity)))
	}
	if s.MemoryBudget != nil {
		out = append(out, gaugeOf("remotemedia_execution_memory_budget_bytes", "Most memory that executions and streams may hold together.", whole(s.MemoryBudget)))
	}
	if s.PoolIdle != nil {
		out = append(out, gaugeOf("remotemedia_buffer_pool_idle_bytes", "Memory of buffers that are kept for use.", whole(s.PoolIdle)))
	}
	if s.PoolOut != nil {
		out = append(out, gaugeOf("remotemedia_buffer_pool_buffers", "Buffers of the pool that are in use.", whole(s.PoolOut)))
	}
	if s.ComputeSaturated != nil {
		out = append(out, counterOf("remotemedia_compute_saturated_seconds_total", "Time in which every compute slot was taken.", one(s.ComputeSaturated)))
	}
	if s.CertificateEnd != nil {
		out = append(out, gaugeOf("remotemedia_tls_certificate_expiry_seconds", "When the certificate expires, in seconds since 1970.", tellTime(s.CertificateEnd)))
	}
	return out
}

type teller = func(told func(value float64, labels ...string))

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func counterOf(name, help string, read teller, labels ...string) metric {
	return metric{newDesc(name, help, labels...), prometheus.CounterValue, read}
}

func gaugeOf(name, help string, read teller) metric {
	return metric{newDesc(name, help), prometheus.GaugeValue, read}
}

func one(read func() float64) teller {
	return func(told func(float64, ...string)) { told(read()) }
}

func whole(read func() int64) teller { return one(func() float64 { return float64(read()) }) }

func orZero(source func() int64) func() int64 { return func() int64 { return read(source) } }

func tellTime(read func() time.Time) teller {
	return func(told func(float64, ...string)) {
		if t := read(); !t.IsZero() {
			told(float64(t.Unix()))
		}
	}
}

func tellCounts(f *family[counter]) teller {
	return func(told func(float64, ...string)) {
		f.each(func(label string, c *counter) { told(float64(c.Load()), label) })
	}
}

func (r *Recorder) tellCalls(told func(float64, ...string)) {
	r.methods.each(func(name string, m *method) {
		told(float64(m.success.Load()), name, statusSuccess)
		told(float64(m.failed.Load()), name, statusError)
	})
}

func (r *Recorder) tellOutcomes(told func(float64, ...string)) {
	r.methods.each(func(name string, m *method) {
		m.outcomes.each(func(outcome string, c *counter) { told(float64(c.Load()), name, outcome) })
	})
}

func (r *Recorder) tellNodes(count func(*nodeType) uint64) teller {
	return func(told func(float64, ...string)) {
		r.nodes.each(func(name string, t *nodeType) { told(float64(count(t)), name) })
	}
}

func (t *nodeType) sampleCount() uint64    { return t.samples.Load() }
func (t *nodeType) executionCount() uint64 { return t.executions.Load() }
func (t *nodeType) errorCount() uint64     { return t.errors.Load() }

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / float64(time.Second) }

func truth(source func() bool) float64 {
	if source != nil && source() {
		return 1
	}
	return 0
}

func dropped(source func() uint64) uint64 {
	if source == nil {
		return 0
	}
	return source()
}
