package client

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// The oldest release of the service that this client works with.
const oldestMajor, oldestMinor = 0, 2

// Version is what a service tells of itself.
type Version struct {
	Service    string // release of the service
	Protocol   string
	Runtime    string
	Commit     string
	Built      string   // ISO 8601
	NodeTypes  []string // every accepted name, sorted
	Protocols  []string
	Compatible bool   // whether it can serve this client
	Message    string // says why not
}

// Version asks the service for its versions and whether it can serve this client.
func (c *Client) Version(ctx context.Context) (Version, error) {
	out := new(pb.VersionResponse)
	if err := c.call(ctx, versionMethod, "", &pb.VersionRequest{ClientVersion: c.settings.version}, out); err != nil {
		return Version{}, err
	}
	info := out.GetVersionInfo()
	v := Version{
		Service: info.GetServiceVersion(), Protocol: info.GetProtocolVersion(), Runtime: info.GetRuntimeVersion(),
		Commit: info.GetCommit(), Built: info.GetBuildTimestamp(),
		NodeTypes: info.GetSupportedNodeTypes(), Protocols: info.GetSupportedProtocols(),
		Compatible: out.GetCompatible(), Message: out.GetCompatibilityMessage(),
	}
	if v.Service == "" { // a service without the additive field
		v.Service = v.Runtime
	}
	return v, nil
}

// String tells the release and the protocol.
func (v Version) String() string { return fmt.Sprintf("%s (%s)", v.Service, v.Protocol) }

// knowVersion asks for the service's version before the first execution or stream, and refuses one that this client can't talk
// to. Others that come meanwhile wait for the answer.
func (c *Client) knowVersion(ctx context.Context) error {
	select {
	case known := <-c.checked:
		if !known {
			err := c.compare(ctx)
			c.checked <- err == nil
			return err
		}
		c.checked <- true
		return nil
	case <-ctx.Done():
		return c.ended(ctx, wire.StatusFault(ctx.Err()))
	}
}

func (c *Client) compare(ctx context.Context) error {
	v, err := c.Version(ctx)
	switch {
	case err != nil:
		return err
	case !v.Compatible || len(v.Protocols) > 0 && !slices.Contains(v.Protocols, version.Protocol):
		return fault.New(fault.CodeVersion, "the service at %s (release %s) doesn't speak %s: %s; use a client and a service that match",
			c.Target(), v.Service, version.Protocol, v.Message).With("supported", v.Protocols)
	case tooOld(v.Service):
		return fault.New(fault.CodeVersion, "the service at %s is of release %s, which is too old for this client: update it to %d.%d or newer",
			c.Target(), v.Service, oldestMajor, oldestMinor)
	}
	return nil
}

// tooOld reads the first two numbers of a release; one that can't be read is taken for new.
func tooOld(release string) bool {
	parts := strings.SplitN(strings.TrimPrefix(release, "v"), ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, bad := strconv.Atoi(parts[0])
	minor, worse := strconv.Atoi(parts[1])
	if bad != nil || worse != nil {
		return false
	}
	return major < oldestMajor || major == oldestMajor && minor < oldestMinor
}
