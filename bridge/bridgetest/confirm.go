package bridgetest

import (
	"cmp"
	"context"
	"fmt"

	"parley/bridge"
)

// Confirm implements bridge.Surface.
func (s *Surface) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	var m Message
	if err := s.call(ctx, "message", request{Channel: at.Channel, ID: at.Message}, &m); err != nil {
		return bridge.Unchanged, err
	}
	if at.Thread != "" && cmp.Or(m.Thread, m.ID) != at.Thread { // some platforms find a message only in its thread
		return bridge.Unchanged, fmt.Errorf("bridgetest: message %s is in thread %q, not %q", m.ID, m.Thread, at.Thread)
	}
	e := event{Message: m}
	var found bridge.Confirmation
	switch {
	case m.Deleted:
		e.Type, found = "delete", bridge.Gone
	case m.Version > 0:
		e.Type, found = "edit", bridge.Changed
	default:
		return bridge.Unchanged, nil
	}
	f := factOf(e)
	known, err := s.desk.KnownFacts(ctx, []string{f.ExternalID})
	if err != nil {
		return found, err
	}
	if known[f.ExternalID] && found == bridge.Changed {
		var now bridge.Action
		parse(&now, m)
		if bridge.SameText(now.Text, text) {
			return bridge.Unchanged, nil // the edit came as an event before, and is applied
		}
		return bridge.Changed, nil
	}
	return found, s.desk.Accept(ctx, f)
}
