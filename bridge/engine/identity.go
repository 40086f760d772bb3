package engine

import (
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// formerKey marks a key as no longer used; two customers may have had the same.
func formerKey(i *store.Identity) string {
	return fmt.Sprintf("%s%d:%s", outbound.FormerPrefix, i.ID, i.Key)
}

// knows says that an inbound names a customer who is, or becomes, known.
func knows(kind channels.InboundKind) bool {
	switch kind {
	case channels.InboundMessage, channels.InboundForeign, channels.InboundReaction, channels.InboundEdit, channels.InboundDelete,
		channels.InboundIdentity, channels.InboundConsent:
		return true
	case channels.InboundStatus, channels.InboundOwn, channels.InboundTemplate, channels.InboundNotice:
	}
	return false
}

// party adds the customer of an inbound, by all keys that it names.
func (n *wanted) party(account int64, in channels.Inbound) {
	if in.From.Key == "" {
		return
	}
	all := append([]string{in.From.Key}, in.From.Also...)
	if in.Kind == channels.InboundIdentity && in.Previous != "" {
		all = append(all, in.Previous)
	}
	all = slices.DeleteFunc(all, func(key string) bool { return key == "" })
	for _, key := range all {
		k := userKey{account, key}
		_, known := n.parties[k]
		if !known {
			n.partyKeys = append(n.partyKeys, k)
		}
		if !known || in.From.Name != "" { // the newest name, as if each came alone
			n.parties[k] = channels.Party{Key: key, Name: in.From.Name}
		}
	}
	if len(all) > 1 {
		n.same = append(n.same, samePerson{account, all})
	}
}

// noteLatest remembers which conversation a customer's next message belongs to: an open one, of several
// the one in which something was said last; if none is open, the newest.
func (b *book) noteLatest(c *conv) {
	if c.identity == nil || c.Kind != "customer" {
		return
	}
	root := b.people.rootOf(c).ID
	known := b.convs.rows[b.convs.latest[root]]
	if known == nil || known.status().Open() != c.status().Open() && c.status().Open() ||
		known.status().Open() == c.status().Open() && newerConv(c, known) {
		b.convs.latest[root] = c.ID
	}
}

func newerConv(c, than *conv) bool {
	if c.status().Open() {
		return c.LastAt.After(than.LastAt)
	}
	return c.ID > than.ID
}

// tellUnited tells, in each open conversation of customers who proved to be one, that another one is
// open. The conversations stay apart, and nothing moves between them.
func (w *work) tellUnited() {
	for _, other := range keys(w.people.united) {
		first := w.people.united[other]
		var open []*conv
		for _, id := range keys(w.convs.rows) {
			c := w.convs.rows[id]
			if c.Kind == "customer" && c.status().Open() && !c.fresh && c.IdentityID != nil && w.people.identities[*c.IdentityID] != nil &&
				w.people.identities[*c.IdentityID].Root() == first {
				open = append(open, c)
			}
		}
		if len(open) < 2 {
			continue
		}
		for i, c := range open {
			var surface int64
			if t := c.home(w.dir); t != nil {
				surface = t.AccountID
			}
			beside := open[(i+1)%len(open)]
			w.line(c, bridge.Line{Content: bridge.LineSamePerson, Other: w.refer(beside, surface)})
			w.log.byParley(c, store.DeedSameCustomer, detail{Text: fmt.Sprintf("#%d", beside.ID)})
		}
	}
	clear(w.people.united)
}

// identityChanges applies what a provider tells of a customer: a name, which cards show at once, or
// another key. With another key the conversation goes on, and replies go to that key.
func (w *work) identityChanges(a *store.Account, in channels.Inbound) error {
	i, err := w.people.customerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	w.tellUnited()
	for _, id := range keys(w.convs.rows) {
		if c := w.convs.rows[id]; w.people.rootOf(c) == i && c.status().Open() {
			c.refreshCard()
		}
	}
	if in.Previous == "" || in.Previous == in.From.Key {
		return nil
	}
	former := w.people.rowOf(a.ID, in.Previous)
	if former == nil {
		return nil
	}
	delete(w.people.byAddress, userKey{a.ID, in.Previous})
	former.Key = formerKey(former)
	w.people.linked[former.ID] = true
	for _, id := range keys(w.convs.rows) {
		c := w.convs.rows[id]
		if !c.Exclusive || c.AccountID != a.ID || c.identity == nil || w.people.rootOf(c) != i {
			continue
		}
		if c.useKey(in.From) && c.status().Open() {
			w.line(c, bridge.Line{Content: &bridge.IdentityLine{Now: in.From.Key, Before: in.Previous}})
			w.log.byCustomer(c, store.DeedChangedAddress, nil)
			c.refreshCard()
		}
	}
	return nil
}

// useKey makes replies of a chat go to a key from now on. It says no where they do already.
func (c *conv) useKey(p channels.Party) bool {
	for i := range c.Participants {
		if q := &c.Participants[i]; q.Role == outbound.RoleTo && q.Key != p.Key {
			q.Key = p.Key
			c.touch()
			return true
		}
	}
	return false
}
