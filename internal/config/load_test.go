package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestT013_Precedence(t *testing.T) {
	const file = "limits:\n  max_nodes: 1\n"
	sources := func(args map[string]string, environ ...string) Sources {
		s := fileSources(file, environ...)
		s.Args = args
		return s
	}
	for name, tc := range map[string]struct {
		sources Sources
		want    int
		origin  string
	}{
		"default":     {Sources{}, 256, "default"},
		"file":        {sources(nil), 1, "config.yaml:2"},
		"environment": {sources(nil, "REMOTEMEDIA_LIMITS_MAX_NODES=2"), 2, "environment REMOTEMEDIA_LIMITS_MAX_NODES"},
		"flag":        {sources(map[string]string{"limits.max_nodes": "3"}, "REMOTEMEDIA_LIMITS_MAX_NODES=2"), 3, "flag --limits.max_nodes"},
		"empty":       {sources(nil, "REMOTEMEDIA_LIMITS_MAX_NODES= "), 1, "config.yaml:2"},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustLoad(t, tc.sources)
			if c.Limits.MaxNodes != tc.want || c.Origin("limits.max_nodes").String() != tc.origin {
				t.Errorf("%d from %s, want %d from %s", c.Limits.MaxNodes, c.Origin("limits.max_nodes"), tc.want, tc.origin)
			}
		})
	}
}

func TestFileByEnvironment(t *testing.T) {
	s := fileSources("server: {port: 7}")
	s.File = ""
	for _, name := range []string{"CONFIG_PATH", "REMOTEMEDIA_CONFIG", "REMOTEMEDIA_CONFIG_PATH"} {
		s.Environ = []string{name + "=config.yaml"}
		if c := mustLoad(t, s); c.Server.Port != 7 || !reflect.DeepEqual(c.Files(), []string{"config.yaml"}) {
			t.Errorf("%s: port %d, files %v", name, c.Server.Port, c.Files())
		}
	}
	s.File, s.Environ = "other.yaml", []string{"CONFIG_PATH=config.yaml"}
	if _, _, err := Load(s); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the flag's file doesn't win: %v", err)
	}
}

