package teams_test

import (
	"slices"
	"testing"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
)

// An access token says what an admin granted.
func TestRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	w.srv.Entra.Permit(teamsfake.PermitMessages, teamsfake.PermitFilesRead, "Sites.Selected")
	got, ok, err := w.client.Rights(t.Context())
	noError(t, err)
	wantEqual(t, "the rights are known", ok, true)
	if want := (teams.Rights{"Files.Read.All", "Sites.Selected"}); !slices.Equal(got, want) { // without the right to read messages
		t.Errorf("got the rights %v, want %v", got, want)
	}
	wantEqual(t, "the right to read files", got.Files(), "Files.Read.All")
	wantEqual(t, "sites are named", got.HasNamedSites(), true)
}
