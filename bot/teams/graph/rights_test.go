package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// An access token says what an admin granted.
func TestRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	w.srv.Entra.Permit(tenant.PermitMessages, tenant.PermitFilesRead, "Sites.Selected")
	got, ok, err := w.client.Rights(t.Context())
	noError(t, err)
	wantEqual(t, "the rights are known", ok, true)
	if want := (graph.Rights{"Files.Read.All", "Sites.Selected"}); !slices.Equal(got, want) { // without the right to read messages
		t.Errorf("got the rights %v, want %v", got, want)
	}
	wantEqual(t, "the right to read files", got.Files(), "Files.Read.All")
	wantEqual(t, "sites are named", got.HasNamedSites(), true)
}

// newClientOfLogin returns a client that gets its tokens at another address than Entra's.
func (w *world) newClientOfLogin(loginURL string) *graph.Client {
	w.t.Helper()
	w.tokens = rest.NewTokens(rest.TokenOptions{
		LoginURL: loginURL, TenantID: "t", AppID: "a", Password: "p",
		Scope: rest.GraphScope(""), Client: w.http, Now: time.Now,
	})
	return w.clientAt(w.srv.GraphURL())
}

// newOpaqueLogin starts a server that gives tokens that nobody but Graph can read.
func newOpaqueLogin(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"EwBwA8l6BAAU"}`)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// A token that can't be read tells nothing.
func TestRightsOfAnOpaqueToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	got, ok, err := w.newClientOfLogin(newOpaqueLogin(t).URL).Rights(t.Context())
	noError(t, err)
	wantEqual(t, "the rights are known", ok, false)
	wantEqual(t, "rights", len(got), 0)
}

func TestRightsWithoutAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	login := newOpaqueLogin(t)
	login.Close()
	_, _, err := w.newClientOfLogin(login.URL).Rights(t.Context())
	wantErrorIs(t, err, rest.ErrToken)
}
