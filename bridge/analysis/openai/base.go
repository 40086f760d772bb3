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

// An admin enters the address of a model's server, often only a part of it: "localhost:11434". This file makes a
// base URL of it: "http://localhost:11434/v1".

// defaultBase is where OpenAI serves its API.
const defaultBase = "https://api.openai.com/v1"

// version is a part of a path that names the version of an API: "v1", "v1beta".
var version = regexp.MustCompile(`^v[0-9]+[a-z0-9]*$`)

// parseBase reads a base URL as people type it and gives it without final slash, and with "/v1" where no part of
// its path names a version. The host is given as a URL without path.
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
	for part := range strings.SplitSeq(path, "/") {
		if version.MatchString(part) {
			return true
		}
	}
	return false
}

// guessScheme returns the scheme of an address that was typed without one. Servers in the house seldom have a certificate, others
// always do.
func guessScheme(s string) string {
	host, _, _ := strings.Cut(s, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if isInHouse(host) {
		return "http"
	}
	return "https"
}

// isInHouse reports whether a host is this machine, an address of a private network, or a name without a dot.
func isInHouse(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".")
}
