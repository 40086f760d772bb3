package inbound

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// A customer may be known by several keys: addresses, phone numbers, ids of a provider. Each has a row, an identity; one of
// them, the root, stands for the customer. This file applies what a provider tells about keys and names.

// NamesCustomer reports whether inbounds of a kind name a customer, who becomes known by that.
func NamesCustomer(kind channels.InboundKind) bool {
	switch kind {
	case channels.InboundMessage, channels.InboundElsewhere, channels.InboundReaction, channels.InboundEdit, channels.InboundDelete,
		channels.InboundIdentity, channels.InboundConsent:
		return true
	case channels.InboundStatus, channels.InboundOwn, channels.InboundTemplate, channels.InboundNotice:
	}
	return false
}

// tellOfOtherConversations posts, in each open conversation of customers who have proved to be one person (People.United), a
// line that names another open one. The conversations stay apart. The list of united customers is empty afterwards.
func (it *UseCases) tellOfOtherConversations() {
	for _, other := range book.SortedKeys(it.People.United) {
		open := openBefore(it.Book, it.People.United[other])
		if len(open) < 2 {
			continue
		}

		for i, c := range open {
			var surface store.AccountID
			if t := c.Home(it.Dir); t != nil {
				surface = t.AccountID
			}

			beside := open[(i+1)%len(open)] // the next one; the last one names the first
			it.Line(c, bridge.Line{Content: bridge.LineSamePerson, Other: it.Refer(beside, surface)})
			it.Log.ByParley(c, store.DeedSameCustomer, book.Detail{Text: fmt.Sprintf("#%d", beside.ID)})
		}
	}

	clear(it.People.United)
}

// openBefore returns the open conversations of a customer, without those that this batch has made.
func openBefore(b *book.Book, customer store.IdentityID) []*book.Conversation {
	var open []*book.Conversation
	for _, id := range book.SortedKeys(b.Conversations.Rows) {
		c := b.Conversations.Rows[id]
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

// applyIdentity applies what a provider says of a customer: a name, which cards show at once, or another key, for example a new
// phone number. The conversation goes on with the new key.
func (it *UseCases) applyIdentity(a *store.Account, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	it.tellOfOtherConversations()
	for _, id := range book.SortedKeys(it.Conversations.Rows) {
		c := it.Conversations.Rows[id]
		if it.People.RootOf(c) == i && c.BridgeStatus().Open() {
			c.RefreshCard()
		}
	}

	previous := in.Change.Previous
	if previous.Key != "" && previous.Key != in.From.Key {
		it.moveToKey(a, i, previous, in.From)
	}
	return nil
}

// moveToKey takes the former keys from a customer, and has replies in the customer's chat go to the key of now.
func (it *UseCases) moveToKey(a *store.Account, customer *store.Identity, previous, now channels.Party) {
	for _, key := range append([]string{previous.Key}, previous.Also...) {
		former := it.People.RowOf(a.ID, key)
		if former != nil && former.Root() == customer.ID { // else it has passed on to somebody else already
			it.People.ReleaseKey(former)
		}
	}

	for _, id := range book.SortedKeys(it.Conversations.Rows) {
		c := it.Conversations.Rows[id]
		if !c.Exclusive || c.AccountID != a.ID {
			continue
		}
		if c.Identity == nil || it.People.RootOf(c) != customer {
			continue
		}

		if c.SetReplyKey(now) && c.BridgeStatus().Open() {
			it.Line(c, bridge.Line{Content: &bridge.IdentityLine{Now: now.Key, Before: previous.Key}})
			it.Log.ByCustomer(c, store.DeedChangedAddress, nil)
			c.RefreshCard()
		}
	}
}
