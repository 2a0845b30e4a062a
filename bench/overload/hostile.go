package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// hostile has good calls at 0.8 of the capacity go on, in 256 MiB, beside peers of bad will (row 13): half-open connections, bodies that are claimed and
// never come, calls that are reset at once, and small bodies that inflate to megabytes.
func (t *trial) hostile(ctx context.Context) error {
	const memory = 256 << 20
	s, err := stress.Start(ctx, stress.Options{Name: "hostile", Program: t.program, CPUs: t.cpus, Dir: t.dir, Memory: memory})
	if err != nil {
		return err
	}
	attacking, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	const silent, claiming, bombing = 100, 100, 2
	for range silent {
		group.Go(func() { stayHalfOpen(attacking, s.Address) })
	}
	for range claiming {
		group.Go(func() { repeat(attacking, time.Second, func() { claim(attacking, s.Address) }) })
	}
	group.Go(func() { repeat(attacking, time.Second, func() { resetRapidly(attacking, s.Address) }) })
	for range bombing {
		group.Go(func() { repeat(attacking, time.Second, func() { bomb(attacking, s.Address) }) })
	}
	var most int64
	group.Go(func() { most = peak(attacking, s.PID) })
	r, err := t.offer(ctx, s, 0.8, t.seconds(10), nil)
	stop()
	group.Wait()
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	o := split(r)
	t.report.AtLeast("13", "among hostile peers, 0.8 C: answered in time", percent(o.good, int(r.Attempted())), 70, "%", fmt.Sprintf("%+v", o))
	enforced := "the kernel enforces it"
	if !s.Enforced {
		enforced = "only the runtime knows of it"
	}
	t.report.AtMost("13", "among hostile peers: most resident memory, every 50 ms", float64(most)/(1<<20), memory>>20, "MiB", enforced)
	return s.Stop() // an error where it was killed for its memory
}

// repeat does something again and again, with pauses, until the context ends.
func repeat(ctx context.Context, pause time.Duration, f func()) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// peak is the most resident memory that a process has until the context ends.
func peak(ctx context.Context, pid int) (most int64) {
	const every = 50 * time.Millisecond
	repeat(ctx, every, func() {
		if u, err := machine.UsageOf(pid); err == nil { // where it has ended, its stop tells
			most = max(most, u.RSS)
		}
	})
	return most
}

// What the service does to a hostile connection, closing it among others, isn't looked at here: the figures are those of the others.

func stayHalfOpen(ctx context.Context, address string) {
	repeat(ctx, time.Second, func() {
		if conn, err := net.Dial("tcp", address); err == nil {
			defer conn.Close()
			<-ctx.Done()
		}
	})
}

// frames opens a connection that speaks HTTP/2 frame by frame. It is closed with the context.
func frames(ctx context.Context, address string) (f *http2.Framer, closeIt func()) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, func() {}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	go io.Copy(io.Discard, conn)
	f = http2.NewFramer(conn, nil)
	closeIt = func() { stop(); conn.Close() }
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil || f.WriteSettings() != nil {
		return nil, closeIt
	}
	return f, closeIt
}

func headers() []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", service.ExecuteMethod}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		_ = e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}) // to memory
	}
	return b.Bytes()
}

// claim begins a call, says that 16 MiB come, and sends a byte a second.
func claim(ctx context.Context, address string) {
	f, done := frames(ctx, address)
	defer done()
	if f == nil || f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers(), EndHeaders: true}) != nil {
		return
	}
	body := []byte{0, 1, 0, 0, 0}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	repeat(limited, time.Second, func() {
		if f.WriteData(1, false, body) != nil {
			cancel()
		}
		body = []byte{0}
	})
}

// resetRapidly opens and resets calls until it is cut off.
func resetRapidly(ctx context.Context, address string) {
	const most = 10_000
	f, done := frames(ctx, address)
	defer done()
	for id := uint32(1); f != nil && id < 2*most; id += 2 {
		if f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: headers(), EndHeaders: true}) != nil ||
			f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			return
		}
	}
}

// bomb sends 16 MiB of zeros in some kilobytes.
func bomb(ctx context.Context, address string) {
	const size = 16 << 20
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return
	}
	defer conn.Close()
	// Whatever it is answered, the others' calls are what counts.
	_ = conn.Invoke(ctx, service.ExecuteMethod, proto.Message(&pb.ExecuteRequest{
		Manifest:    &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}}},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: make([]byte, size), SampleRate: 44100, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32}},
	}), new(pb.ExecuteResponse), grpc.UseCompressor(gzip.Name))
}
