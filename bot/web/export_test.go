package web

import (
	"net/http"
	"net/netip"
	"time"
)

// LookUps says of each request from an address, by a clock, whether it has to wait before its token is looked up.
func LookUps(now func() time.Time) func(from string) bool {
	l := newLimits(now, nil)
	return func(from string) bool { return l.countLookUp(&Visit{Request: &http.Request{RemoteAddr: from}}) }
}

// VisitorOf returns by whose address a request is counted that a proxy passed on.
func VisitorOf(from, forwarded string, proxies ...netip.Prefix) string {
	r := &http.Request{RemoteAddr: from, Header: http.Header{"X-Forwarded-For": {forwarded}}}
	return newLimits(time.Now, proxies).visitorAddress(r)
}

// Words writes a help text.
func Words(s string) string { return string(helpHTML(s)) }
