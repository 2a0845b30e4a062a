package auth

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// badHeaders are ways to present a token that isn't the right one, or the right one in a way that isn't allowed.
func badHeaders() [][]string {
	out := [][]string{nil, {}, {""}, {" "}, {"Bearer"}, {"Bearer "}, {"Bearer  "}}
	for _, value := range []string{
		canary, " " + canary, "Bearer" + canary, "Bearer  " + canary, "Bearer\t" + canary, "Bearer\n" + canary,
		" Bearer " + canary, "Bearer " + canary + " ", "Bearer " + canary + "\n", "Bearer " + canary + "\x00",
		"Bearer " + canary + "\r\nx: y", "Bearer \"" + canary + "\"", "Bearer <" + canary + ">", "Bearer token=" + canary,
		"Bearer: " + canary, "Bearer," + canary, "Bearer " + canary + ", Bearer " + canary, "Bearer " + canary + ",x",
		"Basic " + canary, "Token " + canary, "Digest " + canary, "Negotiate " + canary, "bearertoken " + canary,
		"Bear\u0435r " + canary, "\uFF22earer " + canary, "Bearer\u00a0" + canary, "Bearer \u200b" + canary,
		"Bearer " + canary[:len(canary)-1], "Bearer " + canary + "x", "Bearer x" + canary, "Bearer " + canary[1:],
		"Bearer " + strings.ToUpper(canary), "Bearer " + strings.ToLower(canary), "Bearer " + canary + canary,
		"Bearer " + canary[:8] + strings.Repeat("0", len(canary)-8), "Bearer *", "Bearer null", "Bearer undefined", "Bearer true",
		"Bearer ' OR '1'='1", "Bearer ../../etc/passwd", "Bearer %s%n", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer 0",
		"Bearer " + DigestOf(canary).Text(), "Bearer " + strings.TrimPrefix(DigestOf(canary).Text(), "sha256:"),
		"Bearer " + string(func() []byte { d := DigestOf(canary); return d[:] }()), "Bearer ***", "Bearer " + url(canary),
		"Bearer " + strings.Repeat("a", mostTokenBytes), "Bearer " + strings.Repeat("a", 1<<16), "bearer bearer " + canary,
	} {
		out = append(out, []string{value})
	}
	return append(out, []string{"Bearer " + canary, ""}, []string{"", "Bearer " + canary}, []string{"Bearer x", "Bearer " + canary},
		[]string{"Bearer " + canary, "Bearer " + canary}, []string{"Bearer", canary})
}

func url(s string) string { return strings.ReplaceAll(s, "_", "%5F") }

// methods need a token: those that do, unknown ones, and spellings near those of exempt ones.
var methods = []string{
	executeMethod, "/remotemedia.v1.StreamingPipelineService/StreamPipeline", "/remotemedia.v1.PipelineExecutionService/GetMetrics",
	"/remotemedia.ext.v1.NodeCatalogService/ListNodes", "/unknown.Service/Method",
	"", "/", "//", "remotemedia.v1.PipelineExecutionService/GetVersion", "//remotemedia.v1.PipelineExecutionService/GetVersion",
	"/remotemedia.v1.PipelineExecutionService//GetVersion", "/remotemedia.v1.PipelineExecutionService/GetVersion/",
	"/remotemedia.v1.PipelineExecutionService/getversion", "/remotemedia.v1.PipelineExecutionService/GetVersion ",
	"/remotemedia.v1.PipelineExecutionService/GetVersion\x00", "/remotemedia.v1.PipelineExecutionService/GetVersion?x",
	"/remotemedia.v1.PipelineExecutionService/GetVersion/../ExecutePipeline", "/remotemedia.v1.PipelineExecutionService/%47etVersion",
	"grpc.health.v1.Health/Check", "/grpc.health.v1.Health/", "/grpc.health.v1.Health", "/grpc.health.v1.Health/../remotemedia.v1.PipelineExecutionService/ExecutePipeline",
	"/grpc.health.v1.Health/Check/x", "/grpc.health.v1.HealthX/Check", "/GRPC.health.v1.Health/Check", "/x/grpc.health.v1.Health/Check",
}

