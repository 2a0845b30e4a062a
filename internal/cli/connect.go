package cli

import (
	"crypto/tls"
	"os"
	"strings"

	"github.com/remotemedia/remotemedia-go/client"
)

// connectFlags say how a service is reached.
type connectFlags struct {
	Server string `default:"127.0.0.1:50051" env:"GRPC_SERVER_ADDR" placeholder:"HOST:PORT" help:"The service. Default ${default}."`
	accessFlags
}

// accessFlags say who calls a service, and how the connection is secured.
type accessFlags struct {
	Token     string `env:"REMOTEMEDIA_TOKEN" placeholder:"TOKEN" help:"Bearer token. Other users of the machine see it among the processes; prefer the environment, REMOTEMEDIA_TOKEN, or a file."`
	TokenFile string `placeholder:"FILE" help:"File with the bearer token."`
	TLS       bool   `name:"tls" help:"Encrypt the connection. The other flags of TLS imply it."`
	CA        string `name:"ca" placeholder:"FILE" help:"PEM file with the authorities that the service's certificate is to be of, in place of the system's."`
	Cert      string `placeholder:"FILE" help:"PEM file with the certificate that the service is shown (mTLS)."`
	Key       string `placeholder:"FILE" help:"PEM file with its key."`
	Name      string `name:"server-name" placeholder:"NAME" help:"Name in the service's certificate, where it isn't that of --server."`
}

// dial makes a client for a service.
func (c *accessFlags) dial(server string, options ...client.Option) (*client.Client, error) {
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	if token != "" {
		options = append(options, client.WithToken(token))
	}
	secured, err := c.tls()
	if err != nil {
		return nil, err
	}
	if secured != nil {
		options = append(options, client.WithTLS(secured))
	}
	remote, err := client.Dial(server, options...)
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return remote, nil
}

// tls gives the configuration, nil where the connection isn't encrypted.
func (c *accessFlags) tls() (*tls.Config, error) {
	if !c.TLS && c.CA+c.Cert+c.Key+c.Name == "" {
		return nil, nil
	}
	config, err := client.LoadTLS(client.TLSFiles{CA: c.CA, Cert: c.Cert, Key: c.Key, ServerName: c.Name})
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return config, nil
}

// token reads the token, "" where there is none.
func (c *accessFlags) token() (string, error) {
	if c.TokenFile == "" {
		return c.Token, nil
	}
	if c.Token != "" {
		return "", usagef("--token and --token-file are both given: expected one")
	}
	text, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", usageError{err.Error()}
	}
	return strings.TrimSpace(string(text)), nil
}
