package emulator

import (
	"net/http"
	"time"
)

// clientTimeout bounds one call, with its answer's body: a server that never answers fails one test, not the whole run.
const clientTimeout = 2 * time.Minute

// NewClient makes the HTTP client of whoever plays a person or a provider in a test. It has a connection for each request. With
// connections that are kept, as http.DefaultClient has them, a call may fail though nothing is wrong: whichever test closes an
// httptest.Server closes what seems idle of http.DefaultTransport, and so does a connection whose answer is just being handed out.
func NewClient() *http.Client {
	return &http.Client{Timeout: clientTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
}
