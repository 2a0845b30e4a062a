package cli

import (
	"strings"
	"testing"

	inprocess "github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

// The token of the environment goes with every call, of run and of stream.
func TestT080_CommandsShowTheTokenOfTheEnvironment(t *testing.T) {
	token, hash := app.NewToken()
	address := guardedService(t, hash)
	call := func(token string, args ...string) outcome {
		t.Setenv("REMOTEMEDIA_TOKEN", token)
		return run(nil, append(args, "--server", address, "-q")...)
	}
	for _, args := range [][]string{{"run", speech, "-i", sentences}, {"stream", speech, "-i", sentences}} {
		if o := call(token, args...); o.code != ExitOK {
			t.Errorf("%s with the token: %+v", args[0], o)
		}
		if o := call("", append(args, "--token-file", temp(t, "token", token+"\n"))...); o.code != ExitOK {
			t.Errorf("%s with the token's file: %+v", args[0], o)
		}
		if o := call("", args...); o.code != ExitRefused || !strings.Contains(o.stderr, "needs a token") {
			t.Errorf("%s without a token: %+v", args[0], o)
		}
		if o := call("wrong", args...); o.code != ExitRefused || !strings.Contains(o.stderr, "isn't known") {
			t.Errorf("%s with a wrong token: %+v", args[0], o)
		}
	}
}

// guardedService serves for the length of the test to those who have the token of the hash.
func guardedService(t *testing.T, hash string) (address string) {
	t.Helper()
	c, _, err := config.Load(config.Sources{Args: map[string]string{"auth.tokens": "[" + hash + "]", "server.admin.enabled": "false"}})
	if err != nil {
		t.Fatal(err)
	}
	return inprocess.Serve(t, c)
}
