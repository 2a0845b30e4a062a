package machine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	CPU     time.Duration // of all its threads since it began, user and system
	RSS     int64         // resident memory now, bytes
	PeakRSS int64         // the most it was
	Threads int
}

// parseStatus reads /proc/PID/status.
func parseStatus(r io.Reader) (u Usage, err error) {
	found := 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		var into *int64
		var threads int64
		switch name {
		case "VmRSS":
			into = &u.RSS
		case "VmHWM":
			into = &u.PeakRSS
		case "Threads":
			into = &threads
		default:
			continue
		}
		if *into, err = parseQuantity(value); err != nil {
			return Usage{}, fmt.Errorf("%s of a process: %w", name, err)
		}
		found++
		u.Threads = max(u.Threads, int(threads))
	}
	switch {
	case lines.Err() != nil:
		return Usage{}, lines.Err()
	case found < 3:
		return Usage{}, errors.New("the status of a process lacks VmRSS, VmHWM or Threads: it has ended, or isn't a process of Linux")
	}
	return u, nil
}

// parseQuantity reads a number, or so many kB.
func parseQuantity(text string) (int64, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields) > 2 {
		return 0, fmt.Errorf("expected a number, got %q", text)
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, err
	}
	switch {
	case len(fields) == 1:
		return n, nil
	case fields[1] == "kB":
		return n << 10, nil
	}
	return 0, fmt.Errorf("expected kB, got %q", text)
}

// parseLoad reads the first figure of /proc/loadavg, the load average of the last minute.
func parseLoad(text string) (float64, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("load average: expected a number first, got %q", text)
	}
	return load, nil
}

// parseMemory reads the total of /proc/meminfo, in bytes.
func parseMemory(r io.Reader) (int64, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "MemTotal:"); ok {
			return parseQuantity(value)
		}
	}
	return 0, errors.New("meminfo has no MemTotal")
}

// parseModel reads the name of the processor from /proc/cpuinfo, "" where there is none.
func parseModel(r io.Reader) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
