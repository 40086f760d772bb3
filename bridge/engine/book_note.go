package engine

import (
	"fmt"

	"parley/bridge"
)

// When an analysis finds something new, Parley shows it in a note in the conversation's thread. Until somebody acts upon the
// conversation, the latest note is its standing note: the next analysis changes that note instead of posting another one,
// so that the thread doesn't fill with notes while nobody looks. The conversation's trait (stored property) TraitNote
// identifies the note's latest delivery, which has its current text, and the thread that it is in.

// KeepNote makes a delivery the standing note of a thread. It also stores how often the thread got a new root (Rerooted), so
// that StandingNote can tell whether the note is still under the current root.
func (c *Conversation) KeepNote(d *Delivery, t *Thread) {
	c.SetTrait(bridge.TraitNote, fmt.Sprintf("%d %d %d", d.ID, t.AccountID, t.Rerooted))
}

// SettleNote ends the standing note, because somebody has acted upon the conversation. What is found
// after that gets a new note.
func (c *Conversation) SettleNote() { c.SetTrait(bridge.TraitNote, "") }

// StandingNote returns the latest delivery of a thread's standing note, or 0 if the thread has none. A note in a thread that
// the conversation has left, or under a root that was deleted, doesn't count, because it isn't changed any more.
func (c *Conversation) StandingNote(t *Thread) bridge.DeliveryID {
	var delivery bridge.DeliveryID
	var surface bridge.AccountID
	var rerooted int
	_, err := fmt.Sscan(c.Traits[bridge.TraitNote], &delivery, &surface, &rerooted)
	hasNote := err == nil
	if !hasNote || t == nil {
		return 0
	}
	if surface != t.AccountID || rerooted != t.Rerooted {
		return 0
	}
	return delivery
}
