package app

import (
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

// probeInterval is how often admission looks at processors and memory.
const probeInterval = 500 * time.Millisecond

// machineMemory returns the memory that this process may use: the container's or, where it has no limit, the machine's.
func machineMemory() (uint64, error) {
	system, err := memlimit.FromSystem()
	group, groupErr := memlimit.FromCgroup()
	switch {
	case groupErr == nil && err == nil:
		return min(system, group), nil
	case groupErr == nil:
		return group, nil
	case err != nil:
		return 0, fault.Wrap(fault.CodeBadParam, err, "the machine doesn't tell how much memory it has: set memory.budget_bytes")
	}
	return system, nil
}

// limitMemory returns the budget of all executions together, and has the garbage collector work harder before the process
// reaches its limit, unless GOMEMLIMIT says otherwise.
func limitMemory(c config.Memory) (budget int64, err error) {
	const whole, percent = 0.9, 100
	total, err := machineMemory()
	if err == nil {
		_, err = memlimit.Set(memlimit.WithProvider(memlimit.Limit(total)), memlimit.WithRatio(whole))
	}
	if c.BudgetBytes > 0 {
		return int64(min(uint64(c.BudgetBytes), 1<<62)), nil // what the machine has doesn't matter then
	}
	return int64(float64(total) * c.BudgetPercent / percent), err
}

// probes are what load is shed by.
func (a *app) probes() admission.Probes {
	return admission.Probes{
		CPU:    a.processors,
		Memory: a.memory,
		Stuck:  func() int { return int(a.engine.Abandoned()) },
	}
}

// processors returns the percentage in use of the processors that the process may run on, which may be fewer than GOMAXPROCS.
func (a *app) processors() float64 {
	cpu, _, _ := a.metrics.Utilization()
	most := runtime.GOMAXPROCS(0)
	return 100 * cpu * float64(most) / float64(min(most, runtime.NumCPU()))
}

// memory returns the percentage in use of the budget or, where that is more, of all that the process may have.
func (a *app) memory() float64 {
	used := 100 * float64(a.budget.Used()) / float64(a.budget.Limit())
	total, err := machineMemory()
	if err != nil {
		return used
	}
	return max(used, 100*float64(a.resident())/float64(total))
}

// resident returns how many bytes of the machine's memory the process holds, of which the ballast has none.
func (a *app) resident() int64 { return int64(residentBytes()) - int64(len(a.ballast)) }

// residentBytes is what the Go runtime holds of the machine's memory.
func residentBytes() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// observer hands what admission tells to metrics and log.
type observer struct{ *app }

// Waited implements admission.Observer.
func (o observer) Waited(stage admission.Stage, d time.Duration) { o.metrics.Waited(stage.String(), d) }

// Refused implements admission.Observer. The recorder counts refusals by the error of the call.
func (observer) Refused(admission.Reason) {}

// Shedding implements admission.Observer.
func (o observer) Shedding(reason admission.Reason, on bool) {
	if reason == admission.ReasonStuck { // it may never end: let balancers look elsewhere
		o.change(func(s *state) { s.stuck = on })
	}
	if on {
		o.log.Warn("load is being shed", "reason", string(reason))
		return
	}
	o.log.Info("load is no longer shed", "reason", string(reason))
}
