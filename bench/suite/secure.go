package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/document"
)

func (f Folder) certificate() string { return f.path("certificate.pem") }
func (f Folder) key() string         { return f.path("key.pem") }

func secureArgs(f Folder, s *Scenario) []string {
	return append(serveArgs(anyPort...)(f, s), "--set", "server.tls.enabled=true",
		"--set", "server.tls.cert_path="+f.certificate(), "--set", "server.tls.key_path="+f.key())
}

// secure makes a certificate of this run for 127.0.0.1.
func (f Folder) secure() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		document.WriteFile(f.certificate(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		document.WriteFile(f.key(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	)
}

// trust is what a client of this run trusts.
func (f Folder) trust() (*tls.Config, error) {
	text, err := os.ReadFile(f.certificate())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("suite: the certificate of this run can't be read")
	}
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13}, nil
}
