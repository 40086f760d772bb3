package graph_test

import (
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
