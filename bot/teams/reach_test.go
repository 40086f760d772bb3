package teams

import (
	"testing"

	"parley/bot/teams/teamsfake"
)

// Requirement R-274: An inbox in the browser.
func TestTeamsIsReached(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.surface.Reach(w.ctx()))
}

// Requirement R-274: An inbox in the browser.
func TestTeamsIsNotReached(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault teamsfake.FaultKind
	}{
		{name: "an outage", fault: teamsfake.FaultHTTP},
		{name: "no answer", fault: teamsfake.FaultDrop},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.fake.Inject(teamsfake.Fault{Method: "*", Kind: tt.fault})
			if err := w.surface.Reach(w.ctx()); err == nil {
				t.Error("Teams is reached, want an error")
			}
		})
	}
}
