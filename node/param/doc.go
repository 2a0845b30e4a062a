// Package param holds the parameters of a node as data: they are declared once, as a tagged Go struct, and everything else
// comes from the declaration: decoding with defaults and checks, the JSON Schema, the catalogue, the page of the
// documentation and the builders of the clients.
//
//	type GainParams struct {
//		GainDB float64  `param:"gain_db" alias:"gain" default:"0" min:"-96" max:"24" unit:"dB" doc:"Gain that is applied."`
//		Mode   string   `param:"mode" enum:"hard,soft" default:"soft" doc:"What happens above full scale."`
//		Ramp   *float64 `param:"ramp_ms" min:"0" unit:"ms" doc:"Length of the fade between two gains."`
//		_      struct{} `param:"runtime_hint" ignored:"true"`
//	}
//
// # Tags
//
//	param     the name, in snake_case; "-" leaves the field out. Every exported field has it
//	alias     other names, separated by commas
//	doc       a sentence for the reader; every parameter has it, unless it is ignored
//	default   the value when the parameter is absent: the text itself for strings, JSON for all else. A union or [Raw] may
//	          give a string without quotes. Without the tag the default is false, 0, "", [] or {}
//	required  "true": there is no default, the parameter must be given
//	min, max  bounds, inclusive; for numbers
//	enum      the accepted values, separated by commas; for strings (compared in any case, stored as declared) and integers
//	unit      the unit, for numbers and unions: "Hz", "ms", "dB"
//	secret    "true": the value never appears in a message, and [Schema.Redact] hides it
//	ignored   "true": the parameter is taken, has no effect and gives a warning. Such a field may be called _
//
// On a slice or map the tags min, max, enum and unit belong to its elements. The camelCase form of every name and alias is
// accepted too.
//
// # Types
//
// bool, string, all integers (whole JSON numbers such as 16000.0 count, fractions don't), float32 and float64 (finite),
// [Number], [Raw], slices, maps with string keys, structs with the same tags, and any type whose pointer is a [Union]. A
// parameter that is a pointer (to a scalar, a struct or a union) is optional: nil when it is absent or null. Null is a wrong
// type everywhere else, except for Raw. Embedded structs without a param tag share a group of parameters.
// [Of] reports every other type.
package param
