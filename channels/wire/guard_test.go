package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/channels"
)

// Public addresses are on the internet, in whatever form of IPv6 they are wrapped.
func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	addresses := []string{
		// of IPv4
		"1.1.1.1", "93.184.216.34", "223.255.255.255",
		// just before and behind private and reserved ranges
		"172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "168.63.129.15",
		// of IPv6
		"2606:4700:4700::1111", "2a00:1450:4001::1", "2400::1", "2001:200::1", "2003::1",
		// of IPv4 within IPv6
		"::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
	}
	for _, address := range addresses {
		if !newInternet().contains(netip.MustParseAddr(address)) {
			t.Errorf("%s is not on the internet, want that it is", address)
		}
	}
}

// Private, reserved and local addresses are not on the internet, in whatever form of IPv6 they are wrapped.
func TestAddressesOffTheInternet(t *testing.T) {
	t.Parallel()
	addresses := []string{
		// private networks and this machine
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.168.1.1",
		// reserved for protocols, documentation and measurements
		"192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		// groups, the future, everybody
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		// Azure's own service, within a public range
		"168.63.129.16",
		// the same of IPv6; an address with a zone is local
		"::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
		"100::1", "5f00::1", "4000::1", "2001:db8::1", "2001::1", "2001:10::1", "2001:1ff::1", "3fff::1",
		// 6to4, which leads to any address of IPv4
		"2002:7f00:1::1", "2002:808:808::1",
		// addresses of IPv4 within IPv6
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:1.1.1.1%eth0", "::127.0.0.1", "::1.1.1.1", "::ffff:0:127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1",
	}
	for _, address := range addresses {
		if newInternet().contains(netip.MustParseAddr(address)) {
			t.Errorf("%s is on the internet, want that it is not", address)
		}
	}
}

// The zero Addr isn't an address.
func TestNoAddressIsOffTheInternet(t *testing.T) {
	t.Parallel()
	if newInternet().contains(netip.Addr{}) {
		t.Error("no address is on the internet, want that it is not")
	}
}

// listen starts a listener on this machine and returns its port. A dialer that wrongly allows this machine connects to
// it.
func listen(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// dial makes a connection over TCP, closes it, and returns the error.
func dial(t *testing.T, d *Dialer, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

// Dialling an address or a name of this machine is refused, unless an admin named just that host, or that host and port.
func TestDialThisMachineIsRefused(t *testing.T) {
	t.Parallel()
	port := listen(t)
	tests := []struct {
		name string
		host string
		own  []string // what the admin named
	}{
		{name: "its address", host: "127.0.0.1"},
		{name: "its name", host: "localhost"},
		{name: "its name in other letters", host: "LocalHost"},
		{name: "its address within one of IPv6", host: "::ffff:127.0.0.1"},
		{name: "the unspecified address, which connects to it", host: "0.0.0.0"},
		{name: "the unspecified address of IPv6", host: "::"},
		{name: "another port was named", host: "127.0.0.1", own: []string{"127.0.0.1:1"}},
		{name: "the name was named, and not the address", host: "127.0.0.1", own: []string{"localhost"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := dial(t, New(tt.own...), net.JoinHostPort(tt.host, port))
			if !errors.Is(err, channels.ErrPrivateAddress) {
				t.Errorf("dialling %s where %q were named: got the error %v, want %v", tt.host, tt.own, err, channels.ErrPrivateAddress)
			}
		})
	}
}

// A host of the own network is dialled if an admin named it, with or without its port.
func TestDialNamedHost(t *testing.T) {
	t.Parallel()
	port := listen(t)
	tests := []struct {
		name string
		host string
		own  []string // what the admin named
	}{
		{name: "by its address", host: "127.0.0.1", own: []string{"127.0.0.1"}},
		{name: "by its address and port", host: "127.0.0.1", own: []string{"127.0.0.1:" + port}},
		{name: "by its name in other letters, with the dot of a full name", host: "localhost", own: []string{"LocalHost."}},
		{name: "by its name and port, with the dot of a full name", host: "localhost", own: []string{"localhost.:" + port}},
		{name: "in other letters than those that the admin named", host: "LocalHost", own: []string{"localhost"}},
		{name: "among others, with spaces around", host: "localhost", own: []string{"", " localhost:" + port}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := dial(t, New(tt.own...), net.JoinHostPort(tt.host, port)); err != nil {
				t.Errorf("dialling %s where %q were named: %v", tt.host, tt.own, err)
			}
		})
	}
}

// Dialling an address at which a cloud tells a machine its secrets is refused even if an admin named it.
func TestDialMetadataServiceIsRefused(t *testing.T) {
	t.Parallel()
	hosts := []string{
		// link-local, where most clouds have the service
		"169.254.169.254",
		"::ffff:169.254.169.254",
		"64:ff9b::169.254.169.254",
		"fe80::1%lo",
		// Azure
		"168.63.129.16",
		"64:ff9b::168.63.129.16",
		// Alibaba
		"100.100.100.200",
		"fd00:100::100:200",
		// AWS
		"fd00:ec2::254",
		"fd00:ec2::23",
		// Google
		"fd20:ce::254",
		// Oracle
		"fd00:c1::a9fe:a9fe",
		// Scaleway
		"fd00:42::42",
	}
	for _, host := range hosts {
		if err := dial(t, New(host), net.JoinHostPort(host, "80")); !errors.Is(err, channels.ErrPrivateAddress) {
			t.Errorf("dialling %s, which was named: got the error %v, want %v", host, err, channels.ErrPrivateAddress)
		}
	}
}

// An unusual spelling of this machine's address doesn't lead to it. Go doesn't take some of them for addresses, so that
// any error is right.
func TestDialUnusualSpellingFails(t *testing.T) {
	t.Parallel()
	port := listen(t)
	hosts := []string{
		"127.1",
		"2130706433",
		"0x7f000001",
		"0177.0.0.1",
		"::ffff:7f00:1",
		"[::1]",
		"127.0.0.1.",
		"localhost.",
	}
	for _, host := range hosts {
		if err := dial(t, New(), net.JoinHostPort(host, port)); err == nil {
			t.Errorf("dialling %s leads to this machine, want an error", host)
		}
	}
}

// A refusal is an error of dialling, so that callers know that nothing left.
func TestRefusalIsAnErrorOfDialling(t *testing.T) {
	t.Parallel()
	err := dial(t, New(), net.JoinHostPort("127.0.0.1", listen(t)))
	var op *net.OpError
	if !errors.As(err, &op) {
		t.Fatalf("got the error %v, want a *net.OpError", err)
	}
	if op.Op != "dial" {
		t.Errorf("the operation of the error: got %q, want dial", op.Op)
	}
}

func TestDialWithoutPortFails(t *testing.T) {
	t.Parallel()
	if err := dial(t, New(), "nonsense"); err == nil {
		t.Error("an address without a port was dialled, want an error")
	}
}

// Connections to the internet are allowed, over IPv4 and IPv6.
func TestInternetIsReached(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"tcp4": "1.1.1.1:443", "tcp6": "[2606:4700:4700::1111]:443"} {
		if err := New().check(network, address); err != nil {
			t.Errorf("%s over %s is refused: %v", address, network, err)
		}
	}
}

