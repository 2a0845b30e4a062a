package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// readProcess reads what the kernel tells of a process. Its CPU time is told in steps of 10 ms.
func readProcess(pid int) (processState, error) {
	return readProcessAt("/proc/" + strconv.Itoa(pid))
}

func ownProcess() processState {
	s, err := readProcessAt("/proc/self")
	if err != nil {
		return processState{} // no /proc is mounted
	}
	return s
}

func readProcessAt(dir string) (s processState, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return s, err
	}
	if s.cpu, err = statCPU(text); err != nil {
		return s, fmt.Errorf("%s/stat: %w", dir, err)
	}
	if text, err = os.ReadFile(filepath.Join(dir, "statm")); err != nil {
		return s, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return s, fmt.Errorf("%s/statm: %q has no second field", dir, text)
	}
	pages, err := strconv.ParseUint(fields[1], 10, 63)
	s.rss = pages * uint64(os.Getpagesize())
	return s, err
}

// ticks of the accounts in a second: a constant of Linux's interface.
const ticks = 100

// statCPU adds user and system time, fields 14 and 15. The second field is the name in parentheses, which may hold anything.
func statCPU(text []byte) (time.Duration, error) {
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("%q has too few fields", text)
	}
	var sum uint64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseUint(f, 10, 53)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * (time.Second / ticks), nil
}

// loadAverage is that of the last minute.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return v
}

// processorName is the model, as the kernel names it.
func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
