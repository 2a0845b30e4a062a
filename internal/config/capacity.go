package config

import (
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Stream is about StreamPipeline.
type Stream struct {
	IdleTimeout time.Duration `koanf:"idle_timeout" min:"1s" doc:"A stream without a request for so long is closed."`
	InitTimeout time.Duration `koanf:"init_timeout" min:"100ms" doc:"Time for a stream's first message."`
	SendTimeout time.Duration `koanf:"send_timeout" min:"100ms" doc:"A client that takes no answer for so long is cut off."`
	QueueChunks int           `koanf:"queue_chunks" min:"1" max:"10000" doc:"Chunks that wait in one stream."`
	QueueBytes  Bytes         `koanf:"queue_bytes" min:"1024" doc:"Bytes that wait in one stream; one chunk always fits."`
}

func defaultStream() Stream {
	return Stream{
		IdleTimeout: 5 * time.Minute, InitTimeout: 30 * time.Second, SendTimeout: 30 * time.Second,
		QueueChunks: 10, QueueBytes: 256 << 10,
	}
}

// Validate has nothing to add to the ranges.
func (Stream) Validate() []fault.Problem { return nil }

// Admission says what happens at and above capacity.
type Admission struct {
	Enabled      bool          `koanf:"enabled" doc:"Refuse what can't be served in time. Off is for comparison only."`
	QueueSize    int           `koanf:"queue_size" min:"0" max:"1000000" live:"true" doc:"Calls that wait for a place among limits.max_concurrent_executions."`
	ComputeSlots int           `koanf:"compute_slots" min:"0" max:"4096" doc:"Executions that compute at the same moment; 0 is one less than the processors, at least 1."`
	RetryAfter   time.Duration `koanf:"retry_after" min:"1ms" live:"true" doc:"Least pause that a refused caller is told to make."`
	LoadShedding LoadShedding  `koanf:"load_shedding" live:"true" doc:"Refuse new work early, before the machine is exhausted."`
}

// LoadShedding holds the thresholds above which new work is refused.
type LoadShedding struct {
	Enabled         bool          `koanf:"enabled" doc:"Shed load."`
	CPUPercent      float64       `koanf:"cpu_percent" min:"1" max:"100" doc:"Shed when the processors are busier than this for cpu_period."`
	CPUPeriod       time.Duration `koanf:"cpu_period" min:"100ms" doc:"How long cpu_percent must be exceeded."`
	MemoryPercent   float64       `koanf:"memory_percent" min:"1" max:"100" doc:"Shed when more of the memory budget than this is in use."`
	QueuePercent    float64       `koanf:"queue_percent" min:"1" max:"100" doc:"Shed when more of the queue than this is taken."`
	RecoveryPercent float64       `koanf:"recovery_percent" min:"0" max:"50" doc:"Take work again when every figure is this many points below its threshold."`
}

func defaultAdmission() Admission {
	return Admission{
		Enabled: true, QueueSize: 1000, RetryAfter: 100 * time.Millisecond,
		LoadShedding: LoadShedding{
			Enabled: true, CPUPercent: 90, CPUPeriod: 5 * time.Second, MemoryPercent: 80, QueuePercent: 80, RecoveryPercent: 10,
		},
	}
}

// Validate checks that load shedding can end.
func (a Admission) Validate() []fault.Problem {
	s := a.LoadShedding
	least := min(s.CPUPercent, s.MemoryPercent, s.QueuePercent)
	if s.RecoveryPercent < least {
		return nil
	}
	return []fault.Problem{problem("load_shedding.recovery_percent", "lower it, or raise the thresholds",
		"%g points below the threshold %g is never reached", s.RecoveryPercent, least)}
}

// Memory is the memory that all executions share.
type Memory struct {
	BudgetBytes    Bytes   `koanf:"budget_bytes" doc:"Memory for all executions together; 0 takes budget_percent of the container's or the machine's memory."`
	BudgetPercent  float64 `koanf:"budget_percent" min:"1" max:"95" doc:"Share of the container's or the machine's memory when budget_bytes is 0."`
	PlanCacheBytes Bytes   `koanf:"plan_cache_bytes" doc:"Memory for compiled pipelines that are kept; 0 keeps none."`
}

func defaultMemory() Memory { return Memory{BudgetPercent: 70, PlanCacheBytes: 64 << 20} }

// Validate checks that the budget, when given, can hold an execution.
func (m Memory) Validate() []fault.Problem {
	if m.BudgetBytes == 0 || m.BudgetBytes >= 1<<20 {
		return nil
	}
	return []fault.Problem{problem("budget_bytes", "give at least 1048576 (1MiB), or 0 for a share of the machine's memory",
		"%d bytes hold no execution", m.BudgetBytes)}
}
