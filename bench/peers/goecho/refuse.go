package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// newRefusing makes a server that refuses every call once its headers have come, and reads nothing of its body: what a refusal costs in
// grpc-go at the least.
func newRefusing(options ...grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return status.Error(codes.Unavailable, "no room")
	}))...)
}

// serveMetrics tells at /metrics of an address, as the service does, how much memory was allocated since the process began. It ends with
// the process.
func serveMetrics(address string) (net.Addr, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		// A reader who is gone needs no answer.
		_, _ = fmt.Fprintf(w, "go_memstats_alloc_bytes_total %d\n", m.TotalAlloc)
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }() // ends when the process does
	return l.Addr(), nil
}

// serving is the line that says where a server is, in the service's form where it has metrics.
func serving(address net.Addr, metrics net.Addr) string {
	if metrics == nil {
		return "listening " + address.String()
	}
	line, err := json.Marshal(map[string]string{"message": "serving", "address": address.String(), "admin": metrics.String()})
	if err != nil {
		panic("goecho: three strings can't be encoded: " + err.Error())
	}
	return string(line)
}
