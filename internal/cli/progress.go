package cli

import (
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressDelay is how long work must take to show its progress.
const progressDelay = time.Second

// progress is a line on the terminal that tells how far long work has come. A nil one shows nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	timer     *time.Timer
}

// startProgress begins to count. Total is in frames, negative where it isn't known. Nothing is shown within the first
// second, nor where standard error isn't a terminal.
func startProgress(env *Env, title string, total int64) *progress {
	if !env.Terminal {
		return nil
	}
	late := make(chan any)
	p := &progress{timer: time.AfterFunc(progressDelay, func() { close(late) })}
	p.container = mpb.New(mpb.WithOutput(env.Stderr), mpb.WithAutoRefresh(), mpb.WithWidth(60), mpb.WithRenderDelay(late))
	name := mpb.PrependDecorators(decor.Name(title, decor.WCSyncSpaceR))
	if total > 0 {
		p.bar = p.container.AddBar(total, name, mpb.AppendDecorators(decor.Percentage()), mpb.BarRemoveOnComplete())
	} else {
		p.bar = p.container.AddSpinner(0, name, mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_MMSS)), mpb.BarRemoveOnComplete())
	}
	return p
}

// add counts frames that are done.
func (p *progress) add(frames int) {
	if p != nil {
		p.bar.IncrBy(frames)
	}
}

// stop takes the line away.
func (p *progress) stop() {
	if p == nil {
		return
	}
	p.timer.Stop()
	p.bar.Abort(true)
	p.container.Wait()
}
