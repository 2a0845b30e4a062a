package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/remotemedia/remotemedia-go/internal/config"
)

// runEnv runs with an environment.
func runEnv(environ []string, stdin io.Reader, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := Run(context.Background(), args, Env{Stdin: stdin, Stdout: &stdout, Stderr: &stderr, Environ: environ})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestT013_ConfigTellsWhereValuesComeFrom(t *testing.T) {
	path := temp(t, "config.yaml", "limits:\n  max_nodes: 7\n  max_connections: 70\nauth:\n  tokens: [{name: me, token: very-secret-token-0123456789}]\n")
	environ := []string{"CONFIG_PATH=" + path, "GRPC_PORT=6001", "REMOTEMEDIA_LIMITS_MAX_NODES=8"}
	o := runEnv(environ, nil, "config", "explain", "--port", "6002", "--set", "limits.max_open_streams=9")
	if o.code != ExitOK {
		t.Fatalf("it exits with %d: %s", o.code, o.stderr)
	}
	for key, want := range map[string][2]string{
		"server.port":             {"6002", "flag --port"},
		"limits.max_nodes":        {"8", "environment REMOTEMEDIA_LIMITS_MAX_NODES"},
		"limits.max_connections":  {"70", path + ":3"},
		"limits.max_open_streams": {"9", "flag --limits.max_open_streams"},
		"limits.max_timeout_ms":   {"30000", "default"},
	} {
		if !strings.Contains(squeeze(o.stdout), key+" "+want[0]+" "+want[1]+"\n") {
			t.Errorf("%s isn't told to be %s of %s", key, want[0], want[1])
		}
	}
	for _, args := range [][]string{{"explain"}, {"explain", "--json"}, {"explain", "auth"}, {"show"}, {"check"}} {
		o := runEnv(environ, nil, append([]string{"config"}, args...)...)
		if o.code != ExitOK || strings.Contains(o.stdout+o.stderr, "very-secret") {
			t.Errorf("config %q exits with %d and prints %s %s", args, o.code, o.stdout, o.stderr)
		}
	}
	if o := runEnv(environ, nil, "config", "explain", "server.port", "--json"); !json.Valid([]byte(o.stdout)) || !strings.Contains(o.stdout, `"environment GRPC_PORT"`) {
		t.Errorf("one key as JSON: %+v", o)
	}
	if o := runEnv(environ, nil, "config", "explain", "no.such.key"); o.code != ExitUsage {
		t.Errorf("a key that doesn't exist: %+v", o)
	}
}

// squeeze makes one space of many.
func squeeze(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return b.String()
}

func TestRS3_ABadConfigurationStopsTheStartWithItsReason(t *testing.T) {
	path := temp(t, "config.yaml", "limits:\n  max_node: 7\n  max_connections: none\n")
	for _, args := range [][]string{{"serve", "--config", path}, {"config", "check", "--config-file", path}, {"config", "show", "--config", path}} {
		o := run(nil, args...)
		if o.code != ExitUsage {
			t.Errorf("%q exits with %d", args, o.code)
		}
		for _, want := range []string{path + ":2", "max_nodes", path + ":3", "max_connections"} {
			if strings.Count(o.stderr, want) != 1 {
				t.Errorf("%q tells %q %d times in %s", args, want, strings.Count(o.stderr, want), o.stderr)
			}
		}
	}
	for _, args := range [][]string{
		{"serve", "--config", "nowhere.yaml"}, {"serve", "--set", "limits.max_nodes"}, {"serve", "--admin", "9090"}, {"serve", "--port", "http"},
		{"serve", "--set", "server.tls.cert_path=nowhere.pem", "--set", "server.tls.key_path=nowhere.key"},
		{"config", "check", "--set", "runtime.node_types=NoSuchNode"},
	} {
		if o := run(nil, args...); o.code != ExitUsage || o.stderr == "" {
			t.Errorf("%q: %+v", args, o)
		}
	}
}

func TestFlagsOfServeAreKeys(t *testing.T) {
	o := succeed(t, "config", "show", "--listen", "127.0.0.1:7001", "--listen", "[::1]:7002", "--admin", ":7003", "--debug", "--default-memory", "1000",
		"--default-timeout", "1500ms", "--max-timeout", "2s", "--max-samples", "99999999", "--max-nodes", "3", "--reject-above-cap", "--no-reflection",
		"--drain-timeout", "7s", "--log-format", "pretty")
	for _, want := range []string{
		"listen: [\"127.0.0.1:7001\", \"[::1]:7002\"]", "host: \"*\"\n    port: 7003", "debug: true", "level: debug", "default_max_memory_bytes: 1000",
		"default_max_timeout_ms: 1500", " max_timeout_ms: 2000", " max_audio_samples: 99999999", "max_nodes: 3", "above_cap: reject", "reflection: false",
		"drain_timeout: 7s", "format: pretty",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("%q isn't in\n%s", want, o.stdout)
		}
	}
	if o := succeed(t, "config", "show", "--admin", "none"); !strings.Contains(o.stdout, "admin:\n    enabled: false") {
		t.Errorf("--admin none gives %s", o.stdout)
	}
}

