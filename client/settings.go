package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/remotemedia/remotemedia-go/version"
)

// TokenSource gives the bearer token of a call, for tokens that are rotated. It may be called concurrently.
type TokenSource func(context.Context) (string, error)

// Option changes how a client connects and calls.
type Option func(*settings)

type settings struct {
	dial         []grpc.DialOption
	tls          *tls.Config // nil: not encrypted
	token        TokenSource
	timeout      time.Duration
	retry        Retry
	version      string
	checkVersion bool
}

func defaults() *settings {
	return &settings{retry: DefaultRetry, version: version.Protocol, checkVersion: true}
}

// WithTLS encrypts the connection. Nil takes the system's authorities and TLS 1.2 or newer; [LoadTLS] makes a configuration of
// PEM files, that of mTLS among them.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) {
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		s.tls = config
	}
}

// WithToken sends a bearer token with each call. Without TLS it can be read on the way.
func WithToken(token string) Option {
	return WithTokenSource(func(context.Context) (string, error) { return token, nil })
}

// WithTokenSource asks for the bearer token at each call.
func WithTokenSource(source TokenSource) Option { return func(s *settings) { s.token = source } }

// WithTimeout bounds each unary call with all its repetitions, besides its own context; 0, the default, sets no bound. Streams
// are bounded by their context alone.
func WithTimeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// WithRetry says how calls are repeated while the service is unavailable. [NoRetry] leaves it to the caller.
func WithRetry(r Retry) Option { return func(s *settings) { s.retry = r } }

// WithClientVersion sends another version than this client's protocol, "v1": what the service judges compatibility by, and logs.
func WithClientVersion(v string) Option { return func(s *settings) { s.version = v } }

// WithVersionCheck says whether the service's version is asked for before the first execution or stream, and one that this client
// can't talk to refused; it is unless told otherwise.
func WithVersionCheck(check bool) Option { return func(s *settings) { s.checkVersion = check } }

// WithDialOptions passes options on to grpc.NewClient. They come after the client's own, and so override them.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dial = append(s.dial, options...) }
}

func (s *settings) check() error {
	if s.retry.Attempts < 1 {
		return fmt.Errorf("client: retry with %d attempts: expected at least 1, which never repeats", s.retry.Attempts)
	}
	return nil
}

func (s *settings) dialOptions() []grpc.DialOption {
	secure := insecure.NewCredentials()
	if s.tls != nil {
		secure = credentials.NewTLS(s.tls.Clone())
	}
	return append([]grpc.DialOption{
		grpc.WithTransportCredentials(secure),
		grpc.WithUserAgent("remotemedia-go/" + version.Runtime),
		// Results of long audio are larger than grpc's default of 4 MiB; the service bounds what it is asked for.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
		// A service that restarts is found again soon: the attempts are counted by Retry, not by the connection's patience.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 10 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
	}, s.dial...)
}

// TLSFiles are PEM files for [LoadTLS]. All are optional; a certificate and its key go together.
type TLSFiles struct {
	CA         string // authorities that are trusted; the system's where there is none
	Cert, Key  string // the client's own, for services that ask for one (mTLS)
	ServerName string // that the service's certificate must have, where it isn't the address's
}

// LoadTLS makes a configuration for [WithTLS] of files.
func LoadTLS(files TLSFiles) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: files.ServerName}
	if files.CA != "" {
		text, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("authorities: %s holds no PEM certificate", files.CA)
		}
	}
	if (files.Cert == "") != (files.Key == "") {
		return nil, errors.New("a client certificate needs both its file and that of its key: one of them is missing")
	}
	if files.Cert != "" {
		pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
