package book

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// People holds the customers whom one batch is about. An identity is one key (address, number) of a customer on one account.
// A customer with several keys has an identity for each; one of them, the root, stands for the customer.
type People struct {
	*Moment
	Identities map[store.IdentityID]*store.Identity
	ByAddress  map[NameKey]*store.Identity // by account and key: the root of the customer who has the key
	writers    []string                    // those keys of Wanted.Strangers from which somebody wrote to us before

	newIdentity     map[store.IdentityID]bool             // rows that this batch made
	United          map[store.IdentityID]store.IdentityID // stored roots that proved to be another customer's → that one's root
	Linked          map[store.IdentityID]bool             // identities whose key or customer changed
	consents        map[store.IdentityID]bool             // identities whose OptedOut changed
	DirtyIdentities map[store.IdentityID]bool             // identities of which something else changed
}

func newPeople(m *Moment) *People {
	return &People{
		Moment:          m,
		Identities:      map[store.IdentityID]*store.Identity{},
		ByAddress:       map[NameKey]*store.Identity{},
		newIdentity:     map[store.IdentityID]bool{},
		United:          map[store.IdentityID]store.IdentityID{},
		Linked:          map[store.IdentityID]bool{},
		consents:        map[store.IdentityID]bool{},
		DirtyIdentities: map[store.IdentityID]bool{},
	}
}

// newIdentities returns rows for all senders as if each were new, in the order in which all batches lock them. Their ids rise
// in the order in which the facts name the keys: among several new keys of a customer, the lowest id becomes the root.
func (ps *People) newIdentities(p parties) []store.Identity {
	rows := make([]store.Identity, 0, len(p.keys))
	for _, k := range p.keys {
		rows = append(rows, store.Identity{
			ID:        store.IdentityID(ps.IDs.Next()),
			AccountID: k.Account,
			Key:       k.Name,
			Name:      p.byKey[k].Name,
			ContactID: store.ContactID(ps.IDs.Next()),
		})
	}
	slices.SortFunc(rows, func(a, b store.Identity) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), strings.Compare(a.Key, b.Key))
	})
	return rows
}

// keepIdentities remembers the senders' stored rows. Those that kept the id of a proposed row are new, and get a contact.
func (ps *People) keepIdentities(stored, proposed []store.Identity) {
	isProposed := make(map[store.IdentityID]bool, len(proposed))
	for _, r := range proposed {
		isProposed[r.ID] = true
	}
	for i := range stored {
		ps.AddIdentity(&stored[i])
		if isProposed[stored[i].ID] {
			ps.newIdentity[stored[i].ID] = true
		}
	}
}

// AddIdentity makes an identity known.
func (ps *People) AddIdentity(i *store.Identity) {
	ps.Identities[i.ID] = i
	ps.ByAddress[NameKey{i.AccountID, i.Key}] = i
}

// addWithRoots makes identities known that were read after those of the senders, and maps their keys to their roots.
func (ps *People) addWithRoots(found []store.Identity) {
	for i := range found {
		if ps.Identities[found[i].ID] == nil {
			ps.AddIdentity(&found[i])
		}
	}
	for i := range found {
		ps.mapToRoot(ps.Identities[found[i].ID])
	}
}

// SenderOf returns the identity of a mail's sender, or nil if that doesn't exist any more. It reads the row if need be.
func (ps *People) SenderOf(ctx context.Context, tx pgx.Tx, m *Message) (*store.Identity, error) {
	if i := ps.Identities[*m.IdentityID]; i != nil {
		return i, nil
	}

	found, err := store.Identities(ctx, tx, []store.IdentityID{*m.IdentityID})
	if err != nil {
		return nil, err
	}

	for i := range found {
		if found[i].ID == *m.IdentityID {
			ps.AddIdentity(&found[i])
			return &found[i], nil
		}
	}

	return nil, nil
}

// linkIdentities unites the identities whose keys prove to be one customer's, and maps every key to the
// root, the identity that stands for its customer.
func (ps *People) linkIdentities(same []samePerson) {
	for _, i := range ps.Identities {
		ps.mapToRoot(i)
	}

	for _, s := range same {
		s = ps.withoutPassedOn(s)
		ps.releasePassedOnKeys(s)
		var roots []*store.Identity
		for _, key := range s.keys {
			root := ps.ByAddress[NameKey{s.account, key}]
			if root != nil && !slices.Contains(roots, root) {
				roots = append(roots, root)
			}
		}

		if len(roots) < 2 {
			continue
		}

		first := slices.MinFunc(roots, ps.compareAge)
		for _, r := range roots {
			if r != first {
				ps.uniteCustomers(first, r)
			}
		}
	}
}

