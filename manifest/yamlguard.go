package manifest

import (
	"github.com/goccy/go-yaml/token"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Bounds that keep the YAML library's time and memory in proportion to the text, whatever the text is.
const (
	// maxYAMLMarks bounds the characters that can begin or end a token, of which a value has two at most on average.
	maxYAMLMarks = 2 * MaxValues
	// maxYAMLOpen bounds brackets that are opened and not closed, counted as if there were no strings.
	maxYAMLOpen = 1000
	// maxBlockKeys bounds the keys of one mapping in block style: the library takes time in proportion to their square.
	maxBlockKeys = 1000
)

// checkYAML bounds a text before it goes to the library: one pass, nothing allocated.
func checkYAML(text []byte) *refusal {
	marks, open := 0, 0
	for i, c := range text {
		switch c {
		case '[', '{':
			open++
			marks++
		case ']', '}':
			open--
			marks++
		case '\n', ',', ':', '&', '*', '!', '?', '|', '>', '%', '@', '`', '"', '\'', '#':
			marks++
		case '-':
			if i+1 < len(text) && text[i+1] == ' ' {
				marks++
			}
		case '\t':
		default:
			if r := checkCharacter(text, i); r != nil {
				return r
			}
		}
		if open > maxYAMLOpen {
			return tooDeep(i)
		}
		if marks > maxYAMLMarks {
			return tooManyValues(i)
		}
	}
	return nil
}

func checkCharacter(text []byte, i int) *refusal {
	c := text[i]
	if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
		return nil
	}
	if c >= ' ' && c != 0x7f {
		return nil
	}
	return refuse(fault.CodeSyntax, i, i+1, "invalid YAML: control character 0x%02x", c).
		withHint(`write it as an escape in a string in double quotes`)
}

// checkTokens bounds nesting and block mappings by the tokens of a text, before they are parsed. The library parses
// recursively and a mapping in quadratic time.
func checkTokens(tokens token.Tokens, index *textIndex) *refusal {
	g := tokenGuard{index: index}
	for i, tk := range tokens {
		if r := g.check(tokens, i, tk); r != nil {
			return r
		}
	}
	return nil
}

// tokenGuard follows the structure of a text by its tokens.
type tokenGuard struct {
	index   *textIndex
	line    int // of the last token
	column  int // of the line's first token that isn't a sequence entry
	flow    int // open brackets
	blocks  []block
	content bool // something but comments came
	ended   bool
}

// block is an open block collection: the column where its entries begin, and how many keys it has so far.
type block struct{ column, keys int }

func (g *tokenGuard) check(tokens token.Tokens, i int, tk *token.Token) *refusal {
	if tk.Position.Line != g.line {
		g.line, g.column = tk.Position.Line, 0
	}
	if tk.Type == token.CommentType {
		return nil
	}
	if r := g.checkDocument(tk); r != nil {
		return r
	}
	if g.column == 0 && tk.Type != token.SequenceEntryType {
		g.column = tk.Position.Column
	}
	return g.checkStructure(tk)
}

func (g *tokenGuard) checkDocument(tk *token.Token) *refusal {
	at := g.index.token(tk)
	switch tk.Type {
	case token.DirectiveType:
		return refuse(fault.CodeSyntax, at, at+1, "a YAML directive isn't supported").withHint("remove the line")
	case token.DocumentHeaderType:
		g.ended = g.content
		if !g.ended {
			return nil
		}
	case token.DocumentEndType:
		g.ended = true
		return nil
	}
	if g.ended {
		return refuse(fault.CodeSyntax, at, at+1, "a second YAML document begins here").
			withHint("a manifest is one document; remove the rest")
	}
	g.content = true
	return nil
}

func (g *tokenGuard) checkStructure(tk *token.Token) *refusal {
	switch tk.Type {
	case token.SequenceStartType, token.MappingStartType:
		g.flow++
	case token.SequenceEndType, token.MappingEndType:
		g.flow = max(0, g.flow-1)
	case token.MappingKeyType:
		at := g.index.token(tk)
		return refuse(fault.CodeSyntax, at, at+1, "a key that begins with ? isn't supported").
			withHint("write the key as plain text followed by a colon")
	case token.SequenceEntryType:
		g.enter(tk.Position.Column)
	case token.MappingValueType:
		if g.flow == 0 && g.enter(g.column) > maxBlockKeys {
			at := g.index.token(tk)
			return refuse(fault.CodeTooLarge, at, at+1, "a mapping has more than %d keys", maxBlockKeys).
				withHint("move data out of the manifest; send it as input")
		}
	}
	if g.flow+len(g.blocks) > MaxDepth {
		return tooDeep(g.index.token(tk))
	}
	return nil
}

// enter notes an entry of a block collection at a column, which ends all collections further right, and gives the number
// of entries since the collection began.
func (g *tokenGuard) enter(column int) int {
	for len(g.blocks) > 0 && g.blocks[len(g.blocks)-1].column > column {
		g.blocks = g.blocks[:len(g.blocks)-1]
	}
	if n := len(g.blocks); n == 0 || g.blocks[n-1].column < column {
		g.blocks = append(g.blocks, block{column: column})
	}
	last := &g.blocks[len(g.blocks)-1]
	last.keys++
	return last.keys
}
