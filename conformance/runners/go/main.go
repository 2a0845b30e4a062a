// The runner of the Go client: it makes the calls of a job, and tells what it observed, a line of JSON for each case. The format is in
// conformance/README.md.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
)

type job struct {
	Out     string `json:"out"`
	Control string `json:"control"`
	Cases   []kase `json:"cases"`
}

type kase struct {
	Name   string         `json:"name"`
	Server string         `json:"server"`
	Client clientSettings `json:"client"`
	Steps  []step         `json:"steps"`
}

// step has one member that isn't nil.
type step struct {
	Run     *runStep     `json:"run"`
	Stream  *streamStep  `json:"stream"`
	Version *struct{}    `json:"version"`
	Health  *healthStep  `json:"health"`
	Metrics *metricsStep `json:"metrics"`
	Raw     *rawStep     `json:"raw"`
	Control *controlStep `json:"control"`
}

type clientSettings struct {
	Address       string       `json:"address"`
	Token         *string      `json:"token"`
	TLS           *tlsSettings `json:"tls"`
	Retry         *retry       `json:"retry"`
	TimeoutMS     int64        `json:"timeout_ms"`
	ClientVersion string       `json:"client_version"`
}

type tlsSettings struct {
	CA         string `json:"ca"`
	Cert       string `json:"cert"`
	Key        string `json:"key"`
	ServerName string `json:"server_name"`
}

type retry struct {
	Attempts int   `json:"attempts"`
	First    int64 `json:"first_ms"`
	Longest  int64 `json:"longest_ms"`
}

type controlStep struct {
	Post string `json:"post"`
}

func main() {
	if err := run(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r := &runner{job: &j, files: make(map[string][]byte)}
	lines := json.NewEncoder(os.Stdout)
	for i := range j.Cases {
		if err := lines.Encode(r.observe(&j.Cases[i])); err != nil {
			return err
		}
	}
	return nil
}

// object is a value of JSON.
type object = map[string]any

type runner struct {
	job   *job
	files map[string][]byte // what was read of the job's audio
	wrote int               // files with what was received
}

func (r *runner) observe(k *kase) object {
	c, err := k.Client.dial()
	if err != nil {
		return object{"case": k.Name, "broken": err.Error()}
	}
	defer c.Close()
	steps := []object{}
	for _, s := range k.Steps {
		o, err := r.step(context.Background(), c, k, s)
		if err != nil {
			return object{"case": k.Name, "broken": err.Error()}
		}
		steps = append(steps, o)
	}
	return object{"case": k.Name, "steps": steps}
}

// step makes one call. The error is of the runner or the job; a call's is an observation.
func (r *runner) step(ctx context.Context, c *client.Client, k *kase, s step) (object, error) {
	switch {
	case s.Run != nil:
		return r.run(ctx, c, s.Run)
	case s.Stream != nil:
		return r.stream(ctx, c, s.Stream, k)
	case s.Version != nil:
		return version(ctx, c)
	case s.Health != nil:
		return s.Health.ask(ctx, c)
	case s.Metrics != nil:
		return s.Metrics.ask(ctx, c)
	case s.Raw != nil:
		return s.Raw.call(ctx, k.Client.Address)
	case s.Control != nil:
		return object{}, r.post(s.Control.Post)
	}
	return nil, fmt.Errorf("a step that this runner doesn't know: update it")
}

// post changes a server.
func (r *runner) post(path string) error {
	answer, err := http.Post(r.job.Control+path, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s", path, answer.Status)
	}
	return nil
}

func (s *clientSettings) dial() (*client.Client, error) {
	timeout := s.TimeoutMS
	if timeout == 0 {
		timeout = 60_000
	}
	options := []client.Option{client.WithTimeout(millis(timeout))}
	if s.Token != nil {
		options = append(options, client.WithToken(*s.Token))
	}
	if s.TLS != nil {
		config, err := client.LoadTLS(client.TLSFiles{CA: s.TLS.CA, Cert: s.TLS.Cert, Key: s.TLS.Key, ServerName: s.TLS.ServerName})
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithTLS(config))
	}
	if s.Retry != nil {
		options = append(options, client.WithRetry(client.Retry{
			Attempts: s.Retry.Attempts, First: millis(s.Retry.First), Longest: millis(s.Retry.Longest),
		}))
	}
	if s.ClientVersion != "" {
		options = append(options, client.WithClientVersion(s.ClientVersion))
	}
	return client.Dial(s.Address, options...)
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
