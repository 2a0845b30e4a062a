package reference

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

const errorsHead = `# Errors

` + notice + `
Every error has a **type**, the contract's ` + "`error_type`" + `, and a **code**, a stable name of one cause that is never renamed. A program decides by
them; the message is for people, and says what is wrong, where, what was expected and what to do.

Most errors come **in band**: the gRPC status is OK, and the answer holds an ` + "`ErrorResponse`" + ` in place of the result. Refusals (who calls, capacity) are
**statuses**, with the same ` + "`ErrorResponse`" + ` among the status' details. The trailer ` + "`x-remotemedia-error-type`" + ` has the type in both cases.

| field | what it holds |
|---|---|
| ` + "`error_type`" + `, ` + "`code`" + ` | as on this page |
| ` + "`message`" + ` | a sentence; where several things are wrong, the first of them |
| ` + "`failing_node_id`" + ` | the node, where there is one |
| ` + "`problems`" + `, ` + "`context.problems`" + ` | everything that is wrong with a manifest or its inputs, each with code, path, hint and, for texts, line and column |
| ` + "`context`" + ` | a JSON object: of a failed node its type, parameters and inputs, what ran before it and what didn't; of a limit the figures; always the ` + "`request_id`" + ` |
| ` + "`retry_after_ms`" + ` | how long to wait, where the same call may succeed later; also the trailer ` + "`grpc-retry-pushback-ms`" + ` |

Programs on the command line end with a code by the kind of error: see [exit codes](reference/cli.md#exit-codes). What a stream adds to the context is in
[streaming](guides/streaming.md#the-conversation); below, each kind of error names the
class that the clients for Python and TypeScript raise for it, and the kind that the Go client's error has.

## Types

`

// types says what each of the contract's types means, and what a caller does about it.
var types = map[pb.ErrorType]struct{ means, do string }{
	pb.ErrorType_ERROR_TYPE_UNSPECIFIED:      {"isn't sent; an error without a type is of a service of another make", "treat it as INTERNAL"},
	pb.ErrorType_ERROR_TYPE_VALIDATION:       {"the manifest, an input or a request is wrong as it stands; no node has run (on a stream: this request wasn't processed)", "change the request as the message says; the same one fails again"},
	pb.ErrorType_ERROR_TYPE_NODE_EXECUTION:   {"a node failed on what came in", "look at the node, its parameters and its inputs in `context`"},
	pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT:   {"a limit of the execution was reached or, as a status, the service has no capacity for the call now", "in band: send less or ask for more; as a status: wait as told and try again"},
	pb.ErrorType_ERROR_TYPE_AUTHENTICATION:   {"the token is missing, wrong, expired or lacks a scope", "send a valid token; see [security](operate/security.md#tokens)"},
	pb.ErrorType_ERROR_TYPE_VERSION_MISMATCH: {"client or manifest and service speak different versions", "update one of them; see [compatibility](compatibility.md)"},
	pb.ErrorType_ERROR_TYPE_INTERNAL:         {"a fault of the service itself; it was contained and others weren't touched", "report it with `error_id` of the context"},
}

// Classes name what the clients make of a kind: the exception in Python and TypeScript, and the kind in Go.
var Classes = map[fault.Kind]struct{ Exception, Go string }{
	fault.Internal:         {"InternalError", "Internal"},
	fault.Validation:       {"ValidationError", "Validation"},
	fault.NodeExecution:    {"NodeExecutionError", "NodeExecution"},
	fault.ResourceLimit:    {"ResourceLimitError", "ResourceLimit"},
	fault.Authentication:   {"AuthenticationError", "Authentication"},
	fault.VersionMismatch:  {"VersionMismatchError", "VersionMismatch"},
	fault.Unavailable:      {"UnavailableError", "Unavailable"},
	fault.RateLimited:      {"RateLimitedError", "RateLimited"},
	fault.Canceled:         {"CallCancelledError", "Canceled"},
	fault.DeadlineExceeded: {"DeadlineExceededError", "DeadlineExceeded"},
}

// errorsPage is the catalogue of the closed table of codes.
func errorsPage() (string, error) {
	said, warnings, err := messages()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(errorsHead)
	typesTable(&out)
	for _, k := range kindsInOrder() {
		section(&out, k, said, warnings)
	}
	return out.String(), nil
}

func typesTable(out *strings.Builder) {
	out.WriteString("| type | number | means | what to do |\n|---|---|---|---|\n")
	for n := range int32(len(pb.ErrorType_name)) {
		t := pb.ErrorType(n)
		fmt.Fprintf(out, "| `%s` | %d | %s | %s |\n", t, n, types[t].means, types[t].do)
	}
}

// kindsInOrder returns the kinds that codes have, in the order of their types on the wire.
func kindsInOrder() []fault.Kind {
	var all []fault.Kind
	for _, c := range fault.Codes() {
		if !slices.Contains(all, c.Kind()) {
			all = append(all, c.Kind())
		}
	}
	slices.SortStableFunc(all, func(a, b fault.Kind) int {
		if d := int(wire.ErrorType(a)) - int(wire.ErrorType(b)); d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	return all
}

func section(out *strings.Builder, k fault.Kind, said map[fault.Code]string, warnings map[fault.Code]bool) {
	fmt.Fprintf(out, "\n## %s\n\n%s\nPython and TypeScript: `%s`; Go: `fault.%s`.\n", title(k), travels(k), Classes[k].Exception, Classes[k].Go)
	for _, c := range fault.Codes() {
		if c.Kind() != k {
			continue
		}
		info, _ := c.Describe()
		fmt.Fprintf(out, "\n### %s\n\n%s. %s.\n", c, sentence(info.Cause), sentence(info.Cure))
		if warnings[c] {
			out.WriteString("It is a warning: the pipeline runs.\n")
		}
		if text := status(&fault.Error{Kind: k, Code: c}); text != "" {
			fmt.Fprintf(out, "%s\n", text)
		}
		fmt.Fprintf(out, "\n```text\n%s\n```\n", said[c])
	}
}

func title(k fault.Kind) string { return sentence(k.String()) }

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// travels tells how errors of a kind reach the caller.
func travels(k fault.Kind) string {
	text := fmt.Sprintf("Type `%s`, ", wire.ErrorType(k))
	if wire.InBand(k) {
		text += "in band"
	} else {
		text += fmt.Sprintf("as status `%s`", statusName(wire.Code(&fault.Error{Kind: k})))
	}
	if k.Retryable() {
		return text + ". **The same call may succeed later**: it wasn't executed, and the answer says how long to wait."
	}
	return text + ". Not to be retried as it is: it fails again until its cause has changed."
}

// status tells of a code that has another status than its kind.
func status(f *fault.Error) string {
	if own := wire.Code(f); own != wire.Code(&fault.Error{Kind: f.Kind}) {
		if wire.InBand(f.Kind) {
			return fmt.Sprintf("As a status, where it isn't of a manifest, it is `%s`.", statusName(own))
		}
		return fmt.Sprintf("Its status is `%s`.", statusName(own))
	}
	return ""
}

// statusName spells a status as gRPC's documentation does.
func statusName(c codes.Code) string {
	var out strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(r)
	}
	return strings.ToUpper(out.String())
}
