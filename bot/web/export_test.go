package web

import (
	"net/http"
	"time"
)

// LookUps says of each request from an address, by a clock, whether it has to wait before its token is looked up.
func LookUps(now func() time.Time) func(from string) bool {
	l := newLimits(now)
	return func(from string) bool { return l.mustLookUpWait(&Visit{Request: &http.Request{RemoteAddr: from}}) }
}

// Words writes a help text.
func Words(s string) string { return string(helpHTML(s)) }
