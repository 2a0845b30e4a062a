package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

func contextOf(t *testing.T, e *pb.ErrorResponse) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(e.GetContext()), &m); err != nil {
		t.Fatalf("context %q: %v", e.GetContext(), err)
	}
	return m
}

// Every code has a type that clients in the field know, and a status; the table is complete.
func TestFR012_EveryCodeTravels(t *testing.T) {
	for _, code := range fault.Codes() {
		f := fault.New(code, "something")
		e := wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"})
		if n := e.GetErrorType(); n < 1 || n > 6 {
			t.Errorf("%s has type %d", code, n)
		}
		if wire.Code(f) == codes.OK || wire.Code(f) == codes.Unknown {
			t.Errorf("%s has status %v", code, wire.Code(f))
		}
		if e.GetCode() != string(code) || contextOf(t, e)["request_id"] != "r" {
			t.Errorf("%s: %v", code, e)
		}
		if back := wire.ErrorFromProto(e); back.Kind != f.Kind || back.Code != code || back.Message != f.Message {
			t.Errorf("%s comes back as %+v", code, back)
		}
	}
}

func TestStatusesOfTheContract(t *testing.T) {
	for code, want := range map[fault.Code]codes.Code{
		fault.CodeTokenMissing: codes.Unauthenticated, fault.CodeTokenExpired: codes.Unauthenticated, fault.CodeTokenScope: codes.PermissionDenied,
		fault.CodeOverloaded: codes.Unavailable, fault.CodeShuttingDown: codes.Unavailable, fault.CodeRateLimited: codes.ResourceExhausted,
		fault.CodeDeadline: codes.DeadlineExceeded, fault.CodeCanceled: codes.Canceled, fault.CodeVersion: codes.FailedPrecondition,
	} {
		f := fault.New(code, "why")
		s := statusOf(t, f)
		if s.Code() != want || s.Message() != "why" {
			t.Errorf("%s is %v", code, s)
		}
		if _, ok := s.Details()[0].(*pb.ErrorResponse); !ok {
			t.Errorf("%s has the details %v", code, s.Details())
		}
		if inBand := wire.InBand(f.Kind); inBand != (code == fault.CodeVersion) {
			t.Errorf("%s goes in band: %v", code, inBand)
		}
	}
}

// statusOf is the status of a fault as a client puts it together.
func statusOf(t *testing.T, f *fault.Error) *status.Status {
	t.Helper()
	s, details := wire.Status(f, wire.ErrorOptions{})
	whole := new(spb.Status)
	if err := proto.Unmarshal([]byte(details), whole); err != nil {
		t.Fatal(err)
	}
	if codes.Code(whole.GetCode()) != s.Code() || whole.GetMessage() != s.Message() {
		t.Errorf("the details are of %v, the status is %v", whole, s)
	}
	return status.FromProto(whole)
}

func TestRelT11_RetryHintsAreInDetailAndTrailers(t *testing.T) {
	f := fault.New(fault.CodeOverloaded, "full")
	f.RetryAfter = 1500*time.Millisecond + time.Nanosecond
	s := statusOf(t, f)
	info, ok := s.Details()[1].(*errdetails.RetryInfo)
	if !ok || info.GetRetryDelay().AsDuration() != f.RetryAfter {
		t.Errorf("details %v", s.Details())
	}
	if pushback, after, ok := wire.RetryTrailers(fault.New(fault.CodeOverloaded, "full")); ok {
		t.Errorf("trailers without a hint: %s ms, %s s", pushback, after)
	}
	if pushback, after, ok := wire.RetryTrailers(f); !ok || pushback != "1501" || after != "2" {
		t.Errorf("trailers: %q ms, %q s, %v", pushback, after, ok)
	}
	if back := wire.StatusFault(s.Err()); back.Kind != fault.Unavailable || back.Code != fault.CodeOverloaded || back.RetryAfter < f.RetryAfter {
		t.Errorf("it comes back as %+v", back)
	}
}

