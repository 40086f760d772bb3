package rest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// ErrHost is the cause when an address isn't on the list of those that get our token.
var ErrHost = errors.New("teams: the host is not one that gets our token")

// Hosts are the places that may get the bot's token. Only whole host names count: Teams' own host is
// below trafficmanager.net, where anybody can register names.
type Hosts struct {
	exact    map[string]bool // scheme://host[:port], lower case
	loopback bool
}

// serviceHosts are Teams' own.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
// (service URLs of the public, GCC and GCC High clouds), read 2026-11.
func serviceHosts() []string {
	return []string{"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us"}
}

// NewHosts makes the list of Teams' own service hosts and of more: "host.example" (https),
// "https://host.example:8443/any/path", or with http when it is a loopback address. With
// loopback, every http and https address on this machine may be called too, but it gets no
// token, since even a request without a signature can name such an address.
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
		u, err := parse(entry)
		if err != nil {
			return nil, fmt.Errorf("teams: service URL %q: %w", entry, err)
		}
		if u.Scheme == "http" && !onLoopback(u) {
			return nil, fmt.Errorf("teams: service URL %q: http only for this machine", entry)
		}
		h.exact[origin(u)] = true
	}
	return h, nil
}

// Check says whether an address may be called, and whether with our token.
// Errors: ErrHost.
func (h *Hosts) Check(address string) (token bool, err error) {
	u, err := parse(address)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrHost, err)
	}
	if h.exact[origin(u)] {
		return true, nil
	}
	if h.loopback && onLoopback(u) {
		return false, nil
	}
	return false, fmt.Errorf("%w: %s", ErrHost, u.Host)
}

// parse reads an absolute http or https address without user information.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("not an address")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("not an http or https address")
	case u.User != nil:
		return nil, errors.New("an address with a user")
	case strings.HasSuffix(u.Host, ":"):
		return nil, errors.New("an address with an empty port")
	}
	return u, nil
}

func origin(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// onLoopback tells addresses of this machine: "localhost" and loopback IPs.
func onLoopback(u *url.URL) bool {
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback()
}

// Loopback tells whether a connection's end ("127.0.0.1:3978", "[::1]:80") is on this machine.
func Loopback(end string) bool {
	host, _, err := net.SplitHostPort(end)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// LocalURL tells whether an address ("http://localhost:56150/x") is on this machine.
func LocalURL(address string) bool {
	u, err := parse(address)
	return err == nil && onLoopback(u)
}