func TestRow25_WaysRoundAuthentication(t *testing.T) {
	if n := len(badHeaders()); n < 60 {
		t.Fatalf("only %d ways", n)
	}
	var log bytes.Buffer
	g := newGuard(t, newStore(t, spec("a", canary), spec("b", "another-token")), &log)
	for _, method := range methods {
		for i, header := range badHeaders() {
			p, err := g.Authenticate(Call{Header: header, Method: method, Peer: "127.0.0.1:1"})
			if err == nil || p != nil {
				t.Errorf("%q with header %d, %.80q, was let in", method, i, header)
				continue
			}
			if said := fmt.Sprintf("%v %+v %#v", err, err.Context, err.Problems); strings.Contains(said, "cAnArY") {
				t.Errorf("header %d: the error tells the token: %s", i, said)
			}
		}
		if _, err := g.Authenticate(Call{Header: with(canary), Method: method}); err != nil {
			t.Errorf("the right header doesn't get into %q: %v", method, err)
		}
	}
	for _, method := range []string{"/remotemedia.v1.PipelineExecutionService/GetVersion", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"} {
		if _, err := g.Authenticate(Call{Method: method}); err != nil {
			t.Errorf("%s isn't exempt: %v", method, err)
		}
	}
	if strings.Contains(log.String(), "cAnArY") || log.Len() == 0 {
		t.Error("the log tells the token, or nothing")
	}
}

// TestLookupDoesNotFollowThePrefix checks the construction: the keys that are compared have no relation to how much of a
// token, or of its digest, is right.
func TestLookupDoesNotFollowThePrefix(t *testing.T) {
	s, other := newStore(t, spec("a", canary)), newStore(t, spec("a", canary))
	if s.key(DigestOf(canary)) == other.key(DigestOf(canary)) {
		t.Error("two stores have the same salt")
	}
	right := DigestOf(canary)
	alike := 0
	for i := range right { // digests that agree in all but one byte
		near := right
		near[i] ^= 1
		if a, b := s.key(right), s.key(near); a[0] == b[0] {
			alike++
		}
	}
	if alike > 5 { // each has one chance in 256: more than 5 of 32 come once in 10^8
		t.Errorf("%d of %d near digests have keys that begin alike", alike, len(right))
	}
}

// TestRow26_Timing compares the time of refusals of tokens with a right prefix with that of random ones (Welch's t). It
// measures wall-clock time, so it runs on request and on a quiet machine only.
func TestRow26_Timing(t *testing.T) {
	if os.Getenv("REMOTEMEDIA_TIMING_TESTS") == "" {
		t.Skip("a measurement of time; set REMOTEMEDIA_TIMING_TESTS=1 on a quiet machine")
	}
	s := newStore(t, spec("a", canary))
	near := with(canary[:len(canary)-1] + "x")
	far := with("x" + strings.Repeat("q", len(canary)-1))
	var samples [2][]float64
	for i := range 40_000 {
		which := i & 1
		header := [2][]string{near, far}[which]
		start := time.Now()
		for range 8 {
			_, _ = s.Authenticate(header, Execute)
		}
		samples[which] = append(samples[which], float64(time.Since(start)))
	}
	if got := math.Abs(welch(trimmed(samples[0]), trimmed(samples[1]))); got >= 4.5 {
		t.Errorf("Welch's t is %.2f, want < 4.5", got)
	} else {
		t.Logf("Welch's t is %.2f", got)
	}
}

// trimmed leaves out interruptions: everything above three times the median of the lowest half.
func trimmed(x []float64) []float64 {
	least := math.Inf(1)
	for _, v := range x {
		least = min(least, v)
	}
	out := x[:0:0]
	for _, v := range x {
		if v < 3*least {
			out = append(out, v)
		}
	}
	return out
}

func welch(a, b []float64) float64 {
	ma, va := moments(a)
	mb, vb := moments(b)
	return (ma - mb) / math.Sqrt(va/float64(len(a))+vb/float64(len(b)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

func FuzzBearer(f *testing.F) {
	for _, header := range badHeaders() {
		if len(header) == 1 {
			f.Add(header[0])
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := bearer([]string{header})
		if err != nil {
			return
		}
		if len(header) != len("Bearer ")+len(token) || !strings.EqualFold(header[:7], "bearer ") || strings.ContainsAny(token, " \t\r\n\x00") {
			t.Errorf("%q gives %q", header, token)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	s, err := NewStore([]Spec{spec("a", canary)})
	if err != nil {
		b.Fatal(err)
	}
	for name, header := range map[string][]string{"right": with(canary), "near": with(canary[:20] + "xxxxxxx"), "far": with("xxxxxxxxxxxxxxxxxxxxxxxxxxx")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Authenticate(header, Execute)
			}
		})
	}
}
