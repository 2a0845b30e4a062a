package config

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// The names of hosts with a meaning of their own.
const (
	// LocalHost stands for both loopback addresses, 127.0.0.1 and ::1: what exists of them.
	LocalHost = "localhost"
	// AllHosts stands for all addresses of the machine.
	AllHosts = "*"
)

// Server is the network side of the service.
type Server struct {
	Host         string        `koanf:"host" doc:"Address to listen on. localhost is 127.0.0.1 and ::1 (what exists of them), * is all addresses."`
	Port         int           `koanf:"port" min:"0" max:"65535" doc:"Port of the gRPC service; 0 takes a free one."`
	Listen       []string      `koanf:"listen" doc:"Several addresses host:port; when given, it replaces host and port."`
	TLS          TLS           `koanf:"tls" doc:"Transport security. Certificate, key and client CA are reloaded when their files change."`
	Admin        Admin         `koanf:"admin" doc:"The HTTP port for metrics, health, drain and profiles."`
	Reflection   bool          `koanf:"reflection" doc:"Serve gRPC reflection, which grpcurl and the like need."`
	Debug        bool          `koanf:"debug" doc:"Send stack traces of recovered panics to clients. Not for production."`
	DrainTimeout time.Duration `koanf:"drain_timeout" min:"0s" max:"1h" doc:"How long calls and streams may go on after SIGTERM before the process exits."`
	DrainDelay   time.Duration `koanf:"drain_delay" min:"0s" max:"10m" doc:"How long the service reports not ready before it sends GOAWAY, for balancers to notice."`
	Keepalive    Keepalive     `koanf:"keepalive" doc:"Pings that find dead connections, and the pings that clients may send."`
	Connection   Connection    `koanf:"connection" doc:"Bounds of one HTTP/2 connection."`
}

// TLS is transport security of the gRPC port.
type TLS struct {
	Enabled      Toggle `koanf:"enabled" doc:"true, false, or auto: on when cert_path is given. When it is on, plain text is refused."`
	CertPath     string `koanf:"cert_path" doc:"PEM file with the certificate and its chain."`
	KeyPath      string `koanf:"key_path" doc:"PEM file with the private key."`
	ClientCAPath string `koanf:"client_ca_path" doc:"PEM file with the authorities that sign client certificates. When given, clients must present one (mTLS)."`
	MinVersion   string `koanf:"min_version" enum:"1.2,1.3" doc:"Oldest TLS version accepted; 1.3 is used wherever the client has it."`
}

// On reports whether the port speaks TLS.
func (t TLS) On() bool { return t.Enabled.On(t.CertPath != "") }

// Admin is the HTTP port beside gRPC.
type Admin struct {
	Enabled bool   `koanf:"enabled" doc:"Serve the admin port."`
	Host    string `koanf:"host" doc:"Address of the admin port; see server.host for localhost and *."`
	Port    int    `koanf:"port" min:"0" max:"65535" doc:"Number of the admin port; 0 takes a free one."`
	Pprof   bool   `koanf:"pprof" doc:"Serve /debug/pprof, to tokens with the scope admin only."`
	Drain   bool   `koanf:"drain" doc:"Serve POST /drain, to tokens with the scope admin, and without a token on loopback."`
}

// Addresses returns the addresses host:port that the admin port binds; none when it is off.
func (a Admin) Addresses() []string {
	if !a.Enabled {
		return nil
	}
	return addresses(a.Host, a.Port)
}

// Keepalive is about idle and dead connections.
type Keepalive struct {
	PingInterval      time.Duration `koanf:"ping_interval" min:"1s" doc:"The server pings a silent connection this often."`
	PingTimeout       time.Duration `koanf:"ping_timeout" min:"1s" doc:"A ping without an answer for so long ends the connection."`
	MinClientInterval time.Duration `koanf:"min_client_interval" min:"0s" doc:"A client that pings more often than this, while nothing of a call is sent to it, is sent away at the third such ping; 0s: never."`
	TCPInterval       time.Duration `koanf:"tcp_interval" min:"0s" doc:"Interval of the operating system's keepalive; 0s leaves it off."`
}

