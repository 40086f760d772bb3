package wire

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"parley/channels"
)

// dialTimeout limits the time to open one connection, in addition to the context's deadline.
const guardDialTimeout = 30 * time.Second

// Dialer implements channels.Dialer. It checks the IP address of each connection after the name was resolved, so that a
// DNS record that changes between check and use can't circumvent the check. It is safe for concurrent use.
type Dialer struct {
	allowed map[string]bool // hosts, with or without a port, in the form of normalHost
	world   internet
	plain   net.Dialer // for allowed hosts
	guarded net.Dialer // for all other hosts
}

// New returns a Dialer. The allowed hosts may be in any network: "mail.internal" or "10.0.0.7" allows all ports, and
// "mail.internal:993" one port. Even then, link-local addresses and metadata services of clouds are refused, because no
// legitimate server is there.
func New(allowed ...string) *Dialer {
	d := &Dialer{allowed: map[string]bool{}, world: newInternet()}
	for _, host := range allowed {
		d.allowed[normalHost(host)] = true
	}

	d.plain = net.Dialer{
		Timeout: guardDialTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || d.world.isForbidden(at.Addr()) {
				return fmt.Errorf("guard: %w", channels.ErrPrivateAddress)
			}
			return nil
		},
	}

	d.guarded = net.Dialer{
		Timeout: guardDialTimeout,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return d.check(network, address)
		},
	}

	return d
}

// DialContext implements channels.Dialer for TCP.
// Errors: channels.ErrPrivateAddress, or those of net.Dialer.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	host = normalHost(host)
	if d.allowed[host] || d.allowed[net.JoinHostPort(host, port)] {
		return d.plain.DialContext(ctx, network, address)
	}
	return d.guarded.DialContext(ctx, network, address)
}

// normalHost normalises a host, with or without a port, for comparison: "Mail.Internal." becomes "mail.internal".
func normalHost(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if name, port, err := net.SplitHostPort(host); err == nil {
		return net.JoinHostPort(strings.TrimSuffix(name, "."), port)
	}
	return strings.TrimSuffix(host, ".")
}

// check returns ErrPrivateAddress for an address that isn't on the public internet.
func (d *Dialer) check(network, address string) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("guard: %s: %w", network, channels.ErrPrivateAddress)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil || !d.world.contains(at.Addr()) {
		return fmt.Errorf("guard: %w", channels.ErrPrivateAddress)
	}
	return nil
}
