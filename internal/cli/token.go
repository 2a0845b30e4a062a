package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/remotemedia/remotemedia-go/internal/app"
)

type tokenCmd struct {
	New  tokenNewCmd  `cmd:"" help:"Make a token, and the entry of the configuration that lets it in."`
	Hash tokenHashCmd `cmd:"" help:"Print the hash of a token that is read from standard input."`
}

type tokenNewCmd struct {
	Name   string   `default:"my-client" help:"Name of the token in logs and metrics. Default ${default}."`
	Tenant string   `placeholder:"NAME" help:"Whose share of the capacity the calls count for. Default: the name."`
	Scopes []string `enum:"execute,stream,metrics,admin" default:"execute,stream,metrics" help:"What the token may do: ${enum}. Default ${default}."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

type tokenJSON struct {
	Token  string   `json:"token"`
	Hash   string   `json:"hash"`
	Name   string   `json:"name"`
	Tenant string   `json:"tenant"`
	Scopes []string `json:"scopes"`
}

// Run prints the token once: it is stored nowhere.
func (c *tokenNewCmd) Run(env *Env) error {
	token, hash := app.NewToken()
	if c.Tenant == "" {
		c.Tenant = c.Name
	}
	if c.JSON {
		return writeJSON(env.Stdout, tokenJSON{token, hash, c.Name, c.Tenant, c.Scopes})
	}
	_, err := fmt.Fprintf(env.Stdout, `token, for the client: %s

for auth.tokens of the service's configuration (the token can't be read from it):
  - name: %q
    hash: %s
    tenant: %q
    scopes: [%s]
`, token, c.Name, hash, c.Tenant, strings.Join(c.Scopes, ", "))
	return err
}

type tokenHashCmd struct{}

// mostTokenBytes is more than a token may have.
const mostTokenBytes = 8 << 10

// Run reads one line, so that the token is in no list of processes and no history of a shell.
func (*tokenHashCmd) Run(env *Env) error {
	line, err := bufio.NewReader(io.LimitReader(env.Stdin, mostTokenBytes)).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	hash, err := app.HashToken(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, hash)
	return err
}
