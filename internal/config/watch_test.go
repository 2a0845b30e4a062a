package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/internal/filewatch"
	"github.com/remotemedia/remotemedia-go/internal/testfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type outcome struct {
	config *Config
	err    error
}

// watched writes a configuration with a tokens file, loads and watches it.
func watched(t *testing.T) (dir string, w *Watcher, outcomes <-chan outcome) {
	t.Helper()
	dir = t.TempDir()
	replaceFile(t, dir, "tokens", "first-token-of-the-file\n")
	replaceFile(t, dir, "config.yaml", fmt.Sprintf("limits: {max_nodes: 1}\nauth: {tokens_file: %q}\n", filepath.Join(dir, "tokens")))
	s := Sources{File: filepath.Join(dir, "config.yaml")}
	c := mustLoad(t, s)
	out := make(chan outcome, 100)
	w = watch(s, c, filewatch.Options{Quiet: time.Millisecond, Poll: time.Hour}, func(c *Config, _ []Warning, err error) { out <- outcome{c, err} })
	t.Cleanup(w.Close)
	return dir, w, out
}

func replaceFile(t *testing.T, dir, name, text string) {
	t.Helper()
	temporary := filepath.Join(dir, ".new")
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	testfile.Rename(t, temporary, filepath.Join(dir, name))
}

func next(t *testing.T, outcomes <-chan outcome) outcome {
	t.Helper()
	select {
	case o := <-outcomes:
		return o
	case <-time.After(20 * time.Second):
		t.Fatal("the change wasn't told")
		return outcome{}
	}
}

func TestWatchTellsNewConfigurationsAndErrors(t *testing.T) {
	dir, w, outcomes := watched(t)
	tokens := filepath.Join(dir, "tokens")
	for i := 2; i < 40; i++ {
		if i%5 == 0 {
			replaceFile(t, dir, "config.yaml", fmt.Sprintf("limits: {max_nodes: many%d}\n", i))
			if o := next(t, outcomes); o.err == nil || o.config != nil {
				t.Fatalf("an invalid file gives %+v", o)
			}
			continue
		}
		replaceFile(t, dir, "config.yaml", fmt.Sprintf("limits: {max_nodes: %d}\nauth: {tokens_file: %q}\n", i, tokens))
		if o := next(t, outcomes); o.err != nil || o.config.Limits.MaxNodes != i {
			t.Fatalf("change %d gives %+v", i, o)
		}
	}
	replaceFile(t, dir, "tokens", "second-token-of-the-file\n")
	if o := next(t, outcomes); o.err != nil || o.config.Auth.Tokens[0].Hash != hashOf("second-token-of-the-file") {
		t.Fatalf("a new token gives %+v", o)
	}
	w.Reload()
	if o := next(t, outcomes); o.err != nil || o.config.Limits.MaxNodes != 39 {
		t.Fatalf("Reload gives %+v", o)
	}
}

func TestWatchSeesWhatChangedBeforeItBegan(t *testing.T) {
	dir := t.TempDir()
	replaceFile(t, dir, "config.yaml", "limits: {max_nodes: 1}\n")
	s := Sources{File: filepath.Join(dir, "config.yaml")}
	c := mustLoad(t, s)
	replaceFile(t, dir, "config.yaml", "limits: {max_nodes: 2}\n")
	out := make(chan outcome, 10)
	w := Watch(s, c, nil, func(c *Config, _ []Warning, err error) { out <- outcome{c, err} })
	defer w.Close()
	if o := next(t, out); o.err != nil || o.config.Limits.MaxNodes != 2 {
		t.Errorf("got %+v", o)
	}
}
