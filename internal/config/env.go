package config

import (
	"maps"
	"math"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/remotemedia/remotemedia-go/fault"
)

// EnvPrefix begins the regular name of every key's environment variable: REMOTEMEDIA_SERVER_PORT is server.port.
const EnvPrefix = "REMOTEMEDIA_"

// envName is a further name of a key in the environment.
type envName struct {
	name    string
	key     string
	convert func(string) (string, error) // from the variable's own unit or spelling; nil: as it is
	raise   string                       // cap that is raised to the value where it is lower
}

// envNames lists the further names, those that win first. Names with GRPC_ stand before bare ones.
var envNames = []envName{
	{name: "GRPC_BIND_ADDRESS", key: "server.host", convert: hostOfAddress},
	{name: "GRPC_BIND_ADDRESS", key: "server.port", convert: portOfAddress},
	{name: "GRPC_HOST", key: "server.host"},
	{name: "GRPC_PORT", key: "server.port"},
	{name: "GRPC_TLS_ENABLED", key: "server.tls.enabled"},
	{name: "GRPC_TLS_CERT", key: "server.tls.cert_path"},
	{name: "GRPC_TLS_KEY", key: "server.tls.key_path"},
	{name: "GRPC_AUTH_TOKENS", key: "auth.tokens"},
	{name: "GRPC_REQUIRE_AUTH", key: "auth.enabled", convert: requireAuth},
	{name: "GRPC_MAX_MEMORY_MB", key: "limits.default_max_memory_bytes", convert: times(1_000_000), raise: "limits.max_memory_bytes"},
	{name: "GRPC_MAX_TIMEOUT_SEC", key: "limits.default_max_timeout_ms", convert: times(1000), raise: "limits.max_timeout_ms"},
	{name: "GRPC_JSON_LOGGING", key: "observability.logging.format", convert: jsonLogging},
	{name: "GRPC_MAX_CONNECTIONS", key: "limits.max_connections"},
	{name: "GRPC_CONNECTION_KEEPALIVE_SEC", key: "server.keepalive.tcp_interval", convert: seconds},
	{name: "GRPC_MAX_REQUESTS_PER_CONN", key: "server.connection.max_calls"},
	{name: "GRPC_REQUEST_QUEUE_SIZE", key: "admission.queue_size"},
	{name: "GRPC_ENABLE_LOAD_SHEDDING", key: "admission.load_shedding.enabled"},
	{name: "GRPC_CPU_THRESHOLD_PERCENT", key: "admission.load_shedding.cpu_percent"},
	{name: "GRPC_MEMORY_THRESHOLD_PERCENT", key: "admission.load_shedding.memory_percent"},
	{name: "SERVER_PORT", key: "server.port"},
	{name: "AUTH_ENABLED", key: "auth.enabled"},
	{name: "AUTH_TOKENS", key: "auth.tokens"},
	{name: "AUTH_TOKENS_FILE", key: "auth.tokens_file"},
	{name: "MAX_MEMORY_BYTES", key: "limits.default_max_memory_bytes", raise: "limits.max_memory_bytes"},
	{name: "MAX_TIMEOUT_MS", key: "limits.default_max_timeout_ms", raise: "limits.max_timeout_ms"},
	{name: "MAX_CONCURRENT_EXECUTIONS", key: "limits.max_concurrent_executions"},
	{name: "LOG_LEVEL", key: "observability.logging.level", convert: logLevel},
	{name: "LOG_FORMAT", key: "observability.logging.format", convert: logFormat},
	{name: "RUST_LOG", key: "observability.logging.level", convert: rustLog},
}

// ignoredEnv are names of the service's predecessor that have no meaning here, and why.
var ignoredEnv = map[string]string{
	"GRPC_WORKER_THREADS": "the number of threads follows the processors; GOMAXPROCS changes it",
}

// otherEnv are names with a known meaning that aren't keys: of the client and of this loader.
var otherEnv = []string{"REMOTEMEDIA_CONFIG", "REMOTEMEDIA_CONFIG_PATH", "GRPC_SERVER_ADDR", "REMOTEMEDIA_SERVER_ADDR", "REMOTEMEDIA_TOKEN"}

