package data_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/data"
)

func TestTextAnswersWithOneObject(t *testing.T) {
	for _, c := range []conversation{
		{"TextProcessorNode", `{}`, []string{`{"text": "Hello World", "operations": ["reverse", "word_count", "nonsense", "reverse"]}`},
			[]string{`{"original_text":"Hello World","operations":["reverse","word_count","nonsense","reverse"],` +
				`"results":{"reverse":"dlroW olleH","word_count":2,"unknown_operation_nonsense":"Unknown operation: nonsense"},` +
				`"processed_by":"TextProcessorNode[under_test]","node_config":{}}`}},
		{"TextTransformNode", `{"operations": ["last_word"]}`, []string{`"a b"`, `{"text": "c d"}`, `{"text": "e", "operations": []}`},
			[]string{
				`{"original_text":"a b","operations":["last_word"],"results":{"last_word":"b"},"processed_by":"TextProcessorNode[under_test]","node_config":{}}`,
				`{"original_text":"c d","operations":["last_word"],"results":{"last_word":"d"},"processed_by":"TextProcessorNode[under_test]","node_config":{}}`,
				`{"original_text":"e","operations":[],"results":{},"processed_by":"TextProcessorNode[under_test]","node_config":{}}`,
			}},
	} {
		c.run(t)
	}
}

func TestTextOperations(t *testing.T) {
	for _, c := range []struct{ op, in, want string }{
		{"uppercase", "straße é", "STRASSE É"},
		{"lowercase", "ΟΔΟΣ É", "οδος é"},
		{"reverse", "aé😀", "😀éa"},
		{"reverse", "", ""},
		{"word_count", " one\ttwo\u2003three\n", "3"},
		{"word_count", "", "0"},
		{"char_count", "aé😀", "3"},
		{"title_case", "they're here, NOW 2nd", "They'Re Here, Now 2Nd"},
		{"remove_spaces", " a b\tc\u00a0d ", "ab\tc\u00a0d"},
		{"first_word", "  one two", "one"},
		{"first_word", " \n", ""},
		{"last_word", "one two\u2003three  ", "three"},
		{"last_word", "alone", "alone"},
		{"last_word", " ", ""},
	} {
		r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "TextProcessorNode"), `{"operations": ["`+c.op+`"]}`)
		in, _ := json.Marshal(c.in)
		r.Run(nodetest.JSON(string(in)))
		var got struct{ Results map[string]any }
		if err := json.Unmarshal([]byte(r.Data()[0]), &got); err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprint(got.Results[c.op]); s != c.want {
			t.Errorf("%s of %q is %q, expected %q", c.op, c.in, s, c.want)
		}
	}
}

func TestTextRefuses(t *testing.T) {
	for _, c := range []refusal{
		{"TextProcessorNode", `{}`, `{"operations": ["uppercase"]}`, `no "text"`},
		{"TextProcessorNode", `{}`, `{"text": 7}`, `no "text"`},
		{"TextProcessorNode", `{}`, `7`, "neither a text nor an object"},
		{"TextProcessorNode", `{}`, `{"text": "a", "operations": "uppercase"}`, "isn't an array of strings"},
		{"TextProcessorNode", `{}`, `{"text": "a", "operations": [1]}`, "isn't an array of strings"},
	} {
		c.run(t)
	}
}

func BenchmarkText(b *testing.B) {
	nodetest.BenchmarkData(b, nodetest.Find(b, data.Nodes(), "TextProcessorNode"), "{}", `{"text": "Hello World", "operations": ["uppercase", "word_count"]}`)
}
