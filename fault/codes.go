package fault

import (
	"maps"
	"slices"
)

// Code is a stable, machine-readable name of one cause. Codes are never renamed or reused; the table below is closed,
// and the error catalogue of the documentation is made from it.
type Code string

// The codes.
const (
	CodeInternal         Code = "internal"
	CodePanic            Code = "panic"
	CodeSyntax           Code = "syntax"
	CodeTooLarge         Code = "document_too_large"
	CodeTooDeep          Code = "document_too_deep"
	CodeTooManyNodes     Code = "too_many_nodes"
	CodeUnknownField     Code = "unknown_field"
	CodeDuplicateField   Code = "duplicate_field"
	CodeWrongType        Code = "wrong_type"
	CodeMissingField     Code = "missing_field"
	CodeManifestMissing  Code = "manifest_missing"
	CodeManifestEmpty    Code = "manifest_empty"
	CodeBadNodeID        Code = "bad_node_id"
	CodeDuplicateNodeID  Code = "duplicate_node_id"
	CodeUnknownNodeType  Code = "unknown_node_type"
	CodeParamsSyntax     Code = "params_syntax"
	CodeUnknownParam     Code = "unknown_parameter"
	CodeBadParam         Code = "bad_parameter"
	CodeIgnored          Code = "ignored"
	CodeEmptyConnection  Code = "empty_connection"
	CodeUnknownEndpoint  Code = "unknown_endpoint"
	CodeUnknownPort      Code = "unknown_port"
	CodeSelfLoop         Code = "self_loop"
	CodeDuplicateEdge    Code = "duplicate_edge"
	CodeCycle            Code = "cycle"
	CodeKindMismatch     Code = "kind_mismatch"
	CodeFormatMismatch   Code = "format_mismatch"
	CodeCapability       Code = "capability_unavailable"
	CodeCapabilityMemory Code = "capability_memory"
	CodeUnknownInput     Code = "unknown_input_node"
	CodeUnknownOutput    Code = "unknown_output_node"
	CodeMissingInput     Code = "missing_input"
	CodeInputKind        Code = "input_kind"
	CodeDataSyntax       Code = "data_input_syntax"
	CodeBadAudio         Code = "bad_audio"
	CodeNodeFailed       Code = "node_failed"
	CodeFormatChanged    Code = "format_changed"
	CodeMemoryLimit      Code = "memory_limit"
	CodeTimeLimit        Code = "time_limit"
	CodeSampleLimit      Code = "sample_limit"
	CodeLimitAboveCap    Code = "limit_above_cap"
	CodeVersion          Code = "version_unsupported"
	CodeStreamInit       Code = "stream_init_required"
	CodeStreamSecondInit Code = "stream_second_init"
	CodeStreamSequence   Code = "stream_sequence"
	CodeStreamEmpty      Code = "stream_empty_request"
	CodeStreamCommand    Code = "stream_command"
	CodeStreamPolicy     Code = "stream_policy"
	CodeStreamNode       Code = "stream_unknown_node"
	CodeStreamOverflow   Code = "stream_overflow"
	CodeStreamIdle       Code = "stream_idle"
	CodeStreamStalled    Code = "stream_stalled"
	CodeCanceled         Code = "canceled"
	CodeDeadline         Code = "deadline_exceeded"
	CodeOverloaded       Code = "overloaded"
	CodeUnreachable      Code = "unreachable"
	CodeShuttingDown     Code = "shutting_down"
	CodeRateLimited      Code = "rate_limited"
	CodeTokenMissing     Code = "token_missing"
	CodeTokenMalformed   Code = "token_malformed"
	CodeTokenUnknown     Code = "token_unknown"
	CodeTokenExpired     Code = "token_expired"
	CodeTokenScope       Code = "token_scope"
)

// Info describes a code for the catalogue: its kind, what causes it and how to cure it.
type Info struct {
	Kind  Kind
	Cause string
	Cure  string
}

// Kind returns the kind that belongs to the code; a code outside the table is Internal.
func (c Code) Kind() Kind { return codes[c].Kind }

