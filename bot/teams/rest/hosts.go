package rest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Each activity of Teams says at which address to answer it. A forged one could name an attacker's address, and get
// our access token. So the token goes only to the hosts in this list.

// ErrHost is the cause if an address may not be called, because it isn't on the list of those that get our token.
var ErrHost = errors.New("teams: the host is not one that gets our token")

// Hosts are the hosts that may get the bot's token. Each is named in full: Teams' own is below trafficmanager.net,
// where anybody can register names.
type Hosts struct {
	exact    map[string]bool // scheme://host[:port], lower case
	loopback bool
}

// serviceHosts are Teams' own.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages (service URLs
// of the public, GCC, GCC High and DoD clouds), read 2026-11.
func serviceHosts() []string {
	return []string{
		"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us",
		"smba.infra.dod.teams.microsoft.us",
	}
}

// NewHosts returns Teams' own hosts and more. An entry of more is "host.example" (for https),
// "https://host.example:8443/any/path", or the same with http if it is on this machine. If loopback is true, every
// address on this machine may be called, too, but without a token: a request without a signature can name such an
// address.
// Errors: an entry that is none of these.
func NewHosts(more []string, loopback bool) (*Hosts, error) {
	h := &Hosts{exact: map[string]bool{}, loopback: loopback}
	for _, entry := range append(serviceHosts(), more...) {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		if !strings.Contains(entry, "://") {
			entry = "https://" + entry
		}

		u, err := parseAddress(entry)
		if err != nil {
			return nil, fmt.Errorf("teams: service URL %q: %w", entry, err)
		}
		if u.Scheme == "http" && !isOnLoopback(u) {
			return nil, fmt.Errorf("teams: service URL %q: http only for this machine", entry)
		}

		h.exact[originOf(u)] = true
	}

	return h, nil
}

// Check reports whether an address may be called, and whether with the token; see Allow.
// Errors: ErrHost.
func (h *Hosts) Check(address string) (token bool, err error) {
	u, err := parseAddress(address)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrHost, err)
	}
	if h.exact[originOf(u)] {
		return true, nil
	}
	if h.loopback && isOnLoopback(u) {
		return false, nil
	}
	return false, fmt.Errorf("%w: %s", ErrHost, u.Host)
}

// parseAddress reads an absolute http or https address without user information.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("not an address")
	}

	isWeb := u.Scheme == "https" || u.Scheme == "http"
	hasHost := u.Hostname() != "" && u.Opaque == ""
	if !isWeb || !hasHost {
		return nil, errors.New("not an http or https address")
	}
	if u.User != nil {
		return nil, errors.New("an address with a user")
	}
	if strings.HasSuffix(u.Host, ":") {
		return nil, errors.New("an address with an empty port")
	}

	return u, nil
}

// originOf returns the key of an address in Hosts.exact.
func originOf(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// isOnLoopback reports whether an address is on this machine: "localhost", or a loopback IP.
func isOnLoopback(u *url.URL) bool {
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback()
}

// IsLoopback reports whether a connection's end ("127.0.0.1:3978", "[::1]:80") is on this machine.
func IsLoopback(end string) bool {
	host, _, err := net.SplitHostPort(end)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// IsLocalURL reports whether an address ("http://localhost:56150/x") is on this machine.
func IsLocalURL(address string) bool {
	u, err := parseAddress(address)
	return err == nil && isOnLoopback(u)
}
