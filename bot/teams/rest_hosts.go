package teams

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Each activity (event) that Teams sends has the address to which the bot must send its replies. A forged activity could
// name an attacker's address, which would then receive our access token. So the token is sent only to the hosts in an
// allow list.

// ErrHost is the cause if an address may not be requested, because its host isn't in the list.
var ErrHost = errors.New("teams: the host is not one that gets our token")

// Hosts is the list of hosts that may receive the bot's token. Host names must match exactly: Teams' own host is below
// trafficmanager.net, where anybody can register names.
type Hosts struct {
	exact    map[string]bool // scheme://host[:port], lower case
	loopback bool            // addresses on this machine may be requested, without a token
}

// serviceHosts returns Teams' own hosts.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages (service URLs
// of the public, GCC, GCC High and DoD clouds), read 2026-11.
func serviceHosts() []string {
	return []string{
		"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us",
		"smba.infra.dod.teams.microsoft.us",
	}
}

// NewHosts returns a list of Teams' own hosts and more. An entry of more is "host.example" (for https),
// "https://host.example:8443/any/path", or the same with http on this machine. If loopback is true, each address on
// this machine may be requested, too, but without the token, because an unsigned request can name any such address.
// Errors: a malformed entry.
func NewHosts(more []string, loopback bool) (*Hosts, error) {
	h := &Hosts{exact: map[string]bool{}, loopback: loopback}
	for _, entry := range append(serviceHosts(), more...) {
		entry = strings.TrimSpace(entry)
		if entry == "" {
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

// Check reports whether an address may be requested, and whether with the token; see Allow.
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

// parseAddress parses an absolute http or https address without user information.
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

// originOf returns the key of an address in Hosts.exact: "https://host.example:8443".
func originOf(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// isOnLoopback reports whether an address is on this machine: "localhost", or a loopback IP.
func isOnLoopback(u *url.URL) bool {
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback()
}

// IsLoopback reports whether an endpoint of a connection ("127.0.0.1:3978", "[::1]:80") is on this machine.
func IsLoopback(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
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

// Microsoft runs separate clouds for the government of the United States, with hosts of their own. Most organisations
// are in the public cloud. The rest of this file derives from the address of one service which cloud is meant, and so how other
// services are reached there: from https://graph.microsoft.us, that people open Teams at gov.teams.microsoft.us.

// BotFramework returns the identifier of the Bot Framework in the cloud to which an address of Microsoft belongs. It is
// the issuer of the tokens that Teams sends. With "/.default" appended, it is the scope of the tokens that Teams
// accepts. "" means the public cloud.
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, and
// …/how-to-deploy-gov-cloud-high there, read 2026-11.
func BotFramework(address string) string {
	if _, ok := governmentHost(address); ok {
		return "https://api.botframework.us"
	}
	return "https://api.botframework.com"
}

// GraphScope returns the scope of the tokens that Microsoft Graph accepts at an address.
// Source: learn.microsoft.com/graph/deployments, read 2026-11.
func GraphScope(address string) string {
	if host, ok := governmentHost(address); ok {
		return "https://" + host + "/.default"
	}
	return "https://graph.microsoft.com/.default"
}

// ClientHost returns the host at which people open Teams in the government cloud to which an address of Microsoft Graph
// belongs; "" for the public cloud.
// Source: the hosts that Microsoft's own library trusts (@microsoft/teams-js 2.58).
func ClientHost(graph string) string {
	host, ok := governmentHost(graph)
	if !ok {
		return ""
	}
	if strings.HasPrefix(host, "dod-") {
		return "dod.teams.microsoft.us"
	}
	return "gov.teams.microsoft.us"
}

// governmentHost returns the host of an address, and reports whether it is in one of the government clouds.
func governmentHost(address string) (host string, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	host = strings.ToLower(u.Hostname())
	ok = slices.ContainsFunc([]string{"microsoftonline.us", "botframework.azure.us", "microsoft.us"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
	return host, ok
}
