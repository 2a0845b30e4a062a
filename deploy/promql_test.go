package deploy

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory is a store of series for Prometheus' own engine of queries.
type memory struct{ series []storage.Series }

func (m *memory) Querier(int64, int64) (storage.Querier, error) { return m, nil }
func (m *memory) Close() error                                  { return nil }

func (m *memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (m *memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (m *memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	set := &seriesSet{at: -1}
	for _, s := range m.series {
		if !slices.ContainsFunc(matchers, func(want *labels.Matcher) bool { return !want.Matches(s.Labels().Get(want.Name)) }) {
			set.series = append(set.series, s)
		}
	}
	slices.SortFunc(set.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return set
}

type seriesSet struct {
	series []storage.Series
	at     int
}

func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series              { return s.series[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// point is one sample of a series.
type point struct {
	t int64 // milliseconds
	v float64
}

func (p point) T() int64                    { return p.t }
func (point) ST() int64                     { return 0 }
func (p point) F() float64                  { return p.v }
func (point) H() *histogram.Histogram       { return nil }
func (point) FH() *histogram.FloatHistogram { return nil }
func (point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample         { return p }

// end is the moment for which queries are evaluated.
var end = time.Unix(1_800_000_000, 0)

const step = time.Minute

// add puts in a series that ends at end; value gives it at each step, counted from its first.
func (m *memory) add(l labels.Labels, steps int, value func(i int) float64) {
	samples := make([]chunks.Sample, steps+1)
	for i := range samples {
		samples[i] = point{end.Add(-time.Duration(steps-i) * step).UnixMilli(), value(i)}
	}
	m.series = append(m.series, storage.NewListSeries(l, samples))
}

// query evaluates an expression at the end.
func (m *memory) query(t *testing.T, expr string) promql.Vector {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	defer engine.Close()
	q, err := engine.NewInstantQuery(t.Context(), m, nil, expr, end)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer q.Close()
	result := q.Exec(t.Context())
	if result.Err != nil {
		t.Fatalf("%s: %v", expr, result.Err)
	}
	vector, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return slices.Clone(vector)
}

// scrape reads the metrics of a service as Prometheus does.
func scrape(t *testing.T, handler http.Handler) []labels.Labels {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var out []labels.Labels
	decoder := expfmt.SampleDecoder{Dec: expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header())), Opts: &expfmt.DecodeOptions{}}
	for {
		var samples model.Vector
		err := decoder.Decode(&samples)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			b := labels.NewBuilder(labels.FromStrings("job", "remotemedia", "instance", "a:9090"))
			for name, value := range s.Metric {
				b.Set(string(name), string(value))
			}
			out = append(out, b.Labels())
		}
	}
}

// selectors returns every selector of an expression.
func selectors(t *testing.T, expr string) (out []*parser.VectorSelector) {
	t.Helper()
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			out = append(out, s)
		}
		return nil
	})
	return out
}

// known reports whether any of the series fits a selector.
func known(series []labels.Labels, s *parser.VectorSelector) bool {
	return slices.ContainsFunc(series, func(l labels.Labels) bool {
		return !slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool { return !m.Matches(l.Get(m.Name)) })
	})
}

// metric reads a series as Prometheus writes it: name{label="value"}.
func metric(t *testing.T, text string) labels.Labels {
	t.Helper()
	l, err := parser.ParseMetric(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	b := labels.NewBuilder(l)
	for name, value := range map[string]string{"job": "remotemedia", "instance": "a:9090"} {
		if l.Get(name) == "" {
			b.Set(name, value)
		}
	}
	return b.Labels()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