// Describe returns the code's entry in the table and whether it has one.
func (c Code) Describe() (Info, bool) {
	info, ok := codes[c]
	return info, ok
}

// Codes returns every code, sorted.
func Codes() []Code { return slices.Sorted(maps.Keys(codes)) }

var codes = map[Code]Info{
	CodeInternal:         {Internal, "a fault of the service itself", "report it with the error id; the log has the details"},
	CodePanic:            {Internal, "a node or the service panicked; the call was contained", "report it with the error id; the log has the trace"},
	CodeSyntax:           {Validation, "the document isn't well-formed JSON or YAML", "mend the text at the line and column given"},
	CodeTooLarge:         {Validation, "the manifest's text is longer than 1 MiB", "move data out of the manifest; send it as input"},
	CodeTooDeep:          {Validation, "the document nests deeper than 64 levels", "flatten it"},
	CodeTooManyNodes:     {Validation, "the manifest has more nodes than the service allows", "split the pipeline, or raise limits.max_nodes"},
	CodeUnknownField:     {Validation, "a field that the manifest doesn't have", "remove it or mend its spelling as the hint says"},
	CodeDuplicateField:   {Validation, "a field that is given twice, perhaps in two spellings", "keep one of them"},
	CodeWrongType:        {Validation, "a field has a value of the wrong type", "give the type that the message names"},
	CodeMissingField:     {Validation, "a required field is absent or empty", "add it"},
	CodeManifestMissing:  {Validation, "the request carries no manifest", "set the manifest field of the request"},
	CodeManifestEmpty:    {Validation, "the manifest has no node", "add at least one node"},
	CodeBadNodeID:        {Validation, "a node id is empty, too long or has characters that aren't allowed", "use letters, digits, _ - . : (at most 255)"},
	CodeDuplicateNodeID:  {Validation, "two nodes have the same id", "rename one of them and mend the connections"},
	CodeUnknownNodeType:  {Validation, "a node type that this service doesn't have", "use a type of the list in the message, or update the service"},
	CodeParamsSyntax:     {Validation, "a node's params aren't a JSON object", "mend the JSON at the line and column given"},
	CodeUnknownParam:     {Validation, "a parameter that the node doesn't have", "remove it or mend its spelling as the hint says"},
	CodeBadParam:         {Validation, "a parameter has a wrong type or a value out of range", "give a value as the message says"},
	CodeIgnored:          {Validation, "a field or parameter has no effect in this service", "remove it, or leave it: it does no harm"},
	CodeEmptyConnection:  {Validation, "a connection lacks its from or its to", "name both ends; an old TypeScript client sends empty connections: update it"},
	CodeUnknownEndpoint:  {Validation, "a connection names a node that doesn't exist", "mend the id"},
	CodeUnknownPort:      {Validation, "a connection names a port that the node doesn't have", "use a port of the list in the message"},
	CodeSelfLoop:         {Validation, "a connection leads from a node to itself", "remove it"},
	CodeDuplicateEdge:    {Validation, "the same connection is given twice; it counts once", "remove one of them"},
	CodeCycle:            {Validation, "the connections form a cycle", "remove one connection of the cycle"},
	CodeKindMismatch:     {Validation, "a connection carries a kind of data that the receiver doesn't take", "put a converting node between, or connect another node"},
	CodeFormatMismatch:   {Validation, "a node requires another rate or channel count than it gets", "put a resampler between, or mend the parameter"},
	CodeCapability:       {Validation, "a node requires hardware that this service doesn't have", "clear the requirement, or use a service that has it"},
	CodeCapabilityMemory: {ResourceLimit, "a node requires more memory than an execution may use", "lower memory_gb, or ask for a higher limit"},
	CodeUnknownInput:     {Validation, "an input is addressed to a node that doesn't exist", "use the id of a node in the manifest"},
	CodeUnknownOutput:    {Validation, "an output is asked of a node that doesn't exist", "use the id of a node in the manifest"},
	CodeMissingInput:     {Validation, "a node at the start of the graph got no input", "give it audio_inputs or data_inputs"},
	CodeInputKind:        {Validation, "an input is of a kind that the node doesn't take", "send the kind that the message names"},
	CodeDataSyntax:       {Validation, "a data input isn't valid JSON", "mend the JSON at the line and column given"},
	CodeBadAudio:         {Validation, "an audio buffer contradicts itself", "mend rate, channels, format or the length of samples"},
	CodeNodeFailed:       {NodeExecution, "a node couldn't process its input", "see the message and the inputs in the context"},
	CodeFormatChanged:    {Validation, "the rate or channels of a stream's audio changed", "start a new stream for the new format"},
	CodeMemoryLimit:      {ResourceLimit, "the execution needed more memory than it may use", "send less audio a call, or raise max_memory_bytes"},
	CodeTimeLimit:        {ResourceLimit, "the execution took longer than it may", "send less audio a call, or raise max_timeout_ms"},
	CodeSampleLimit:      {ResourceLimit, "a buffer has more samples than allowed", "split the audio or stream it, or raise max_audio_samples"},
	CodeLimitAboveCap:    {ResourceLimit, "a requested limit is above the service's cap", "ask for less, or raise the cap in the configuration"},
	CodeVersion:          {VersionMismatch, "the client or manifest speaks another protocol version", "use a version that the message lists; see the compatibility matrix"},
	CodeStreamInit:       {Validation, "a stream didn't begin with init", "send init first"},
	CodeStreamSecondInit: {Validation, "a stream was initialised twice", "send init once; open another stream for another manifest"},
	CodeStreamSequence:   {Validation, "a chunk's sequence was repeated, lower or skipped", "count chunks 0, 1, 2, ... per stream"},
	CodeStreamEmpty:      {Validation, "a stream request carries nothing that this service understands", "set init, audio_chunk, data_chunk or control; an old TypeScript client sends empty requests: update it"},
	CodeStreamCommand:    {Validation, "a control command that this service doesn't know", "send COMMAND_CLOSE or COMMAND_CANCEL"},
	CodeStreamPolicy:     {Validation, "a backpressure policy that this service doesn't know", "use BLOCK, DROP_OLDEST, DROP_NEWEST or ERROR"},
	CodeStreamNode:       {Validation, "a chunk is addressed to a node that doesn't exist", "use the id of a node in the manifest"},
	CodeStreamOverflow:   {ResourceLimit, "chunks came faster than they could be processed", "send slower, or use the policy block"},
	CodeStreamIdle:       {ResourceLimit, "nothing came in on a stream for too long", "send chunks, or close the stream"},
	CodeStreamStalled:    {ResourceLimit, "the client didn't take an answer in time", "read answers while sending"},
	CodeCanceled:         {Canceled, "the caller gave the call up", "nothing to do"},
	CodeDeadline:         {DeadlineExceeded, "the caller's deadline passed", "allow more time, or send less audio a call"},
	CodeOverloaded:       {Unavailable, "the service has no capacity for the call now", "retry after the time given, or add instances"},
	CodeUnreachable:      {Unavailable, "the service can't be reached, or the connection to it broke", "check the address and that the service runs, then retry"},
	CodeShuttingDown:     {Unavailable, "the service is shutting down", "retry on another instance"},
	CodeRateLimited:      {RateLimited, "this token calls more often than it may", "retry after the time given"},
	CodeTokenMissing:     {Authentication, "the call carries no token", "send the header authorization: Bearer <token>"},
	CodeTokenMalformed:   {Authentication, "the authorization header isn't Bearer and one token, or the token isn't printable ASCII", "send the header authorization: Bearer <token>, without the line break of a file"},
	CodeTokenUnknown:     {Authentication, "the token isn't known to the service", "use a configured token"},
	CodeTokenExpired:     {Authentication, "the token has expired or was revoked", "ask for a new token"},
	CodeTokenScope:       {Authentication, "the token lacks the scope that the call needs", "use a token with that scope"},
}
