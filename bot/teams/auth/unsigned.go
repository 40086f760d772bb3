package auth

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
)

// Local says whether a request without a signature may be taken while a developer tries the
// bot on one machine: it comes from and to a loopback address, directly, from no web page,
// and what is answered stays on this machine. Only for TEAMS_ALLOW_UNSIGNED=loopback.
// Errors: ErrRefused.
func (v *Validator) Local(r *http.Request, a connector.Activity) error {
	here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !rest.Loopback(here.String()) || !rest.Loopback(r.RemoteAddr) {
		return refuse(errors.New("unsigned, and not on this machine"))
	}
	for name := range r.Header { // a proxy or tunnel on this machine may pass on requests from anywhere
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || name == "Origin" || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Sec-Fetch-") {
			return refuse(errors.New("unsigned, and passed on or made by a web page (" + name + ")"))
		}
	}
	if !localName(r.Host) { // anybody may make another name lead to this machine
		return refuse(errors.New("unsigned, and asked for by another name than localhost"))
	}
	if media := r.Header.Get("Content-Type"); !strings.HasPrefix(media, "application/json") { // a web page can't send JSON to us without permission
		return refuse(errors.New("unsigned, and not JSON"))
	}
	if a.ChannelID != connector.ChannelTeams || !rest.LocalURL(a.ServiceURL) {
		return refuse(errors.New("unsigned, and not to be answered on this machine"))
	}
	if err := v.checkTenant(a); err != nil {
		return refuse(err)
	}
	return nil
}

func localName(host string) bool { return rest.LocalURL("http://" + host) }
