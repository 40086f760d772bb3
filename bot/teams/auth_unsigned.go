package teams

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
)

// CheckLocal is Check for a developer who runs the bot and a fake Teams on one machine, without signatures
// (TEAMS_ALLOW_UNSIGNED=loopback). It returns nil if an unsigned request may be accepted: it must come directly from
// and to a loopback address and not from a web page, and answers to it must stay on this machine.
// Errors: ErrRefused.
func (v *Validator) CheckLocal(r *http.Request, a Activity) error {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	isToLoopback := ok && IsLoopback(local.String())
	if !isToLoopback || !IsLoopback(r.RemoteAddr) {
		return refuse(errors.New("unsigned, and not on this machine"))
	}

	for name := range r.Header { // a proxy or tunnel on this machine may forward requests from anywhere
		if isProxyHeader(name) || isBrowserHeader(name) {
			return refuse(errors.New("unsigned, and passed on or made by a web page (" + name + ")"))
		}
	}

	if !IsLocalURL("http://" + r.Host) { // DNS rebinding: any name can resolve to a loopback address
		return refuse(errors.New("unsigned, and asked for by another name than localhost"))
	}
	// CORS: a web page can't send JSON without our permission.
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return refuse(errors.New("unsigned, and not JSON"))
	}
	if a.ChannelID != ChannelTeams || !IsLocalURL(a.ServiceURL) {
		return refuse(errors.New("unsigned, and not to be answered on this machine"))
	}
	if err := v.checkTenant(a); err != nil {
		return refuse(err)
	}

	return nil
}

// isProxyHeader reports whether proxies add a header.
func isProxyHeader(name string) bool {
	return slices.Contains([]string{"Forwarded", "Via", "X-Real-Ip"}, name) || strings.HasPrefix(name, "X-Forwarded-")
}

// isBrowserHeader reports whether browsers add a header to requests of web pages.
func isBrowserHeader(name string) bool {
	return name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-")
}
