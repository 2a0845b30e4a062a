package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// lane is a pipeline that runs on a stream, in this process or on a service.
type lane interface {
	name() string
	// open starts the stream. Stop is called when it ends before its input does.
	open(ctx context.Context, stop func()) error
	// answers feeds the stream, perhaps on another goroutine, and gives what comes out, in order. The last result has the
	// reports of the nodes and the figures of the whole stream.
	answers(chunks iter.Seq2[client.Chunk, error]) iter.Seq2[*media.Result, error]
	close()
}

// newLane loads the manifest for where it is to run.
func (c *runCmd) newLane(env *Env) (lane, error) {
	if c.Server != "" {
		m, err := loadManifest(c.Manifest, env)
		return &remoteLane{manifest: m, server: c.Server, access: &c.accessFlags, options: client.StreamOptions{Data: c.data(), Limits: c.limits()}}, err
	}
	p, err := loadPipeline(c.Manifest, env, remotemedia.WithLimits(c.limits()))
	return &localLane{pipeline: p, first: media.Inputs{Data: c.data()}}, err
}

// localLane runs in this process, turn by turn.
type localLane struct {
	pipeline *remotemedia.Pipeline
	stream   *remotemedia.Stream
	turns    context.Context // a turn is short and has its own limit: it isn't cut, so that what was read isn't lost
	first    media.Inputs    // joins the first chunk
	began    time.Time
}

func (l *localLane) name() string { return l.pipeline.Name() }

func (l *localLane) open(ctx context.Context, _ func()) (err error) {
	l.turns, l.began = context.WithoutCancel(ctx), time.Now()
	l.stream, err = l.pipeline.Open()
	return err
}

func (l *localLane) close() {
	if l.stream != nil {
		l.stream.Close()
	}
}

func (l *localLane) answers(chunks iter.Seq2[client.Chunk, error]) iter.Seq2[*media.Result, error] {
	return func(yield func(*media.Result, error) bool) {
		for chunk, err := range chunks {
			var r *media.Result
			if err == nil {
				r, err = l.push(chunk)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		r, err := l.stream.Flush(l.turns)
		if err == nil {
			r.Metrics.Wall = time.Since(l.began)
		}
		yield(r, err)
	}
}

func (l *localLane) push(chunk client.Chunk) (*media.Result, error) {
	in := l.first
	l.first = media.Inputs{}
	in.Audio = map[string]media.Audio{chunk.Node: chunk.Audio}
	return l.stream.Push(l.turns, in)
}

// remoteLane runs on a service.
type remoteLane struct {
	manifest *manifest.Manifest
	server   string
	access   *accessFlags
	options  client.StreamOptions
	client   *client.Client
	stream   *client.Stream
	cancel   context.CancelFunc
}

func (l *remoteLane) name() string { return l.manifest.DisplayName() }

// open gives up when ctx ends. A stream that is open ends by its input instead, so that nothing is lost.
func (l *remoteLane) open(ctx context.Context, stop func()) (err error) {
	if l.client, err = l.access.dial(l.server); err != nil {
		return err
	}
	living, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	give := context.AfterFunc(ctx, cancel)
	if l.stream, err = l.client.Stream(living, l.manifest, l.options); err != nil {
		return placed(l.manifest, l.server, err)
	}
	give()
	context.AfterFunc(l.stream.Context(), stop)
	return nil
}

func (l *remoteLane) close() {
	if l.cancel != nil {
		l.cancel()
	}
	if l.client != nil {
		l.client.Close() // nothing is under way on it
	}
}

func (l *remoteLane) answers(chunks iter.Seq2[client.Chunk, error]) iter.Seq2[*media.Result, error] {
	return func(yield func(*media.Result, error) bool) {
		var warnings []string
		for answer, err := range l.stream.Pipe(chunks) {
			if err != nil {
				yield(nil, l.explain(err))
				return
			}
			warnings = append(warnings, answer.Warnings...)
			if !yield(&answer.Result, nil) {
				return
			}
		}
		yield(l.whole(warnings), nil)
	}
}

// explain says where an error of the stream comes from; one of the input does so itself.
func (l *remoteLane) explain(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return fmt.Errorf("%s: %w", l.server, err)
	}
	return err
}

// whole makes the last result of the service's last word; a service of the 0.2 line may have had none.
func (l *remoteLane) whole(warnings []string) *media.Result {
	r := &media.Result{Status: media.Success, Warnings: warnings, RequestID: l.stream.Session().ID}
	if closed := l.stream.Closed(); closed != nil {
		r.Nodes, r.Metrics = closed.Nodes, closed.Metrics
	}
	for _, n := range r.Nodes {
		if n.Status == media.Skipped {
			r.Status = media.Partial
		}
	}
	return r
}
