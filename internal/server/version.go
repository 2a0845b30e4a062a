package server

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// minimumClient is the oldest client version that is served.
const minimumClient = "v0"

// getVersion tells what the service is, and never fails over a version.
func (s *Server) getVersion(_ context.Context, stream grpc.ServerStream) error {
	var req pb.VersionRequest
	if err := s.receive(stream, &wire.Incoming{Message: &req}); err != nil {
		return err
	}
	response := &pb.VersionResponse{
		VersionInfo: s.version.Load(), MinimumClientVersion: minimumClient, Matrix: matrix(),
		Compatible: version.Compatible(req.GetClientVersion()), CompatibilityMessage: "Compatible",
	}
	if !response.Compatible {
		response.CompatibilityMessage = version.Mismatch("client", req.GetClientVersion())
	}
	return stream.SendMsg(response)
}

func (s *Server) versionInfo() *pb.VersionInfo {
	commit, built := buildInfo()
	settings := s.settings.Load()
	return &pb.VersionInfo{
		ProtocolVersion: version.Protocol, SupportedProtocols: version.Supported(),
		RuntimeVersion: version.Runtime, ServiceVersion: version.Runtime,
		SupportedNodeTypes: s.options.Catalog.Names(),
		Commit:             commit, BuildTimestamp: built.UTC().Format(time.RFC3339),
		Features:      s.features(),
		DefaultLimits: limitsToProto(settings.DefaultLimits), MaxLimits: limitsToProto(settings.MaxLimits),
	}
}

func (s *Server) features() []string {
	out := []string{"execute", "health", gzip.Name}
	if !s.options.NoReflection {
		out = append(out, "reflection")
	}
	return out
}

func matrix() []*pb.CompatibilityEntry {
	var out []*pb.CompatibilityEntry
	for _, e := range version.Matrix() {
		out = append(out, &pb.CompatibilityEntry{ClientRange: e.Client, ServiceRange: e.Service, Compatible: e.Compatible, Note: e.Note})
	}
	return out
}

// checkClient refuses a client of a version that isn't served.
func checkClient(v string) error {
	if version.Compatible(v) {
		return nil
	}
	return fault.New(fault.CodeVersion, "%s", version.Mismatch("client", v)).
		With("requested", v).With("supported", version.Supported()).With("matrix_url", version.MatrixURL)
}

// buildInfo gives the revision that the program was built from and its time; where they aren't known, as in a build outside
// a checkout, no revision and the time of the program's file.
func buildInfo() (commit string, built time.Time) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.time":
				if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
					built = t
				}
			}
		}
	}
	if built.IsZero() {
		built = programTime()
	}
	return commit, built
}

func programTime() time.Time {
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			return info.ModTime()
		}
	}
	return time.Now()
}