func TestEverySpellingOfTheEnvironment(t *testing.T) {
	value := func(c *Config, key string) any { return c.at(key).Interface() }
	for entry, want := range map[string]struct {
		key   string
		value any
	}{
		"REMOTEMEDIA_SERVER_PORT=6000":                   {"server.port", 6000},
		"REMOTEMEDIA_OBSERVABILITY_METRICS_PORT=6001":    {"server.admin.port", 6001},
		"REMOTEMEDIA_AUTH_EXEMPT=/a.B/C, /d.E/*":         {"auth.exempt", []string{"/a.B/C", "/d.E/*"}},
		"REMOTEMEDIA_STREAM_QUEUE_BYTES=1MiB":            {"stream.queue_bytes", Bytes(1 << 20)},
		"REMOTEMEDIA_SERVER_LISTEN=[\"*:1\", \"::1:2\"]": {"server.listen", nil},
		"GRPC_BIND_ADDRESS=[::1]:50052":                  {"server.host", "::1"},
		"GRPC_BIND_ADDRESS=0.0.0.0:50052":                {"server.port", 50052},
		"GRPC_BIND_ADDRESS=:50053":                       {"server.host", "*"},
		"GRPC_HOST=0.0.0.0":                              {"server.host", "0.0.0.0"},
		"GRPC_PORT=50054":                                {"server.port", 50054},
		"SERVER_PORT=50055":                              {"server.port", 50055},
		"GRPC_MAX_MEMORY_MB=200":                         {"limits.default_max_memory_bytes", Bytes(200_000_000)},
		"GRPC_MAX_TIMEOUT_SEC=7":                         {"limits.default_max_timeout_ms", uint64(7000)},
		"MAX_MEMORY_BYTES=12345678":                      {"limits.default_max_memory_bytes", Bytes(12345678)},
		"MAX_TIMEOUT_MS=1234":                            {"limits.default_max_timeout_ms", uint64(1234)},
		"MAX_CONCURRENT_EXECUTIONS=9":                    {"limits.max_concurrent_executions", 9},
		"GRPC_JSON_LOGGING=false":                        {"observability.logging.format", "pretty"},
		"GRPC_JSON_LOGGING=true":                         {"observability.logging.format", "json"},
		"LOG_FORMAT=text":                                {"observability.logging.format", "pretty"},
		"LOG_FORMAT=json":                                {"observability.logging.format", "json"},
		"LOG_LEVEL=WARNING":                              {"observability.logging.level", "warn"},
		"RUST_LOG=warn,remotemedia_grpc=trace":           {"observability.logging.level", "debug"},
		"RUST_LOG=error":                                 {"observability.logging.level", "error"},
		"RUST_LOG=hyper=debug":                           {"observability.logging.level", "info"},
		"GRPC_MAX_CONNECTIONS=5":                         {"limits.max_connections", 5},
		"GRPC_CONNECTION_KEEPALIVE_SEC=61":               {"server.keepalive.tcp_interval", 61 * time.Second},
		"GRPC_MAX_REQUESTS_PER_CONN=100":                 {"server.connection.max_calls", 100},
		"GRPC_REQUEST_QUEUE_SIZE=6":                      {"admission.queue_size", 6},
		"GRPC_ENABLE_LOAD_SHEDDING=false":                {"admission.load_shedding.enabled", false},
		"GRPC_CPU_THRESHOLD_PERCENT=55":                  {"admission.load_shedding.cpu_percent", 55.0},
		"GRPC_MEMORY_THRESHOLD_PERCENT=56":               {"admission.load_shedding.memory_percent", 56.0},
		"GRPC_TLS_ENABLED=false":                         {"server.tls.enabled", Off},
		"AUTH_ENABLED=false":                             {"auth.enabled", Off},
		"GRPC_REQUIRE_AUTH=false":                        {"auth.enabled", Auto},
	} {
		t.Run(entry, func(t *testing.T) {
			c, _, err := Load(Sources{Environ: []string{entry}})
			if want.value == nil {
				if err == nil {
					t.Errorf("loaded, want an error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := value(c, want.key); !reflect.DeepEqual(got, want.value) {
				t.Errorf("%s is %v, want %v", want.key, got, want.value)
			}
		})
	}
}

func TestTLSAndTokensByEnvironment(t *testing.T) {
	c := mustLoad(t, Sources{Environ: []string{
		"GRPC_TLS_CERT=c.pem", "GRPC_TLS_KEY=k.pem", "GRPC_AUTH_TOKENS=one, two", "GRPC_REQUIRE_AUTH=true",
	}})
	if !c.Server.TLS.On() || !c.Auth.On() || len(c.Auth.Tokens) != 2 {
		t.Fatalf("TLS %v, auth %v, %d tokens", c.Server.TLS.On(), c.Auth.On(), len(c.Auth.Tokens))
	}
	second := c.Auth.Tokens[1]
	if second.Hash != hashOf("two") || second.Token != "" || second.Name != "token-2" || second.Tenant != "token-2" || len(second.Scopes) != 3 {
		t.Errorf("second token: %+v", second)
	}
	for _, environ := range []string{"AUTH_TOKENS=three", "GRPC_AUTH_TOKENS=three"} {
		if c := mustLoad(t, Sources{Environ: []string{environ}}); c.Auth.Tokens[0].Hash != hashOf("three") {
			t.Errorf("%s wasn't read", environ)
		}
	}
	if c := mustLoad(t, Sources{Args: map[string]string{"auth-keys": "four"}, Environ: []string{"AUTH_TOKENS=three"}}); len(c.Auth.Tokens) != 1 || c.Auth.Tokens[0].Hash != hashOf("four") {
		t.Error("the flag's tokens don't win")
	}
	inline := mustLoad(t, Sources{Environ: []string{`REMOTEMEDIA_AUTH_TOKENS=[{name: ops, token: five, scopes: [admin], rate_per_second: 2.5}, six]`}})
	if got := inline.Auth.Tokens; len(got) != 2 || got[0].Name != "ops" || got[0].RatePerSecond != 2.5 || got[1].Hash != hashOf("six") {
		t.Errorf("inline tokens: %+v", got)
	}
}

func TestTokensFile(t *testing.T) {
	files := map[string]string{
		"config.yaml": "auth:\n  tokens_file: tokens\n  tokens: [first]\n",
		"tokens":      "# comment\n\n  second \nsha256:" + strings.Repeat("AB", 32) + "\n",
		"tokens.yaml": "- {name: a, token: third}\n- fourth\n",
		"broken.yaml": "- {name: a, tokn: third}\n",
		"spaces":      "fine\nnot fine\n",
	}
	load := func(environ ...string) (*Config, error) {
		c, _, err := Load(Sources{File: "config.yaml", Environ: environ, ReadFile: func(name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, os.ErrNotExist
			}
			return []byte(text), nil
		}})
		return c, err
	}
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Auth.Tokens; len(got) != 3 || got[1].Hash != hashOf("second") || got[2].Hash != Secret("sha256:"+strings.Repeat("ab", 32)) {
		t.Errorf("tokens %+v", got)
	}
	if at := c.Origin("auth.tokens[1].name"); at.String() != "tokens:3" {
		t.Errorf("the second token is from %s", at)
	}
	if c, err = load("AUTH_TOKENS_FILE=tokens.yaml"); err != nil || len(c.Auth.Tokens) != 3 || c.Auth.Tokens[1].Name != "a" {
		t.Errorf("YAML tokens: %v", err)
	}
	if _, err = load("AUTH_TOKENS_FILE=broken.yaml"); err == nil || !strings.Contains(err.Error(), "broken.yaml:1:13: unknown key auth.tokens[0].tokn (did you mean token?)") {
		t.Errorf("broken tokens: %v", err)
	}
	if _, err = load("AUTH_TOKENS_FILE=spaces"); err == nil || !strings.Contains(err.Error(), "spaces:2: auth.tokens[2].token: it can't be sent") {
		t.Errorf("a token with a space: %v", err)
	}
	files["empty"] = "# none\n"
	files["config.yaml"] = "{}"
	if _, err = load("AUTH_TOKENS_FILE=empty"); err == nil || !strings.Contains(err.Error(), "no token is configured") {
		t.Errorf("an empty tokens file opens the service: %v", err)
	}
	if _, err = load("AUTH_TOKENS_FILE=absent"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "environment AUTH_TOKENS_FILE") {
		t.Errorf("absent tokens: %v", err)
	}
}

// A list of a higher layer takes the place of the whole list below, and so do the places that its elements came from.
func TestOriginsOfAListThatIsReplaced(t *testing.T) {
	s := fileSources("auth:\n  tokens:\n  - first\n  - second\n")
	c, _, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	if at := c.Origin("auth.tokens[1].name").String(); at != "config.yaml:4" {
		t.Errorf("the second token of the file is from %s", at)
	}
	s.Environ = []string{"AUTH_TOKENS=third,fourth"}
	if c, _, err = Load(s); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"auth.tokens", "auth.tokens[0].name", "auth.tokens[1].name"} {
		if at := c.Origin(key).String(); at != "environment AUTH_TOKENS" {
			t.Errorf("%s is from %s", key, at)
		}
	}
}

