// Goecho answers requests of remotemedia.v1 with answers made beforehand, at four depths of the stack: raw TCP, gRPC without
// decoding, gRPC with the service's own codec, and gRPC with the codec that grpc-go brings. The benchmarks set the service beside
// them, to tell what the network and the stack cost from what the service costs. It can refuse all calls, too, for what a refusal costs.
//
//	goecho -codec raw|noop|onecopy|default|refuse [-listen HOST:PORT] [-metrics HOST:PORT] [-unary FILE] [-chunk FILE]
//
// It says "listening HOST:PORT" on standard output, or what the service says where it has metrics, and ends with SIGTERM or when its
// standard input does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// answers are what is sent, whatever was asked: an encoded ExecuteResponse, and an encoded ChunkResult without its sequence.
type answers struct{ unary, chunk []byte }

// server is one of the echoes.
type server interface {
	Serve(net.Listener) error
	Stop()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "goecho:", err)
		os.Exit(1)
	}
}

func run() error {
	codec := flag.String("codec", "noop", "raw, noop, onecopy, default or refuse")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	metrics := flag.String("metrics", "", "address for /metrics, which tells what was allocated; empty: none")
	unary := flag.String("unary", "", "file with the encoded ExecuteResponse that answers a unary call")
	chunk := flag.String("chunk", "", "file with the encoded ChunkResult, without a sequence, that answers a chunk")
	flag.Parse()

	a, err := load(*unary, *chunk)
	if err != nil {
		return err
	}
	s, err := newServer(*codec, a)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	var told net.Addr
	if *metrics != "" {
		if told, err = serveMetrics(*metrics); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that counts
		stop()
	}()
	context.AfterFunc(ctx, s.Stop)
	fmt.Println(serving(l.Addr(), told))
	if err := s.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

func load(unary, chunk string) (a answers, err error) {
	for _, f := range []struct {
		path string
		into *[]byte
	}{{unary, &a.unary}, {chunk, &a.chunk}} {
		if f.path == "" {
			continue
		}
		if *f.into, err = os.ReadFile(f.path); err != nil {
			return a, err
		}
		if len(*f.into) == 0 {
			return a, errors.New(f.path + " is empty")
		}
	}
	return a, nil
}

func newServer(codec string, a answers) (server, error) {
	switch codec {
	case "raw":
		return newRaw(), nil
	case "noop":
		return newGRPC(noop{a}, tuned()...), nil
	case "onecopy":
		e, err := newOneCopy(a)
		if err != nil {
			return nil, err
		}
		return newGRPC(e, tuned()...), nil
	case "default":
		e, err := newStandard(a)
		if err != nil {
			return nil, err
		}
		return newGRPC(e), nil
	case "refuse":
		return newRefusing(tuned()...), nil
	}
	return nil, fmt.Errorf("-codec is raw, noop, onecopy, default or refuse, not %q", codec)
}
