// Package guard is the Dialer that channels get. It connects to the public internet and to hosts that an
// admin named, and refuses everything else. So an address in a customer's message can't make Parley call
// servers in the company's own network.
//
// What does not belong here: which hosts an account may reach (channels.Spec.OwnHosts), and proxies: a
// channel that uses one must name its host.
package guard

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

// dialTimeout limits the time to open one connection, whatever its context says.
const dialTimeout = 30 * time.Second

// Dialer implements channels.Dialer. It checks the address of each connection after the name was resolved,
// so that a name whose address changes can't get around the check.
type Dialer struct {
	allowed map[string]bool // hosts that an admin named, in the form of normalHost, with or without a port
	world   internet
	plain   net.Dialer // for allowed hosts
	guarded net.Dialer // for all other hosts
}

// New returns a Dialer. allowed lists hosts that may be called wherever they are: "mail.internal" or "10.0.0.7" for
// all ports, "mail.internal:993" for one port. Link-local addresses and the clouds' metadata services are refused
// even then: no server that an admin means is there.
func New(allowed ...string) *Dialer {
	d := &Dialer{allowed: map[string]bool{}, world: newInternet()}
	for _, host := range allowed {
		d.allowed[normalHost(host)] = true
	}

	d.plain = net.Dialer{
		Timeout: dialTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || d.world.isNeverReached(at.Addr()) {
				return fmt.Errorf("guard: %w", channels.ErrPrivateAddress)
			}
			return nil
		},
	}

	d.guarded = net.Dialer{
		Timeout: dialTimeout,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return d.check(network, address)
		},
	}

	return d
}

// DialContext implements channels.Dialer for TCP.
// Errors: channels.ErrPrivateAddress, and those of net.Dialer.
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

// normalHost writes a host, with or without a port, in the form in which hosts are compared.
func normalHost(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if name, port, err := net.SplitHostPort(host); err == nil {
		return net.JoinHostPort(strings.TrimSuffix(name, "."), port)
	}
	return strings.TrimSuffix(host, ".")
}

// check refuses a connection to an address that isn't on the public internet.
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
