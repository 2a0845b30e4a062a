package process

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/machine"
)

func TestServingLines(t *testing.T) {
	for line, want := range map[string]string{
		"listening 127.0.0.1:5\n": "127.0.0.1:5 ",
		`{"message":"serving","address":"127.0.0.1:5","admin":"127.0.0.1:6"}` + "\n": "127.0.0.1:5 127.0.0.1:6",
		`{"message":"serving","address":"127.0.0.1:5"`:                               "",
		`{"message":"stopping"}` + "\n":                                              "",
		"listening 127.0.0.1:5":                                                      "", // the rest may still come
	} {
		address, admin, ok := serving([]byte(line))
		if got := address + " " + admin; ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", line, got, ok)
		}
	}
}

// The test program is the child: it says that it serves and waits for the end of its input, or ends at once.
const childEnv = "REMOTEMEDIA_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "serve":
		fmt.Println("listening 127.0.0.1:1")
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	case "fail":
		fmt.Println("no luck today")
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, how string) Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Command{Name: how, Path: self, Env: []string{childEnv + "=" + how}, Dir: t.TempDir()}
}

func TestServerIsStartedMeasuredAndEnded(t *testing.T) {
	s, err := Start(t.Context(), child(t, "serve"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Address != "127.0.0.1:1" || s.Admin != "" {
		t.Errorf("%+v", s)
	}
	if runtime.GOOS == "linux" {
		u, err := machine.UsageOf(s.PID)
		if err != nil || u.CPU <= 0 || u.CPU > time.Minute || u.RSS <= 0 || u.PeakRSS < u.RSS || u.Threads < 1 {
			t.Errorf("%+v, %v", u, err)
		}
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Error("a second stop:", err)
	}
	if s.cmd.ProcessState == nil {
		t.Error("the process wasn't waited for")
	}
}

func TestServerThatDoesNotServeIsTold(t *testing.T) {
	_, err := Start(t.Context(), child(t, "fail"))
	if err == nil || !strings.Contains(err.Error(), "no luck today") || !strings.Contains(err.Error(), "exit status 3") {
		t.Error(err)
	}
	c := child(t, "serve")
	c.Path = "/nowhere/at/all"
	if _, err := Start(t.Context(), c); err == nil {
		t.Error("a program that doesn't exist was started")
	}
	if _, err := exec.LookPath(c.Path); err == nil {
		t.Error("/nowhere/at/all exists")
	}
}
