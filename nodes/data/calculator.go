package data

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// CalculatorParams are the parameters of CalculatorNode.
type CalculatorParams struct {
	Operation string       `param:"operation" enum:"add,subtract,multiply,divide,power,modulo,min,max" default:"add" doc:"What is computed where the input doesn't say it."`
	Value     param.Number `param:"value" alias:"operand" default:"0" doc:"The right operand where the input has only the left one."`
}

func calculatorSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "CalculatorNode", Aliases: []string{"SimpleCalculator", "calculator"}, Category: Category,
		Summary: "Computes with one or two numbers.",
		Doc: "The input's shape decides:\n\n" +
			"| Input | Output |\n|---|---|\n" +
			"| `x` or `\"x\"` | `x op value` |\n" +
			"| `{\"value\": x}` | `x op value` |\n" +
			"| `{\"a\": x, \"b\": y}` | `x op y` |\n" +
			"| `{\"operation\": op, \"operands\": [a, b]}` | `{\"result\", \"operation\", \"operands\"}` |\n" +
			"| `{\"operation\": op, \"args\": [a, b, ...]}` | `{\"operation\", \"args\", \"result\", \"processed_by\", \"node_config\"}`, of the first two |\n" +
			"| `[x, y, ...]` | `[x op value, y op value, ...]` |\n\n" +
			"Where an operand is written with a point or an exponent, so is the result (`15.0`); otherwise whole results are integers, " +
			"exact to 64 bits. Modulo has the sign of its right operand. Division by zero, a result that isn't finite, an unknown " +
			"operation and missing members fail; other JSON passes through.",
		Accepts: node.JSON | node.Text, Produces: node.JSON | node.Text, Granularity: node.PerItem,
		LatencyClass: "realtime", Example: `{"operation": "multiply", "value": 3}`,
		Sample: `{"value": 7.0}`,
		Fails: "a division or modulo by zero, a result that isn't finite, an operation that it doesn't know, an operand that isn't a number, " +
			"and an object that lacks a member of its shape.",
	}, newCalculator)
}

type calculator struct {
	op          *operation
	value       number
	processedBy string // JSON
	config      string // JSON
}

func newCalculator(p CalculatorParams, env node.Env) (node.Processor, error) {
	value, ok := parseNumber(p.Value.String())
	if !ok {
		return nil, errTooLarge([]byte(p.Value))
	}
	by, err := jsontext.AppendQuote(nil, "CalculatorNode["+env.NodeID+"]")
	if err != nil {
		return nil, err
	}
	return &calculator{
		op: operationNamed(p.Operation), value: value, processedBy: string(by),
		config: fmt.Sprintf(`{"operation":%q,"value":%s}`, p.Operation, p.Value),
	}, nil
}

func operationNamed(name string) *operation {
	for i := range operations {
		if strings.EqualFold(operations[i].name, name) {
			return &operations[i]
		}
	}
	return nil
}

// Process computes one item.
func (k *calculator) Process(c *node.Call, in node.Item) error {
	out, ok, err := k.answer(c, in.Data)
	if err != nil {
		return err
	}
	if !ok {
		return c.Emit(in)
	}
	return emitText(c, out, in.Stamp)
}

func (k *calculator) answer(c *node.Call, text []byte) (out []byte, ok bool, err error) {
	switch jsontext.Value(text).Kind() {
	case jsontext.KindBeginObject:
		return k.object(c, text)
	case jsontext.KindString:
		x, ok := quotedNumber(text)
		if !ok {
			return nil, false, nil
		}
		out, err = k.withValue(nil, x)
		return out, true, err
	}
	return elementwise(c, text, k.withValue)
}

// withValue appends x op value.
func (k *calculator) withValue(out []byte, x number) ([]byte, error) {
	return compute(out, k.op, x, k.value)
}

func compute(out []byte, op *operation, x, y number) ([]byte, error) {
	r, err := op.apply(x, y)
	if err != nil {
		return nil, err
	}
	return r.append(out, x.decimal || y.decimal), nil
}

// quotedNumber reads a number in a JSON string.
func quotedNumber(text []byte) (number, bool) {
	s, ok := param.ParseString(text)
	if !ok {
		return number{}, false
	}
	return parseNumber(strings.TrimSpace(s))
}

