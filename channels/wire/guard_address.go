package wire

import (
	"net"
	"net/netip"
)

// internet classifies IP addresses. It prevents server-side request forgery: a URL in a customer's message must not make
// Parley call 10.0.0.7 in the company's own network, or 169.254.169.254, where clouds hand out the machine's secrets.
type internet struct {
	nat64   netip.Prefix   // IPv6 addresses that embed an IPv4 address, for networks with IPv6 only (RFC 6052)
	global6 netip.Prefix   // the IPv6 addresses that are assigned as global unicast
	special []netip.Prefix // blocks that aren't public
	cloud   []netip.Prefix // metadata services of clouds, which are refused in any case
}

// newInternet builds the table of blocks that aren't public: private, link-local, shared, multicast, documentation,
// benchmark and reserved addresses, and IPv6 tunnels to IPv4.
// Source: IANA's special-purpose address registries for IPv4 and IPv6, read November 2026.
func newInternet() internet {
	n := internet{nat64: netip.MustParsePrefix("64:ff9b::/96"), global6: netip.MustParsePrefix("2000::/3")}
	for _, block := range []string{
		"0.0.0.0/8", "10.0.0.0/8",
		"100.64.0.0/10", // carrier-grade NAT
		"127.0.0.0/8",
		"168.63.129.16/32", // Azure's platform services, at a public address
		"169.254.0.0/16",   // link-local; most clouds' metadata services
		"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", // 6to4 relays
		"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", // Teredo and other protocols
		"2001:db8::/32",
		"2002::/16", // 6to4
		"3fff::/20",
	} {
		n.special = append(n.special, netip.MustParsePrefix(block))
	}

	for _, block := range []string{
		"168.63.129.16/32",                            // Azure
		"100.100.100.200/32", "fd00:100::100:200/128", // Alibaba
		"fd00:ec2::/32",          // AWS: ::254 for machines, ::23 for containers
		"fd20:ce::254/128",       // Google
		"fd00:c1::a9fe:a9fe/128", // Oracle
		"fd00:42::42/128",        // Scaleway
	} {
		n.cloud = append(n.cloud, netip.MustParsePrefix(block))
	}

	return n
}

// unwrap returns the IPv4 address that an IPv6 address embeds: 1.1.1.1 for ::ffff:1.1.1.1. It returns all other addresses
// unchanged.
func (n internet) unwrap(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if n.nat64.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[len(b)-net.IPv4len:]))
	}
	return a
}

// contains reports whether an address is on the public internet.
func (n internet) contains(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}

	a = n.unwrap(a)
	if a.Is6() && !n.global6.Contains(a) {
		return false
	}

	for _, p := range n.special {
		if p.Contains(a) {
			return false
		}
	}

	return true
}

// isForbidden reports whether an address is refused even if an admin has allowed its host, because it is link-local or
// a cloud's metadata service.
func (n internet) isForbidden(a netip.Addr) bool {
	a = n.unwrap(a.WithZone(""))
	for _, p := range n.cloud {
		if p.Contains(a) {
			return true
		}
	}
	return a.IsLinkLocalUnicast()
}
