package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/v2"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Sources is what a configuration is made of.
type Sources struct {
	// Args are the flags that were given, by the name of a flag in [Flags] or by a key: {"port": "6000"},
	// {"limits.max_nodes": "10"}. Lists are texts with commas between, or YAML.
	Args map[string]string
	// Environ is the environment in the form of os.Environ.
	Environ []string
	// File is the path of the YAML file; empty takes CONFIG_PATH of the environment, or none.
	File string
	// ReadFile reads a file; nil is the file system.
	ReadFile func(name string) ([]byte, error)
}

// Flags are the short flags of the command line and the keys they set.
func Flags() map[string]string {
	return map[string]string{
		"host": "server.host", "port": "server.port", "auth-keys": "auth.tokens",
		"log-level": "observability.logging.level", "log-format": "observability.logging.format",
	}
}

// The codes of warnings.
const (
	WarnConflict = "conflict" // two spellings of a key in the environment differ
	WarnIgnored  = "ignored"  // something that was given has no effect
	WarnUnknown  = "unknown"  // a variable that looks like a key but isn't one
	WarnRaised   = "raised"   // a cap was raised to the default that was set
	WarnWeak     = "weak"     // a token that can be guessed
	WarnInsecure = "insecure" // served off loopback without TLS or without tokens
	WarnAuthOff  = "auth_off" // tokens are configured but authentication is off
)

// Warning is something that doesn't stop the service but that its operator should know. It holds no secret.
type Warning struct {
	Code    string // stable
	Key     string // the key concerned, where there is one
	Message string
}

// String returns the message.
func (w Warning) String() string { return w.Message }

// Load reads the configuration from its sources. The error, a *fault.Error, lists every problem with its place; Config is
// nil then. Nothing in warnings or error holds a secret.
func Load(s Sources) (*Config, []Warning, error) {
	env := newEnvironment(s.Environ)
	var files []string
	file := newLayer()
	if name := s.fileName(env); name != "" {
		text, err := s.read(name)
		if err != nil {
			return nil, nil, err
		}
		files, file = append(files, name), parseFile(name, text)
	}
	environ, raised, warnings := envLayer(env)
	layers := []*layer{file, environ, s.argsLayer()}
	c, err := build(s.fileName(env), layers)
	if err != nil {
		return nil, warnings, err
	}
	c.files = files
	more, err := c.finish(s, raised)
	return loaded(c, append(warnings, more...), err)
}

func loaded(c *Config, warnings []Warning, err error) (*Config, []Warning, error) {
	if err != nil {
		return nil, warnings, err
	}
	return c, warnings, nil
}

// fileName is the file that is read: the flag's, else the environment's.
func (s Sources) fileName(env environment) string {
	_, name := env.first(fileEnv)
	return cmp.Or(s.File, name)
}

// Path returns the path of the file that Load reads, "" where there is none.
func (s Sources) Path() string { return s.fileName(newEnvironment(s.Environ)) }

func (s Sources) read(name string) ([]byte, error) {
	read := s.ReadFile
	if read == nil {
		read = readFile
	}
	text, err := read(name)
	if err != nil {
		return nil, fault.Wrap(fault.CodeBadParam, err, "the configuration can't be read").WithOp("config.load")
	}
	return text, nil
}

// mostRead bounds what is read of a file, whatever it is; one byte more than any reader takes, so that it can refuse.
const mostRead = 4<<20 + 1

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, mostRead))
	return text, errors.Join(err, f.Close())
}

func (s Sources) argsLayer() *layer {
	l, flags := newLayer(), Flags()
	for _, name := range slices.Sorted(maps.Keys(s.Args)) {
		from := Origin{Kind: FromFlag, Name: name}
		path := cmp.Or(flags[name], name)
		k := lookup(path)
		if k == nil {
			l.fail(from, fault.Problem{Code: fault.CodeUnknownField, Path: path, Message: fmt.Sprintf("unknown key %s", path), Hint: fault.DidYouMean(path, paths())})
			continue
		}
		l.setText(k, s.Args[name], from)
	}
	return l
}

// build merges the layers over the default. Problems of all layers are told together.
func build(file string, layers []*layer) (*Config, error) {
	k := koanf.New(".")
	var problems []fault.Problem
	for _, l := range layers {
		problems = append(problems, l.problems...)
		if err := k.Load(l, nil); err != nil {
			return nil, fault.Wrap(fault.CodeInternal, err, "the configuration can't be merged")
		}
	}
	if len(problems) > 0 {
		return nil, failure(file, problems)
	}
	c := Default()
	c.origins = mergeOrigins(layers)
	err := k.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{ZeroFields: true, ErrorUnused: true}})
	if err != nil {
		return nil, fault.Wrap(fault.CodeInternal, err, "the configuration can't be decoded")
	}
	return c, nil
}

