// Package tlsreload serves TLS from certificate files that change: leaf, key and the authorities of client certificates
// are read again when their files do, and take effect with the next handshake. Connections that are open go on. Files
// that can't be used change nothing, so a half-finished rotation does no harm.
//
// It is a small layer over crypto/tls rather than grpc's advancedtls or pemfile: those poll by the hour, give neither an
// error nor an expiry to a metric, and replace the server's credentials with their own.
package tlsreload

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/filewatch"
)

// Options name the files and the rules.
type Options struct {
	CertPath     string // PEM: the certificate, then its chain
	KeyPath      string // PEM: the private key
	ClientCAPath string // PEM: authorities of client certificates, which are then required (mTLS); empty: none are asked for
	MinVersion   uint16 // tls.VersionTLS12 or tls.VersionTLS13; 0: TLS 1.2
	// NextProtos are the protocols offered; nil: h2 alone, as gRPC needs.
	NextProtos []string
	// Reloaded, where set, is told the outcome of each reading after the first: nil, or why the old files stay in use.
	Reloaded func(error)
	Logger   *slog.Logger // nil: no log
	Watch    filewatch.Options
}

// Provider holds the current certificates. Its methods may be called concurrently.
type Provider struct {
	options Options
	current atomic.Pointer[generation]
	reading sync.Mutex // of the files: an older reading never replaces a newer one
	watch   *filewatch.Watcher
}

// generation is what the files held at one time. It is never changed.
type generation struct {
	// config is one value for all handshakes of the generation, because the keys of session tickets belong to it: a
	// client comes back quickly within a generation, and has to prove itself anew after a change of the authorities.
	config *tls.Config
	expiry Expiry
}

// Expiry says until when the certificates are valid.
type Expiry struct {
	Leaf     time.Time
	ClientCA time.Time // of the authority that expires first; zero where there are none
}

// New reads the files and begins to watch them. Close ends it.
func New(o Options) (*Provider, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.NextProtos == nil {
		o.NextProtos = []string{"h2"}
	}
	p := &Provider{options: o}
	ready := make(chan struct{}) // the first reading comes after the watch begins, so that no change is missed
	o.Watch.Logger = o.Logger
	p.watch = filewatch.New(p.paths(), func() { <-ready; p.reload() }, o.Watch)
	err := p.read()
	close(ready)
	if err != nil {
		p.watch.Close()
		return nil, err
	}
	return p, nil
}

func (p *Provider) paths() []string {
	paths := []string{p.options.CertPath, p.options.KeyPath}
	if p.options.ClientCAPath != "" {
		paths = append(paths, p.options.ClientCAPath)
	}
	return paths
}

// ServerConfig returns the configuration for a server's credentials. It follows the files as long as it is used.
func (p *Provider) ServerConfig() *tls.Config {
	return &tls.Config{
		MinVersion: p.minVersion(),
		NextProtos: p.options.NextProtos,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return p.current.Load().config, nil
		},
	}
}

// Expiry returns until when the certificates in use are valid.
func (p *Provider) Expiry() Expiry { return p.current.Load().expiry }

// Reload asks for the files to be read again, for SIGHUP. It doesn't wait for it.
func (p *Provider) Reload() { p.watch.Trigger() }

// Close ends the watching. The configuration goes on with the certificates it has.
func (p *Provider) Close() { p.watch.Close() }

func (p *Provider) reload() {
	err := p.read()
	if err != nil {
		p.options.Logger.Error("the certificates can't be reloaded; the old ones stay in use", "error", err, "expiry", p.Expiry().Leaf)
	} else {
		p.options.Logger.Info("certificates reloaded", "expiry", p.Expiry().Leaf)
	}
	if p.options.Reloaded != nil {
		p.options.Reloaded(err)
	}
}

func (p *Provider) read() error {
	p.reading.Lock()
	defer p.reading.Unlock()
	g, err := p.load()
	if err != nil {
		return err
	}
	p.current.Store(g)
	return nil
}

func (p *Provider) minVersion() uint16 { return max(p.options.MinVersion, tls.VersionTLS12) }

// load reads all files into a new generation.
func (p *Provider) load() (*generation, error) {
	leaf, err := loadLeaf(p.options.CertPath, p.options.KeyPath)
	if err != nil {
		return nil, err
	}
	g := &generation{
		config: &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: p.minVersion(), NextProtos: p.options.NextProtos},
		expiry: Expiry{Leaf: leaf.Leaf.NotAfter},
	}
	if p.options.ClientCAPath == "" {
		return g, nil
	}
	g.config.ClientCAs, g.expiry.ClientCA, err = loadAuthorities(p.options.ClientCAPath)
	g.config.ClientAuth = tls.RequireAndVerifyClientCert
	return g, err
}

// loadLeaf reads certificate and key, and refuses what no client would accept.
func loadLeaf(certPath, keyPath string) (tls.Certificate, error) {
	cert, err := readFile(certPath)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readFile(keyPath)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fault.Wrap(fault.CodeBadParam, err, "certificate %s and key %s can't be used", certPath, keyPath)
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		return pair, fault.New(fault.CodeBadParam, "the certificate %s expired at %s", certPath, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return pair, nil
}

// loadAuthorities reads every certificate of a PEM file. One that can't be read makes the whole file invalid: to leave it
// out silently would lock clients out.
func loadAuthorities(path string) (*x509.CertPool, time.Time, error) {
	rest, err := readFile(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	pool, first := x509.NewCertPool(), time.Time{}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		authority, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, first, fault.Wrap(fault.CodeBadParam, err, "a certificate of %s can't be read", path)
		}
		pool.AddCert(authority)
		if first.IsZero() || authority.NotAfter.Before(first) {
			first = authority.NotAfter
		}
	}
	if first.IsZero() {
		return nil, first, fault.New(fault.CodeBadParam, "%s holds no certificate in PEM form", path)
	}
	return pool, first, nil
}

// mostBytes bounds a file of certificates.
const mostBytes = 4 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.CodeBadParam, err, "a file of TLS can't be opened")
	}
	text, err := io.ReadAll(io.LimitReader(f, mostBytes))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fault.Wrap(fault.CodeBadParam, err, "a file of TLS can't be read")
	}
	return text, nil
}
