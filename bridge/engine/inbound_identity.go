package engine

import (
	"cmp"
	"fmt"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A customer may have several keys: addresses, phone numbers, ids of a provider. Each has a row, an identity;
// one of them, the root, stands for the customer. This file applies what a provider reports about keys and
// names, for example that a WhatsApp user has moved to another number.

// NamesCustomer reports whether inbounds of a kind have a sender, who becomes a known customer.
func NamesCustomer(kind channels.InboundKind) bool {
	switch kind {
	case channels.InboundMessage, channels.InboundElsewhere, channels.InboundReaction, channels.InboundEdit, channels.InboundDelete,
		channels.InboundIdentity, channels.InboundConsent:
		return true
	case channels.InboundStatus, channels.InboundOwn, channels.InboundTemplate, channels.InboundNotice:
	}
	return false
}

// showOtherConversations handles customers who turned out to be one person (People.United, which it clears). It
// posts a line in each open conversation of that person that names another open one. The conversations stay
// separate.
func (w *work) showOtherConversations() {
	for _, other := range SortedKeys(w.People.United) {
		open := openBefore(w.Book, w.People.United[other])
		if len(open) < 2 {
			continue
		}

		for i, c := range open {
			beside := open[(i+1)%len(open)] // the next one; the last one names the first
			w.Line(c, bridge.Line{Content: bridge.LineSamePerson, Other: w.ReferFrom(c, beside)})
			w.Log.ByParley(c, store.DeedSameCustomer, Detail{Text: fmt.Sprintf("#%d", beside.ID)})
		}
	}

	clear(w.People.United)
}

// openBefore returns the open conversations of a customer, except those that this batch has made.
func openBefore(b *Book, customer store.IdentityID) []*Conversation {
	var open []*Conversation
	for _, id := range SortedKeys(b.Conversations.Rows) {
		c := b.Conversations.Get(id)
		if c.IdentityID == nil || b.People.Identities[*c.IdentityID] == nil {
			continue
		}

		isCustomers := c.Kind == store.KindCustomer && b.People.Identities[*c.IdentityID].Root() == customer
		wasOpen := c.BridgeStatus().Open() && !c.Fresh
		if isCustomers && wasOpen {
			open = append(open, c)
		}
	}
	return open
}

// applyIdentity applies a customer's new name, which cards show at once, or new key, such as a phone number.
// The conversation continues with the new key.
func (w *work) applyIdentity(a *store.Account, in channels.Inbound) error {
	i, err := w.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	w.showOtherConversations()
	for _, id := range SortedKeys(w.Conversations.Rows) {
		c := w.Conversations.Get(id)
		if w.People.RootOf(c) == i && c.BridgeStatus().Open() {
			c.RefreshCard()
		}
	}

	previous := in.Change.Previous
	if previous.Key != "" && previous.Key != in.From.Key {
		w.moveToKey(a, i, previous, in.From)
	}
	return nil
}

// moveToKey removes the former keys from a customer, and sends replies in the customer's chat to the current one.
func (w *work) moveToKey(a *store.Account, customer *store.Identity, previous, current channels.Party) {
	for _, key := range append([]string{previous.Key}, previous.Also...) {
		former := w.People.RowOf(a.ID, key)
		if former != nil && former.Root() == customer.ID { // otherwise somebody else has the key by now
			w.People.ReleaseKey(former)
		}
	}

	for _, id := range SortedKeys(w.Conversations.Rows) {
		c := w.Conversations.Get(id)
		if !c.Exclusive || c.AccountID != a.ID {
			continue
		}
		if c.Identity == nil || w.People.RootOf(c) != customer {
			continue
		}

		line := identityLine(c, previous, current)
		if c.SetReplyKey(current) && c.BridgeStatus().Open() {
			w.Line(c, bridge.Line{Content: line})
			w.Log.ByCustomer(c, store.DeedChangedAddress, nil)
			c.RefreshCard()
		}
	}
}

// identityLine returns the line that tells agents of a customer's new key: by phone numbers if they are known, unless only
// the provider's id has changed. The conversation still has the former key.
func identityLine(c *Conversation, previous, current channels.Party) *bridge.IdentityLine {
	before := cmp.Or(PhoneOf(c.Conversation, previous.Key), previous.Key)
	now := cmp.Or(current.Phone, current.Key)
	if before == now {
		before, now = previous.Key, current.Key
	}
	return &bridge.IdentityLine{Before: before, Now: now}
}
