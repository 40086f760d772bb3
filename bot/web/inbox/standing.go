package inbox

import (
	"parley/bot/shape"
	"parley/bridge"
)

// standing says what can be done with a conversation.
type standing struct {
	Open   bool // something can be said and done
	Ended  bool // it is resolved, and can be opened again
	Erased bool // what was said was deleted, with the conversation or with all of the customer
	Mine   bool // the reader holds it
	Asleep bool // it is snoozed
	Unread bool // no agent has dealt with what the customer wrote last
}

func standingOf(f bridge.Facts, reader bridge.AgentID) standing {
	return standing{
		Open:   f.Status.Open() && !f.Automatic,
		Ended:  f.Status == bridge.StatusResolved,
		Erased: f.CloseReason == bridge.CloseErased || f.CloseReason == bridge.CloseDeleted,
		Mine:   shape.IsHeldBy(f, bridge.AgentRef{ID: reader}),
		Asleep: f.Status == bridge.StatusSnoozed,
		Unread: f.Unread,
	}
}
