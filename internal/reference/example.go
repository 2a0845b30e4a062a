package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/node"
)

// recording is what the examples hear: 6 s of speech.
const recording = "testdata/speech/two-sentences-44k1.wav"

func speech(root string) (media.Audio, error) {
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(recording)))
	if err != nil {
		return media.Audio{}, err
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		return media.Audio{}, err
	}
	samples, err := r.ReadAll(r.Encoding(), 1<<24)
	format := audio.Format{Rate: r.Rate(), Channels: r.Channels(), Encoding: r.Encoding()}
	return media.Audio{Format: format, Bytes: samples}, err
}

// Manifest is the example of a type as a pipeline of one node.
func Manifest(s *node.Spec) string {
	return fmt.Sprintf("version: v1\nnodes:\n  - id: example\n    node_type: %s\n    params: %s\n", s.Name, s.Example)
}

// example shows the manifest, and what comes out when it is run.
func example(out *strings.Builder, s *node.Spec, sound media.Audio) error {
	p, err := remotemedia.Compile(Manifest(s), remotemedia.WithName(s.Name))
	if err != nil {
		return err
	}
	given, in := "`"+s.Sample+"`", media.Inputs{Data: map[string]json.RawMessage{"": json.RawMessage(s.Sample)}}
	if s.Sample == "" {
		given = fmt.Sprintf("[this recording](../../%s) (%s, %d frames)", recording, sound.Format, sound.Frames())
		in = media.Inputs{Audio: map[string]media.Audio{"": sound}}
	}
	r, err := p.Run(context.Background(), in)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n## Example\n\n```yaml\n%s```\n\nOf %s it makes:\n", Manifest(s), given)
	return outputs(out, r)
}

// outputs shows what came out: audio by its format, and the first item of data.
func outputs(out *strings.Builder, r *media.Result) error {
	items := r.Lists["example"]
	if a, ok := r.Audio["example"]; ok {
		fmt.Fprintf(out, "\n- audio: %s, %d frames%s\n", a.Format, a.Frames(), several(len(items.Audio)))
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "\n- a warning: %s\n", w)
	}
	if len(items.Data) == 0 {
		return nil
	}
	text, err := shape(telling(items.Data))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n- data%s:\n\n  ```json\n%s  ```\n", several(len(items.Data)), indented(text))
	if strings.Contains(text, "...") {
		out.WriteString("\n  Lists are cut to three elements here, and numbers to four digits.\n")
	}
	return nil
}

func several(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" in %d items", n)
}

// telling chooses the first item that has an event, or else the first.
func telling(items []json.RawMessage) []byte {
	if i := slices.IndexFunc(items, func(t json.RawMessage) bool { return bytes.Contains(t, []byte(`"type":"speech_start"`)) }); i >= 0 {
		return items[i]
	}
	return items[0]
}

func indented(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text + "\n") {
		out.WriteString("  " + line)
	}
	return out.String()
}

// shape shortens a JSON text to what shows its form, with its members in their order: long lists end in "...", and numbers
// have four digits, which are the same on all processors.
func shape(text []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := shorten(&out, d); err != nil {
		return "", err
	}
	if out.Len() <= 100 {
		return out.String(), nil
	}
	var pretty bytes.Buffer
	err := json.Indent(&pretty, out.Bytes(), "", "  ")
	return pretty.String(), err
}

const shownElements = 3

func shorten(out *bytes.Buffer, d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return shortenAll(out, d, v)
	case json.Number:
		out.WriteString(rounded(v.String()))
		return nil
	}
	literal, err := json.Marshal(token)
	out.Write(literal)
	return err
}

func shortenAll(out *bytes.Buffer, d *json.Decoder, open json.Delim) error {
	out.WriteString(open.String())
	for n := 0; d.More(); n++ {
		part := out
		if open == '[' && n >= shownElements {
			part = new(bytes.Buffer) // read over
		}
		if n > 0 {
			part.WriteString(", ")
		}
		if open == '{' {
			if err := shorten(part, d); err != nil {
				return err
			}
			part.WriteString(": ")
		}
		if err := shorten(part, d); err != nil {
			return err
		}
		if open == '[' && n == shownElements {
			out.WriteString(`, "..."`)
		}
	}
	end, err := d.Token()
	if err == nil {
		out.WriteString(end.(json.Delim).String())
	}
	return err
}

// rounded leaves integers and short decimals as they are.
func rounded(literal string) string {
	x, err := strconv.ParseFloat(literal, 64)
	if err != nil || len(literal) <= 6 || !strings.ContainsAny(literal, ".eE") {
		return literal
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