func TestTheSampleAndTheReferenceArePrinted(t *testing.T) {
	sample := succeed(t, "config", "sample").stdout
	if o := succeed(t, "config", "check", "--config", temp(t, "sample.yaml", sample)); o.stdout != "the configuration is valid\n" || o.stderr != "" {
		t.Errorf("the sample is %+v", o)
	}
	if got := succeed(t, "config", "reference").stdout; got != config.Reference() {
		t.Errorf("the reference is %s", got)
	}
}

func TestTokensThatAreMadeOpenTheService(t *testing.T) {
	var made tokenJSON
	if err := json.Unmarshal([]byte(succeed(t, "token", "new", "--name", "me", "--scopes", "execute,admin", "--json").stdout), &made); err != nil {
		t.Fatal(err)
	}
	o := run(strings.NewReader(made.Token+"\n"), "token", "hash")
	if o.code != ExitOK || strings.TrimSpace(o.stdout) != made.Hash || len(made.Token) < 40 {
		t.Errorf("made %+v, hash %+v", made, o)
	}
	other := succeed(t, "token", "new", "--name", "x").stdout
	if strings.Contains(other, made.Token) {
		t.Error("the same token twice")
	}
	_, entry, _ := strings.Cut(other, "read from it):\n")
	path := temp(t, "config.yaml", "auth:\n  tokens:\n"+entry)
	if o := run(nil, "config", "show", "--config", path); o.code != ExitOK || !strings.Contains(o.stdout, "name: x") {
		t.Errorf("the printed entry isn't one of a configuration: %+v", o)
	}
	for _, bad := range []string{"", "\n", "two words\n", "\x01\n"} {
		if o := run(strings.NewReader(bad), "token", "hash"); o.code != ExitUsage {
			t.Errorf("%q: %+v", bad, o)
		}
	}
	if o := run(nil, "token", "new", "--scopes", "everything"); o.code != ExitUsage {
		t.Errorf("a scope that doesn't exist: %+v", o)
	}
}

// TestRS3_HangupReloads: the signal reaches the service.
func TestRS3_HangupReloads(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	stdout, log := io.Pipe()
	done := make(chan int, 1)
	stopped := false
	go func() {
		done <- Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--admin", "none"}, Env{
			Stdout: log, Stderr: io.Discard, Hangups: func() (<-chan os.Signal, func()) { return signals, func() { stopped = true } },
		})
		log.Close()
	}()
	for lines := json.NewDecoder(stdout); ; {
		var line struct{ Message string }
		if err := lines.Decode(&line); err != nil {
			break
		}
		switch line.Message {
		case "serving":
			signals <- syscall.SIGHUP
		case "configuration reloaded":
			cancel()
		}
	}
	if code := <-done; code != ExitOK || !stopped {
		t.Errorf("exit code %d, signals stopped %v", code, stopped)
	}
	cancel()
}
