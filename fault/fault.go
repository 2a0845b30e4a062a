// Package fault is the one error type of the project. Every failure that a user can see is an [Error]: a [Kind] (which
// decides how it travels on the wire), a stable [Code], where it happened (operation, node id), what was expected and what
// to do, and the state at failure as JSON context. The table from Kind to the wire's error types and status codes is at the
// edge, in internal/wire; nothing in here knows about gRPC.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says which family of failure an error belongs to.
type Kind uint8

// The kinds. Their order is not part of any contract.
const (
	// Internal is a fault of the service itself, for instance a recovered panic.
	Internal Kind = iota
	// Validation is a request that is wrong as it stands; nothing was run.
	Validation
	// NodeExecution is a node that failed on its input while running.
	NodeExecution
	// ResourceLimit is a limit of the execution that was breached: time, memory or samples.
	ResourceLimit
	// Authentication is a caller that didn't prove who it is, or may not do this.
	Authentication
	// VersionMismatch is a protocol or manifest version that this service doesn't speak.
	VersionMismatch
	// Unavailable is a refusal for want of capacity; the same request may succeed later.
	Unavailable
	// RateLimited is a refusal because this caller asked too often; it may succeed later.
	RateLimited
	// Canceled is work that was given up because the caller went away or asked for it.
	Canceled
	// DeadlineExceeded is work that was given up because the caller's deadline passed.
	DeadlineExceeded
)

var kindNames = [...]string{
	Internal: "internal", Validation: "validation", NodeExecution: "node execution", ResourceLimit: "resource limit",
	Authentication: "authentication", VersionMismatch: "version mismatch", Unavailable: "unavailable",
	RateLimited: "rate limited", Canceled: "canceled", DeadlineExceeded: "deadline exceeded",
}

// String returns the kind in words, lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Retryable reports whether the same request may succeed later without being changed.
func (k Kind) Retryable() bool { return k == Unavailable || k == RateLimited }

// Error is the one error type. Fields may be set until the error is shared; afterwards it is read-only.
type Error struct {
	Kind    Kind
	Code    Code   // stable, from the closed table of codes.go
	Op      string // what was being done, for logs: "graph.compile", "node.process"
	NodeID  string // the manifest's node, "" where there is none
	Message string // complete sentence fragment for a person: what is wrong, what was expected, what to do

	// Context is the machine-readable state at failure; it becomes the wire's JSON context. Values must be encodable
	// as JSON and hold no secret.
	Context map[string]any
	// Problems lists every fault found in one document, the first of them told in Message.
	Problems []Problem
	// RetryAfter is a hint for retryable kinds; 0 means none.
	RetryAfter time.Duration
	// ID names this occurrence in the log; set for internal errors.
	ID string
	// Stack is the trace of a recovered panic. It goes to the log, and on the wire only in debug mode.
	Stack string
	// Cause is the underlying error, if any.
	Cause error
}

// New makes an error of a code; its kind is the code's own. The message follows fmt.Sprintf.
func New(code Code, format string, args ...any) *Error {
	return &Error{Kind: code.Kind(), Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a code around a cause, whose text is appended to the message.
func Wrap(code Code, cause error, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.Cause = cause
	return e
}

// Error implements the error interface: `node "vad": message: cause`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.NodeID != "" && !strings.Contains(e.Message, `"`+e.NodeID+`"`) {
		fmt.Fprintf(&b, "node %q: ", e.NodeID)
	}
	b.WriteString(e.Text())
	return b.String()
}

// Text is the message with the text of the cause, without the node's name.
func (e *Error) Text() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the same request may succeed later without being changed.
func (e *Error) Retryable() bool { return e.Kind.Retryable() }

// WithNode sets the node id unless one is set already, and returns e.
func (e *Error) WithNode(id string) *Error {
	if e.NodeID == "" {
		e.NodeID = id
	}
	return e
}

// WithOp sets the operation unless one is set already, and returns e.
func (e *Error) WithOp(op string) *Error {
	if e.Op == "" {
		e.Op = op
	}
	return e
}

// With sets one key of the context and returns e.
func (e *Error) With(key string, value any) *Error {
	if e.Context == nil {
		e.Context = make(map[string]any)
	}
	e.Context[key] = value
	return e
}

// ContextRequestID is the context's key for the id of the call, which names it in the service's log.
const ContextRequestID = "request_id"

// RequestID returns the id of the call that failed, "" for what was found before a call.
func (e *Error) RequestID() string {
	id, _ := e.Context[ContextRequestID].(string)
	return id
}

// From returns the *Error in err's chain, or wraps err as an internal error. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(CodeInternal, err, "unexpected failure")
}

// Limit makes the error of a breached limit, with the context that the contract asks for. Requested is what the caller
// or the work asked for, used what was in use before, allowed the limit; hint says what to do.
func Limit(code Code, limit string, requested, used, allowed any, hint string) *Error {
	e := New(code, "%s exceeded: requested %v, used %v, allowed %v; %s", limit, requested, used, allowed, hint)
	e.Context = map[string]any{"limit": limit, "requested": requested, "used": used, "allowed": allowed, "hint": hint}
	return e
}
