package metrics

import (
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// process reads what the operating system tells of this process, by the means of Prometheus' own collector, which knows them all.
type process struct {
	registry *prometheus.Registry

	mu   sync.Mutex
	at   time.Time // of the last reading that was kept
	cpu  float64   // seconds used until then
	last float64   // utilisation between the two last
}

// leastWindow is the least time over which utilisation is measured: over less, the clock of the kernel is too coarse.
const leastWindow = time.Second

func newProcess() *process {
	p := &process{registry: prometheus.NewRegistry(), at: time.Now()}
	p.registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	_, p.cpu = p.read()
	return p
}

// read returns the resident bytes and the CPU seconds used; 0 where the system doesn't tell.
func (p *process) read() (resident, cpu float64) {
	families, err := p.registry.Gather()
	if err != nil { // the collector leaves out what it can't read; nothing else can fail
		return 0, 0
	}
	for _, f := range families {
		switch f.GetName() {
		case "process_resident_memory_bytes":
			resident = f.GetMetric()[0].GetGauge().GetValue()
		case "process_cpu_seconds_total":
			cpu = f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return resident, cpu
}

func (p *process) resident() uint64 {
	bytes, _ := p.read()
	return uint64(bytes)
}

// utilization returns the share, 0 to 1, of the processors that the program may use which it did use since the last reading, one
// that is a second old at least.
func (p *process) utilization() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	window := time.Since(p.at)
	if window < leastWindow {
		return p.last
	}
	_, cpu := p.read()
	used := (cpu - p.cpu) / window.Seconds() / float64(runtime.GOMAXPROCS(0))
	p.last = min(max(used, 0), 1)
	p.at, p.cpu = p.at.Add(window), cpu
	return p.last
}
