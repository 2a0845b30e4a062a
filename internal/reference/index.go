package reference

import (
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/node"
)

// families are the categories in the order of the index, each with what unites its nodes. A category that isn't here comes last.
var families = []struct{ name, about string }{
	{"transform", "Other audio of the audio that comes in: rate, encoding, channels."},
	{"measure", "Figures about audio, which goes on unchanged."},
	{"detect", "Events in audio, which goes on unchanged."},
	{"flow", "When and in which company items go on; what they hold stays as it is."},
	{"data", "Computing with JSON and text."},
}

const indexHead = `# Node types

` + notice + `
What every node has in common:

- **Names.** A manifest may use any of a type's names, and any spelling of a parameter that its page lists. ` + "`remotemedia nodes info NAME`" + ` tells
  the same on the command line, with ` + "`--json`" + ` for programs.
- **Parameters** have defaults. One that is unknown, of a wrong type or out of its range is an error before anything runs; one that is
  accepted and ignored, for the sake of older manifests, gives a warning.
- **Kinds.** An item is audio or data (JSON, text). What reaches a node over a connection and isn't of a kind that it takes goes on unchanged; given
  to it from outside, it is the error ` + "`input_kind`" + `.
- **Audio** is computed in 32-bit floats and leaves in the encoding in which it came, unless the node is there to change it. What isn't
  finite counts as 0 and is told once.
- **Results per sample** don't depend on how audio is cut into chunks, not by a bit. Results per item do: there is one for each item.
- **Time.** Audio keeps its media time through every node; the delay on a page is what has to come in before the first can go out.
`

// indexPage lists all types by family.
func indexPage(specs []*node.Spec) string {
	var out strings.Builder
	out.WriteString(indexHead)
	left := map[string][]*node.Spec{}
	for _, s := range specs {
		left[s.Category] = append(left[s.Category], s)
	}
	for _, f := range families {
		family(&out, f.name, f.about, left[f.name])
		delete(left, f.name)
	}
	for _, s := range specs { // in their order, each family that is left once
		family(&out, s.Category, "", left[s.Category])
		delete(left, s.Category)
	}
	return out.String()
}

func family(out *strings.Builder, name, about string, specs []*node.Spec) {
	if len(specs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n", name)
	if about != "" {
		fmt.Fprintf(out, "%s\n\n", about)
	}
	out.WriteString("| type | takes | gives | what it does |\n|---|---|---|---|\n")
	for _, s := range specs {
		fmt.Fprintf(out, "| [%s](%s) | %s | %s | %s |\n", s.Name, FileName(s), kinds(s.Accepts), kinds(s.Gives()), cell(s.Summary))
	}
}

func kinds(k node.Kinds) string {
	switch k {
	case node.Any:
		return "anything"
	case 0:
		return "nothing"
	}
	return strings.Join(k.Names(), ", ")
}
