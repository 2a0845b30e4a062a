package h2

import (
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// method is how calls of one are answered.
type method struct {
	serve   grpc.StreamHandler // with the interceptor around it
	service any
	streams bool // the client sends any number of messages; else exactly one
	lasting bool // the server answers with any number
}

// RegisterService implements grpc.ServiceRegistrar. Unary methods are served as streams are: their handler runs as soon as the headers are there.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, service any) {
	info := grpc.ServiceInfo{Metadata: desc.Metadata}
	add := func(d grpc.StreamDesc) {
		name := "/" + desc.ServiceName + "/" + d.StreamName
		s.methods[name] = s.method(name, d, service)
		info.Methods = append(info.Methods, grpc.MethodInfo{Name: d.StreamName, IsClientStream: d.ClientStreams, IsServerStream: d.ServerStreams})
	}
	for _, m := range desc.Methods {
		add(grpc.StreamDesc{StreamName: m.MethodName, Handler: unary(m)})
	}
	for _, d := range desc.Streams {
		add(d)
	}
	s.services[desc.ServiceName] = info
}

// GetServiceInfo implements reflection.ServiceInfoProvider.
func (s *Server) GetServiceInfo() map[string]grpc.ServiceInfo { return maps.Clone(s.services) }

// unary makes a handler of a stream of one that generated code has for a unary method.
func unary(m grpc.MethodDesc) grpc.StreamHandler {
	return func(service any, ss grpc.ServerStream) error {
		answer, err := m.Handler(service, ss.Context(), ss.RecvMsg, nil)
		if err != nil {
			return err
		}
		return ss.SendMsg(answer)
	}
}

// method puts the interceptors around a handler. Without a name it is one for any: then each call has its own.
func (s *Server) method(name string, d grpc.StreamDesc, service any) *method {
	m := &method{serve: d.Handler, service: service, streams: d.ClientStreams, lasting: d.ServerStreams}
	known := &grpc.StreamServerInfo{FullMethod: name, IsClientStream: d.ClientStreams, IsServerStream: d.ServerStreams}
	for _, around := range slices.Backward(s.options.Interceptors) {
		next := m.serve
		m.serve = func(srv any, ss grpc.ServerStream) error {
			info := known
			if name == "" {
				called, _ := grpc.MethodFromServerStream(ss)
				info = &grpc.StreamServerInfo{FullMethod: called, IsClientStream: d.ClientStreams, IsServerStream: d.ServerStreams}
			}
			return around(srv, ss, info, next)
		}
	}
	return m
}

// find returns the method of a path.
func (s *Server) find(path string) *method {
	if m, ok := s.methods[path]; ok {
		return m
	}
	return s.unknown
}

// transportStream is a stream as grpc's functions over contexts see it.
type transportStream struct{ *stream }

// SetTrailer implements grpc.ServerTransportStream.
func (t transportStream) SetTrailer(md metadata.MD) error {
	t.stream.SetTrailer(md)
	return nil
}
