package manifest

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	deep := `{"a":` + strings.Repeat("[", 10_000)
	nodes := `{"version":"v1","nodes":[` + strings.Repeat(`{"id":"a","type":"x"},`, MaxNodes) + "{}]}"
	for name, text := range map[string]string{"full.json": fullJSON, "full.yaml": fullYAML, "deep.json": deep, "nodes.json": nodes} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Parse(name, []byte(text))
			}
		})
	}
}
