package engine

import (
	"context"

	"github.com/remotemedia/remotemedia-go/node"
)

// run does a job's turns.
func (s *Session) run(j job) (*Output, error) {
	s.output = s.newOutput()
	err := s.turns(j)
	output := s.output
	s.output = nil
	if err == nil {
		err = output.finish()
	}
	if err != nil {
		output.Release()
		s.discard()
		return nil, err
	}
	return output, nil
}

func (s *Session) turns(j job) error {
	if j.process {
		s.enter(j.inputs)
		if err := s.turn(false); err != nil {
			return err
		}
	}
	if j.flush && !s.flushed {
		s.flushed = true
		if err := s.turn(true); err != nil {
			return err
		}
	}
	return nil
}

// enter queues the external items at their nodes: of each node first the audio, then the data.
func (s *Session) enter(inputs []Input) {
	for _, kinds := range []node.Kinds{node.Audio, node.Data} {
		for i := range inputs {
			in := &inputs[i]
			if in.Item.Kind&kinds == 0 {
				continue
			}
			n := &s.nodes[in.Node]
			n.stamp(in)
			n.external.push(in.Item)
		}
	}
}

// turn runs every node once, in plan order; each takes all that waits for it, and in the last turn is flushed.
func (s *Session) turn(flush bool) error {
	for at, i := range s.plan.Order {
		s.current.Store(int32(at))
		if err := s.goOn(); err != nil {
			return err
		}
		n := &s.nodes[i]
		if err := n.drain(); err != nil {
			return err
		}
		if flush {
			if err := n.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// goOn lets those go first who are in a greater hurry, and returns why the job is to stop, if it is.
func (s *Session) goOn() error {
	if s.slot != nil {
		s.slot.GiveWay(s.ctx)
	}
	if s.ctx.Err() != nil {
		return s.interrupted(context.Cause(s.ctx))
	}
	return nil
}

func (s *Session) discard() {
	for i := range s.nodes {
		s.nodes[i].discard()
	}
}
