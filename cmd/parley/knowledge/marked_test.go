package knowledge_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A page that asks not to be indexed isn't read: in its HTML, or in a header of its answer, by a word of its own or by "none".
// A header may be meant for another robot.
func TestPageThatAsksNotToBeRead(t *testing.T) {
	t.Parallel()
	const page = "<h1>Warranty</h1><p>The warranty lasts two years.</p>"
	for _, tt := range []struct {
		name   string
		header string // X-Robots-Tag
		page   string
		isRead bool
	}{
		{name: "no mark", page: page, isRead: true},
		{name: "noindex in HTML", page: `<meta name="robots" content="noindex">` + page},
		{name: "none in HTML", page: `<meta name="ROBOTS" content="None">` + page},
		{name: "noindex in HTML, for Parley alone", page: `<meta name="parley" content="noindex">` + page},
		{name: "another word in HTML", page: `<meta name="robots" content="nonesuch">` + page, isRead: true},
		{name: "noindex in a header", header: "noindex", page: page},
		{name: "noindex among others in a header", header: "noarchive, NOINDEX", page: page},
		{name: "none in a header", header: "none", page: page},
		{name: "noindex in a header, for Parley alone", header: "Parley: noindex", page: page},
		{name: "noindex in a header, for another robot", header: "otherbot: noindex, nofollow", page: page, isRead: true},
		{name: "a date in a header", header: "unavailable_after: 25 Jun 2040 15:00:00 PST", page: page, isRead: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				if tt.header != "" {
					w.Header().Set("X-Robots-Tag", tt.header)
				}
				_, _ = w.Write([]byte(tt.page))
			}))
			t.Cleanup(s.Close)
			pool := createPlaces(t, s.URL+"/")
			readPlaces(t, pool)
			if tt.isRead {
				checkFound(t, pool, "warranty", "Warranty")
			} else {
				checkFound(t, pool, "warranty")
			}
		})
	}
}
