package report

import (
	"bytes"
	"encoding/json"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// data is what results.json holds, besides the cells.
type data struct {
	suite.Header
	Commands  map[string]string `json:"commands"`
	Goals     []measure.Verdict `json:"goals"`
	Reference string            `json:"reference"`
}

// Data is the content of results.json: what the run was of, its goals, the reference figures, and every measurement, one a line.
func Data(state *suite.State, commands map[string]string) ([]byte, error) {
	head, err := json.MarshalIndent(data{
		Header: state.Header, Commands: commands, Goals: Summarise(state.Cells).Goals(state.Header.Machine.Cores), Reference: Reference,
	}, "", " ")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(bytes.TrimSuffix(head, []byte("\n}")))
	out.WriteString(",\n \"cells\": [")
	for i := range state.Cells {
		line, err := json.Marshal(&state.Cells[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n  ")
		out.Write(line)
	}
	out.WriteString("\n ]\n}\n")
	return out.Bytes(), nil
}
