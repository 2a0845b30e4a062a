package engine

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// itemOverhead is what an item that waits or is collected costs beside its content, in bytes: the item itself and an audio
// buffer's header. It is charged so that a node that floods its successors meets the memory limit.
const itemOverhead = 256

func costOf(item *node.Item) int { return itemOverhead + len(item.Data) }

// hold keeps an item that a node emitted: its cost is charged and its audio retained.
func hold(a *mem.Account, item *node.Item) error {
	if err := a.Charge(costOf(item)); err != nil {
		return err
	}
	if item.Audio != nil {
		item.Audio.Retain()
	}
	return nil
}

// letGo is the opposite of hold.
func letGo(a *mem.Account, item *node.Item) {
	releaseAudio(item)
	a.Release(costOf(item))
}

func letGoAll(a *mem.Account, items []node.Item) {
	for i := range items {
		letGo(a, &items[i])
	}
}

func releaseAudio(item *node.Item) {
	if item.Audio != nil {
		item.Audio.Release()
	}
}

// clock places the external audio of one node in time. Media time is counted from where it was last set, not added up
// chunk by chunk, so that it doesn't drift.
type clock struct {
	anchor   audio.Stamp
	rate     int   // of the audio since the anchor, 0 for none yet
	position int64 // of the next frame
}

// now is the stamp of the next frame.
func (c *clock) now() audio.Stamp {
	if c.rate == 0 {
		return c.anchor
	}
	return c.anchor.Add(c.position-c.anchor.Position, c.rate)
}

// set makes the next frame's media time another one.
func (c *clock) set(micros int64) {
	c.anchor, c.rate = audio.Stamp{Position: c.position, Micros: micros}, 0
}

// advance goes on by frames at a rate.
func (c *clock) advance(frames int64, rate int) {
	if c.rate != rate {
		c.anchor = c.now()
		c.rate = rate
	}
	c.position += frames
}
