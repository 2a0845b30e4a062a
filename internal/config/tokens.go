package config

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// readTokens adds the tokens of auth.tokens_file to those of auth.tokens.
func (c *Config) readTokens(s Sources) error {
	name := c.Auth.TokensFile
	if name == "" {
		return nil
	}
	text, err := s.read(name)
	if err != nil {
		return fault.Wrap(fault.CodeBadParam, err, "%s: auth.tokens_file", c.Origin("auth.tokens_file"))
	}
	tokens, origins, problems := parseTokens(name, text)
	if len(problems) > 0 {
		return failure(name, problems)
	}
	for i, token := range tokens {
		c.origins[listPath("auth.tokens", len(c.Auth.Tokens))] = origins[i]
		c.Auth.Tokens = append(c.Auth.Tokens, token)
	}
	c.files = append(c.files, name)
	return nil
}

// parseTokens reads a tokens file: a YAML list where its name says so, else one token or hash a line.
func parseTokens(name string, text []byte) ([]Token, []Origin, []fault.Problem) {
	if len(text) >= mostRead {
		return nil, nil, []fault.Problem{problem("auth.tokens_file", "", "the file is longer than 4 MiB")}
	}
	for _, suffix := range []string{".yaml", ".yml", ".json"} {
		if strings.HasSuffix(strings.ToLower(name), suffix) {
			return parseTokensYAML(name, text)
		}
	}
	tokens, origins := parseTokenLines(name, text)
	return tokens, origins, nil
}

func parseTokenLines(name string, text []byte) (tokens []Token, origins []Origin) {
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		token := strings.TrimSpace(string(raw))
		if token == "" || strings.HasPrefix(token, "#") {
			continue
		}
		tokens = append(tokens, Token{Token: Secret(token)})
		origins = append(origins, Origin{Kind: FromFile, Name: name, Line: line, Column: 1})
	}
	return tokens, origins
}

func parseTokensYAML(name string, text []byte) ([]Token, []Origin, []fault.Problem) {
	path := "auth.tokens"
	r := newReader(Origin{Kind: FromFile, Name: name})
	root := r.parse(text)
	if root == nil {
		return nil, nil, r.layer.problems
	}
	value, ok := r.value(root, lookup(path), path)
	if !ok || len(r.layer.problems) > 0 {
		return nil, nil, r.layer.problems
	}
	l := newLayer()
	l.set(path, value, Origin{})
	read, err := build(name, []*layer{l})
	if err != nil {
		return nil, nil, []fault.Problem{problem(path, "", "%s", fmt.Sprint(err))}
	}
	origins := make([]Origin, len(read.Auth.Tokens))
	for i := range origins {
		origins[i] = originOf(r.layer.origins, listPath(path, i))
	}
	return read.Auth.Tokens, origins, nil
}
