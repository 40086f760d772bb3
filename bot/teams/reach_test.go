package teams

import (
	"errors"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// Teams can be reached, whatever it answers. If it doesn't answer, or Entra refuses us, it can't.
//
func TestReach(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.surface.Reach(w.ctx()))
	for _, kind := range []teamsfake.FaultKind{teamsfake.FaultHTTP, teamsfake.FaultDrop} {
		w.fake.ClearFaults()
		w.fake.Inject(teamsfake.Fault{Method: "*", Kind: kind})
		if err := w.surface.Reach(w.ctx()); err == nil {
			t.Errorf("%s: Teams is said to be there, want an error", kind)
		}
	}
	w.fake.ClearFaults()
	o := w.surface.opt
	o.AppPassword = "wrong"
	s, err := New(o)
	must(t, err)
	var se *channels.SendError
	if err := s.Reach(w.ctx()); !errors.As(err, &se) {
		t.Fatalf("with a wrong secret: got error %v, want a *channels.SendError", err)
	}
	wantEqual(t, "class with a wrong secret", se.Class, channels.AuthBroken)
	wantEqual(t, "it has a hint", se.Hint != "", true)
}