// withoutPassedOn leaves out a person's former keys that belong to somebody else by now: a change of number may be told so late that
// the number's next owner has written already.
func (ps *People) withoutPassedOn(s samePerson) samePerson {
	var passedOn []string
	for _, key := range s.previous {
		if ps.hasPassedOn(s, key) {
			passedOn = append(passedOn, key)
		}
	}

	isPassedOn := func(key string) bool { return slices.Contains(passedOn, key) }
	s.keys = slices.DeleteFunc(slices.Clone(s.keys), isPassedOn)
	s.previous = slices.DeleteFunc(slices.Clone(s.previous), isPassedOn)
	return s
}

// hasPassedOn reports whether a former key of a person belongs to another customer by now. That is so if the person is a
// known customer by a lasting key, and if the former key's customer is another one, who also uses further keys.
func (ps *People) hasPassedOn(s samePerson, former string) bool {
	row := ps.RowOf(s.account, former)
	if row == nil || slices.Contains(s.lasting, former) {
		return false
	}

	isKnownPerson := false
	for _, lasting := range s.lasting {
		own := ps.RowOf(s.account, lasting)
		if own == nil || ps.newIdentity[own.Root()] {
			continue
		}
		if own.Root() == row.Root() {
			return false
		}
		isKnownPerson = true
	}

	return isKnownPerson && ps.keptKey(row, s.keys) != nil
}

// releasePassedOnKeys takes from customers the keys that have passed to somebody else. Phone numbers are given to other
// people after some months, and nobody is told. A lasting key, in contrast, stays one person's for good. So if a person comes
// with a lasting key, and with a number of a customer who doesn't have that lasting key but further keys, the number is the
// person's now. The same holds if the provider tells that the person has changed to that number.
func (ps *People) releasePassedOnKeys(s samePerson) {
	if len(s.lasting) == 0 && len(s.previous) == 0 {
		return
	}

	var own []store.IdentityID
	for _, key := range slices.Concat(s.lasting, s.previous) { // these are surely this person's
		if root := ps.ByAddress[NameKey{s.account, key}]; root != nil {
			own = append(own, root.Root())
		}
	}

	for _, key := range s.keys {
		root := ps.ByAddress[NameKey{s.account, key}]
		if root == nil || slices.Contains(own, root.Root()) {
			continue
		}
		row := ps.RowOf(s.account, key)
		if row == nil {
			continue
		}
		if other := ps.keptKey(row, s.keys); other != nil {
			row.Name = other.Name // it has got the name of whoever has the key now
			ps.ReleaseKey(row)
		}
	}
}

// keptKey returns a key that the customer of a row uses besides those listed, or nil if there is none.
func (ps *People) keptKey(row *store.Identity, listed []string) *store.Identity {
	for _, id := range SortedKeys(ps.Identities) {
		other := ps.Identities[id]
		isUsed := !strings.HasPrefix(other.Key, outbound.FormerPrefix)
		if other.Root() == row.Root() && isUsed && !slices.Contains(listed, other.Key) {
			return other
		}
	}
	return nil
}

// ReleaseKey notes that a customer no longer has a key. Its row is renamed, so that somebody else can get the key.
func (ps *People) ReleaseKey(i *store.Identity) {
	delete(ps.ByAddress, NameKey{i.AccountID, i.Key})
	i.Key = fmt.Sprintf("%s%d:%s", outbound.FormerPrefix, i.ID, i.Key) // with the id, because two customers may have had the same key
	ps.Linked[i.ID] = true
}

