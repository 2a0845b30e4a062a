package suite

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain makes this test a runner where it is told what to print.
func TestMain(m *testing.M) {
	if lines, ok := os.LookupEnv("CONFORMANCE_LINES"); ok {
		fmt.Print(lines)
		if strings.Contains(lines, "exit 3") {
			os.Exit(3)
		}
		return
	}
	os.Exit(m.Run())
}

// judged runs a runner that prints lines for two cases that want no server's answer.
func judged(t *testing.T, lines string) (map[string]Verdict, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONFORMANCE_LINES", lines)
	r := &running{runner: &Runner{Language: "test", Command: []string{self}}, Options: Options{Root: t.TempDir(), Log: io.Discard}}
	r.signals = &Signals{Dir: t.TempDir()}
	var cases []*Case
	for _, name := range []string{"a", "b"} {
		cases = append(cases, &Case{Name: name, Steps: []Step{{Health: map[string]any{}, Expect: map[string]any{"health": "SERVING"}}}, file: new(File)})
	}
	return r.judge(t.Context(), cases, "job.json")
}

func TestRunnersThatBreakFail(t *testing.T) {
	const a, b = `{"case":"a","steps":[{"health":"SERVING"}]}` + "\n", `{"case":"b","steps":[{"health":"SERVING"}]}` + "\n"
	for name, c := range map[string]struct {
		lines string
		a, b  Outcome
		says  string
		wrong bool
	}{
		"good":             {a + b, Passed, Passed, "", false},
		"wrong answer":     {`{"case":"a","steps":[{"health":"NOT_SERVING"}]}` + "\n" + b, Failed, Passed, "NOT_SERVING", false},
		"an error":         {`{"case":"a","steps":[{"error":{"kind":"internal","message":"x"}}]}` + "\n" + b, Failed, Passed, "wasn't expected", false},
		"not run":          {`{"case":"a","not_run":"no reason"}` + "\n" + b, NotRun, Passed, "no reason", false},
		"broken":           {`{"case":"a","broken":"a trace"}` + "\n" + b, Failed, Passed, "a trace", false},
		"a step too few":   {`{"case":"a","steps":[]}` + "\n" + b, Failed, Passed, "0 steps of 1", false},
		"silent":           {"", Failed, Failed, "ended", false},
		"a case too few":   {a, Passed, Failed, "ended", false},
		"in another order": {b + a, Failed, Failed, `told of "b"`, false},
		"no JSON":          {"hello\n" + b, Failed, Failed, "isn't an observation", false},
		"a bad end":        {a + b + "exit 3", Passed, Passed, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts, err := judged(t, c.lines)
			if (err != nil) != c.wrong {
				t.Errorf("error %v", err)
			}
			if verdicts["a"].Outcome != c.a || verdicts["b"].Outcome != c.b {
				t.Errorf("got %v", verdicts)
			}
			if all := fmt.Sprint(verdicts); !strings.Contains(all, c.says) {
				t.Errorf("%q isn't told: %v", c.says, all)
			}
		})
	}
}

// A case with a wrong expectation fails when it isn't told so.
func TestCasesThatMustFail(t *testing.T) {
	c := &Case{Wrong: true}
	if v := c.verdict(nil); v.Outcome != Failed {
		t.Errorf("passed: %v", v)
	}
	if v := c.verdict([]string{"differs"}); v.Outcome != Passed {
		t.Errorf("got %v", v)
	}
}

func TestPreparationsMaySkip(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: the preparations are shell scripts")
	}
	dir := t.TempDir()
	script := func(name, text string) []string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return []string{path}
	}
	for name, c := range map[string]struct {
		text, skip string
		fails      bool
	}{
		"good":    {"true", "", false},
		"skipped": {"echo much; echo no compiler here; exit 77", "no compiler here", false},
		"broken":  {"echo oh >&2; exit 1", "", true},
	} {
		skip, err := (&Runner{Prepare: script(name, c.text)}).prepare(t.Context(), dir)
		if skip != c.skip || (err != nil) != c.fails {
			t.Errorf("%s: %q, %v", name, skip, err)
		}
	}
	if _, err := (&Runner{Prepare: []string{filepath.Join(dir, "none")}}).prepare(t.Context(), dir); err == nil {
		t.Error("a program that isn't there prepares")
	}
}

func TestRunnersAreFound(t *testing.T) {
	for _, language := range []string{"go", "python"} {
		if r, err := FindRunner("../..", language); err != nil || r == nil || len(r.Command) == 0 {
			t.Errorf("%s: %v, %v", language, r, err)
		}
	}
	if r, err := FindRunner("../..", "cobol"); r != nil || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestTheTableCountsFailures(t *testing.T) {
	cases := []*Case{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	var out strings.Builder
	failures, err := Print(&out, cases, []Column{
		{Language: "go", Verdicts: map[string]Verdict{"a": {Outcome: Passed}, "b": failed("it differs"), "c": {NotRun, []string{"no way"}}}},
		{Language: "python", Skipped: "no Python here"},
	})
	if failures != 1 || err != nil {
		t.Errorf("%d failures, %v", failures, err)
	}
	for _, line := range []string{"case  go       python", "a     pass     not run", "b     FAIL     not run", "c     not run  not run", "go: b: FAIL", "it differs", "no way", "python: SKIPPED: no Python here", "1 passed, 1 failed, 1 not run"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q isn't in\n%s", line, out.String())
		}
	}
}
