package book

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// People holds the customers whom one batch is about, by the keys (addresses, numbers) that they have.
type People struct {
	*Moment
	Identities map[store.IdentityID]*store.Identity
	ByAddress  map[NameKey]*store.Identity
	writers    []string // of the keys with which agents begin conversations, those from which somebody wrote before

	newIdentity     map[store.IdentityID]bool             // rows that this batch made
	United          map[store.IdentityID]store.IdentityID // an identity that proved to be another's customer → that one
	Linked          map[store.IdentityID]bool             // identities whose key or customer changed
	consents        map[store.IdentityID]bool             // identities whose OptedOut changed
	DirtyIdentities map[store.IdentityID]bool             // identities of which something else changed
}

func newPeople(m *Moment) *People {
	return &People{Moment: m, Identities: map[store.IdentityID]*store.Identity{}, ByAddress: map[NameKey]*store.Identity{},
		newIdentity: map[store.IdentityID]bool{}, United: map[store.IdentityID]store.IdentityID{}, Linked: map[store.IdentityID]bool{},
		consents: map[store.IdentityID]bool{}, DirtyIdentities: map[store.IdentityID]bool{}}
}

// SetConsent keeps what a customer wants, and says whether that is something new.
func (ps *People) SetConsent(i *store.Identity, wish channels.Consent) bool {
	before := i.OptedOut
	switch {
	case wish.OptedOut && wish.Marketing && before != store.OptedOutAll:
		i.OptedOut = store.OptedOutMarketing
	case wish.OptedOut && !wish.Marketing:
		i.OptedOut = store.OptedOutAll
	case !wish.OptedOut && (!wish.Marketing || before == store.OptedOutMarketing):
		i.OptedOut = ""
	}
	if i.OptedOut == before {
		return false
	}
	ps.consents[i.ID] = true
	return true
}

// newIdentities returns the rows of all senders, as if each were new, sorted. Their ids rise as the
// facts name them: of several new keys the one with the lowest stands for the customer.
func (ps *People) newIdentities(p parties) []store.Identity {
	rows := make([]store.Identity, 0, len(p.keys))
	for _, k := range p.keys {
		rows = append(rows, store.Identity{ID: store.IdentityID(ps.IDs.Next()), AccountID: k.Account, Key: k.Name, Name: p.byKey[k].Name,
			ContactID: store.ContactID(ps.IDs.Next())})
	}
	slices.SortFunc(rows, func(a, b store.Identity) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), strings.Compare(a.Key, b.Key))
	})
	return rows
}

// keepIdentities remembers the senders; those that were new get contacts.
func (ps *People) keepIdentities(found, asked []store.Identity) {
	fresh := make(map[store.IdentityID]bool, len(asked))
	for _, r := range asked {
		fresh[r.ID] = true
	}
	for i := range found {
		ps.AddIdentity(&found[i])
		if fresh[found[i].ID] {
			ps.newIdentity[found[i].ID] = true
		}
	}
}

// AddIdentity makes an identity known.
func (ps *People) AddIdentity(i *store.Identity) {
	ps.Identities[i.ID] = i
	ps.ByAddress[NameKey{i.AccountID, i.Key}] = i
}

// addWithRoots makes identities known that were read after those of the senders, with the roots of their customers.
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

// SenderOf returns the identity of a mail's sender; nil when it doesn't exist any more.
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
		ps.releasePassedOnKeys(s)
		var roots []*store.Identity
		for _, key := range s.keys {
			if i := ps.ByAddress[NameKey{s.account, key}]; i != nil && !slices.Contains(roots, i) {
				roots = append(roots, i)
			}
		}
		if len(roots) < 2 {
			continue
		}
		first := slices.MinFunc(roots, func(a, b *store.Identity) int { // one that was known before; the same in all replicas
			return cmp.Or(compareBool(ps.newIdentity[a.ID], ps.newIdentity[b.ID]), cmp.Compare(a.ID, b.ID))
		})
		for _, r := range roots {
			if r != first {
				ps.unite(first, r)
			}
		}
	}
}

// releasePassedOnKeys takes keys from a customer that have passed to somebody else: whoever comes by one under a new
// lasting key, while the customer who had it has another key, is not that customer. Phone numbers are given to
// other people after some months, and nobody is told.
//
// A provider that changes somebody's lasting key tells so in an event of its own, which names the one before.
func (ps *People) releasePassedOnKeys(s samePerson) {
	first := ps.RowOf(s.account, s.keys[0])
	if !s.lasting || first == nil || !ps.newIdentity[first.ID] {
		return
	}
	for _, key := range s.keys[1:] {
		row := ps.RowOf(s.account, key)
		if row == nil || ps.newIdentity[row.ID] {
			continue
		}
		for _, id := range SortedKeys(ps.Identities) {
			other := ps.Identities[id]
			if other.Root() == row.Root() && !strings.HasPrefix(other.Key, outbound.FormerPrefix) && !slices.Contains(s.keys, other.Key) {
				row.Name = other.Name // it has got the name of whoever has the key now
				ps.ReleaseKey(row)
				break
			}
		}
	}
}

