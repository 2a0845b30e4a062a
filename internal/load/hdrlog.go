package load

import (
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// WriteHDR writes the distributions as an HDR histogram log, which the tools of HdrHistogram read: the latency of each interval,
// to two digits, and then each measure over the whole run, tagged with its name, to three. Values are in nanoseconds.
func (r *Result) WriteHDR(w io.Writer) error {
	log := hdrhistogram.NewHistogramLogWriter(w)
	base := r.Began.UnixMilli()
	log.SetBaseTime(base)
	if err := errorsOf(
		log.OutputLogFormatVersion,
		func() error { return log.OutputComment(fmt.Sprintf("[%s, %s %s]", Schema, r.Name, r.Kind)) },
		func() error { return log.OutputStartTime(base) },
		func() error { return log.OutputBaseTime(base) },
		log.OutputLegend,
	); err != nil {
		return err
	}
	for _, i := range r.Series {
		if err := stamped(log, i.Latency, "", base+i.Start.Milliseconds(), i.Length.Milliseconds()); err != nil {
			return err
		}
	}
	for _, m := range Measures() {
		if err := stamped(log, r.Of(m), m.String(), base, r.Elapsed.Milliseconds()); err != nil {
			return err
		}
	}
	return nil
}

// errorsOf calls one function after another, up to the first error.
func errorsOf(functions ...func() error) error {
	for _, f := range functions {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// stamped writes a copy with its times, so that the result isn't changed by writing it.
func stamped(log *hdrhistogram.HistogramLogWriter, h Histogram, tag string, start, length int64) error {
	if h.hdr == nil {
		return nil
	}
	c := hdrhistogram.Import(h.hdr.Export())
	c.SetTag(tag)
	c.SetStartTimeMs(start)
	c.SetEndTimeMs(start + length)
	return log.OutputIntervalHistogram(c)
}
