package data_test

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/data"
)

func TestCalculatorShapes(t *testing.T) {
	for _, c := range []conversation{
		{"CalculatorNode", `{"operation": "add", "value": 5.0}`,
			[]string{`10`, `"10"`, `" 10 "`, `{"value": 10.0}`, `{"value": "10"}`, `{"value": [1, 2]}`, `[1, 2.5]`, `[]`},
			[]string{`15.0`, `15.0`, `15.0`, `15.0`, `15.0`, `[6.0,7.0]`, `[6.0,7.5]`, `[]`}},
		{"CalculatorNode", `{"operation": "add"}`, []string{`{"a":2,"b":3}`, `{"a":2,"b":3.0}`, `{"b":"4","a":1,"value":9}`}, []string{`5`, `5.0`, `5`}},
		{"CalculatorNode", `{"operation": "multiply", "value": 3.0}`, []string{`{"value": 7.0}`}, []string{`21.0`}},
		{"CalculatorNode", `{"operation": "divide", "value": 2}`, []string{`{"value": 10.0}`, `10`, `5`}, []string{`5.0`, `5`, `2.5`}},
		{"SimpleCalculator", `{"operation": "Subtract", "operand": 4}`, []string{`10`, `1e1`}, []string{`6`, `6.0`}},
		{"CalculatorNode", `{}`,
			[]string{`{"operation": "multiply", "operands": [6, 7]}`, `{"operation": "power", "operands": [2, "0.5"]}`},
			[]string{`{"result":42,"operation":"multiply","operands":[6, 7]}`, `{"result":1.4142135623730951,"operation":"power","operands":[2, "0.5"]}`}},
		{"CalculatorNode", `{"value": 5.50}`, []string{`{"operation": "add", "args": [1, 2.0, 99]}`},
			[]string{`{"operation":"add","args":[1, 2.0, 99],"result":3.0,"processed_by":"CalculatorNode[under_test]","node_config":{"operation":"add","value":5.50}}`}},
		{"CalculatorNode", `{"value": 5}`,
			[]string{`"hello"`, `true`, `null`, `{"other": 1}`, `{}`, `[1, "x"]`, `"0x10"`, `"inf"`, `"1_000"`, `""`},
			[]string{`"hello"`, `true`, `null`, `{"other": 1}`, `{}`, `[1, "x"]`, `"0x10"`, `"inf"`, `"1_000"`, `""`}},
	} {
		c.run(t)
	}
}

func TestCalculatorArithmetic(t *testing.T) {
	for _, c := range []struct{ op, x, y, want string }{
		{"add", "9007199254740993", "2", "9007199254740995"},     // beyond 2^53
		{"add", "9007199254740993.0", "1", "9007199254740992.0"}, // in float64, to the nearest even
		{"add", "9223372036854775807", "1", "9223372036854775808"},
		{"subtract", "-9223372036854775808", "1", "-9223372036854775808"}, // in float64
		{"subtract", "3", "0.5", "2.5"},
		{"multiply", "3037000500", "3037000499", "9223372033963249500"},
		{"multiply", "-9223372036854775808", "-1", "9223372036854775808"},
		{"multiply", "1e300", "1", "1e+300"},
		{"divide", "1", "3", "0.3333333333333333"},
		{"divide", "-9223372036854775808", "-1", "9223372036854775808"},
		{"divide", "1", "10000000", "1e-07"},
		{"power", "2", "62", "4611686018427387904"},
		{"power", "2", "64", "18446744073709551616"},
		{"power", "-1", "9223372036854775807", "-1"},
		{"power", "0", "0", "1"},
		{"power", "2", "-1", "0.5"},
		{"power", "2.0", "3", "8.0"},
		{"modulo", "-7", "3", "2"},
		{"modulo", "7", "-3", "-2"},
		{"modulo", "-7.5", "2", "0.5"},
		{"modulo", "5.5", "2", "1.5"},
		{"min", "3", "2.0", "2.0"},
		{"max", "-3", "2", "2"},
		{"add", "0.1", "0.2", "0.30000000000000004"},
		{"multiply", "-0.0", "1", "0.0"},
		{"add", "1.0E+2", "0", "100.0"},
	} {
		conversation{"CalculatorNode", `{"operation": "` + c.op + `"}`, []string{`{"a": ` + c.x + `, "b": ` + c.y + `}`}, []string{c.want}}.run(t)
		conversation{"CalculatorNode", `{"operation": "` + c.op + `", "value": ` + c.y + `}`, []string{c.x}, []string{c.want}}.run(t)
	}
}

func TestCalculatorRefuses(t *testing.T) {
	for _, c := range []refusal{
		{"CalculatorNode", `{"operation": "divide", "value": 0}`, `1`, "divide of 1 by 0: division by zero"},
		{"CalculatorNode", `{"operation": "modulo", "value": 0.0}`, `1`, "division by zero"},
		{"CalculatorNode", `{"operation": "power", "value": -1}`, `0`, "no finite result"},
		{"CalculatorNode", `{"operation": "power", "value": 0.5}`, `-1`, "no finite result"},
		{"CalculatorNode", `{"operation": "multiply", "value": 1e308}`, `1e10`, "no finite result"},
		{"CalculatorNode", `{}`, `1e999`, "beyond what a 64-bit float holds"},
		{"CalculatorNode", `{}`, `{"a": 1}`, `no "b"`},
		{"CalculatorNode", `{}`, `{"b": 1}`, `no "a"`},
		{"CalculatorNode", `{}`, `{"a": 1, "b": null}`, `"b" isn't a number`},
		{"CalculatorNode", `{}`, `{"value": null}`, `"value" isn't a number`},
		{"CalculatorNode", `{}`, `{"operation": "add"}`, `neither "operands" nor "args"`},
		{"CalculatorNode", `{}`, `{"operands": [1, 2]}`, `no "operation"`},
		{"CalculatorNode", `{}`, `{"operation": "add", "operands": [1]}`, `1 elements: expected 2`},
		{"CalculatorNode", `{}`, `{"operation": "add", "operands": [1, 2, 3]}`, `3 elements: expected 2`},
		{"CalculatorNode", `{}`, `{"operation": "add", "operands": 7}`, `isn't an array`},
		{"CalculatorNode", `{}`, `{"operation": "add", "args": [1]}`, `1 elements: expected at least 2`},
		{"CalculatorNode", `{}`, `{"operation": "addd", "args": [1, 2]}`, "did you mean add?"},
		{"CalculatorNode", `{}`, `{"operation": "integrate", "args": [1, 2]}`, `"integrate": expected one of add, subtract, multiply, divide, power, modulo, min, max`},
		{"CalculatorNode", `{}`, `{"operation": "add", "args": [1, []]}`, "args[1] isn't a number"},
	} {
		c.run(t)
	}
}

func TestCalculatorRefusesUnknownOperationsAtBuildTime(t *testing.T) {
	_, problems := nodetest.Find(t, data.Nodes(), "CalculatorNode").Decode([]byte(`{"operation": "integrate"}`))
	if len(problems) != 1 {
		t.Errorf("got %v, expected one problem", problems)
	}
}

func BenchmarkCalculator(b *testing.B) {
	nodetest.BenchmarkData(b, nodetest.Find(b, data.Nodes(), "CalculatorNode"), `{"operation": "add", "value": 5.0}`, `{"value": 10.0}`)
}
