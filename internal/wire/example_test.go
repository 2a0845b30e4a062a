package wire_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// echo answers an execution with the audio that came: what a service costs that copies each sample once, and does nothing.
func echo(codec *wire.Codec, pool *mem.Pool, stream grpc.ServerStream) error {
	req := new(pb.ExecuteRequest)
	in := &wire.Incoming{Message: req, KeepManifest: true}
	defer in.Release()
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	if in.Err != nil {
		return in.Err
	}
	account := mem.NewAccount(pool, mem.Unlimited{}, math.MaxInt64)
	var given []wire.Audio
	for id, m := range req.GetAudioInputs() {
		buffer, _, err := in.Audio(m, account)
		if err != nil {
			return err
		}
		defer buffer.Release() // the frame holds on to it until it was sent
		given = append(given, wire.Audio{NodeID: id, Buffer: buffer})
	}
	none := func(time.Duration) *pb.ExecutionMetrics { return nil }
	frame, err := codec.EncodeExecution(given, account, new(pb.ExecutionResult), none)
	if err != nil {
		return err
	}
	defer frame.Free() // where it isn't sent
	return stream.SendMsg(&frame)
}

// A bare server that answers with the codec.
func ExampleCodec() {
	pool := mem.NewPool(mem.DefaultRetain)
	codec := wire.NewCodec(pool)
	server := grpc.NewServer(grpc.ForceServerCodecV2(codec), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return echo(codec, pool, stream)
	}))
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener)
	defer server.GracefulStop()
	conn, err := grpc.NewClient("passthrough:///echo", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	answer := new(pb.ExecuteResponse)
	if err := conn.Invoke(context.Background(), "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", request(44100), answer); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(answer.GetResult().GetAudioOutputs()["a"].GetSamples()), "bytes came back")
	// Output: 88200 bytes came back
}
