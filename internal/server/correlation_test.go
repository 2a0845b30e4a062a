package server_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRequestIdComesFromTheClientOrIsMade(t *testing.T) {
	r := newRig(t)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for name, c := range map[string]struct {
		headers []string
		body    string
		want    string // "" for one that is made
	}{
		"none":           {nil, "", ""},
		"x-request-id":   {[]string{"x-request-id", "abc", "x-correlation-id", "def"}, "body", "abc"},
		"x-correlation":  {[]string{"x-correlation-id", "def"}, "", "def"},
		"traceparent":    {[]string{"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}, "", trace},
		"no traceparent": {[]string{"traceparent", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01"}, "", ""},
		"unusable body":  {nil, "two\nlines", ""},
		"body":           {nil, "body-1", "body-1"},
		"too long":       {[]string{"x-request-id", strings.Repeat("x", 129)}, "", ""},
		"spaces":         {[]string{"x-request-id", "a b"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
			req.RequestId = c.body
			a := r.execute(req, c.headers...)
			id := a.GetResult().GetRequestId()
			if c.want != "" && id != c.want || c.want == "" && !uuidV4.MatchString(id) {
				t.Errorf("id %q, want %q", id, c.want)
			}
			if got := a.header.Get("x-request-id"); !slices.Equal(got, []string{id}) {
				t.Errorf("header %q, want %q", got, id)
			}
			if len(r.logs.lines(t, id)) != 1 {
				t.Errorf("%d log lines for %s, want 1", len(r.logs.lines(t, id)), id)
			}
		})
	}
}

func TestEveryAnswerIsLoggedOnceAndHasItsTrailers(t *testing.T) {
	r := newRig(t)
	req := request(pipeline("a:Warn", "b:Pass"), map[string]any{"a": "1", "b": "2"})
	req.Labels = map[string]string{"team": "audio"}
	good := r.execute(req, "x-request-id", "good")
	line := r.logs.lines(t, "good")[0]
	if line["method"] != strings.TrimPrefix(executePath, "/") || line["status"] != "OK" || line["nodes"] != 2.0 || line["warnings"] != 1.0 ||
		line["pipeline"] != "test" || line["client"] == "" || line["msg"] != "call" || line["level"] != "INFO" || line["wall_time_ms"].(float64) <= 0 {
		t.Errorf("logged %v", line)
	}
	if labels, _ := line["labels"].(map[string]any); labels["team"] != "audio" {
		t.Errorf("labels %v", line["labels"])
	}
	if good.trailer.Get("x-remotemedia-error-type") != nil || !slices.Equal(good.trailer.Get("x-remotemedia-protocol"), []string{"v1"}) {
		t.Errorf("trailers %v", good.trailer)
	}
	bad := r.execute(request(pipeline("a:Fail"), map[string]any{"a": "1"}), "x-request-id", "bad")
	line = r.logs.lines(t, "bad")[0]
	if line["status"] != "OK" || line["level"] != "WARN" || line["error_type"] != "ERROR_TYPE_NODE_EXECUTION" || line["code"] != "node_failed" ||
		line["node_id"] != "a" || !strings.Contains(line["error"].(string), "the disk is on fire") {
		t.Errorf("logged %v", line)
	}
	if !slices.Equal(bad.trailer.Get("x-remotemedia-error-type"), []string{"ERROR_TYPE_NODE_EXECUTION"}) || !slices.Equal(bad.header.Get("x-request-id"), []string{"bad"}) {
		t.Errorf("header %v, trailers %v", bad.header, bad.trailer)
	}
	var context map[string]any
	if err := json.Unmarshal([]byte(bad.GetError().GetContext()), &context); err != nil || context["request_id"] != "bad" {
		t.Errorf("context %s: %v", bad.GetError().GetContext(), err)
	}
}

// A call that ends with a status and no message is trailers only: clients retry nothing else.
func TestRelT11_StatusesCarryNoHeader(t *testing.T) {
	r := newRig(t)
	var header, trailer metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "refused")
	err := r.Invoke(ctx, "/remotemedia.v1.Nothing/Nowhere", &pb.MetricsRequest{}, new(pb.MetricsResponse), grpc.Header(&header), grpc.Trailer(&trailer))
	if status.Code(err) != codes.Unimplemented || !strings.Contains(status.Convert(err).Message(), "Nowhere") {
		t.Errorf("got %v", err)
	}
	if len(header.Get("x-request-id")) != 0 {
		t.Errorf("header %v", header)
	}
	if !slices.Equal(trailer.Get("x-request-id"), []string{"refused"}) || !slices.Equal(trailer.Get("x-remotemedia-protocol"), []string{"v1"}) ||
		len(trailer.Get("x-remotemedia-error-type")) != 1 {
		t.Errorf("trailers %v", trailer)
	}
}

// A method's name is what a caller makes of it, and of no bounded length.
func TestLongMethodsAreCutInTheLog(t *testing.T) {
	r := newRig(t)
	method := "/made.up/" + strings.Repeat("M", 5000)
	err := r.Invoke(metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "long-method"), method, &pb.VersionRequest{}, &pb.VersionResponse{})
	if status.Code(err) != codes.Unimplemented {
		t.Fatalf("status %v", err)
	}
	lines := r.logs.lines(t, "long-method")
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	if got, _ := lines[0]["method"].(string); len(got) > 100 || !strings.HasPrefix(got, "made.up/MMM") {
		t.Errorf("the method takes %d bytes: %.100q", len(got), got)
	}
}
