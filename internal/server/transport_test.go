package server_test

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

// Every method of the descriptors is served, under its name and with its kind of streaming; nothing else is.
func TestT016_TablesAgreeWithTheDescriptors(t *testing.T) {
	r := newRig(t)
	info := r.server.Services()
	for _, file := range []protoreflect.FileDescriptor{
		pb.File_remotemedia_v1_execution_proto, pb.File_remotemedia_v1_streaming_proto,
		extpb.File_remotemedia_ext_v1_catalog_proto, extpb.File_remotemedia_ext_v1_tools_proto,
	} {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			served, ok := info[string(service.FullName())]
			if !ok || served.Metadata != file.Path() {
				t.Errorf("service %s is served: %v, file %v", service.FullName(), ok, served.Metadata)
				continue
			}
			if len(served.Methods) != service.Methods().Len() {
				t.Errorf("%s has %d methods, served are %d", service.FullName(), service.Methods().Len(), len(served.Methods))
			}
			for k := range service.Methods().Len() {
				m := service.Methods().Get(k)
				want := grpc.MethodInfo{Name: string(m.Name()), IsClientStream: m.IsStreamingClient(), IsServerStream: m.IsStreamingServer()}
				if !slices.Contains(served.Methods, want) {
					t.Errorf("%s isn't served as %+v", m.FullName(), want)
				}
			}
		}
	}
}

func TestReflectionListsAndDescribes(t *testing.T) {
	r := newRig(t)
	stream, err := reflectionpb.NewServerReflectionClient(r).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(req *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
		t.Helper()
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	list := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, s := range list.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	for _, want := range []string{"remotemedia.v1.PipelineExecutionService", "remotemedia.v1.StreamingPipelineService",
		"remotemedia.ext.v1.NodeCatalogService", "remotemedia.ext.v1.PipelineToolsService", "grpc.health.v1.Health"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s isn't listed among %q", want, names)
		}
	}
	described := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{
		FileContainingSymbol: "remotemedia.v1.PipelineExecutionService",
	}})
	checkDescribed(t, described.GetFileDescriptorResponse().GetFileDescriptorProto())
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
}

// checkDescribed builds the files that reflection gave, without any other, and finds a method in them.
func checkDescribed(t *testing.T, files [][]byte) {
	t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	for _, raw := range files {
		file := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(raw, file); err != nil {
			t.Fatal(err)
		}
		set.File = append(set.File, file)
	}
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatalf("the files don't stand alone: %v", err)
	}
	found, err := registry.FindDescriptorByName("remotemedia.v1.PipelineExecutionService.ExecutePipeline")
	if err != nil {
		t.Fatal(err)
	}
	if m := found.(protoreflect.MethodDescriptor); m.Input().FullName() != "remotemedia.v1.ExecuteRequest" {
		t.Errorf("it takes %s", m.Input().FullName())
	}
}

func TestNoReflectionWhereItIsOff(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.NoReflection = true })
	stream, err := reflectionpb.NewServerReflectionClient(r).ServerReflectionInfo(t.Context())
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
}

func TestHealthPerService(t *testing.T) {
	r := newRig(t)
	client := grpc_health_v1.NewHealthClient(r)
	check := func(want grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for _, service := range []string{"", "remotemedia.v1.PipelineExecutionService", "remotemedia.v1.StreamingPipelineService"} {
			var trailer metadata.MD
			got, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service}, grpc.Trailer(&trailer))
			if err != nil || got.GetStatus() != want {
				t.Errorf("%q is %v (%v), want %v", service, got.GetStatus(), err, want)
			}
			if v := trailer.Get("x-remotemedia-protocol"); !slices.Equal(v, []string{"v1"}) {
				t.Errorf("protocol trailer %q", v)
			}
		}
	}
	check(grpc_health_v1.HealthCheckResponse_SERVING)
	if _, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "other"}); status.Code(err) != codes.NotFound {
		t.Errorf("another service: %v", err)
	}
	r.server.NotReady()
	check(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	if got := r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"})); got == nil {
		t.Error("calls aren't served while it drains")
	}
}