func (k *calculator) object(c *node.Call, text []byte) (out []byte, ok bool, err error) {
	m, err := members(c, text, "operation", "operands", "args", "a", "b", "value")
	if err != nil {
		return nil, false, err
	}
	switch {
	case m["operands"] != nil:
		out, err = k.operands(c, m)
	case m["args"] != nil:
		out, err = k.args(c, m)
	case m["a"] != nil || m["b"] != nil:
		out, err = k.pair(m)
	case m["value"] != nil:
		out, err = k.single(c, m["value"])
	case m["operation"] != nil:
		err = fault.New(fault.CodeNodeFailed, `the input has an "operation" but neither "operands" nor "args"`)
	default:
		return nil, false, nil
	}
	return out, true, err
}

func (k *calculator) single(c *node.Call, value jsontext.Value) ([]byte, error) {
	if x, ok := quotedNumber(value); ok {
		return k.withValue(nil, x)
	}
	out, ok, err := elementwise(c, value, k.withValue)
	if err == nil && !ok {
		err = errNotNumber(`"value"`)
	}
	return out, err
}

func (k *calculator) pair(m map[string]jsontext.Value) ([]byte, error) {
	var xy [2]number
	for i, name := range []string{"a", "b"} {
		v := m[name]
		if v == nil {
			return nil, fault.New(fault.CodeNodeFailed, `the input has no %q: expected {"a": x, "b": y}`, name)
		}
		x, err := operand(v, strconv.Quote(name))
		if err != nil {
			return nil, err
		}
		xy[i] = x
	}
	return compute(nil, k.op, xy[0], xy[1])
}

// operands answers the shape of the newer catalogue.
func (k *calculator) operands(c *node.Call, m map[string]jsontext.Value) ([]byte, error) {
	op, list, n, err := call(c, m, "operands")
	if err != nil {
		return nil, err
	}
	if n != 2 {
		return nil, fault.New(fault.CodeNodeFailed, `"operands" has %d elements: expected 2`, n)
	}
	result, err := evaluate(op, list, "operands")
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"result":%s,"operation":%q,"operands":%s}`, result, op.name, m["operands"]), nil
}

// args answers the shape of the Python node.
func (k *calculator) args(c *node.Call, m map[string]jsontext.Value) ([]byte, error) {
	op, list, n, err := call(c, m, "args")
	if err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fault.New(fault.CodeNodeFailed, `"args" has %d elements: expected at least 2`, n)
	}
	result, err := evaluate(op, list, "args")
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"operation":%q,"args":%s,"result":%s,"processed_by":%s,"node_config":%s}`,
		op.name, m["args"], result, k.processedBy, k.config), nil
}

// call reads the operation of an object, and the first two of the n operands that it lists.
func call(c *node.Call, m map[string]jsontext.Value, key string) (op *operation, list []jsontext.Value, n int, err error) {
	name, ok := param.ParseString(m["operation"])
	if !ok {
		return nil, nil, 0, fault.New(fault.CodeNodeFailed, `the input has %q but no "operation" (a string)`, key)
	}
	if op = operationNamed(name); op == nil {
		return nil, nil, 0, errUnknownOperation(name)
	}
	if m[key].Kind() != jsontext.KindBeginArray {
		return nil, nil, 0, fault.New(fault.CodeNodeFailed, "%q isn't an array of numbers", key)
	}
	err = eachElement(c, m[key], func(i int, v jsontext.Value) error {
		if i < 2 {
			list = append(list, v)
		}
		n = i + 1
		return nil
	})
	return op, list, n, err
}

func evaluate(op *operation, list []jsontext.Value, key string) ([]byte, error) {
	x, err := operand(list[0], key+"[0]")
	if err != nil {
		return nil, err
	}
	y, err := operand(list[1], key+"[1]")
	if err != nil {
		return nil, err
	}
	return compute(nil, op, x, y)
}

// operand reads a number or a numeric string.
func operand(v jsontext.Value, name string) (number, error) {
	if x, ok := quotedNumber(v); ok {
		return x, nil
	}
	if v.Kind() != jsontext.KindNumber {
		return number{}, errNotNumber(name)
	}
	x, ok := parseNumber(string(v))
	if !ok {
		return number{}, errTooLarge(v)
	}
	return x, nil
}

func errNotNumber(name string) error {
	return fault.New(fault.CodeNodeFailed, "%s isn't a number", name)
}
