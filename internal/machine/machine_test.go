package machine

import (
	"strings"
	"testing"
)

func TestStatusOfAProcessIsRead(t *testing.T) {
	got, err := parseStatus(strings.NewReader("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t7\n"))
	if err != nil || got != (Usage{RSS: 1 << 20, PeakRSS: 2 << 20, Threads: 7}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{
		"", "Name:\tzombie\nThreads:\t1\n", "VmHWM:\tx kB\nVmRSS:\t1 kB\nThreads:\t1\n", "VmHWM:\t1 MB\nVmRSS:\t1 kB\nThreads:\t1\n",
	} {
		if _, err := parseStatus(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken for a status", bad)
		}
	}
}

func TestMachineIsRead(t *testing.T) {
	if got, err := parseLoad("1.25 0.5 0.1 2/345 6789\n"); got != 1.25 || err != nil {
		t.Error(got, err)
	}
	if _, err := parseLoad("x"); err == nil {
		t.Error("x was taken for a load")
	}
	if got, err := parseMemory(strings.NewReader("MemTotal:  2 kB\nMemFree: 1 kB\n")); got != 2048 || err != nil {
		t.Error(got, err)
	}
	if got := parseModel(strings.NewReader("processor\t: 0\nmodel name\t: A B\nmodel name\t: C\n")); got != "A B" {
		t.Error(got)
	}
	if m := Describe(); m.Cores < 1 || m.Go == "" {
		t.Errorf("%+v", m)
	}
}
