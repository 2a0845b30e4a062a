package flow

import "github.com/remotemedia/remotemedia-go/node"

// PassThroughParams is empty.
type PassThroughParams struct{}

// FormatConverterParams are accepted for the sake of manifests of the 003 era.
type FormatConverterParams struct {
	_ struct{} `param:"target_format" ignored:"true" doc:"Named a data format; items keep theirs."`
}

// EndpointParams are accepted for the sake of manifests of the 003 era.
type EndpointParams struct {
	_ struct{} `param:"buffer_size" ignored:"true" doc:"Sized a queue; the service sizes its own."`
	_ struct{} `param:"timeout_seconds" ignored:"true" doc:"Bounded the wait for an item; see the limits of the execution."`
}

// StreamSourceParams are accepted for the sake of manifests of the 003 era.
type StreamSourceParams struct {
	_ struct{} `param:"session_id" ignored:"true" doc:"Named a session; a stream has its own here."`
}

// identities are the node types that hand on what they get. They differ in the parameters that old manifests give them.
func identities() []node.Spec {
	return []node.Spec{
		identity[PassThroughParams]("Hands every item on unchanged.",
			"PassThrough", "PassThroughNode", "PassthroughNode", "DataTransform", "JavaScriptBridgeNode", "BidirectionalNode",
			"audio_input", "audio_output", "AudioInput", "AudioOutput", "AudioSource", "TextInput", "pass-through", "data-transform"),
		identity[FormatConverterParams]("Hands every item on unchanged; was a placeholder for data formats.", "FormatConverter", "format-converter"),
		identity[EndpointParams]("Hands every item on unchanged; marks an end of the graph.", "DataSinkNode", "DataSourceNode"),
		identity[StreamSourceParams]("Hands every item on unchanged; marks the start of a stream.", "GRPCStreamSource"),
	}
}

func identity[P any](summary, name string, aliases ...string) node.Spec {
	return node.Define(node.Spec{
		Name: name, Aliases: aliases, Category: Category, Summary: summary,
		Doc: "Items of any kind leave as they came: audio with the same bytes, format, stamps and metadata, data with the same " +
			"text. An item of no frames is an item too.",
		Accepts: node.Any, Forwards: true, Granularity: node.PerSample, LatencyClass: "realtime", Example: "{}",
	}, func(P, node.Env) (node.Processor, error) { return node.ProcessorFunc(passThrough), nil })
}

func passThrough(c *node.Call, in node.Item) error { return c.Emit(in) }
