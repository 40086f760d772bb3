package engine

import (
	"strconv"

	"parley/bridge"
	"parley/store"
)

// noteAnswerAside notes in the conversation about which somebody was asked by mail what they answered.
func (w *work) noteAnswerAside(c *Conversation, m *Message) {
	number, err := strconv.ParseInt(c.Traits[bridge.TraitAskedFor], 10, 64)
	if err != nil || store.IsByMachine(m.Automatic) {
		return
	}
	about := w.Conversations.Get(store.ConversationID(number))
	if into := w.Conversations.MergedInto(about); about != nil && into != nil {
		about = into
	}
	if about == nil || about.CloseReason == bridge.CloseDeleted {
		return
	}
	who := c.Customer()
	if m.IdentityID != nil && w.People.Identities[*m.IdentityID] != nil { // somebody to whom the question was forwarded
		who = RefIn(c.Conversation, w.People.Identities[*m.IdentityID])
	}
	r := Request{Conversation: about, Surface: c.AccountID}
	r.Actor.ID, r.Text = store.SurfaceUser(who.Address), m.Text
	isIt := func(a bridge.Aside) bool { return a.Conversation == c.ID }
	w.NoteAnswer(r, isIt, bridge.Line{Customer: who, Other: w.ReferFrom(about, c)})
}