// fileEnv are the names that give the file's path, those that win first.
var fileEnv = []string{"REMOTEMEDIA_CONFIG_PATH", "REMOTEMEDIA_CONFIG", "CONFIG_PATH"}

// EnvNames returns the environment variables that set a key, those that win first.
func EnvNames(path string) []string {
	var out []string
	for _, n := range namesOf(path) {
		out = append(out, n.name)
	}
	return out
}

func regularEnv(path string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// environment is the set of variables that are set and not empty.
type environment map[string]string

func newEnvironment(environ []string) environment {
	env := environment{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && strings.TrimSpace(value) != "" {
			env[name] = value
		}
	}
	return env
}

func (env environment) first(names []string) (name, value string) {
	for _, name := range names {
		if value, ok := env[name]; ok {
			return name, value
		}
	}
	return "", ""
}

// envLayer reads the environment. raised are the caps that a set default raises.
func envLayer(env environment) (l *layer, raised map[string]string, warnings []Warning) {
	l, raised = newLayer(), map[string]string{}
	warnings = env.dropServiceLinks()
	for _, k := range schema().settable() {
		winner, others := env.candidates(k.path)
		if winner == nil {
			continue
		}
		text, err := winner.text(env)
		from := Origin{Kind: FromEnvironment, Name: winner.name}
		if err != nil {
			l.fail(from, problem(k.path, "", "%s is invalid: %s", k.path, err))
			continue
		}
		l.setText(k, text, from)
		if winner.raise != "" {
			raised[winner.raise] = k.path
		}
		warnings = append(warnings, env.conflicts(k.path, text, winner, others)...)
	}
	return l, raised, append(warnings, env.strangers()...)
}

// candidates returns the variable that sets a key and those that are set too but lose.
func (env environment) candidates(path string) (winner *envName, others []envName) {
	for _, n := range namesOf(path) {
		if _, set := env[n.name]; !set {
			continue
		}
		if winner == nil {
			winner = &n
		} else {
			others = append(others, n)
		}
	}
	return winner, others
}

func namesOf(path string) []envName { return namesByKey()[path] }

// namesByKey holds every key's names in the environment, those that win first.
var namesByKey = sync.OnceValue(func() map[string][]envName {
	out := map[string][]envName{}
	for _, path := range paths() {
		out[path] = []envName{{name: regularEnv(path), key: path}}
	}
	for _, other := range slices.Sorted(maps.Keys(otherSpellings)) {
		path := otherSpellings[other]
		out[path] = append(out[path], envName{name: regularEnv(other), key: path})
	}
	for _, n := range envNames {
		out[n.key] = append(out[n.key], n)
	}
	return out
})

func (n envName) text(env environment) (string, error) {
	text := strings.TrimSpace(env[n.name])
	if n.convert == nil {
		return text, nil
	}
	return n.convert(text)
}

func (env environment) conflicts(path, text string, winner *envName, others []envName) []Warning {
	var out []Warning
	for _, n := range others {
		if other, err := n.text(env); err != nil || !sameValue(lookup(path), other, text) {
			out = append(out, Warning{Code: WarnConflict, Key: path, Message: n.name + " is overridden by " + winner.name + ", which says something else"})
		}
	}
	return out
}

// sameValue reports whether two texts mean the same: 1 and true, 1MiB and 1048576.
func sameValue(k *key, a, b string) bool {
	if a == b || k.shape != leaf {
		return a == b
	}
	one, errOne := k.parse(a)
	other, errOther := k.parse(b)
	return errOne == nil && errOther == nil && reflect.DeepEqual(one, other)
}

// dropServiceLinks forgets the variables that Kubernetes makes for a service of the namespace: a service named "grpc"
// sets GRPC_PORT=tcp://10.0.0.1:50051, which isn't anybody's configuration.
func (env environment) dropServiceLinks() []Warning {
	var out []Warning
	for _, n := range append([]envName{{name: regularEnv("server.port")}}, envNames...) {
		value := env[n.name]
		if strings.HasSuffix(n.name, "_PORT") && (strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://")) {
			delete(env, n.name)
			out = append(out, Warning{Code: WarnIgnored, Key: n.key, Message: n.name + " is ignored: it is a service link of Kubernetes (enableServiceLinks: false turns them off)"})
		}
	}
	return out
}

// strangers warns about variables that are ignored: those known to be, and those that look like a key but aren't one.
func (env environment) strangers() []Warning {
	var out []Warning
	for _, name := range sortedNames(env) {
		if why, ok := ignoredEnv[name]; ok {
			out = append(out, Warning{Code: WarnIgnored, Message: name + " is ignored: " + why})
		} else if w, ok := stranger(name); ok {
			out = append(out, w)
		}
	}
	return out
}

// knownEnv lists every name that isn't a stranger.
var knownEnv = sync.OnceValue(func() []string {
	known := slices.Clone(otherEnv)
	for _, p := range paths() {
		known = append(known, EnvNames(p)...)
	}
	return known
})

func stranger(name string) (Warning, bool) {
	ours := strings.HasPrefix(name, EnvPrefix)
	if !ours && !strings.HasPrefix(name, "GRPC_") || isServiceLink(name) {
		return Warning{}, false
	}
	if slices.Contains(knownEnv(), name) {
		return Warning{}, false
	}
	hint := fault.DidYouMean(name, knownEnv())
	if hint == "" && !ours {
		return Warning{}, false // a variable of the gRPC library
	}
	if hint != "" {
		hint = " (" + hint + ")"
	}
	return Warning{Code: WarnUnknown, Message: name + " isn't a known variable and is ignored" + hint}, true
}

// isServiceLink tells the names that Kubernetes makes for a service: X_SERVICE_HOST, X_PORT, X_PORT_50051_TCP_ADDR.
func isServiceLink(name string) bool {
	return strings.Contains(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") ||
		strings.HasSuffix(name, "_PORT") || strings.Contains(name, "_TCP")
}

func hostOfAddress(text string) (string, error) {
	host, _, err := splitAddress(text)
	if err != nil {
		return "", expected("an address host:port")
	}
	return host, nil
}

func portOfAddress(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", expected("an address host:port")
	}
	return port, nil
}

// requireAuth reads GRPC_REQUIRE_AUTH: false means that tokens aren't required, not that given ones are ignored.
func requireAuth(text string) (string, error) {
	on, err := parseBool(text)
	if err != nil || !on {
		return string(Auto), err
	}
	return string(On), nil
}

func times(factor uint64) func(string) (string, error) {
	return func(text string) (string, error) {
		n, err := parseUint(text)
		if err == nil && n > math.MaxUint64/factor {
			err = expected("a smaller number")
		}
		return strconv.FormatUint(n*factor, 10), err
	}
}

func seconds(text string) (string, error) {
	_, err := parseUint(text)
	return text + "s", err
}

func jsonLogging(text string) (string, error) {
	on, err := parseBool(text)
	if err == nil && !on {
		return "pretty", nil
	}
	return "json", err
}

// logFormat takes the words that other programs use for pretty.
func logFormat(text string) (string, error) {
	switch strings.ToLower(text) {
	case "text", "plain", "console", "compact", "full":
		return "pretty", nil
	}
	return text, nil
}

func logLevel(text string) (string, error) {
	switch level := strings.ToLower(text); level {
	case "trace":
		return "debug", nil
	case "warning":
		return "warn", nil
	case "off", "critical", "fatal":
		return "error", nil
	default:
		return level, nil
	}
}

// rustLog reads the directives of RUST_LOG: the level of this service where one is named, else the level for all.
func rustLog(text string) (string, error) {
	level := ""
	for directive := range strings.SplitSeq(text, ",") {
		target, value, named := strings.Cut(strings.TrimSpace(directive), "=")
		switch {
		case named && strings.HasPrefix(target, "remotemedia"):
			return logLevel(value)
		case !named && target != "":
			level = target
		}
	}
	if level == "" {
		level = "info"
	}
	return logLevel(level)
}
