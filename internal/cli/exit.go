package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// The exit codes. They are part of the interface: scripts may rely on them.
const (
	ExitOK          = 0
	ExitFailed      = 1   // it failed while running: a node, a file, the service itself
	ExitUsage       = 2   // wrong usage, or a manifest or an input that isn't valid
	ExitRefused     = 3   // the service refused, or can't be reached: capacity, authentication, version
	ExitLimit       = 4   // a limit of memory, time or samples was exceeded
	ExitThreshold   = 5   // bench: a condition of --fail-if held
	ExitInterrupted = 130 // a signal came
)

// ExitOf is the exit code of a program that a second signal ends at once: 128 and the signal's number, as shells have it. An interrupt gives
// ExitInterrupted, SIGTERM 143.
func ExitOf(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return ExitInterrupted
}

// usageError is a command line that can't be carried out as it stands.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// toldError is an error that the command has told already; only its exit code is left.
type toldError struct{ code int }

func (e toldError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// jsonError is an error to be told as JSON.
type jsonError struct{ error }

func (e jsonError) Unwrap() error { return e.error }

// manifestError is an error of a manifest, told with excerpts.
type manifestError struct {
	name  string
	fault *fault.Error
}

func (e manifestError) Error() string { return e.name + ": " + e.fault.Error() }

func (e manifestError) Unwrap() error { return e.fault }

func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var told toldError
	switch {
	case err == nil:
		return ExitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &told):
		return told.code
	case errors.As(err, &usage):
		return ExitUsage
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return faultExit(f.Kind)
	}
	return ExitFailed
}

func faultExit(kind fault.Kind) int {
	switch kind {
	case fault.Validation:
		return ExitUsage
	case fault.Unavailable, fault.RateLimited, fault.Authentication, fault.VersionMismatch:
		return ExitRefused
	case fault.ResourceLimit, fault.DeadlineExceeded:
		return ExitLimit
	case fault.Canceled:
		return ExitInterrupted
	}
	return ExitFailed
}

// tell prints an error for a person or, where it is wrapped as such, as one line of JSON.
func tell(env Env, err error) {
	w := env.Stderr
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "remotemedia: interrupted")
		return
	}
	var told toldError
	var asJSON jsonError
	var inManifest manifestError
	var inConfig configError
	switch {
	case errors.As(err, &told):
	case errors.As(err, &asJSON):
		tellJSON(w, err)
	case errors.As(err, &inConfig):
		fmt.Fprintf(w, "remotemedia: %v\n", err)
	case errors.As(err, &inManifest):
		fmt.Fprint(w, manifest.Render(inManifest.name, inManifest.fault.Problems, env.Color))
	default:
		fmt.Fprintf(w, "remotemedia: %v\n", err)
		tellProblems(w, err)
	}
}

// tellProblems lists what is wrong besides the first problem, which is in the message.
func tellProblems(w io.Writer, err error) {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Problems) < 2 {
		return
	}
	for _, p := range f.Problems {
		fmt.Fprintf(w, "  %s: %s\n", p.Severity, p)
	}
}

// errorJSON is the form of an error with --json.
type errorJSON struct {
	Kind     string         `json:"kind"`
	Code     fault.Code     `json:"code,omitempty"`
	Message  string         `json:"message"`
	NodeID   string         `json:"node_id,omitempty"`
	Problems []problemJSON  `json:"problems,omitempty"`
	Context  map[string]any `json:"context,omitempty"`
}

func tellJSON(w io.Writer, err error) {
	out := errorJSON{Kind: "failed", Message: err.Error()}
	var f *fault.Error
	var usage usageError
	switch {
	case errors.As(err, &f):
		out = errorJSON{f.Kind.String(), f.Code, f.Text(), f.NodeID, problemsJSON(f.Problems), f.Context}
	case errors.As(err, &usage):
		out.Kind = "usage"
	}
	if err := writeJSON(w, map[string]any{"error": out}); err != nil {
		fmt.Fprintf(w, "remotemedia: %s\n", out.Message)
	}
}

type problemJSON struct {
	Severity string     `json:"severity"`
	Code     fault.Code `json:"code"`
	Message  string     `json:"message"`
	Hint     string     `json:"hint,omitempty"`
	NodeID   string     `json:"node_id,omitempty"`
	Path     string     `json:"path,omitempty"`
	Line     int        `json:"line,omitempty"`
	Column   int        `json:"column,omitempty"`
}

func problemsJSON(problems []fault.Problem) []problemJSON {
	out := make([]problemJSON, 0, len(problems))
	for _, p := range problems {
		out = append(out, problemJSON{p.Severity.String(), p.Code, p.Message, p.Hint, p.NodeID, p.Path, p.Line, p.Column})
	}
	return out
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
