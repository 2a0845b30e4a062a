package stress

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// Refusals looks at each refusal: does it say all that the contract wants it to, and how fast was it? Its methods are safe for concurrent use.
type Refusals struct {
	mu      sync.Mutex
	took    []time.Duration
	wrong   map[string]int // what was wrong, and how often
	reasons map[string]int // why, in the word of the label of the metric
}

// Ended takes what ended a call. What isn't a refusal is left to others.
func (r *Refusals) Ended(err error, trailer metadata.MD, took time.Duration) {
	s := status.Convert(err)
	if s.Code() != codes.Unavailable {
		return
	}
	info, detail := details(s)
	why := incomplete(s, info, detail, trailer)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took = append(r.took, took)
	if r.reasons == nil {
		r.wrong, r.reasons = make(map[string]int), make(map[string]int)
	}
	r.reasons[reason(detail)]++
	if why != "" {
		r.wrong[why]++
	}
}

func details(s *status.Status) (info *errdetails.RetryInfo, detail *pb.ErrorResponse) {
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			info = d
		case *pb.ErrorResponse:
			detail = d
		}
	}
	return info, detail
}

// reason is what a refusal gives as its reason. What isn't one of the service, like a connection that broke, gives none.
func reason(detail *pb.ErrorResponse) string {
	var told struct{ Reason string }
	if err := json.Unmarshal([]byte(detail.GetContext()), &told); err != nil || told.Reason == "" {
		return "no reason"
	}
	return told.Reason
}

// incomplete tells what a refusal lacks; "" for nothing.
func incomplete(s *status.Status, info *errdetails.RetryInfo, detail *pb.ErrorResponse, trailer metadata.MD) string {
	pushback := trailer.Get("grpc-retry-pushback-ms")
	switch {
	case info.GetRetryDelay().AsDuration() <= 0:
		return fmt.Sprintf("no RetryInfo (%s)", s.Message())
	case detail.GetErrorType() != pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT:
		return "no ErrorResponse of the type RESOURCE_LIMIT"
	case len(pushback) != 1:
		return "no grpc-retry-pushback-ms"
	}
	if ms, err := strconv.Atoi(pushback[0]); err != nil || ms <= 0 {
		return "grpc-retry-pushback-ms is " + pushback[0]
	}
	return ""
}

// Count is how many there were.
func (r *Refusals) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.took)
}

// Wrong counts those that lacked something, and gives an example.
func (r *Refusals) Wrong() (n int, example string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for why, times := range r.wrong {
		n += times
		example = why
	}
	return n, example
}

// Reasons tells how many were refused for which reason; "" of none.
func (r *Refusals) Reasons() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, why := range slices.Sorted(maps.Keys(r.reasons)) {
		out = append(out, fmt.Sprintf("%s: %d", why, r.reasons[why]))
	}
	return strings.Join(out, ", ")
}

// Quantile is the time that a share q, 0 to 1, of the refusals didn't take longer than; 0 of none.
func (r *Refusals) Quantile(q float64) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return quantile(r.took, q)
}

func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[int(q*float64(len(times)-1))]
}
