package service

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// answers are what a stream must answer. They aren't changed once a load is under way.
type answers struct {
	check  Check
	chunks []*outputs // by sequence
	final  *outputs   // what the flush gives; nil: nothing
}

// ask streams once with the ordinary client.
func (a *answers) ask(ctx context.Context, t load.Target, s Spec, f *feed, chunks uint64) error {
	c, err := dial(t)
	if err != nil {
		return err
	}
	defer c.Close()
	stream, err := c.Stream(ctx, s.Manifest, client.StreamOptions{Limits: s.Limits})
	if err != nil {
		return err
	}
	defer stream.Cancel()
	size := 0
	for answer, err := range stream.Pipe(f.all(chunks)) {
		if err != nil {
			return err
		}
		o := expect(&answer.Result)
		if answer.Final {
			a.final = o
			continue
		}
		if size += o.bytes(); size > mostExpected {
			return fmt.Errorf("answers of a stream of %d chunks have more than %d MiB, too much to be kept: make streams shorter, or leave the check (--check none)",
				chunks, mostExpected>>20)
		}
		a.chunks = append(a.chunks, o)
	}
	if uint64(len(a.chunks)) != chunks {
		return fmt.Errorf("%d answers to %d chunks: expected one each", len(a.chunks), chunks)
	}
	return nil
}

const (
	streamReady, streamResult, streamError, streamMetrics, streamClosed protowire.Number = 1, 2, 3, 4, 5 // StreamResponse

	chunkResultSequence, chunkResultAudio, chunkResultData, chunkResultFinal, chunkResultDropped protowire.Number = 1, 2, 3, 101, 103 // ChunkResult
)

// look is the check of a [load.StreamWorkload].
func (a *answers) look(message []byte, awaited uint64, whole bool) (load.Answer, error) {
	f, _, err := next(message)
	if err != nil {
		return load.AnswerOther, err
	}
	switch f.number {
	case streamReady:
		return load.AnswerReady, nil
	case streamResult:
		return a.result(f.value, awaited, whole)
	case streamError:
		return load.AnswerOther, told(f.value)
	case streamMetrics:
		return load.AnswerOther, nil
	case streamClosed:
		return load.AnswerClosed, nil
	}
	return load.AnswerOther, load.Wrong("no answer", "the message carries nothing of the contract")
}

// result checks a ChunkResult. Its outputs are compared in a second pass, as only the whole tells which they ought to be.
func (a *answers) result(message []byte, awaited uint64, whole bool) (load.Answer, error) {
	var sequence, final, dropped uint64
	answer := load.AnswerEmpty
	for b := message; len(b) > 0; {
		f, rest, err := next(b)
		if err != nil {
			return answer, err
		}
		b = rest
		switch f.number {
		case chunkResultSequence:
			sequence = f.scalar
		case chunkResultAudio, chunkResultData:
			answer = load.AnswerOutput
		case chunkResultFinal:
			final = f.scalar
		case chunkResultDropped:
			dropped = f.scalar
		}
	}
	switch {
	case final != 0:
		if !whole {
			return load.AnswerFinal, nil // of a stream that was closed early
		}
		return load.AnswerFinal, a.compare(message, a.final, awaited)
	case dropped != 0:
		return answer, load.Wrong("dropped", fmt.Sprintf("chunk %d was dropped", sequence))
	case sequence != awaited:
		return answer, load.Wrong("sequence", fmt.Sprintf("an answer to chunk %d: expected one to %d", sequence, awaited))
	case a.check == CheckNone:
		return answer, nil
	}
	return answer, a.compare(message, a.chunks[awaited], awaited)
}

// compare compares the outputs of a ChunkResult.
func (a *answers) compare(message []byte, want *outputs, number uint64) error {
	if a.check == CheckNone {
		return nil
	}
	if want == nil {
		return load.Wrong("outputs", "there is a last answer: expected none")
	}
	t := tally{check: a.check, want: want, number: number}
	for b := message; len(b) > 0; {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		switch b = rest; f.number {
		case chunkResultAudio:
			err = t.audio(f.value)
		case chunkResultData:
			err = t.data(f.value)
		}
		if err != nil {
			return err
		}
	}
	return t.complete()
}
