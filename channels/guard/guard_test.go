package guard

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/channels"
)

// The forms in which an address can be written or wrapped.
func TestAddresses(t *testing.T) {
	t.Parallel()
	public := []string{
		"1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1", "198.17.255.255",
		"198.20.0.1", "223.255.255.255", "168.63.129.15", "2606:4700:4700::1111", "2a00:1450:4001::1", "2400::1", "2001:200::1",
		"2003::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
	}
	others := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::",
		"::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
		"100::1", "5f00::1", "4000::1", "2001:db8::1", "2001::1", "2001:10::1", "2001:1ff::1", "2002:7f00:1::1", "2002:808:808::1",
		"3fff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::1.1.1.1", "::ffff:0:127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1",
	}
	for _, address := range slices.Concat(public, others) {
		a, err := netip.ParseAddr(address)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := newInternet().contains(a), slices.Contains(public, address); got != want {
			t.Errorf("%s: on the internet = %v, want %v", address, got, want)
		}
	}
	if newInternet().contains(netip.Addr{}) {
		t.Error("no address is on the internet")
	}
}

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

// What is refused is the address that a name leads to, however it is written.
func TestDial(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host string
		own  []string
		want bool // it may be dialled
	}{
		{host: "127.0.0.1"},
		{host: "localhost"}, // by its name, as it resolves
		{host: "LocalHost"},
		{host: "::ffff:127.0.0.1"},
		{host: "0.0.0.0"}, // connects to this machine
		{host: "::"},
		{host: "127.0.0.1", own: []string{"127.0.0.1:1"}},
		{host: "127.0.0.1", own: []string{"localhost"}},
		{host: "127.0.0.1", own: []string{"127.0.0.1"}, want: true},
		{host: "127.0.0.1", own: []string{"127.0.0.1:" + port}, want: true},
		{host: "localhost", own: []string{"LocalHost."}, want: true},
		{host: "localhost", own: []string{"", " localhost:" + port}, want: true},
	} {
		err := dial(t, New(c.own...), net.JoinHostPort(c.host, port))
		if c.want && err != nil {
			t.Errorf("%s, which is one of %q: %v", c.host, c.own, err)
		}
		if !c.want && !errors.Is(err, channels.ErrPrivateAddress) {
			t.Errorf("%s, which is none of %q: got %v, want %v", c.host, c.own, err, channels.ErrPrivateAddress)
		}
	}
	for _, host := range []string{
		"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "fe80::1%lo",
		"168.63.129.16", "64:ff9b::168.63.129.16", // Azure
		"100.100.100.200", "fd00:100::100:200", // Alibaba
		"fd00:ec2::254", "fd00:ec2::23", // AWS
		"fd20:ce::254",       // Google
		"fd00:c1::a9fe:a9fe", // Oracle
		"fd00:42::42",        // Scaleway
	} {
		if err := dial(t, New(host), net.JoinHostPort(host, "80")); !errors.Is(err, channels.ErrPrivateAddress) {
			t.Errorf("an admin names %s: %v", host, err)
		}
	}
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::ffff:7f00:1", "[::1]", "127.0.0.1.", "localhost."} {
		if err := dial(t, New(), net.JoinHostPort(host, port)); err == nil {
			t.Errorf("%s leads to this machine", host)
		}
	}
	var op *net.OpError
	if err := dial(t, New(), "127.0.0.1:"+port); !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("it isn't told as a connection that was never made: %v", err)
	}
	if err := dial(t, New(), "nonsense"); err == nil {
		t.Error("an address without a port was dialled")
	}
	if _, err := New().DialContext(t.Context(), "udp", "1.1.1.1:53"); !errors.Is(err, channels.ErrPrivateAddress) {
		t.Errorf("udp: %v", err)
	}
}

// A name whose address changes between two looks leads nowhere that it must not lead: what is checked is the address to
// which the connection is made.
func TestNameThatChanges(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	var giveUp context.CancelFunc
	d := New()
	d.guarded.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		asked++
		private, giveUp := asked%2 == 0, giveUp
		go func() {
			answer(there, private)
			if !private {
				giveUp() // nobody needs to be reached on the internet
			}
		}()
		return here, nil
	}}
	refused := 0
	for range 6 {
		var ctx context.Context
		ctx, giveUp = context.WithCancel(t.Context())
		conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort("changes.test", port))
		giveUp()
		if err == nil {
			_ = conn.Close()
			t.Errorf("connected to %s", conn.RemoteAddr())
		}
		if errors.Is(err, channels.ErrPrivateAddress) {
			refused++
		}
	}
	if refused == 0 || asked < 2 {
		t.Errorf("%d refused, the name was looked up %d times", refused, asked)
	}
}

// answer answers one question of DNS: with an address on the internet, or that of this machine.
func answer(c net.Conn, private bool) {
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
	if private {
		at = [4]byte{127, 0, 0, 1}
	}
	q := m.Questions[0]
	m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: q.Class}, Body: &dnsmessage.AResource{A: at}}}
	body, err := m.Pack()
	if err != nil {
		return
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...))
}