// compareAge puts stored identities before those that this batch made, and orders both by their ids, as all replicas do.
func (ps *People) compareAge(a, b *store.Identity) int {
	if isNew := ps.newIdentity[a.ID]; isNew != ps.newIdentity[b.ID] {
		if isNew {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.ID, b.ID)
}

// mapToRoot maps an identity's key to the root of its customer, if that is loaded.
func (ps *People) mapToRoot(i *store.Identity) {
	if root := ps.Identities[i.Root()]; root != nil {
		ps.ByAddress[NameKey{i.AccountID, i.Key}] = root
	}
}

// uniteCustomers makes the customer of root other the same customer as that of root first, with all its keys. What the
// customer doesn't want, by any key, counts for all.
func (ps *People) uniteCustomers(first, other *store.Identity) {
	if !ps.newIdentity[other.ID] {
		ps.United[other.ID] = first.ID
	}

	ps.uniteConsents(first, other)

	for _, id := range SortedKeys(ps.Identities) {
		if i := ps.Identities[id]; i.Root() == other.ID {
			i.SameAs, i.ContactID = &first.ID, first.ContactID
			ps.Linked[i.ID] = true
			ps.mapToRoot(i)
		}
	}
}

// RootOf returns the root identity of a conversation's customer, or nil if the conversation has no customer.
func (ps *People) RootOf(c *Conversation) *store.Identity {
	if c.Identity == nil {
		return nil
	}
	if root := ps.Identities[c.Identity.Root()]; root != nil {
		return root
	}
	return c.Identity
}

// RowOf returns the identity of a key itself, which may not be the root, or nil if it isn't loaded.
func (ps *People) RowOf(account store.AccountID, key string) *store.Identity {
	for _, i := range ps.Identities {
		if i.AccountID == account && i.Key == key {
			return i
		}
	}
	return nil
}

// CustomerOf returns the root identity of the customer of an inbound, or nil if the inbound names no customer.
// Errors: *NotYet if an earlier event of this batch has released the key, so that the next batch makes it again. *relay.EventError if
// that has happened too often: then the keys contradict each other, and what is behind the event mustn't wait for it.
func (ps *People) CustomerOf(a *store.Account, in channels.Inbound) (*store.Identity, error) {
	if in.From.Key == "" {
		return nil, nil
	}
	if i := ps.ByAddress[NameKey{a.ID, in.From.Key}]; i != nil {
		return i, nil
	}
	if ps.Waits >= maxMakings {
		return nil, &relay.EventError{EventID: ps.Event.ID, Err: errors.New("book: the sender's key passes on whenever this is applied")}
	}
	return nil, ps.PutAside(0)
}

// maxMakings is the number of waits after which the key of an event's sender isn't made once more. One wait is enough unless keys
// contradict each other, but the event may have waited for something else before.
const maxMakings = 50

// IsNewcomer reports whether an address is new in a conversation that has participants.
func (ps *People) IsNewcomer(c *Conversation, key string) bool {
	return len(c.Participants) > 0 && !ps.takesPart(c, key)
}

func (ps *People) flush(ctx context.Context, p *store.Pipeline) error {
	rows := func(ids map[store.IdentityID]bool) (list []store.Identity) {
		for _, id := range SortedKeys(ids) {
			list = append(list, *ps.Identities[id])
		}
		return list
	}

	contacts := slices.DeleteFunc(rows(ps.newIdentity), func(i store.Identity) bool { return i.SameAs != nil })
	if err := store.InsertContacts(ctx, p, contacts); err != nil {
		return err
	}
	if err := store.UpdateIdentities(ctx, p, rows(ps.DirtyIdentities)); err != nil {
		return err
	}
	if err := store.LinkIdentities(ctx, p, rows(ps.Linked)); err != nil {
		return err
	}
	return store.SetOptedOut(ctx, p, rows(ps.consents))
}

// samePerson names keys that are one customer's, the one in use first.
type samePerson struct {
	account  store.AccountID
	keys     []string
	lasting  []string // those of the keys that stay this person's for good
	previous []string // those of the keys that the person had before, as the provider says; none if it doesn't tell of a change
}

// BlockedRecipients says why nothing may be sent to the recipients as they are. It returns nil if something may.
func (ps *People) BlockedRecipients(c *Conversation) *bridge.Problem {
	customer := ps.RootOf(c)
	if customer != nil && customer.OptedOut == store.OptedOutAll {
		return &bridge.Problem{
			Code: bridge.ReasonOptedOut,
			Text: c.Customer().Name + " doesn't want messages any more.",
			Hint: outbound.OptedOutHint,
		}
	}
	if c.Account.Mode != store.ModeTrial {
		return nil
	}
	to, cc := outbound.Addressed(c.Participants)
	for _, p := range slices.Concat(to, cc) {
		isListed := func(key string) bool { return slices.Contains(c.Account.TrialTo, key) }
		if !slices.ContainsFunc(ps.recipientKeys(c, p.Key), isListed) {
			return &bridge.Problem{
				Code: bridge.ReasonTrial,
				Text: "This account is on trial and " + p.Key + " is not on its list.",
				Hint: "Add the address to trial_to, or switch the account to live.",
			}
		}
	}

	return nil
}

// recipientKeys returns a recipient's key. If the recipient is a chat's customer, it adds all other keys that the customer has now.
func (ps *People) recipientKeys(c *Conversation, key string) []string {
	root, keys := ps.RootOf(c), []string{key}
	isCustomer := root != nil && ps.ByAddress[NameKey{c.AccountID, key}] == root
	if !c.Exclusive || !isCustomer {
		return keys
	}
	for _, id := range SortedKeys(ps.Identities) {
		i := ps.Identities[id]
		isCustomersKey := i.Root() == root.ID && i.AccountID == c.AccountID
		if isCustomersKey && !strings.HasPrefix(i.Key, outbound.FormerPrefix) {
			keys = append(keys, i.Key)
		}
	}
	return keys
}

// WroteBefore reports whether somebody with whom a conversation is to be begun wrote to us before, with any key.
func (ps *People) WroteBefore(p channels.Party) bool {
	return slices.ContainsFunc(append([]string{p.Key}, p.Also...), func(key string) bool { return slices.Contains(ps.writers, key) })
}