func TestContextIsJSONWhateverIsInIt(t *testing.T) {
	f := fault.New(fault.CodeNodeFailed, "cut \xc3 in the middle").WithNode("n\xff")
	f.With("nan", math.NaN()).With("nested", map[string]any{"inf": math.Inf(1), "list": []float64{1, math.Inf(-1)}}).
		With("inputs", []map[string]any{{"x": float32(math.Inf(1))}}).With("text", "\xff<&>")
	e := wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"})
	m := contextOf(t, e)
	if m["nan"] != nil || m["nested"].(map[string]any)["inf"] != nil || m["inputs"].([]any)[0].(map[string]any)["x"] != nil {
		t.Errorf("context %v", m)
	}
	if _, err := proto.Marshal(e); err != nil || !utf8.ValidString(e.GetMessage()+e.GetFailingNodeId()+e.GetContext()) {
		t.Errorf("it can't be sent: %v", err)
	}
	f = fault.New(fault.CodeNodeFailed, "x").With("unencodable", func() {})
	f.ID = "id"
	if m := contextOf(t, wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"})); m["request_id"] != "r" || m["error_id"] != "id" {
		t.Errorf("context %v", m)
	}
}

func TestInternalCausesStayInside(t *testing.T) {
	f := fault.From(fmt.Errorf("open /secret/path: %w", errors.New("denied")))
	f.Stack = "trace"
	if e := wire.ErrorToProto(f, wire.ErrorOptions{}); strings.Contains(e.String(), "secret") || e.GetStackTrace() != "" {
		t.Errorf("the client sees %v", e)
	}
	if e := wire.ErrorToProto(f, wire.ErrorOptions{Debug: true}); e.GetStackTrace() != "trace" {
		t.Errorf("in debug the trace is %q", e.GetStackTrace())
	}
}

func TestProblemsAreListedWithTheirPlaces(t *testing.T) {
	problems := []fault.Problem{{Severity: fault.SeverityWarning, Code: fault.CodeIgnored, Message: "no effect"}}
	for i := range 150 {
		problems = append(problems, fault.Problem{
			Code: fault.CodeBadParam, NodeID: "a", Path: fmt.Sprintf("nodes[%d]", i), Message: "bad", Hint: "mend it", Line: 3, Column: 4,
		})
	}
	f := fault.FromProblems(problems).With("cycle", []string{"a", "b", "a"})
	e := wire.ErrorToProto(f, wire.ErrorOptions{})
	list := contextOf(t, e)["problems"].([]any)
	first := list[0].(map[string]any)
	if len(list) != 100 || first["code"] != "bad_parameter" || first["node_id"] != "a" || first["path"] != "nodes[0]" || first["message"] != "bad" ||
		first["line"] != 3.0 || first["column"] != 4.0 || first["hint"] != "mend it" {
		t.Errorf("%d problems, first %v", len(list), first)
	}
	if len(e.GetProblems()) != 100 || e.GetProblems()[0] != "line 3, column 4: bad (mend it)" {
		t.Errorf("%d problems, first %q", len(e.GetProblems()), e.GetProblems()[0])
	}
	back := wire.ErrorFromProto(e)
	if len(back.Problems) != 100 || back.Problems[0] != problems[1] || back.Context["problems"] != nil || back.Context["cycle"] == nil {
		t.Errorf("it comes back with %+v", back.Problems[0])
	}
}

func TestErrorsOfOldServicesAndOfTheStack(t *testing.T) {
	old := wire.ErrorFromProto(&pb.ErrorResponse{ErrorType: pb.ErrorType_ERROR_TYPE_NODE_EXECUTION, Message: "m", Context: "bare prose"})
	if old.Kind != fault.NodeExecution || len(old.Context) != 0 {
		t.Errorf("got %+v", old)
	}
	liar := wire.ErrorFromProto(&pb.ErrorResponse{ErrorType: pb.ErrorType_ERROR_TYPE_VALIDATION, Code: "overloaded"})
	if liar.Kind != fault.Validation {
		t.Errorf("a code that contradicts its type gives the kind %v", liar.Kind)
	}
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{context.Canceled, fault.Canceled}, {context.DeadlineExceeded, fault.DeadlineExceeded}, {status.Error(codes.Unavailable, "gone"), fault.Unavailable},
		{status.Error(codes.Unauthenticated, "who"), fault.Authentication}, {status.Error(codes.DataLoss, "?"), fault.Internal}, {errors.New("x"), fault.Internal},
		{fmt.Errorf("wrapped: %w", fault.New(fault.CodeCycle, "c")), fault.Validation},
	} {
		if got := wire.StatusFault(c.err); got == nil || got.Kind != c.want || got.Message == "" {
			t.Errorf("%v is %+v, want %v", c.err, got, c.want)
		}
	}
	if wire.StatusFault(nil) != nil {
		t.Error("no error is a fault")
	}
}

