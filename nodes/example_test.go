package nodes_test

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/nodes"
)

func ExampleCatalog() {
	catalog, err := nodes.Catalog("1.0.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	spec, _ := catalog.Lookup("FastResampleNode")
	fmt.Println(spec.Name, spec.Category, spec.Accepts, spec.Granularity)
	fmt.Println(string(spec.Params().Defaults()))
	// Output:
	// AudioResample transform audio sample
	// {"target_sample_rate":16000,"source_rate":"auto","quality":"high"}
}
