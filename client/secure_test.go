package client_test

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/conformance/pki"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

func certificates(t *testing.T) pki.Files {
	t.Helper()
	f, err := pki.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func loadTLS(t *testing.T, files client.TLSFiles) *tls.Config {
	t.Helper()
	c, err := client.LoadTLS(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRS1_ConnectionsAreEncryptedAndMutual(t *testing.T) {
	files := certificates(t)
	configured := config.Default()
	configured.Server.Admin.Enabled = false
	configured.Server.TLS.CertPath, configured.Server.TLS.KeyPath = files.ServerCert, files.ServerKey
	plain := local.Serve(t, configured)
	mutual := *configured
	mutual.Server.TLS.ClientCAPath = files.CA
	strict := local.Serve(t, &mutual)
	mine := client.TLSFiles{CA: files.CA, Cert: files.ClientCert, Key: files.ClientKey}
	cases := map[string]struct {
		address string
		option  client.Option
		good    bool
	}{
		"trusted":             {plain, client.WithTLS(loadTLS(t, client.TLSFiles{CA: files.CA})), true},
		"by another name":     {plain, client.WithTLS(loadTLS(t, client.TLSFiles{CA: files.CA, ServerName: "audio.test"})), true},
		"wrong name":          {plain, client.WithTLS(loadTLS(t, client.TLSFiles{CA: files.CA, ServerName: "other.test"})), false},
		"strange authority":   {plain, client.WithTLS(loadTLS(t, client.TLSFiles{CA: files.StrangeCA})), false},
		"the system's":        {plain, client.WithTLS(nil), false},
		"not encrypted":       {plain, client.WithTimeout(0), false},
		"mutual":              {strict, client.WithTLS(loadTLS(t, mine)), true},
		"without certificate": {strict, client.WithTLS(loadTLS(t, client.TLSFiles{CA: files.CA})), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := dial(t, tc.address, tc.option, client.WithRetry(client.NoRetry)).Version(t.Context())
			f := fault.From(err)
			if tc.good != (err == nil) || !tc.good && (f.Kind != fault.Unavailable || !strings.Contains(err.Error(), "TLS")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	files := certificates(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for says, f := range map[string]client.TLSFiles{
		empty + ".none":          {CA: empty + ".none"},
		"no PEM certificate":     {CA: empty},
		"one of them is missing": {Cert: files.ClientCert},
		"client certificate":     {Cert: files.ClientCert, Key: files.ServerKey},
	} {
		if _, err := client.LoadTLS(f); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}

func TestFR008_TokensOpenTheService(t *testing.T) {
	configured := config.Default()
	configured.Server.Admin.Enabled = false
	const token = "a-token-of-at-least-128-bits"
	configured.Auth.Tokens = []config.Token{{Name: "me", Hash: config.Secret(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(token))))}}
	address := local.Serve(t, configured)
	if err := execute(t, t.Context(), dial(t, address)); fault.From(err).Code != fault.CodeTokenMissing {
		t.Errorf("without: %v", err)
	}
	if err := execute(t, t.Context(), dial(t, address, client.WithToken("wrong"))); fault.From(err).Code != fault.CodeTokenUnknown {
		t.Errorf("wrong: %v", err)
	}
	if err := execute(t, t.Context(), dial(t, address, client.WithToken(token))); fault.From(err).Code != fault.CodeNodeFailed {
		t.Errorf("right: %v", err)
	}
}
