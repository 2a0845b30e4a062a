package stress

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Get asks the operators' port. The token may be "".
func (s *Service) Get(ctx context.Context, path, token string) (string, error) {
	return s.ask(ctx, http.MethodGet, path, token)
}

// Post has the operators' port do something.
func (s *Service) Post(ctx context.Context, path string) error {
	_, err := s.ask(ctx, http.MethodPost, path, "")
	return err
}

func (s *Service) ask(ctx context.Context, method, path, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.Admin+path, nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, strings.TrimSpace(string(body)))
	}
	return string(body), err
}

// Figures are metrics by name and labels, as they are written: name{label="value"}.
type Figures map[string]float64

// Figures reads the metrics.
func (s *Service) Figures(ctx context.Context) (Figures, error) {
	text, err := s.Get(ctx, "/metrics", "")
	if err != nil {
		return nil, err
	}
	return parseFigures(text)
}

func parseFigures(text string) (Figures, error) {
	out := make(Figures)
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		if cut < 0 {
			return nil, fmt.Errorf("the metrics have the line %q: expected a name and a number", line)
		}
		v, err := strconv.ParseFloat(line[cut+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("the metrics have the line %q: %w", line, err)
		}
		out[line[:cut]] = v
	}
	return out, lines.Err()
}

// Sum adds up the figures of a name over those labels that have all the given parts in them.
func (f Figures) Sum(name string, parts ...string) (sum float64) {
next:
	for key, v := range f {
		base, labels, _ := strings.Cut(key, "{")
		if base != name {
			continue
		}
		for _, part := range parts {
			if !strings.Contains(labels, part) {
				continue next
			}
		}
		sum += v
	}
	return sum
}