// A dialer makes only connections of TCP.
func TestDialUDPIsRefused(t *testing.T) {
	t.Parallel()
	_, err := New().DialContext(t.Context(), "udp", "1.1.1.1:53")
	if !errors.Is(err, channels.ErrPrivateAddress) {
		t.Errorf("got the error %v, want %v", err, channels.ErrPrivateAddress)
	}
}

// If a name's address changes between two lookups, the private address is never reached. The dialer checks the very
// address to which it connects.
func TestNameThatChanges(t *testing.T) {
	t.Parallel()
	port := listen(t)
	d := New()
	lookups := 0
	var cancel context.CancelFunc // ends the dial that looks the name up
	lookUp := func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		lookups++
		isPrivate, cancel := lookups%2 == 0, cancel
		go func() {
			answer(there, isPrivate)
			if !isPrivate {
				cancel() // the test needs no connection to the internet
			}
		}()
		return here, nil
	}
	d.guarded.Resolver = &net.Resolver{PreferGo: true, Dial: lookUp}

	refused := 0
	const dials = 6 // enough for both addresses
	for range dials {
		var ctx context.Context
		ctx, cancel = context.WithCancel(t.Context())
		conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort("changes.test", port))
		cancel()
		if err == nil {
			_ = conn.Close()
			t.Errorf("connected to %s, want an error", conn.RemoteAddr())
		}
		if errors.Is(err, channels.ErrPrivateAddress) {
			refused++
		}
	}

	if lookups < 2 {
		t.Errorf("the name was looked up %d times, want it with both addresses", lookups)
	}
	if refused == 0 {
		t.Errorf("of %d dials none was refused, want those that found the private address", dials)
	}
}

// answer answers one question of DNS with this machine's address, which is private, or with one on the internet.
func answer(c net.Conn, isPrivate bool) {
	defer c.Close()
	size := make([]byte, 2)
	if _, err := io.ReadFull(c, size); err != nil {
		return
	}
	raw := make([]byte, binary.BigEndian.Uint16(size))
	if _, err := io.ReadFull(c, raw); err != nil {
		return
	}
	var m dnsmessage.Message
	if m.Unpack(raw) != nil || len(m.Questions) == 0 {
		return
	}

	m.Response, m.Additionals = true, nil
	at := [4]byte{1, 1, 1, 1}
	if isPrivate {
		at = [4]byte{127, 0, 0, 1}
	}
	q := m.Questions[0]
	m.Answers = []dnsmessage.Resource{{
		Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: q.Class},
		Body:   &dnsmessage.AResource{A: at},
	}}
	body, err := m.Pack()
	if err != nil {
		return
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...))
}
