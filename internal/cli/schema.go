package cli

import (
	"encoding/json"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/manifest"
)

type schemaCmd struct{}

// Run prints the schema of manifests with the parameters of every node type, under every accepted name.
func (c *schemaCmd) Run(env *Env) error {
	text, err := manifestSchema()
	if err != nil {
		return err
	}
	_, err = env.Stdout.Write(append(text, '\n'))
	return err
}

func manifestSchema() ([]byte, error) {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return nil, err
	}
	params := make(map[string]json.RawMessage)
	for _, s := range catalog.Specs() {
		for _, name := range s.Names() {
			params[name] = s.Params().JSONSchema()
		}
	}
	return manifest.Schema(params)
}
