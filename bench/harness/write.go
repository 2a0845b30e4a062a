package main

import (
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
	data, err := report.Data(state, suite.Folder(o.folder).Commands())
	if err != nil {
		return err
	}
	if err := document.WriteFile(o.data, data); err != nil {
		return err
	}
	fmt.Printf("written: %s, %s\n", o.results, o.data)
	return nil
}
