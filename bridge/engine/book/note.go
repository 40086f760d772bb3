package book

import (
	"fmt"

	"parley/bridge"
)

// What an analysis finds is shown in a note in the conversation's thread. The latest note stands there until an agent writes or
// clicks in the thread. What analyses find until then changes that note, so that a thread doesn't fill with notes while nobody looks.
// The trait TraitNote names the delivery that says what the note says now, and the thread that it is in.

// KeepNote makes a delivery the standing note of a thread. Rerooted tells later whether the thread still has the same root.
func (c *Conversation) KeepNote(d *Delivery, t *Thread) {
	c.SetTrait(bridge.TraitNote, fmt.Sprintf("%d %d %d", d.ID, t.AccountID, t.Rerooted))
}

// SettleNote leaves the standing note as it is from now on, because somebody has acted upon the conversation.
func (c *Conversation) SettleNote() { c.SetTrait(bridge.TraitNote, "") }

// StandingNote returns the delivery that says what a thread's standing note says now, or 0 if the thread has none. A note
// stays behind in a thread that the conversation has left, and under a root that was deleted: it isn't changed there.
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

// standingNotes returns the deliveries of the notes that stand in the threads of the loaded conversations.
func (b *Book) standingNotes(n *Prefetch) (deliveries []bridge.DeliveryID) {
	if !n.Notes {
		return nil
	}
	for _, c := range b.Conversations.Rows {
		deliveries = append(deliveries, c.StandingNote(c.Home(b.Dir)))
	}
	return deliveries
}
