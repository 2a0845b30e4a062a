package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const canary = "cAnArY-7f3a9b1c5d"

func TestSecretIsNeverPrinted(t *testing.T) {
	c := mustLoad(t, fileSources("server: {port: 1}\n"))
	c.Auth.Tokens = []Token{{Name: "a", Token: canary, Hash: canary}}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "config", c, "token", c.Auth.Tokens[0].Token, "all", c.Auth)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c, "token", c.Auth.Tokens[0].Token)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c.Auth)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"log": logged.String(), "json": string(asJSON), "yaml": string(asYAML),
		"show": c.Show(), "explain": c.ExplainText(), "explained": fmt.Sprint(c.Explain()),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T"} {
		texts[verb] = fmt.Sprintf(verb, c.Auth.Tokens[0].Token) + fmt.Sprintf(verb, c.Auth) + fmt.Sprintf(verb, *c)
	}
	for name, text := range texts {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || strings.Contains(text, fmt.Sprintf("%X", canary)) {
			t.Errorf("%s shows the secret: %s", name, text)
		}
	}
	if !strings.Contains(c.Show(), redacted) || !strings.Contains(c.ExplainText(), redacted) {
		t.Error("show or explain doesn't say that there is a secret")
	}
	if canary != c.Auth.Tokens[0].Token.Reveal() {
		t.Error("Reveal doesn't reveal")
	}
}

func TestRS2_TokensInClearAreForgotten(t *testing.T) {
	c := mustLoad(t, Sources{Environ: []string{"AUTH_TOKENS=" + canary}})
	if token := c.Auth.Tokens[0]; token.Token != "" || !strings.HasPrefix(token.Hash.Reveal(), "sha256:") {
		t.Errorf("the token in clear is kept")
	}
}

// TestErrorsNeverTellSecrets damages a file with a secret at every place and looks for the secret in what is said.
func TestErrorsNeverTellSecrets(t *testing.T) {
	const file = "auth:\n  tokens:\n    - name: a\n      token: " + canary + "\n      scopes: [execute]\n    - " + canary + "2\n"
	told := 0
	check := func(s Sources) {
		c, warnings, err := Load(s)
		text := fmt.Sprint(err, warnings)
		if c != nil {
			text += c.Show() + c.ExplainText()
		}
		if err != nil {
			told++
		}
		if strings.Contains(text, canary) {
			t.Errorf("%q: the secret is told: %s", s.File, text)
		}
	}
	at := strings.Index(file, canary)
	for i := range len(file) {
		if i > at && i < at+len(canary) || i > at+len(canary)+20 && strings.HasPrefix(file[max(0, i-len(canary)):], canary) {
			continue // damage inside of the secret makes it another text
		}
		for _, damage := range []string{"", ":", "\n", "\"", "[", "{", "- ", "\t", "*", "&", "%", "@", "|", "!"} {
			check(fileSources(file[:i] + damage + file[i:]))
			check(fileSources(file[:i] + damage + file[i+1:]))
		}
	}
	for _, name := range []string{"AUTH_TOKENS", "GRPC_AUTH_TOKENS", "REMOTEMEDIA_AUTH_TOKENS", "GRPC_PORT", "REMOTEMEDIA_LIMITS_NODE_TYPES", "LOG_LEVEL"} {
		for _, form := range []string{"%s", "[%s", "[{token: %s, x: 1}]", "{%s}", "%s x", "[{token: [%s]}]"} {
			check(Sources{Environ: []string{name + "=" + fmt.Sprintf(form, canary), "AUTH_ENABLED=maybe"}})
		}
	}
	check(Sources{Environ: []string{"GRPC_AUTH_TOKENS=" + canary, "AUTH_TOKENS=" + canary + "x"}})
	check(Sources{Args: map[string]string{"auth-keys": canary, "port": canary}})
	if told < 100 {
		t.Errorf("only %d errors were provoked", told)
	}
}

func TestExplainAndShow(t *testing.T) {
	s := fileSources("auth:\n  tokens:\n    - {name: a, token: "+canary+"}\nlimits: {node_types: {VAD: {max_timeout_ms: 5}}}\n", "GRPC_PORT=6000")
	s.Args = map[string]string{"log-level": "debug"}
	c := mustLoad(t, s)
	byKey := map[string]Explained{}
	for _, e := range c.Explain() {
		byKey[e.Key] = e
	}
	for key, want := range map[string][2]string{
		"server.port":                          {"6000", "environment GRPC_PORT"},
		"server.host":                          {"localhost", "default"},
		"auth.tokens[0].name":                  {"a", "config.yaml:3"},
		"auth.tokens[0].hash":                  {`"***"`, "config.yaml:3"},
		"auth.tokens[0].scopes":                {"[execute, stream, metrics]", "config.yaml:3"},
		"limits.node_types.VAD.max_timeout_ms": {"5", "config.yaml:4"},
		"observability.logging.level":          {"debug", "flag --log-level"},
		"stream.idle_timeout":                  {"5m", "default"},
	} {
		if e := byKey[key]; e.Value != want[0] || e.Origin.String() != want[1] {
			t.Errorf("%s is %s from %s, want %s from %s", key, e.Value, e.Origin, want[0], want[1])
		}
	}
	if env := byKey["server.port"].Env; !reflect.DeepEqual(env, []string{"REMOTEMEDIA_SERVER_PORT", "GRPC_BIND_ADDRESS", "GRPC_PORT", "SERVER_PORT"}) {
		t.Errorf("environment of server.port: %v", env)
	}
	if l := parseFile("show", []byte(c.Show())); len(l.problems) > 0 {
		t.Errorf("Show isn't a configuration: %v", l.problems)
	}
	for _, k := range schema().settable() {
		if !strings.Contains(Reference(), "| `"+k.path+"` |") {
			t.Errorf("the reference lacks %s", k.path)
		}
	}
}

func TestEnvironmentNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, path := range append(paths(), "observability.metrics.port") {
		name := regularEnv(path)
		if other, twice := seen[name]; twice && other != path {
			t.Errorf("%s is %s and %s", name, other, path)
		}
		seen[name] = path
	}
	for _, n := range envNames {
		if lookup(n.key) == nil || n.raise != "" && lookup(n.raise) == nil {
			t.Errorf("%s sets %s, which doesn't exist", n.name, n.key)
		}
	}
	for flag, path := range Flags() {
		if lookup(path) == nil {
			t.Errorf("--%s sets %s, which doesn't exist", flag, path)
		}
	}
}

func TestChanges(t *testing.T) {
	a := mustLoad(t, fileSources("auth: {tokens: [{name: a, token: x}]}\nlimits: {max_nodes: 3}\n"))
	b := mustLoad(t, fileSources("auth: {tokens: [{name: a, token: y}]}\nserver: {port: 1}\nlimits: {max_nodes: 4, node_types: {VAD: {max_timeout_ms: 1}}}\n"))
	live, restart := Changes(a, b)
	for _, want := range []string{"auth.tokens[0].hash", "limits.max_nodes", "limits.node_types.VAD.max_timeout_ms"} {
		if !strings.Contains(fmt.Sprint(live), want) {
			t.Errorf("live changes %v lack %s", live, want)
		}
	}
	if !reflect.DeepEqual(restart, []string{"server.port"}) {
		t.Errorf("changes that need a restart: %v", restart)
	}
	if live, restart := Changes(a, a); len(live)+len(restart) > 0 {
		t.Errorf("no change gives %v and %v", live, restart)
	}
}