func TestDefaultRaisesTheCap(t *testing.T) {
	c, warnings, err := Load(Sources{Environ: []string{"GRPC_MAX_MEMORY_MB=2000", "MAX_TIMEOUT_MS=60000"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.MaxMemoryBytes != 2_000_000_000 || c.Limits.MaxTimeoutMs != 60_000 || countCode(warnings, WarnRaised) != 2 {
		t.Errorf("caps %d, %d, warnings %v", c.Limits.MaxMemoryBytes, c.Limits.MaxTimeoutMs, warnings)
	}
	if from := c.Origin("limits.max_timeout_ms"); from.Name != "MAX_TIMEOUT_MS" {
		t.Errorf("the raised cap is from %s", from)
	}
	c = mustLoad(t, Sources{Environ: []string{"MAX_TIMEOUT_MS=10000"}})
	if c.Limits.MaxTimeoutMs != 30_000 {
		t.Errorf("a cap was lowered to %d", c.Limits.MaxTimeoutMs)
	}
	_, _, err = Load(Sources{Environ: []string{"MAX_TIMEOUT_MS=60000", "REMOTEMEDIA_LIMITS_MAX_TIMEOUT_MS=40000"}})
	if err == nil || !strings.Contains(err.Error(), "environment MAX_TIMEOUT_MS: limits.default_max_timeout_ms: the default 60000 is above the cap 40000") {
		t.Errorf("a cap that is given too: %v", err)
	}
	_, _, err = Load(Sources{Environ: []string{"REMOTEMEDIA_LIMITS_DEFAULT_MAX_TIMEOUT_MS=60000"}})
	if err == nil {
		t.Error("the regular name raises the cap")
	}
}

func TestConflictsAndStrangersWarn(t *testing.T) {
	for _, tc := range []struct{ code, environ, want string }{
		{WarnConflict, "GRPC_PORT=1|REMOTEMEDIA_SERVER_PORT=2", "GRPC_PORT is overridden by REMOTEMEDIA_SERVER_PORT, which says something else"},
		{WarnConflict, "SERVER_PORT=1|GRPC_PORT=2", "SERVER_PORT is overridden by GRPC_PORT"},
		{WarnConflict, "GRPC_BIND_ADDRESS=:1|GRPC_PORT=2", "GRPC_PORT is overridden by GRPC_BIND_ADDRESS"},
		{"", "GRPC_PORT=2|SERVER_PORT=2", ""},
		{"", "REMOTEMEDIA_SERVER_TLS_ENABLED=0|GRPC_TLS_ENABLED=false", ""},
		{"", "GRPC_MAX_TIMEOUT_SEC=2|MAX_TIMEOUT_MS=2000", ""},
		{WarnIgnored, "GRPC_WORKER_THREADS=4", "GRPC_WORKER_THREADS is ignored"},
		{WarnIgnored, "GRPC_PORT=tcp://10.0.0.1:50051", "service link of Kubernetes"},
		{"", "REMOTEMEDIA_SERVICE_HOST=10.0.0.1|REMOTEMEDIA_PORT=tcp://10.0.0.1:1|REMOTEMEDIA_PORT_1_TCP_ADDR=10.0.0.1", ""},
		{WarnUnknown, "REMOTEMEDIA_SERVER_PROT=1", "REMOTEMEDIA_SERVER_PROT isn't a known variable and is ignored (did you mean REMOTEMEDIA_SERVER_PORT?)"},
		{WarnUnknown, "GRPC_MAX_MEMRY_MB=1", "did you mean GRPC_MAX_MEMORY_MB?"},
		{"", "GRPC_GO_LOG_SEVERITY_LEVEL=info|GRPC_SERVER_ADDR=x", ""},
		{WarnWeak, "AUTH_TOKENS=short", "auth.tokens[0] (token-1) is short enough to be guessed"},
		{WarnInsecure, "GRPC_HOST=0.0.0.0", "in plain text"},
		{WarnInsecure, "GRPC_HOST=0.0.0.0", "to everybody"},
		{WarnAuthOff, "AUTH_TOKENS=" + strings.Repeat("x", 30) + "|AUTH_ENABLED=false", "anybody may call"},
		{"", "GRPC_HOST=127.0.0.1", ""},
	} {
		t.Run(tc.environ, func(t *testing.T) {
			_, warnings, err := Load(Sources{Environ: strings.Split(tc.environ, "|")})
			if err != nil {
				t.Fatal(err)
			}
			if tc.code == "" && len(warnings) > 0 || tc.code != "" && !strings.Contains(fmt.Sprint(warnings), tc.want) {
				t.Errorf("warnings %q, want %q", warnings, tc.want)
			}
			if tc.code != "" && countCode(warnings, tc.code) == 0 {
				t.Errorf("warnings %+v, want one with code %s", warnings, tc.code)
			}
		})
	}
}

func countCode(warnings []Warning, code string) int {
	n := 0
	for _, w := range warnings {
		if w.Code == code {
			n++
		}
	}
	return n
}

func TestHigherHostOrPortReplacesListen(t *testing.T) {
	s := fileSources("server:\n  listen: ['*:1', '[::1]:2']\n")
	if got := mustLoad(t, s).Server.Addresses(); !reflect.DeepEqual(got, []string{":1", "[::1]:2"}) {
		t.Errorf("addresses %v", got)
	}
	s.Args = map[string]string{"port": "3"}
	c, warnings, err := Load(s)
	if err != nil || !reflect.DeepEqual(c.Server.Addresses(), []string{"127.0.0.1:3", "[::1]:3"}) || countCode(warnings, WarnIgnored) != 1 {
		t.Errorf("addresses %v, warnings %v, %v", c.Server.Addresses(), warnings, err)
	}
}

func TestErrorsTellPlaceAndHint(t *testing.T) {
	for _, tc := range []struct{ name, file, want string }{
		{"unknown key", "server:\n  prt: 1\n", "config.yaml:2:3: unknown key server.prt (did you mean port?)"},
		{"elsewhere", "port: 1\n", "config.yaml:1:1: unknown key port"},
		{"elsewhere unique", "max_nodes: 1\n", "unknown key max_nodes (did you mean limits.max_nodes?)"},
		{"no idea", "server:\n  tls: {zzzz: 1}\n", "config.yaml:2:9: unknown key server.tls.zzzz (server.tls may have: enabled, cert_path"},
		{"type", "server:\n  port: many\n", "config.yaml:2:9: server.port: expected a whole number"},
		{"range", "server:\n  port: 70000\n", "config.yaml:2:9: server.port: expected 65535 or less"},
		{"duration", "stream:\n  idle_timeout: 30\n", "config.yaml:2:17: stream.idle_timeout: expected a duration with its unit"},
		{"choice", "limits: {above_cap: rejct}\n", "config.yaml:1:21: limits.above_cap: expected one of clamp, reject; did you mean reject?"},
		{"mapping", "server: 5\n", "config.yaml:1:9: server: expected keys and values"},
		{"sequence", "limits:\n  max_nodes: [1]\n", "config.yaml:2:14: limits.max_nodes: expected one value"},
		{"not a list", "auth:\n  tokens: {a: b}\n", "config.yaml:2:11: auth.tokens: expected a list"},
		{"syntax", "server:\n\tport: 1\n", "config.yaml:2:1: invalid YAML"},
		{"twice", "server: {port: 1}\nserver: {host: x}\n", "config.yaml:2:1: invalid YAML"},
		{"twice by spelling", "server: {admin: {port: 1}}\nobservability: {metrics: {port: 2}}\n", "config.yaml:2:27: server.admin.port is given twice"},
		{"two documents", "server: {}\n---\nserver: {}\n", "more than one document"},
		{"rule", "auth:\n  enabled: true\n", "config.yaml:2:3: auth.enabled: authentication is required but no token is configured"},
		{"cert without key", "server: {tls: {cert_path: x}}\n", "server.tls.key_path: TLS needs the certificate's key"},
		{"tls without cert", "server: {tls: {enabled: true}}\n", "server.tls.cert_path: TLS needs a certificate"},
		{"bad hash", "auth:\n  tokens:\n  - name: a\n    hash: sha256:12\n", "config.yaml:4:5: auth.tokens[0].hash: it isn't sha256: and 64 hexadecimal digits"},
		{"no token", "auth:\n  tokens:\n  - name: a\n", "config.yaml:3:5: auth.tokens[0].hash: the entry has neither token nor hash"},
		{"same name", "auth: {tokens: [{name: a, token: x}, {name: a, token: y}]}\n", "auth.tokens[1].name: auth.tokens[0] has the same name"},
		{"same token", "auth: {tokens: [x, {name: b, token: x}]}\n", "auth.tokens[1]: auth.tokens[0] has the same token"},
		{"bad scope", "auth: {tokens: [{token: x, scopes: [exec]}]}\n", "auth.tokens[0].scopes: expected one of execute, stream, metrics, admin"},
		{"unprintable token", "auth: {tokens: ['a b']}\n", "auth.tokens[0].token: it can't be sent in a header"},
		{"exempt", "auth: {exempt: [GetVersion]}\n", `auth.exempt[0]: "GetVersion" isn't a full method name`},
		{"same port", "server: {port: 9090}\n", "server.admin.port: the admin port is the gRPC port"},
		{"address", "server: {listen: [nowhere]}\n", `server.listen[0]: "nowhere" isn't an address`},
		{"hysteresis", "admission: {load_shedding: {cpu_percent: 5}}\n", "admission.load_shedding.recovery_percent: 10 points below the threshold 5 is never reached"},
		{"node type", "limits: {max_nodes: 2, node_types: {VAD: {max_per_pipeline: 3}}}\n", "limits.node_types.VAD.max_per_pipeline: 3 is above limits.max_nodes, 2"},
		{"merge key", "server: {<<: {port: 1}}\n", "merge keys aren't supported"},
		{"alias", "server: {host: *x}\n", "config.yaml:1:"},
		{"path in use", "observability: {metrics: {path: /drain}}\n", "observability.metrics.path: the admin port has something else at /drain"},
		{"path of profiles", "observability: {metrics: {path: /debug/pprof/x}}\n", "observability.metrics.path: the admin port has something else"},
		{"path pattern", "observability: {metrics: {path: '/{x}'}}\n", "observability.metrics.path: \"/{x}\" isn't a path"},
		{"metrics path", "observability: {metrics: {path: metrics}}\n", `observability.metrics.path: "metrics" isn't a path`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := Load(fileSources(tc.file))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want it to have %q", err, tc.want)
			}
		})
	}
}

func TestAllProblemsAreToldTogether(t *testing.T) {
	s := fileSources("server:\n  prot: 1\n  debug: maybe\n", "GRPC_PORT=x", "GRPC_MAX_MEMORY_MB=99999999999999999999")
	s.Args = map[string]string{"limits.max_node": "1", "log-level": "loud"}
	_, _, err := Load(s)
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Problems) != 6 || f.Kind != fault.Validation {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{
		"config.yaml:2:3: unknown key server.prot", "config.yaml:3:10: server.debug: expected true or false",
		"environment GRPC_PORT: server.port is invalid: expected a whole number", "environment GRPC_MAX_MEMORY_MB: ",
		"flag --limits.max_node: unknown key limits.max_node (did you mean limits.max_nodes?)",
		"flag --log-level: observability.logging.level is invalid: expected one of debug",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}

func TestRS4_NodeTypeLimits(t *testing.T) {
	c := mustLoad(t, fileSources("limits:\n  max_nodes: 20\n  node_types:\n    VAD: {max_timeout_ms: 50, max_memory_bytes: 10MB}\nruntime: {node_types: [VAD, Echo]}\n"))
	want := map[string]NodeLimits{"VAD": {MaxTimeoutMs: 50, MaxMemoryBytes: 10_000_000}}
	if c.Limits.MaxNodes != 20 || !reflect.DeepEqual(c.Limits.NodeTypes, want) || !reflect.DeepEqual(c.Runtime.NodeTypes, []string{"VAD", "Echo"}) {
		t.Errorf("limits %+v, runtime %+v", c.Limits, c.Runtime)
	}
	if at := c.Origin("limits.node_types.VAD.max_timeout_ms"); at.String() != "config.yaml:4" {
		t.Errorf("origin %s", at)
	}
}

func TestListsAreReplacedNotMixed(t *testing.T) {
	c := mustLoad(t, fileSources("auth: {exempt: [/a.B/C]}\n"))
	if !reflect.DeepEqual(c.Auth.Exempt, []string{"/a.B/C"}) {
		t.Errorf("exempt %v", c.Auth.Exempt)
	}
	c = mustLoad(t, fileSources("auth: {exempt: []}\n"))
	if len(c.Auth.Exempt) != 0 {
		t.Errorf("exempt %v, want none", c.Auth.Exempt)
	}
}

func TestAnchorsAndHostileFiles(t *testing.T) {
	c := mustLoad(t, fileSources("stream: {idle_timeout: &t 7s, init_timeout: *t}\n"))
	if c.Stream.InitTimeout != 7*time.Second {
		t.Errorf("the alias gives %v", c.Stream.InitTimeout)
	}
	for name, text := range map[string]string{
		"self":   "server: &a {tls: *a}\n",
		"loop":   "server: {host: &a *a}\n",
		"deep":   strings.Repeat("[", 100_000),
		"dashes": "auth:\n  tokens:\n  " + strings.Repeat("- ", 50_000) + "x\n",
		"long":   strings.Repeat("#", mostFileBytes+1),
		"binary": "\x00\x01\xff",
	} {
		if _, _, err := Load(fileSources(text)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{Sample(), "server: {port: 1}", "auth: {tokens: [a, {token: b, expires: 2027-01-01}]}", "a: &a [*a]", "? x\n: y", "!!binary x", "limits: {node_types: {VAD: {}}}", "- \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			t.Skip("longer texts only cost time")
		}
		c, _, err := Load(fileSources(text))
		if err != nil {
			if k := fault.From(err).Kind; k != fault.Validation {
				t.Errorf("kind %s: %v", k, err)
			}
			return
		}
		if again := mustLoad(t, fileSources(text)); again.Show() != c.Show() {
			t.Error("the same text gives another configuration")
		}
	})
}