// The settings of the transport, as a peer sees them.
func TestRelT5_TransportSettingsOnTheWire(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
	serveRig(t, l, dial)
	conn, err := dial(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	settings, increment := readPreface(t, framer)
	for id, want := range map[http2.SettingID]uint32{
		http2.SettingMaxConcurrentStreams: 256, http2.SettingInitialWindowSize: 256 << 10, http2.SettingMaxHeaderListSize: 16 << 10,
	} {
		if settings[id] != want {
			t.Errorf("%v is %d, want %d", id, settings[id], want)
		}
	}
	if window := increment + 65535; window != 4<<20 {
		t.Errorf("the connection's window is %d, want 4 MiB", window)
	}
}

// readPreface reads frames until the settings and the connection's window have come.
func readPreface(t *testing.T, framer *http2.Framer) (settings map[http2.SettingID]uint32, increment uint32) {
	t.Helper()
	for settings == nil || increment == 0 {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if f.IsAck() {
				continue
			}
			settings = make(map[http2.SettingID]uint32)
			if err := f.ForeachSetting(func(s http2.Setting) error { settings[s.ID] = s.Val; return nil }); err != nil {
				t.Fatal(err)
			}
		case *http2.WindowUpdateFrame:
			increment = f.Increment
		}
	}
	return settings, increment
}

func TestRequestsUpToTheReceiveLimit(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.MaxLimits = engine.Limits{Samples: 1 << 20} })
	most := buffer(make([]byte, 4<<20), func(b *pb.AudioBuffer) { b.Format, b.NumSamples = pb.AudioFormat_AUDIO_FORMAT_I32, 1<<20 })
	if got := r.result(request(pipeline("a:Sound"), map[string]any{"a": most})); got.GetAudioOutputs()["a"].GetNumSamples() != 1<<20 {
		t.Error("the largest buffer didn't come back")
	}
	above := buffer(make([]byte, 5<<20+4))
	var trailer metadata.MD
	err := r.Invoke(t.Context(), executePath, request(pipeline("a:Sound"), map[string]any{"a": above}), new(pb.ExecuteResponse), grpc.Trailer(&trailer))
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("above the receive limit: %v", err)
	}
	if len(trailer.Get("x-request-id")) != 1 || !slices.Equal(trailer.Get("x-remotemedia-error-type"), []string{"ERROR_TYPE_RESOURCE_LIMIT"}) {
		t.Errorf("above the receive limit: trailers %v", trailer)
	}
}

func TestGzipIsAccepted(t *testing.T) {
	r := newRig(t)
	if encoding.GetCompressor(gzip.Name) == nil {
		t.Fatal("no gzip")
	}
	got := new(pb.ExecuteResponse)
	if err := r.Invoke(t.Context(), executePath, request(pipeline("a:Sound"), map[string]any{"a": buffer(sine(50))}), got, grpc.UseCompressor(gzip.Name)); err != nil {
		t.Fatal(err)
	}
	if got.GetResult().GetAudioOutputs()["a"].GetNumSamples() != 16000 {
		t.Errorf("got %v", got)
	}
}

// rawCodec sends bytes that are no message.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal([]byte, any) error   { return nil }
func (rawCodec) Name() string                  { return "proto" }

func TestUndecodableMessagesAreInternalAndTheServiceLivesOn(t *testing.T) {
	r := newRig(t)
	for _, method := range []string{executePath, versionPath} {
		var trailer metadata.MD
		err := r.Invoke(t.Context(), method, []byte("\xff\xff\xff"), nil, grpc.ForceCodec(rawCodec{}), grpc.Trailer(&trailer))
		if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "can't be decoded") {
			t.Errorf("%s: %v", method, err)
		}
		if v := trailer.Get("x-remotemedia-protocol"); !slices.Equal(v, []string{"v1"}) {
			t.Errorf("%s: protocol trailer %q", method, v)
		}
	}
	r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"}))
}
