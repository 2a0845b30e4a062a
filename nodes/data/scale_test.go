package data_test

import "testing"

func TestMultiplyAndAdd(t *testing.T) {
	for _, c := range []conversation{
		{"MultiplyNode", `{}`, []string{`3`, `1.25`, `[1, 2.5, -3]`, `"3"`, `{"value": 3}`, `[1,"x"]`, `null`},
			[]string{`6`, `2.5`, `[2,5,-6]`, `"3"`, `{"value": 3}`, `[1,"x"]`, `null`}},
		{"MultiplyNode", `{"multiplier": 0.5}`, []string{`4`, `3`}, []string{`2`, `1.5`}},
		{"MultiplyNode", `{"factor": 3.0}`, []string{`9007199254740993`}, []string{`27021597764222979`}},
		{"AddNode", `{}`, []string{`3`, `0.5`}, []string{`3`, `0.5`}},
		{"AddNode", `{"addend": 0.5}`, []string{`0.5`, ` [0.5, 1]`}, []string{`1`, `[1,1.5]`}},
	} {
		c.run(t)
	}
	refusal{"MultiplyNode", `{"factor": 1e308}`, `[1e10]`, "no finite result"}.run(t)
	refusal{"AddNode", `{}`, `[1, 1e999]`, "beyond"}.run(t)
}
