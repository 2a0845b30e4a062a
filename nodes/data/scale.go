package data

import (
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// MultiplyParams are the parameters of MultiplyNode.
type MultiplyParams struct {
	Factor param.Number `param:"factor" alias:"multiplier" default:"2.0" doc:"What every number is multiplied by."`
}

// AddParams are the parameters of AddNode.
type AddParams struct {
	Addend param.Number `param:"addend" default:"0.0" doc:"What is added to every number."`
}

func multiplySpec() node.Spec {
	return node.Define(arithmeticSpec("MultiplyNode", "Multiplies numbers by a factor.", `{"factor": 2.5}`),
		func(p MultiplyParams, _ node.Env) (node.Processor, error) { return newArithmetic("multiply", p.Factor) })
}

func addSpec() node.Spec {
	return node.Define(arithmeticSpec("AddNode", "Adds a constant to numbers.", `{"addend": 10}`),
		func(p AddParams, _ node.Env) (node.Processor, error) { return newArithmetic("add", p.Addend) })
}

func arithmeticSpec(name, summary, example string) node.Spec {
	return node.Spec{
		Name: name, Category: Category, Summary: summary,
		Doc: "Takes a number or an array of numbers, element by element. Whole results are written as integers (`2.5 x 4` is `10`), " +
			"exact to 64 bits where the operands are integers. Everything else passes through.",
		Accepts: node.JSON | node.Text, Produces: node.JSON | node.Text, Granularity: node.PerItem,
		LatencyClass: "realtime", Example: example, Sample: `[1, 2.5, 4]`,
		Fails: "a number, or a result, beyond what 64-bit floats hold.",
	}
}

// newArithmetic makes a node that applies one operation with a constant on the right.
func newArithmetic(name string, constant param.Number) (node.Processor, error) {
	op := operationNamed(name)
	y, ok := parseNumber(constant.String())
	if !ok {
		return nil, errTooLarge([]byte(constant))
	}
	return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
		out, ok, err := elementwise(c, in.Data, func(out []byte, x number) ([]byte, error) {
			r, err := op.apply(x, y)
			return r.append(out, false), err
		})
		if err != nil {
			return err
		}
		if !ok {
			return c.Emit(in)
		}
		return emitText(c, out, in.Stamp)
	}), nil
}