// TestContextsArePlainlyTheSame: what is rendered without reflection is what the package for JSON would give.
func TestContextsArePlainlyTheSame(t *testing.T) {
	f := fault.New(fault.CodeOverloaded, "full")
	f.Context = map[string]any{
		"request_id": "another", "z": "a\"b\\c\x01\u2028<&>", "bad": "\xff", "yes": true, "no": false, "int": -5, "long": int64(1) << 62, "big": uint64(1<<64 - 1),
		"whole": 3.0, "neg": -1e15, "": "",
	}
	plain := wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"}).GetContext()
	f.With("other", []string{}) // which takes the other way
	general := wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"}).GetContext()
	if want := strings.Replace(general, `"other":[],`, "", 1); plain != want {
		t.Errorf("got %s, want %s", plain, want)
	}
	for _, v := range []any{0.5, 1e300, math.Copysign(0, -1), math.NaN(), nil, []int{1}} {
		f := fault.New(fault.CodeOverloaded, "full").With("v", v)
		m := contextOf(t, wire.ErrorToProto(f, wire.ErrorOptions{RequestID: "r"}))
		if _, ok := m["v"]; !ok {
			t.Errorf("%v is told as %v", v, m)
		}
	}
}

// TestStatusesAreEncodedAsByTheStandardCodec: what is written by hand is what grpc would have written, whatever the fault holds.
func TestStatusesAreEncodedAsByTheStandardCodec(t *testing.T) {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "\"", "\u00e9", "\u2028", "\xff", "\xe2", "\x00", " "}), 0, 8)
	text := rapid.Map(parts, func(parts []string) string { return strings.Join(parts, "") })
	rapid.Check(t, func(t *rapid.T) {
		f := fault.New(rapid.SampledFrom(fault.Codes()).Draw(t, "code"), "%s", text.Draw(t, "message"))
		f.NodeID, f.ID, f.Stack = text.Draw(t, "node"), text.Draw(t, "id"), text.Draw(t, "stack")
		f.RetryAfter = time.Duration(rapid.Int64Range(-1, int64(time.Minute)).Draw(t, "pause"))
		for range rapid.IntRange(0, 2).Draw(t, "problems") {
			f.Problems = append(f.Problems, fault.Problem{Severity: fault.SeverityError, Message: text.Draw(t, "problem")})
		}
		if rapid.Bool().Draw(t, "long") {
			f.With("long", strings.Repeat("x", 5000))
		}
		o := wire.ErrorOptions{RequestID: text.Draw(t, "request"), Debug: rapid.Bool().Draw(t, "debug")}
		s, details := wire.Status(f, o)
		want := &spb.Status{Code: int32(s.Code()), Message: s.Message()}
		messages := []proto.Message{wire.ErrorToProto(f, o)}
		if f.RetryAfter > 0 {
			messages = append(messages, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
		}
		for _, m := range messages {
			packed, err := anypb.New(m)
			if err != nil {
				t.Fatal(err)
			}
			want.Details = append(want.Details, packed)
		}
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if details != string(encoded) {
			t.Fatalf("got %q, want %q", details, encoded)
		}
	})
}

// TestEveryFieldOfAnErrorIsEncoded, also those that the encoder was not told of yet.
func TestEveryFieldOfAnErrorIsEncoded(t *testing.T) {
	e := new(pb.ErrorResponse)
	fields := e.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch value := e.ProtoReflect().NewField(field); {
		case field.IsList():
			value.List().Append(protoreflect.ValueOfString("one"))
			value.List().Append(protoreflect.ValueOfString(""))
			e.ProtoReflect().Set(field, value)
		case field.Kind() == protoreflect.StringKind:
			e.ProtoReflect().Set(field, protoreflect.ValueOfString(string(field.Name())))
		case field.Kind() == protoreflect.EnumKind:
			e.ProtoReflect().Set(field, protoreflect.ValueOfEnum(3))
		case field.Kind() == protoreflect.Int32Kind:
			e.ProtoReflect().Set(field, protoreflect.ValueOfInt32(-7))
		default:
			e.ProtoReflect().Set(field, protoreflect.ValueOfUint64(1<<40))
		}
	}
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.AppendError(nil, e, []byte(e.GetContext())); !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
