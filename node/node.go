// Package node is the contract that every node of a pipeline fulfils: the [Processor] that does the work, the [Call]
// through which it acts, the [Spec] that declares it, and the [Catalog] in which it is found. Time, memory, panics,
// deadlines and traces are the engine's business; a node holds none of that code.
package node

// Processor is one instance of a node, made for one execution or one stream.
//
// Order of calls: Process any number of times, then Flush once if the node is a [Flusher], all from one goroutine at a time.
// The node starts no goroutine and keeps no reference to c after return. Items of a kind that its Spec doesn't accept never
// arrive: the host hands them on.
//
// Ownership: in is borrowed until Process returns. A node that keeps in.Audio longer retains it. It never writes to in.Audio's
// samples but through [Call.Writable]; in.Data is never written to. Buffers made with c belong to the call, which
// releases them after return; a node that keeps one retains it and implements [Closer] to let it go.
//
// Errors: a *fault.Error is reported as it is; any other error becomes NODE_EXECUTION of this node. An error ends the
// execution (or, in a stream that asked for it, the turn). An error from a method of c is to be returned unchanged.
type Processor interface {
	Process(c *Call, in Item) error
}

// Flusher is a Processor that holds items back. Flush is called once at the end of input and emits what is left.
type Flusher interface {
	Flush(c *Call) error
}

// Resetter is a Processor with state that a gap in the input makes worthless. Reset is called when a chunk was dropped, and
// returns the node to its state at the start.
type Resetter interface {
	Reset()
}

// Closer is a Processor that holds retained buffers. Close is called once, after the last call, whatever happened.
type Closer interface {
	Close()
}

// Reporter is a Processor with figures of its own. Report is called between items and adds finite numbers, strings or
// booleans to m, which becomes the node's custom metrics.
type Reporter interface {
	Report(m map[string]any)
}

// ProcessorFunc is a stateless Processor made of a function.
type ProcessorFunc func(c *Call, in Item) error

// Process calls f.
func (f ProcessorFunc) Process(c *Call, in Item) error { return f(c, in) }
