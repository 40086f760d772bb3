package openai

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Admins enter the address of a model's server as they know it, which is often incomplete. This file completes it to
// a base URL: "localhost:11434" becomes "http://localhost:11434/v1".

// defaultBase is the base URL of OpenAI's own API.
const defaultBase = "https://api.openai.com/v1"

// versionSegment matches a path segment that names the version of an API: "v1", "v1beta".
var versionSegment = regexp.MustCompile(`^v[0-9]+[a-z0-9]*$`)

// parseBase completes an address that an admin typed. "" means OpenAI's own server. The returned base URL has no
// trailing slash, and ends with "/v1" unless its path names a version already. host is the same URL without its path.
func parseBase(typed string) (base string, host *url.URL, err error) {
	s := cmp.Or(strings.TrimSpace(typed), defaultBase)
	if !strings.Contains(s, "://") {
		s = guessScheme(s) + "://" + s
	}

	u, err := url.Parse(s)
	if err != nil || !isWebAddress(u) {
		return "", nil, errors.New("openai: the base URL must be an http or https address, like " + defaultBase)
	}
	if u.User != nil {
		return "", nil, errors.New("openai: the base URL must not hold a name or a password: the key goes into its own field")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", nil, errors.New("openai: the base URL must end with its path: nothing may follow ? or #")
	}

	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/chat/completions"), "/")
	if !hasVersion(path) {
		path += "/v1"
	}

	u.Path = path
	u.RawPath = ""
	u.Host = strings.ToLower(u.Host)
	return u.String(), &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func isWebAddress(u *url.URL) bool {
	isWeb := u.Scheme == "http" || u.Scheme == "https"
	return isWeb && u.Hostname() != ""
}

func hasVersion(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if versionSegment.MatchString(segment) {
			return true
		}
	}
	return false
}

// guessScheme returns the scheme of an address that was typed without one: http on private networks, where servers
// seldom have a certificate, and otherwise https.
func guessScheme(address string) string {
	host, _, _ := strings.Cut(address, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if isPrivateHost(host) {
		return "http"
	}
	return "https"
}

// isPrivateHost reports whether a host is this machine, an address of a private network, or a name without a dot.
func isPrivateHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".")
}