// ReleaseKey notes that a customer no longer has a key: it may be somebody else's now.
func (ps *People) ReleaseKey(i *store.Identity) {
	delete(ps.ByAddress, NameKey{i.AccountID, i.Key})
	i.Key = fmt.Sprintf("%s%d:%s", outbound.FormerPrefix, i.ID, i.Key) // two customers may have had the same
	ps.Linked[i.ID] = true
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// mapToRoot maps a key to the identity that stands for its customer.
func (ps *People) mapToRoot(i *store.Identity) {
	if root := ps.Identities[i.Root()]; root != nil {
		ps.ByAddress[NameKey{i.AccountID, i.Key}] = root
	}
}

// unite makes other and all that it stands for the same customer as first.
func (ps *People) unite(first, other *store.Identity) {
	if !ps.newIdentity[other.ID] {
		ps.United[other.ID] = first.ID
	}
	if other.OptedOut == store.OptedOutAll || first.OptedOut == "" && other.OptedOut != "" {
		first.OptedOut = other.OptedOut
		ps.consents[first.ID] = true
	}
	for _, id := range SortedKeys(ps.Identities) {
		if i := ps.Identities[id]; i.Root() == other.ID {
			i.SameAs, i.ContactID = &first.ID, first.ContactID
			ps.Linked[i.ID] = true
			ps.mapToRoot(i)
		}
	}
}

// RootOf returns the identity that stands for the customer of a conversation, or nil if there is none.
func (ps *People) RootOf(c *Conversation) *store.Identity {
	if c.Identity == nil {
		return nil
	}
	if root := ps.Identities[c.Identity.Root()]; root != nil {
		return root
	}
	return c.Identity
}

// RowOf finds the row of a key itself.
func (ps *People) RowOf(account store.AccountID, key string) *store.Identity {
	for _, i := range ps.Identities {
		if i.AccountID == account && i.Key == key {
			return i
		}
	}
	return nil
}

// CustomerOf finds the customer of an inbound; nil means it names none.
// Errors: *NotYet when an earlier event of this batch gave the key up: the next batch makes it anew.
func (ps *People) CustomerOf(a *store.Account, in channels.Inbound) (*store.Identity, error) {
	if in.From.Key == "" {
		return nil, nil
	}
	if i := ps.ByAddress[NameKey{a.ID, in.From.Key}]; i != nil {
		return i, nil
	}
	return nil, ps.Wait(0)
}

// IsNewcomer reports whether an address is not yet part of a conversation that has some.
func (ps *People) IsNewcomer(c *Conversation, key string) bool {
	if len(c.Participants) == 0 || c.Identity != nil && c.Identity.Key == key {
		return false
	}
	if i := ps.ByAddress[NameKey{c.AccountID, key}]; i != nil && i == ps.RootOf(c) {
		return false // the customer by another key
	}
	for _, p := range c.Participants {
		if p.Key == key {
			return p.New
		}
	}
	return true
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

// samePerson names keys of one customer, the one in use first.
type samePerson struct {
	account store.AccountID
	keys    []string
	lasting bool // the first is this person's for good, and nothing but a message names the others
}

// BlockedRecipients says why nothing may go to the recipients as they are.
func (ps *People) BlockedRecipients(c *Conversation) *bridge.Problem {
	if i := ps.RootOf(c); i != nil && i.OptedOut == store.OptedOutAll {
		return &bridge.Problem{Code: "opted_out", Text: c.Customer().Name + " doesn't want messages any more.", Hint: outbound.OptedOutHint}
	}
	if c.Account.Mode != store.ModeTrial {
		return nil
	}
	to, cc := outbound.Addressed(c.Participants)
	for _, p := range slices.Concat(to, cc) {
		if !slices.ContainsFunc(ps.keysBy(c, p.Key), func(key string) bool { return slices.Contains(c.Account.TrialTo, key) }) {
			return &bridge.Problem{Code: "trial", Text: "This account is on trial and " + p.Key + " is not on its list.",
				Hint: "Add the address to trial_to, or switch the account to live."}
		}
	}
	return nil
}

// keysBy returns a recipient's key, and, of a chat's customer, all other keys that the customer has now.
func (ps *People) keysBy(c *Conversation, key string) []string {
	root, keys := ps.RootOf(c), []string{key}
	if !c.Exclusive || root == nil || ps.ByAddress[NameKey{c.AccountID, key}] != root {
		return keys
	}
	for _, id := range SortedKeys(ps.Identities) {
		if i := ps.Identities[id]; i.Root() == root.ID && i.AccountID == c.AccountID && !strings.HasPrefix(i.Key, outbound.FormerPrefix) {
			keys = append(keys, i.Key)
		}
	}
	return keys
}

// WroteBefore reports whether somebody with whom a conversation is to be begun wrote before, with any key.
func (ps *People) WroteBefore(p channels.Party) bool {
	return slices.ContainsFunc(append([]string{p.Key}, p.Also...), func(key string) bool { return slices.Contains(ps.writers, key) })
}
