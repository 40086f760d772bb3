package auth

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
)

// CheckLocal returns nil if a request without a signature may be accepted, while a developer tries the bot on one machine
// (TEAMS_ALLOW_UNSIGNED=loopback). It must come directly from and to a loopback address, and not from a web page, and its
// answers must stay on this machine.
// Errors: ErrRefused.
func (v *Validator) CheckLocal(r *http.Request, a connector.Activity) error {
	here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	isHere := ok && rest.IsLoopback(here.String())
	if !isHere || !rest.IsLoopback(r.RemoteAddr) {
		return refuse(errors.New("unsigned, and not on this machine"))
	}

	for name := range r.Header { // a proxy or tunnel on this machine may pass on requests from anywhere
		if isProxyHeader(name) || isBrowserHeader(name) {
			return refuse(errors.New("unsigned, and passed on or made by a web page (" + name + ")"))
		}
	}

	if !rest.IsLocalURL("http://" + r.Host) { // anybody can register a name with the address of this machine
		return refuse(errors.New("unsigned, and asked for by another name than localhost"))
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") { // a web page can't send JSON without our permission
		return refuse(errors.New("unsigned, and not JSON"))
	}
	if a.ChannelID != connector.ChannelTeams || !rest.IsLocalURL(a.ServiceURL) {
		return refuse(errors.New("unsigned, and not to be answered on this machine"))
	}
	if err := v.checkTenant(a); err != nil {
		return refuse(err)
	}

	return nil
}

// isProxyHeader reports whether a header is one that proxies add.
func isProxyHeader(name string) bool {
	switch name {
	case "Forwarded", "Via", "X-Real-Ip":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-")
}

// isBrowserHeader reports whether a header is one that browsers add for web pages.
func isBrowserHeader(name string) bool {
	return name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-")
}
