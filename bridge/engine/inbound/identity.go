package inbound

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// Knows reports whether an inbound names a customer who is, or becomes, known.
func Knows(kind channels.InboundKind) bool {
	switch kind {
	case channels.InboundMessage, channels.InboundForeign, channels.InboundReaction, channels.InboundEdit, channels.InboundDelete,
		channels.InboundIdentity, channels.InboundConsent:
		return true
	case channels.InboundStatus, channels.InboundOwn, channels.InboundTemplate, channels.InboundNotice:
	}
	return false
}

// tellUnited tells, in each open conversation of customers who proved to be one, that another one is
// open. The conversations stay apart, and nothing moves between them.
func (it *UseCases) tellUnited() {
	for _, other := range book.SortedKeys(it.People.United) {
		first := it.People.United[other]
		var open []*book.Conversation
		for _, id := range book.SortedKeys(it.Conversations.Rows) {
			c := it.Conversations.Rows[id]
			if c.Kind == store.KindCustomer && c.BridgeStatus().Open() && !c.Fresh && c.IdentityID != nil && it.People.Identities[*c.IdentityID] != nil &&
				it.People.Identities[*c.IdentityID].Root() == first {
				open = append(open, c)
			}
		}
		if len(open) < 2 {
			continue
		}
		for i, c := range open {
			var surface store.AccountID
			if t := c.Home(it.Dir); t != nil {
				surface = t.AccountID
			}
			beside := open[(i+1)%len(open)]
			it.Line(c, bridge.Line{Content: bridge.LineSamePerson, Other: it.Refer(beside, surface)})
			it.Log.ByParley(c, store.DeedSameCustomer, book.Detail{Text: fmt.Sprintf("#%d", beside.ID)})
		}
	}
	clear(it.People.United)
}

// identityChanges applies what a provider tells of a customer: a name, which cards show at once, or
// another key. With another key the conversation goes on, and replies go to that key.
func (it *UseCases) identityChanges(a *store.Account, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	it.tellUnited()
	for _, id := range book.SortedKeys(it.Conversations.Rows) {
		if c := it.Conversations.Rows[id]; it.People.RootOf(c) == i && c.BridgeStatus().Open() {
			c.RefreshCard()
		}
	}
	if in.Change.Previous == "" || in.Change.Previous == in.From.Key {
		return nil
	}
	former := it.People.RowOf(a.ID, in.Change.Previous)
	if former == nil {
		return nil
	}
	it.People.ReleaseKey(former)
	for _, id := range book.SortedKeys(it.Conversations.Rows) {
		c := it.Conversations.Rows[id]
		if !c.Exclusive || c.AccountID != a.ID || c.Identity == nil || it.People.RootOf(c) != i {
			continue
		}
		if c.SetReplyKey(in.From) && c.BridgeStatus().Open() {
			it.Line(c, bridge.Line{Content: &bridge.IdentityLine{Now: in.From.Key, Before: in.Change.Previous}})
			it.Log.ByCustomer(c, store.DeedChangedAddress, nil)
			c.RefreshCard()
		}
	}
	return nil
}
