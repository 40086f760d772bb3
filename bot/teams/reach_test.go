package teams

import (
	"errors"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// Teams can be reached, whatever it answers; one that gives no answer can't, and Entra may refuse us.
//
func TestReach(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, nil).connect()
	d.Open(w.channel)
	if err := w.s.Reach(within(t)); err != nil {
		t.Errorf("as ever: %v", err)
	}
	for _, kind := range []teamsfake.FaultKind{teamsfake.FaultHTTP, teamsfake.FaultDrop} {
		w.fake.ClearFaults()
		w.fake.Inject(teamsfake.Fault{Method: "*", Kind: kind})
		if err := w.s.Reach(within(t)); err == nil {
			t.Errorf("%s: it is said to be there", kind)
		}
	}
	w.fake.ClearFaults()
	o := w.s.opt
	o.AppPassword = "wrong"
	s, err := New(o)
	must(t, err)
	var se *channels.SendError
	if err := s.Reach(within(t)); !errors.As(err, &se) || se.Class != channels.AuthBroken || se.Hint == "" {
		t.Errorf("a wrong secret: %v", err)
	}
}
