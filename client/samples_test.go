package client_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
)

const speech = "../testdata/speech/two-sentences-44k1.wav"

func openSpeech(t *testing.T) io.Reader {
	t.Helper()
	f, err := os.Open(speech)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestReadersGiveTheSameAudio(t *testing.T) {
	whole, err := client.ReadWAV(openSpeech(t))
	if err != nil || whole.Format.Rate != 44100 || whole.Frames() < 44100 {
		t.Fatalf("%v, %d frames: %v", whole.Format, whole.Frames(), err)
	}
	raw, err := client.ReadPCM(bytes.NewReader(whole.Bytes), whole.Format)
	if err != nil || !bytes.Equal(raw.Bytes, whole.Bytes) {
		t.Errorf("raw: %d bytes, %v", len(raw.Bytes), err)
	}
	for name, chunks := range map[string]iter.Seq2[client.Chunk, error]{
		"wav":        client.ChunksOfWAV(openSpeech(t), 20*time.Millisecond),
		"pcm":        client.ChunksOfPCM(bytes.NewReader(whole.Bytes), whole.Format, 20*time.Millisecond),
		"short read": client.ChunksOfPCM(iotest.OneByteReader(bytes.NewReader(whole.Bytes)), whole.Format, 20*time.Millisecond),
	} {
		var joined []byte
		n := 0
		for c, err := range chunks {
			if err != nil {
				t.Fatal(name, err)
			}
			joined = append(joined, c.Audio.Bytes...)
			n++
		}
		if !bytes.Equal(joined, whole.Bytes) || n != (whole.Frames()+881)/882 {
			t.Errorf("%s: %d chunks, %d bytes of %d", name, n, len(joined), len(whole.Bytes))
		}
	}
}

func TestWhatCannotBeReadIsAFault(t *testing.T) {
	mono := audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}
	broken := errors.New("unplugged")
	first := func(chunks iter.Seq2[client.Chunk, error]) (err error) {
		for _, e := range chunks {
			err = errors.Join(err, e)
		}
		return err
	}
	_, noWAV := client.ReadWAV(strings.NewReader("no wave"))
	_, half := client.ReadPCM(strings.NewReader("abc"), mono)
	_, noFormat := client.ReadPCM(strings.NewReader("ab"), audio.Format{})
	_, gone := client.ReadPCM(iotest.ErrReader(broken), mono)
	for name, err := range map[string]error{
		"no wave": noWAV, "half a sample": half, "no format": noFormat, "broken": gone,
		"chunks, no wave":       first(client.ChunksOfWAV(strings.NewReader("no wave"), time.Second)),
		"chunks, half a sample": first(client.ChunksOfPCM(strings.NewReader("abc"), mono, time.Second)),
		"chunks, no format":     first(client.ChunksOfPCM(strings.NewReader("ab"), audio.Format{}, time.Second)),
		"chunks, broken":        first(client.ChunksOfPCM(iotest.ErrReader(broken), mono, time.Second)),
		"chunks of no time":     first(client.ChunksOfPCM(strings.NewReader("ab"), mono, time.Microsecond)),
	} {
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.CodeBadAudio || f.Kind != fault.Validation {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(gone, broken) {
		t.Errorf("the cause is lost: %v", gone)
	}
}

func TestReadAudioGivesWhatComes(t *testing.T) {
	c := service(t)
	s, err := c.Stream(t.Context(), parse(t, echo), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, 8000)
	for i := range samples {
		samples[i] = int16(i)
	}
	in := client.FromSamples(8000, 1, samples)
	r := client.ReadAudio(s.Pipe(client.ChunksOfPCM(bytes.NewReader(in.Bytes), in.Format, 10*time.Millisecond)), "in")
	defer r.Close()
	out, err := client.ReadPCM(r, in.Format)
	if err != nil || !slices.Equal(client.Samples[int16](out), samples) {
		t.Errorf("%d frames: %v", out.Frames(), err)
	}
}

func TestReadAudioTellsTheEnd(t *testing.T) {
	broken := errors.New("gone")
	answers := func(yield func(*client.Answer, error) bool) {
		_ = yield(&client.Answer{}, nil) && yield(nil, broken)
	}
	r := client.ReadAudio(answers, "in")
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	r.Close()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("behind Close: %v", err)
	}
	r = client.ReadAudio(func(yield func(*client.Answer, error) bool) {
		yield(&client.Answer{Failure: fault.New(fault.CodeNodeFailed, "broke")}, nil)
	}, "in")
	defer r.Close()
	if _, err := r.Read(make([]byte, 1)); fault.From(err).Code != fault.CodeNodeFailed {
		t.Errorf("a chunk that failed gives %v", err)
	}
}
