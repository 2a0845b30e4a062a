package metrics

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
)

// Handler serves the metrics over HTTP: the text format 0.0.4, and by content negotiation OpenMetrics with exemplars and the protobuf
// format with native histograms.
func (r *Recorder) Handler() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Text returns the metrics whose names have one of the prefixes, all for none, in the text format 0.0.4.
func (r *Recorder) Text(prefixes ...string) (string, error) {
	families, err := r.registry.Gather()
	if err != nil {
		return "", fmt.Errorf("the metrics can't be gathered: %w", err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if !wanted(f.GetName(), prefixes) {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return "", fmt.Errorf("the metric %s can't be written: %w", f.GetName(), err)
		}
	}
	return b.String(), nil
}

func wanted(name string, prefixes []string) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}
