package teams

import (
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
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

// If Entra takes our secret no longer, Teams can't be reached, and people are told what to do.
// Requirement R-274: An inbox in the browser.
func TestTeamsIsNotReachedWithAWrongSecret(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	o := w.surface.opt
	o.AppPassword = "wrong"
	s, err := New(o)
	noError(t, err)
	se := wantSendError(t, s.Reach(w.ctx()))
	wantEqual(t, "class", se.Class, channels.AuthBroken)
	if se.Hint == "" {
		t.Errorf("got error %v without a hint, want one", se)
	}
}
