package suite

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Digest tells one build of the service and the echoes from another; "" where one isn't there.
func (f Folder) Digest() string {
	sum := sha256.New()
	for _, name := range []string{serviceProgram, echoProgram} {
		file, err := os.Open(f.path(name))
		if err != nil {
			return ""
		}
		_, err = io.Copy(sum, file)
		file.Close()
		if err != nil {
			return ""
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Files that pin the parts of the peers.
const (
	pythonPins = "bench/peers/python/requirements.txt"
	rustPins   = "bench/peers/rust/Cargo.toml"
)

// Versions tells of what the subjects are made of, as far as they are there.
func (f Folder) Versions() []Version {
	out := []Version{{"go", strings.TrimPrefix(runtime.Version(), "go")}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "google.golang.org/grpc" || d.Path == "google.golang.org/protobuf" {
				out = append(out, Version{d.Path, d.Version})
			}
		}
	}
	if f.Missing(Python) == "" {
		if text, err := exec.Command(f.path(pythonProgram), "--version").Output(); err == nil {
			name, version, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
			out = append(out, Version{name, version})
		}
		out = append(out, pinned(pythonPins, pythonPin, "grpcio", "protobuf", "numpy", "soxr")...)
	}
	if f.Missing(Rust) == "" {
		out = append(out, pinned(rustPins, rustPin, "tonic", "prost", "tokio", "rubato")...)
	}
	return out
}

var (
	pythonPin = regexp.MustCompile(`^([a-zA-Z0-9_-]+)==(\S+)`)
	rustPin   = regexp.MustCompile(`^([a-z0-9_-]+) = .*"=([0-9.]+)"`)
)

// pinned reads the versions of some parts from a file that pins them; a file that isn't there has none.
func pinned(path string, pin *regexp.Regexp, names ...string) []Version {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	return parsePins(file, pin, names)
}

func parsePins(r io.Reader, pin *regexp.Regexp, names []string) (out []Version) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if m := pin.FindStringSubmatch(lines.Text()); m != nil && slices.Contains(names, m[1]) {
			out = append(out, Version{m[1], m[2]})
		}
	}
	return out
}
