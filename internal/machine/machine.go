// Package machine tells what the figures of a measurement were measured on, and what processes use of it, as Linux tells it. It is there
// for the load generator and the benchmarks.
package machine

import (
	"cmp"
	"os"
	"runtime"
	"strings"
)

// Description is what the figures were measured on.
type Description struct {
	Processor  string  `json:"processor"`
	Cores      int     `json:"cores"`
	MemoryGB   float64 `json:"memory_gb"`
	System     string  `json:"system"`
	Kernel     string  `json:"kernel"`
	OpenFiles  uint64  `json:"open_files"` // ulimit -n
	GoMaxProcs int     `json:"gomaxprocs"`
	Go         string  `json:"go"`
}

// Describe describes this machine; what can't be read is left empty.
func Describe() Description {
	m := Description{
		Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, GoMaxProcs: runtime.GOMAXPROCS(0), Go: runtime.Version(),
	}
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		m.Processor = cmp.Or(parseModel(f), "unknown")
		f.Close()
	}
	if f, err := os.Open("/proc/meminfo"); err == nil {
		if bytes, err := parseMemory(f); err == nil {
			m.MemoryGB = float64(bytes) / 1e9
		}
		f.Close()
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	m.OpenFiles, _ = OpenFiles()
	return m
}

// Processor is the model of the processor, "" where the kernel doesn't name it.
func Processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	return parseModel(f)
}

// Load is the load average of the last minute, or -1 where it can't be told.
func Load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return -1
	}
	load, err := parseLoad(string(text))
	if err != nil {
		return -1
	}
	return load
}
