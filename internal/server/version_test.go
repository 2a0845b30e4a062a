package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/version"
)

// The spellings seen in the field, and others.
var clientVersions = map[string]bool{
	"": true, "v1": true, "V1": true, " v1 ": true, "test-v1": true, "1.0.0": true, "1.0.0-2": true, "0.9": true, "v1.2.0-20251028": true,
	"client/1.4": true, "v2": false, "2.0.0": false, "2.0.0-1": false, "v99": false, "test-v2": false, "banana": false, "-": false,
}

func TestFR015_GetVersionNeverFails(t *testing.T) {
	r := newRig(t)
	for v, compatible := range clientVersions {
		got := new(pb.VersionResponse)
		if err := r.Invoke(t.Context(), versionPath, &pb.VersionRequest{ClientVersion: v}, got); err != nil {
			t.Errorf("%q: %v", v, err)
			continue
		}
		if got.GetCompatible() != compatible || got.GetVersionInfo() == nil {
			t.Errorf("%q is compatible: %v, want %v", v, got.GetCompatible(), compatible)
		}
		message := got.GetCompatibilityMessage()
		if compatible && message != "Compatible" || !compatible && (!strings.Contains(message, strings.TrimSpace(v)) ||
			!strings.Contains(message, "v1") || !strings.Contains(message, version.MatrixURL)) {
			t.Errorf("%q: message %q", v, message)
		}
	}
}

func TestExecuteNegotiatesTheVersion(t *testing.T) {
	r := newRig(t)
	for v, compatible := range clientVersions {
		req := request(pipeline("a:Pass"), map[string]any{"a": "1"})
		req.ClientVersion = v
		e := r.execute(req).GetError()
		if compatible != (e == nil) || !compatible && e.GetErrorType() != pb.ErrorType_ERROR_TYPE_VERSION_MISMATCH {
			t.Errorf("client %q: %v", v, e)
		}
		req.ClientVersion, req.Manifest.Version = "", v
		e = r.execute(req).GetError()
		if want := compatible && v != ""; want != (e == nil) {
			t.Errorf("manifest %q: %v", v, e)
		}
	}
}

func TestVersionInfoIsComplete(t *testing.T) {
	r := newRig(t)
	got := new(pb.VersionResponse)
	if err := r.Invoke(t.Context(), versionPath, &pb.VersionRequest{}, got); err != nil {
		t.Fatal(err)
	}
	info := got.GetVersionInfo()
	if info.GetProtocolVersion() != "v1" || !slices.Equal(info.GetSupportedProtocols(), []string{"v1"}) ||
		info.GetRuntimeVersion() != version.Runtime || info.GetServiceVersion() != version.Runtime {
		t.Errorf("versions: %v", info)
	}
	if names := info.GetSupportedNodeTypes(); !slices.Equal(names, catalog(t).Names()) || !slices.IsSorted(names) || !slices.Contains(names, "PassAlias") {
		t.Errorf("node types %q", names)
	}
	if built, err := time.Parse(time.RFC3339, info.GetBuildTimestamp()); err != nil || built.Year() < 2020 {
		t.Errorf("built at %q: %v", info.GetBuildTimestamp(), err)
	}
	if l := info.GetDefaultLimits(); l.GetMaxMemoryBytes() != 104_857_600 || l.GetMaxTimeoutMs() != 5000 || l.GetMaxAudioSamples() != 10_485_760 {
		t.Errorf("default limits %v", l)
	}
	if l := info.GetMaxLimits(); l.GetMaxMemoryBytes() != 1_073_741_824 || l.GetMaxTimeoutMs() != 30_000 || l.GetMaxAudioSamples() != 52_428_800 {
		t.Errorf("caps %v", l)
	}
	if len(info.GetFeatures()) == 0 || got.GetMinimumClientVersion() == "" || len(got.GetMatrix()) != len(version.Matrix()) {
		t.Errorf("features %q, minimum %q, matrix %v", info.GetFeatures(), got.GetMinimumClientVersion(), got.GetMatrix())
	}
}
