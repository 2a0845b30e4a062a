package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Auth says who may call.
type Auth struct {
	Enabled    Toggle   `koanf:"enabled" doc:"true, false, or auto: on when tokens or a tokens file are given. On without a token refuses to start."`
	Tokens     []Token  `koanf:"tokens" live:"true" text:"token" doc:"The tokens. An entry may also be plain text: a token, or the sha256:... that 'remotemedia token hash' prints."`
	TokensFile string   `koanf:"tokens_file" live:"true" doc:"File with further tokens: one a line (# begins a comment), or, named .yaml, a list like tokens."`
	Exempt     []string `koanf:"exempt" doc:"Methods that need no token: full names, /package.Service/Method or /package.Service/*."`
}

// Token is one caller's right to call.
type Token struct {
	Name          string    `koanf:"name" doc:"Name in the audit log and metrics; unique. Default: token-1, token-2, ..."`
	Token         Secret    `koanf:"token" doc:"The token in clear. Prefer hash."`
	Hash          Secret    `koanf:"hash" doc:"sha256: and the 64 hexadecimal digits of the token's SHA-256, as 'remotemedia token new' prints."`
	Tenant        string    `koanf:"tenant" doc:"Whose share of the capacity the calls count for. Default: the name."`
	Scopes        []string  `koanf:"scopes" enum:"execute,stream,metrics,admin" doc:"What the token may do. Default: execute, stream, metrics."`
	Expires       time.Time `koanf:"expires" doc:"When the token ceases to work, for instance 2027-01-31 or 2027-01-31T12:00:00Z."`
	RatePerSecond float64   `koanf:"rate_per_second" min:"0" doc:"Calls a second, on average; 0 is without limit."`
	Burst         int       `koanf:"burst" min:"0" doc:"Calls at once above the rate; 0 is one second's worth."`
	MaxConcurrent int       `koanf:"max_concurrent" min:"0" doc:"Calls and streams at once; 0 is without limit."`
}

// DefaultScopes are the scopes of a token that lists none.
func DefaultScopes() []string { return []string{"execute", "stream", "metrics"} }

func defaultAuth() Auth {
	return Auth{Enabled: Auto, Exempt: []string{
		"/remotemedia.v1.PipelineExecutionService/GetVersion",
		"/grpc.health.v1.Health/*",
		"/grpc.reflection.v1.ServerReflection/*",
		"/grpc.reflection.v1alpha.ServerReflection/*",
	}}
}

// On reports whether calls must carry a token. A tokens file that is empty doesn't open the service.
func (a Auth) On() bool { return a.Enabled.On(len(a.Tokens) > 0 || a.TokensFile != "") }

var (
	methodPattern = regexp.MustCompile(`^/[A-Za-z_][A-Za-z0-9_.]*/([A-Za-z_][A-Za-z0-9_]*|\*)$`)
	hashPattern   = regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)
)

// Validate checks the tokens and the exempt list.
func (a Auth) Validate() []fault.Problem {
	var out []fault.Problem
	if a.On() && len(a.Tokens) == 0 {
		out = append(out, problem("enabled", "give a token in auth.tokens or in the file of auth.tokens_file, or set auth.enabled to false", "authentication is required but no token is configured, so nobody could call"))
	}
	for i, pattern := range a.Exempt {
		if !methodPattern.MatchString(pattern) {
			out = append(out, problem(fmt.Sprintf("exempt[%d]", i), "write /package.Service/Method or /package.Service/*", "%q isn't a full method name", pattern))
		}
	}
	names, hashes := map[string]int{}, map[Secret]int{}
	for i, t := range a.Tokens {
		at := fmt.Sprintf("tokens[%d]", i)
		out = append(out, within(at, t.Validate())...)
		out = append(out, unique(names, t.Name, i, at+".name", "name")...)
		out = append(out, unique(hashes, t.Hash, i, at, "token")...)
	}
	return out
}

func unique[K ~string](seen map[K]int, key K, i int, path, what string) []fault.Problem {
	first, twice := seen[key]
	if key == "" || !twice {
		seen[key] = i
		return nil
	}
	return []fault.Problem{problem(path, "remove one of them", "auth.tokens[%d] has the same %s", first, what)}
}

// Validate checks one token.
func (t Token) Validate() []fault.Problem {
	switch {
	case t.Token == "" && t.Hash == "":
		return []fault.Problem{problem("hash", "make one with 'remotemedia token new'", "the entry has neither token nor hash")}
	case !hashPattern.MatchString(t.Hash.Reveal()) && t.Hash != "":
		return []fault.Problem{problem("hash", "make one with 'remotemedia token hash'", "it isn't sha256: and 64 hexadecimal digits")}
	case t.Token != "":
		return validateClear(t)
	}
	return nil
}

func validateClear(t Token) []fault.Problem {
	switch {
	case strings.ContainsFunc(t.Token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }):
		return []fault.Problem{problem("token", "use visible ASCII characters without spaces", "it can't be sent in a header")}
	case t.Hash != "" && t.Hash != hashOf(t.Token):
		return []fault.Problem{problem("hash", "give one of them", "token and hash are both given and don't belong together")}
	}
	return nil
}

// seal fills in names, tenants, scopes and hashes and forgets the tokens in clear that are sound. It returns the numbers
// of those that are easy to guess.
func (a *Auth) seal() (weak []int) {
	a.Tokens = slices.Clone(a.Tokens)
	for i := range a.Tokens {
		t := &a.Tokens[i]
		if strings.HasPrefix(t.Token.Reveal(), "sha256:") && t.Hash == "" {
			t.Token, t.Hash = "", t.Token
		}
		if t.Token != "" && len(t.Token) < leastTokenBytes {
			weak = append(weak, i)
		}
		if t.Hash == "" && t.Token != "" && len(validateClear(*t)) == 0 {
			t.Hash = hashOf(t.Token)
		}
		if len(t.Validate()) == 0 {
			t.Token, t.Hash = "", Secret(strings.ToLower(t.Hash.Reveal()))
		}
		t.fillIn(i)
	}
	return weak
}

// leastTokenBytes is the length below which a token in clear can't have 128 random bits, even in all visible characters.
const leastTokenBytes = 20

func (t *Token) fillIn(i int) {
	if t.Name == "" {
		t.Name = fmt.Sprintf("token-%d", i+1)
	}
	if t.Tenant == "" {
		t.Tenant = t.Name
	}
	if len(t.Scopes) == 0 {
		t.Scopes = DefaultScopes()
	}
}

func hashOf(token Secret) Secret {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return Secret("sha256:" + hex.EncodeToString(sum[:]))
}
