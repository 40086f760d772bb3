package teams_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
)

// These tests check which addresses are called with our token, and which aren't called at all.

// wantAddressError checks that an address was not called, and never will be.
func wantAddressError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, teams.ErrAddress) {
		t.Errorf("got error %v, want ErrAddress", err)
	}
	if _, again := teams.Wait(err); again {
		t.Error("it may be tried again, want it never to be")
	}
}

// A page has a link to the next one, which has to be an address of Graph. A link elsewhere isn't followed.
func TestNextPageElsewhere(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer foreign.Close()
	w := newWorld(t, teamsfake.Options{})
	base := w.srv.GraphURL()
	for _, tt := range []struct {
		name string
		next string
	}{
		{name: "another port", next: foreign.URL + "/graph/v1.0/teams/x"},
		{name: "another scheme", next: strings.Replace(base, "http:", "https:", 1) + "/teams/x"},
		{name: "with a user", next: strings.Replace(base, "//", "//a@", 1) + "/teams/x"},
		{name: "another name of the host", next: strings.Replace(base, "127.0.0.1", "localhost", 1) + "/teams/x"},
		{name: "a path that begins alike", next: base + "x/teams"},
		{name: "out of the version", next: base + "/../beta/teams"},
		{name: "out of the version, escaped", next: base + "/%2e%2e/beta"},
		{name: "no host", next: "teams/x"},
		{name: "no scheme", next: "//" + foreign.URL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.client.Messages(w.ctx(), graphGroup, graphTickets, 50, tt.next)
			wantAddressError(t, err)
		})
	}
	wantEqual(t, "calls elsewhere", called.Load(), 0)
	wantEqual(t, "calls of Graph", len(w.srv.Calls("")), 0)
}

// An id such as ".." is a step in a path and would lead to another address, so Graph isn't called with it.
func TestIDsThatLeadElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	for _, id := range []string{"", ".", ".."} {
		t.Run("channel "+id, func(t *testing.T) {
			_, err := w.client.Message(w.ctx(), teams.Thread{Group: graphGroup, Channel: id, Root: "1"}, "2")
			wantAddressError(t, err)
		})
		t.Run("picture "+id, func(t *testing.T) {
			_, err := w.client.Picture(w.ctx(), thread("1"), "2", id)
			wantAddressError(t, err)
		})
	}
	wantEqual(t, "calls of Graph", len(w.srv.Calls("")), 0)
}

// redirector is a host of Graph's that redirects each file to an address, and has bytes at /bytes.
type redirector struct {
	url       string
	target    atomic.Pointer[string] // where it redirects to
	gotTokens atomic.Int32           // how often /bytes was read with a token
}

func newRedirector(t *testing.T) *redirector {
	t.Helper()
	d := &redirector{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/bytes" {
			http.Redirect(w, r, *d.target.Load(), http.StatusFound)
			return
		}
		if r.Header.Get("Authorization") != "" {
			d.gotTokens.Add(1)
		}
		_, _ = io.WriteString(w, "bytes")
	}))
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

// A second redirect isn't followed, nor is one that leads to another host.
func TestFileIsNotReadElsewhere(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer foreign.Close()
	d := newRedirector(t)
	w := newWorld(t, teamsfake.Options{})
	client := w.clientAt(d.url + "/v1.0")
	for _, tt := range []struct {
		name   string
		target string
	}{
		{name: "a second redirect", target: d.url + "/again"},
		{name: "another port", target: foreign.URL + "/bytes"},
		{name: "another host", target: "https://evil.example/x"},
		{name: "with a user", target: strings.Replace(d.url, "//", "//a@", 1) + "/bytes"},
		{name: "a file of this machine", target: "file:///etc/passwd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.target.Store(&tt.target)
			a, err := client.File(w.ctx(), d.url+"/sites/x/bill.pdf")
			if err == nil {
				noError(t, a.Close())
				t.Errorf("%s is followed, want an error", tt.target)
			}
		})
	}
	wantEqual(t, "calls of another host", called.Load(), 0)
	wantEqual(t, "calls with our token", d.gotTokens.Load(), 0)
}