// Connection bounds one HTTP/2 connection.
type Connection struct {
	MaxCalls         int           `koanf:"max_calls" min:"1" max:"1000000" doc:"Calls open at once on one connection."`
	MaxHeaderBytes   Bytes         `koanf:"max_header_bytes" min:"1024" max:"1048576" doc:"Size of a call's headers, each with 32 bytes more, as HTTP/2 counts them."`
	HandshakeTimeout time.Duration `koanf:"handshake_timeout" min:"100ms" doc:"Time for TLS and HTTP/2 to be set up."`
	MaxAge           time.Duration `koanf:"max_age" min:"0s" doc:"After this a connection is asked to move on (GOAWAY); no call is cut. 0s: never."`
	StreamWindow     Bytes         `koanf:"stream_window" min:"65535" max:"1073741824" doc:"Bytes that a call may have in flight unread. Where most calls of a connection are refused, the next begin with 16 KiB until they are let in."`
	Window           Bytes         `koanf:"window" min:"65535" max:"1073741824" doc:"Bytes that a connection may have in flight unread."`
}

func defaultServer() Server {
	return Server{
		Host: LocalHost, Port: 50051, Reflection: true, DrainTimeout: 30 * time.Second,
		TLS:   TLS{Enabled: Auto, MinVersion: "1.2"},
		Admin: Admin{Enabled: true, Host: LocalHost, Port: 9090, Pprof: true, Drain: true},
		Keepalive: Keepalive{
			PingInterval: 30 * time.Second, PingTimeout: 10 * time.Second, MinClientInterval: 10 * time.Second,
			TCPInterval: time.Minute,
		},
		Connection: Connection{
			MaxCalls: 256, MaxHeaderBytes: 16 << 10, HandshakeTimeout: 10 * time.Second, MaxAge: 30 * time.Minute,
			StreamWindow: 256 << 10, Window: 4 << 20,
		},
	}
}

// Addresses returns the addresses host:port that the gRPC service binds. Where host is localhost there are two, and a
// machine may lack one of them: it is enough when one can be bound.
func (s Server) Addresses() []string {
	if len(s.Listen) == 0 {
		return addresses(s.Host, s.Port)
	}
	var out []string
	for _, address := range s.Listen {
		host, port, err := splitAddress(address)
		if err == nil {
			out = append(out, addresses(host, port)...)
		}
	}
	return out
}

// Validate checks what its ranges don't say.
func (s Server) Validate() []fault.Problem {
	var out []fault.Problem
	if s.Host == "" && len(s.Listen) == 0 {
		out = append(out, problem("host", "write localhost, an address, or * for all addresses", "the host is empty"))
	}
	if s.Admin.Enabled && s.Admin.Host == "" {
		out = append(out, problem("admin.host", "write localhost, an address, or * for all addresses", "the host is empty"))
	}
	for i, address := range s.Listen {
		if _, _, err := splitAddress(address); err != nil {
			out = append(out, problem("listen["+strconv.Itoa(i)+"]", "write host:port, for instance *:50051", "%q isn't an address", address))
		}
	}
	if s.Admin.Enabled && s.Admin.Port != 0 && s.Admin.Port == s.Port && len(s.Listen) == 0 {
		out = append(out, problem("admin.port", "give them different ports", "the admin port is the gRPC port, %d", s.Port))
	}
	return append(out, within("tls", s.TLS.Validate())...)
}

// Validate checks that what TLS needs is there.
func (t TLS) Validate() []fault.Problem {
	var out []fault.Problem
	if t.CertPath == "" && (t.KeyPath != "" || t.ClientCAPath != "" || t.On()) {
		out = append(out, problem("cert_path", "name the PEM file of the certificate", "TLS needs a certificate"))
	}
	if t.KeyPath == "" && t.CertPath != "" {
		out = append(out, problem("key_path", "name the PEM file of the private key", "TLS needs the certificate's key"))
	}
	return out
}

func addresses(host string, port int) []string {
	number := strconv.Itoa(port)
	switch host {
	case LocalHost:
		return []string{net.JoinHostPort("127.0.0.1", number), net.JoinHostPort("::1", number)}
	case AllHosts:
		return []string{":" + number}
	default:
		return []string{net.JoinHostPort(strings.Trim(host, "[]"), number)}
	}
}

// splitAddress reads host:port; an empty host is all hosts.
func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if host == "" {
		host = AllHosts
	}
	return host, int(number), err
}

// isLoopback reports whether an address of the form host:port is reached from this machine only.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == LocalHost || ip != nil && ip.IsLoopback()
}
