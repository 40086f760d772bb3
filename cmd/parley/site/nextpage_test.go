package site_test

import (
	"net/http"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// Somebody who isn't signed in first asks for a page. Then a page that is still open in another tab asks for a
// stream.
const (
	pageAskedFor = "/settings/company"
	streamInTab  = "/inbox/live?list=mine"
)

// Signing in leads to the page that somebody asked for, even if an open page has asked for something by itself since
// then.
// Requirement R-221: Pages for admins.
func TestSignInLeadsToPageNotToStream(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		destination string // that the browser names; "" if it names none
		wantStatus  int    // of the stream
	}{
		{name: "a stream", destination: "empty", wantStatus: http.StatusUnauthorized},
		{name: "a picture", destination: "image", wantStatus: http.StatusUnauthorized},
		{name: "a browser that doesn't say what it asks for", destination: "", wantStatus: http.StatusSeeOther},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Start(t, sitetest.Acme, withInbox(t))
			v := s.Visitor("")
			wantSignIn(t, "the page", v.Get(pageAskedFor))
			header := http.Header{}
			if tt.destination != "" {
				header.Set("Sec-Fetch-Dest", tt.destination)
			}

			wantStatus(t, "what the open page asks for", v.Do(http.MethodGet, streamInTab, nil, header), tt.wantStatus)

			wantRedirect(t, "signing in", v.Post(s.Link("ann@acme.test"), nil), pageAskedFor)
		})
	}
}

// After signing in, a person may also go on to a file to which a link led.
func TestSignInLeadsToFile(t *testing.T) {
	t.Parallel()
	const file = "/settings/log.csv"
	s := sitetest.Start(t, sitetest.Acme)
	v := s.Visitor("")
	wantSignIn(t, "the file", v.Do(http.MethodGet, file, nil, http.Header{"Sec-Fetch-Dest": {"document"}}))

	wantRedirect(t, "signing in", v.Post(s.Link("ann@acme.test"), nil), file)
}