// finish reads the tokens file, settles values that depend on others, and validates.
func (c *Config) finish(s Sources, raised map[string]string) ([]Warning, error) {
	var warnings []Warning
	if err := c.readTokens(s); err != nil {
		return nil, err
	}
	for _, i := range c.Auth.seal() {
		warnings = append(warnings, Warning{Code: WarnWeak, Key: listPath("auth.tokens", i),
			Message: fmt.Sprintf("auth.tokens[%d] (%s) is short enough to be guessed; make one with 'remotemedia token new'", i, c.Auth.Tokens[i].Name)})
	}
	warnings = append(warnings, c.raiseCaps(raised)...)
	warnings = append(warnings, c.settleListen()...)
	if problems := c.Validate(); len(problems) > 0 {
		return warnings, failure(s.Path(), c.locate(s.Path(), problems))
	}
	return append(warnings, c.Exposure()...), nil
}

// raiseCaps lifts the caps that are below a default which was set by a name that means both.
func (c *Config) raiseCaps(raised map[string]string) []Warning {
	var out []Warning
	for _, limit := range slices.Sorted(maps.Keys(raised)) {
		from := c.Origin(raised[limit])
		low, high := c.at(raised[limit]), c.at(limit)
		if from.Kind != FromEnvironment || c.Origin(limit).Kind >= FromEnvironment || high.Uint() >= low.Uint() {
			continue
		}
		out = append(out, Warning{Code: WarnRaised, Key: limit, Message: fmt.Sprintf("%s is raised from %d to %d, the default that %s sets", limit, high.Uint(), low.Uint(), from.Name)})
		high.SetUint(low.Uint())
		c.origins[limit] = from
	}
	return out
}

// at returns the value of a key, settable.
func (c *Config) at(path string) reflect.Value {
	k, v := schema(), reflect.ValueOf(c).Elem()
	for name := range strings.SplitSeq(path, ".") {
		k = k.field(name)
		v = v.FieldByIndex(k.index)
	}
	return v
}

// settleListen drops server.listen where a higher layer gives host or port.
func (c *Config) settleListen() []Warning {
	from := c.Origin("server.listen")
	if len(c.Server.Listen) == 0 || max(c.Origin("server.host").Kind, c.Origin("server.port").Kind) <= from.Kind {
		return nil
	}
	c.Server.Listen = nil
	delete(c.origins, "server.listen")
	return []Warning{{Code: WarnIgnored, Key: "server.listen", Message: "server.listen of " + from.String() + " is ignored, because server.host or server.port is given by the environment or a flag"}}
}

// Exposure lists what makes the service less safe than it could be: addresses off loopback without TLS or without
// tokens, and tokens that aren't asked for. The codes serve as labels of a metric.
func (c *Config) Exposure() []Warning {
	var out []Warning
	open := slices.DeleteFunc(c.Server.Addresses(), isLoopback)
	if len(open) > 0 && !c.Server.TLS.On() {
		out = append(out, Warning{Code: WarnInsecure, Key: "server.tls", Message: "serving " + strings.Join(open, ", ") + " in plain text; configure server.tls, or let a proxy do it"})
	}
	if len(open) > 0 && !c.Auth.On() {
		out = append(out, Warning{Code: WarnInsecure, Key: "auth", Message: "serving " + strings.Join(open, ", ") + " to everybody; configure auth.tokens"})
	}
	if c.Auth.Enabled == Off && len(c.Auth.Tokens) > 0 {
		out = append(out, Warning{Code: WarnAuthOff, Key: "auth.enabled", Message: "tokens are configured but auth.enabled is false: anybody may call"})
	}
	return out
}

// failure makes the one error of all problems; file is the one that their lines are of.
func failure(file string, problems []fault.Problem) *fault.Error {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Message
		if p.Line > 0 {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", file, p.Line, p.Column, p.Message)
		}
		if p.Hint != "" {
			lines[i] += " (" + p.Hint + ")"
		}
	}
	e := fault.FromProblems(problems)
	e.Message = "the configuration is invalid:\n  " + strings.Join(lines, "\n  ")
	return e.WithOp("config.load")
}

// locate tells the place of a value that breaks a rule: its line in the file, or in the message where it came from elsewhere.
func (c *Config) locate(file string, problems []fault.Problem) []fault.Problem {
	for i := range problems {
		p := &problems[i]
		p.Message = p.Path + ": " + p.Message
		from := c.Origin(p.Path)
		if from.Kind == FromFile && from.Name == file && from.Line > 0 {
			p.Line, p.Column = from.Line, from.Column
		} else {
			p.Message = from.String() + ": " + p.Message
		}
	}
	return problems
}

func sortedNames(env environment) []string { return slices.Sorted(maps.Keys(env)) }
