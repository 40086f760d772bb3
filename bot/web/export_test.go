package web

import (
	"net/http"
	"net/netip"
	"time"
)

// VisitorOf returns by whose address a request is counted that a proxy passed on.
func VisitorOf(from, forwarded string, proxies ...netip.Prefix) string {
	r := &http.Request{RemoteAddr: from, Header: http.Header{"X-Forwarded-For": {forwarded}}}
	return newLimits(time.Now, proxies).visitorAddress(r)
}
