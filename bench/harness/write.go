package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/report"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// part is the name of the generated part of RESULTS.md.
const part = "bench"

// write writes the text and the data.
func (o *options) write(state *suite.State) error {
	if len(state.Cells) == 0 {
		return errors.New("nothing was measured")
	}
	if err := document.Update(o.results, part, report.Text(state)); err != nil {
		return err
	}
	data, err := json.MarshalIndent(report.NewData(state), "", " ")
	if err != nil {
		return err
	}
	if err := document.WriteFile(o.data, append(data, '\n')); err != nil {
		return err
	}
	fmt.Printf("written: %s, %s\n", o.results, o.data)
	return nil
}
