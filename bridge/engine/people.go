package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// people holds the customers whom one batch is about, by the keys (addresses, numbers) that they have.
type people struct {
	*moment
	identities map[int64]*store.Identity
	byAddress  map[userKey]*store.Identity
	writers    []string // of the keys with which agents begin conversations, those from which somebody wrote before

	newIdentity     map[int64]bool  // rows that this batch made
	united          map[int64]int64 // an identity that proved to be another's customer → that one
	linked          map[int64]bool  // identities whose key or customer changed
	consents        map[int64]bool  // identities whose OptedOut changed
	dirtyIdentities map[int64]bool  // identities of which something else changed
}

func newPeople(m *moment) *people {
	return &people{moment: m, identities: map[int64]*store.Identity{}, byAddress: map[userKey]*store.Identity{}, newIdentity: map[int64]bool{},
		united: map[int64]int64{}, linked: map[int64]bool{}, consents: map[int64]bool{}, dirtyIdentities: map[int64]bool{}}
}

// setConsent keeps what a customer wants, and says whether that is something new.
func (ps *people) setConsent(i *store.Identity, wish channels.Consent) bool {
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

// newIdentities gives the rows of all senders, as if each were new, sorted. Their ids rise as the
// facts name them: of several new keys the one with the lowest stands for the customer.
func (ps *people) newIdentities(partyKeys []userKey, parties map[userKey]channels.Party) []store.Identity {
	rows := make([]store.Identity, 0, len(parties))
	for _, k := range partyKeys {
		rows = append(rows, store.Identity{ID: ps.ids.Next(), AccountID: k.account, Key: k.user, Name: parties[k].Name, ContactID: ps.ids.Next()})
	}
	slices.SortFunc(rows, func(a, b store.Identity) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), strings.Compare(a.Key, b.Key))
	})
	return rows
}

// keepIdentities remembers the senders; those that were new get contacts.
func (ps *people) keepIdentities(found, asked []store.Identity) {
	fresh := make(map[int64]bool, len(asked))
	for _, r := range asked {
		fresh[r.ID] = true
	}
	for i := range found {
		ps.addIdentity(&found[i])
		if fresh[found[i].ID] {
			ps.newIdentity[found[i].ID] = true
		}
	}
}

func (ps *people) addIdentity(i *store.Identity) {
	ps.identities[i.ID] = i
	ps.byAddress[userKey{i.AccountID, i.Key}] = i
}

// senderOf gives the identity of a mail's sender; nil when it doesn't exist any more.
func (ps *people) senderOf(ctx context.Context, tx pgx.Tx, m *message) (*store.Identity, error) {
	if i := ps.identities[*m.IdentityID]; i != nil {
		return i, nil
	}
	found, err := store.Identities(ctx, tx, []int64{*m.IdentityID})
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].ID == *m.IdentityID {
			ps.addIdentity(&found[i])
			return &found[i], nil
		}
	}
	return nil, nil
}

// linkIdentities unites the identities whose keys prove to be one customer's, and maps every key to the
// root, the identity that stands for its customer.
func (ps *people) linkIdentities(same []samePerson) {
	for _, i := range ps.identities {
		ps.rooted(i)
	}
	for _, s := range same {
		var roots []*store.Identity
		for _, key := range s.keys {
			if i := ps.byAddress[userKey{s.account, key}]; i != nil && !slices.Contains(roots, i) {
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

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// rooted maps a key to the identity that stands for its customer.
func (ps *people) rooted(i *store.Identity) {
	if root := ps.identities[i.Root()]; root != nil {
		ps.byAddress[userKey{i.AccountID, i.Key}] = root
	}
}

// unite makes other and all that it stands for the same customer as first.
func (ps *people) unite(first, other *store.Identity) {
	if !ps.newIdentity[other.ID] {
		ps.united[other.ID] = first.ID
	}
	if other.OptedOut == store.OptedOutAll || first.OptedOut == "" && other.OptedOut != "" {
		first.OptedOut = other.OptedOut
		ps.consents[first.ID] = true
	}
	for _, id := range keys(ps.identities) {
		if i := ps.identities[id]; i.Root() == other.ID {
			i.SameAs, i.ContactID = &first.ID, first.ContactID
			ps.linked[i.ID] = true
			ps.rooted(i)
		}
	}
}

// rootOf gives the identity that stands for the customer of a conversation; nil if none.
func (ps *people) rootOf(c *conv) *store.Identity {
	if c.identity == nil {
		return nil
	}
	if root := ps.identities[c.identity.Root()]; root != nil {
		return root
	}
	return c.identity
}

// rowOf finds the row of a key itself.
func (ps *people) rowOf(account int64, key string) *store.Identity {
	for _, i := range ps.identities {
		if i.AccountID == account && i.Key == key {
			return i
		}
	}
	return nil
}

// customerOf finds the customer of an inbound; nil = it names none.
// Errors: notYet when an earlier event of this batch gave the key up: the next batch makes it anew.
func (ps *people) customerOf(a *store.Account, in channels.Inbound) (*store.Identity, error) {
	if in.From.Key == "" {
		return nil, nil
	}
	if i := ps.byAddress[userKey{a.ID, in.From.Key}]; i != nil {
		return i, nil
	}
	return nil, ps.wait(0)
}

// isNewcomer says that an address is not yet part of a conversation that has some.
func (ps *people) isNewcomer(c *conv, key string) bool {
	if len(c.Participants) == 0 || c.identity != nil && c.identity.Key == key {
		return false
	}
	if i := ps.byAddress[userKey{c.AccountID, key}]; i != nil && i == ps.rootOf(c) {
		return false // the customer by another key
	}
	for _, p := range c.Participants {
		if p.Key == key {
			return p.New
		}
	}
	return true
}

func (ps *people) flush(ctx context.Context, p *store.Pipeline) error {
	rows := func(ids map[int64]bool) (list []store.Identity) {
		for _, id := range keys(ids) {
			list = append(list, *ps.identities[id])
		}
		return list
	}
	contacts := slices.DeleteFunc(rows(ps.newIdentity), func(i store.Identity) bool { return i.SameAs != nil })
	if err := store.InsertContacts(ctx, p, contacts); err != nil {
		return err
	}
	if err := store.UpdateIdentities(ctx, p, rows(ps.dirtyIdentities)); err != nil {
		return err
	}
	if err := store.LinkIdentities(ctx, p, rows(ps.linked)); err != nil {
		return err
	}
	return store.SetOptedOut(ctx, p, rows(ps.consents))
}

// samePerson names keys of one customer, the one in use first.
type samePerson struct {
	account int64
	keys    []string
}
