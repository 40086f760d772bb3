package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// People holds the customers that one batch of events is about. A batch is what one transaction applies.
//
// An identity is one key of a customer on one account. A key is an address, such as ann@acme.test or +49170123456. A
// customer with several keys, such as a phone number and a WhatsApp user id, has an identity for each. One of these, the
// root, stands for the customer; the others refer to it (store.Identity.SameAs).
type People struct {
	*Moment
	Identities map[store.IdentityID]*store.Identity
	ByAddress  map[NameKey]*store.Identity // by account and key: the root of the customer who has the key

	newIdentity map[store.IdentityID]bool             // identities that this batch has inserted
	United      map[store.IdentityID]store.IdentityID // by former root: the root of the customer with whom that customer was merged

	// The identities to write when the batch ends. Each set covers different columns.
	linksChanged    map[store.IdentityID]bool // Key, Name, SameAs or ContactID changed
	consents        map[store.IdentityID]bool // OptedOut, ConsentAt or MarketingAt changed
	DirtyIdentities map[store.IdentityID]bool // anything else changed
}

// NoteBlocked records that a customer is blocked, or isn't any more, in the identities that are loaded.
func (ps *People) NoteBlocked(customer *store.Identity, blocked bool) {
	for _, i := range ps.Identities {
		if i.ContactID == customer.ContactID {
			i.Blocked = blocked
		}
	}
}

// PinOf returns whose own the customer of a conversation is; 0 if nobody's.
func (ps *People) PinOf(c *Conversation) store.AgentID {
	var found []store.PinRow
	if c.IdentityID != nil {
		ps.read(func(p *store.Pipeline) { p.Pins(&found, *c.IdentityID) })
	}
	if len(found) == 0 {
		return 0
	}
	return found[0].AgentID
}

// recordOf returns the record that an identity finds; a zero value if none does.
func (ps *People) recordOf(identity store.IdentityID) store.KnownCustomer {
	var found []store.KnownCustomer
	ps.read(func(p *store.Pipeline) { p.KnownCustomers(&found, identity) })
	if len(found) == 0 {
		return store.KnownCustomer{}
	}
	return found[0]
}

// NameByRecord names a new conversation as colleagues call its customer, and as the customer's record is called, and notes who is to
// read it.
func (ps *People) NameByRecord(c *Conversation) {
	record := ps.recordOf(*c.IdentityID)
	c.SetTrait(bridge.TraitName, record.Called)
	c.SetTrait(bridge.TraitRecord, record.Name)
	c.readers = record.VisibleTo
}

func newPeople(m *Moment) *People {
	return &People{
		Moment:          m,
		Identities:      map[store.IdentityID]*store.Identity{},
		ByAddress:       map[NameKey]*store.Identity{},
		newIdentity:     map[store.IdentityID]bool{},
		United:          map[store.IdentityID]store.IdentityID{},
		linksChanged:    map[store.IdentityID]bool{},
		consents:        map[store.IdentityID]bool{},
		DirtyIdentities: map[store.IdentityID]bool{},
	}
}

// newIdentities returns a row for each sender, as if all of them were new. If a row exists already, the upsert keeps it.
// The rows are sorted in the order in which all batches lock them. Their ids, however, ascend in the order in which the
// events name the keys: of several new keys of one customer, the one with the lowest id becomes the root.
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

// keepIdentities adds the senders' rows as they are stored after the upsert of proposed. A stored row with a proposed id
// was inserted just now.
func (ps *People) keepIdentities(stored, proposed []store.Identity) {
	isProposed := make(map[store.IdentityID]bool, len(proposed))
	for _, row := range proposed {
		isProposed[row.ID] = true
	}
	for i := range stored {
		if ps.Identities[stored[i].ID] == nil {
			ps.AddIdentity(&stored[i])
		}
		if isProposed[stored[i].ID] {
			ps.newIdentity[stored[i].ID] = true
		}
	}
}

// AddIdentity adds an identity, as the one to which its key belongs.
func (ps *People) AddIdentity(i *store.Identity) {
	ps.Identities[i.ID] = i
	ps.ByAddress[NameKey{i.AccountID, i.Key}] = i
}

// addWithRoots adds identities that are not those of senders, and maps their keys to their roots. It ignores a row that was
// added before.
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

// mapToRoot maps an identity's key to the root of its customer. It does nothing if the root isn't loaded.
func (ps *People) mapToRoot(i *store.Identity) {
	if root := ps.Identities[i.Root()]; root != nil {
		ps.ByAddress[NameKey{i.AccountID, i.Key}] = root
	}
}

// SenderOf returns the identity of a message's sender, or nil if it was deleted. It reads the row if it isn't loaded.
func (ps *People) SenderOf(ctx context.Context, tx pgx.Tx, m *Message) (*store.Identity, error) {
	sender := *m.IdentityID
	if i := ps.Identities[sender]; i != nil {
		return i, nil
	}

	found, err := store.Identities(ctx, tx, []store.IdentityID{sender})
	if err != nil {
		return nil, err
	}

	for i := range found {
		if found[i].ID == sender {
			ps.AddIdentity(&found[i])
			return &found[i], nil
		}
	}

	return nil, nil
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

// RowOf returns the identity that has a key, which need not be a root. It returns nil if that identity isn't loaded.
func (ps *People) RowOf(account store.AccountID, key string) *store.Identity {
	for _, i := range ps.Identities {
		if i.AccountID == account && i.Key == key {
			return i
		}
	}
	return nil
}

// identitiesInUse returns the identities of a customer whose keys the customer still has, by ascending id.
func (ps *People) identitiesInUse(root store.IdentityID) []*store.Identity {
	var list []*store.Identity
	for _, id := range SortedKeys(ps.Identities) {
		i := ps.Identities[id]
		isReleased := strings.HasPrefix(i.Key, FormerPrefix)
		if i.Root() == root && !isReleased {
			list = append(list, i)
		}
	}
	return list
}

// maxCustomerRetries is the number of waits after which CustomerOf gives up. One wait is enough unless events contradict
// each other, but the event may have waited for something else before.
const maxCustomerRetries = 50

// CustomerOf returns the root identity of the customer whom an inbound message is from, or nil if it names no customer.
// Errors: *NotYet if an earlier event of this batch has released the sender's key: the next batch then inserts the key
// again. *relay.EventError after maxCustomerRetries waits: the event is quarantined, so that later events needn't wait.
func (ps *People) CustomerOf(a *store.Account, in channels.Inbound) (*store.Identity, error) {
	if in.From.Key == "" {
		return nil, nil
	}
	if i := ps.At(NameKey{a.ID, in.From.Key}); i != nil {
		return i, nil
	}
	if ps.Waits >= maxCustomerRetries {
		return nil, &relay.EventError{
			EventID: ps.Event.ID,
			Err:     errors.New("book: the sender's key is given to somebody else each time the event is applied"),
		}
	}
	const untilNextBatch = 0 // the shortest wait
	return nil, ps.PutAside(untilNextBatch)
}

// IsNewcomer reports whether an address is new in a conversation that has participants.
func (ps *People) IsNewcomer(c *Conversation, key string) bool {
	return len(c.Participants) > 0 && !ps.takesPart(c, key)
}

// WroteBefore reports whether a person has written to us before, with any of the keys.
func (ps *People) WroteBefore(ctx context.Context, tx pgx.Tx, p channels.Party) (bool, error) {
	writers, err := store.FilterWriters(ctx, tx, allKeys(p))
	return len(writers) > 0, err
}

// BlockedRecipients returns why nothing may be sent to a conversation's recipients, or nil if sending is allowed.
func (ps *People) BlockedRecipients(c *Conversation) *bridge.Problem {
	customer := ps.RootOf(c)
	if customer != nil && customer.OptedOut == store.OptedOutAll {
		return &bridge.Problem{
			Code: bridge.ReasonOptedOut,
			Text: c.Customer().Name + " doesn't want messages any more.",
			Hint: OptedOutHint,
		}
	}
	if c.Account.Mode == store.ModeTrial {
		return ps.trialProblem(c)
	}
	return nil
}

// trialProblem returns why an account on trial may not send to a conversation's recipients. On trial, an account sends only
// to the addresses on its list (TrialTo).
func (ps *People) trialProblem(c *Conversation) *bridge.Problem {
	isListed := func(key string) bool { return slices.Contains(c.Account.TrialTo, key) }
	to, cc := RecipientsOf(c.Participants)
	for _, p := range slices.Concat(to, cc) {
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

// recipientKeys returns the keys by which a recipient may be listed: the given one and, for the customer of a chat, all
// other keys that the customer has now.
func (ps *People) recipientKeys(c *Conversation, key string) []string {
	keys := []string{key}
	root := ps.RootOf(c)
	isCustomer := root != nil && ps.ByAddress[NameKey{c.AccountID, key}] == root
	if !c.Exclusive || !isCustomer {
		return keys
	}
	for _, i := range ps.identitiesInUse(root.ID) {
		if i.AccountID == c.AccountID {
			keys = append(keys, i.Key)
		}
	}
	return keys
}

// flush queues the statements that write the identities.
func (ps *People) flush(ctx context.Context, p *store.Pipeline) error {
	isMerged := func(i store.Identity) bool { return i.SameAs != nil } // it has its root's contact
	contacts := slices.DeleteFunc(ps.rows(ps.newIdentity), isMerged)
	if err := store.InsertContacts(ctx, p, contacts); err != nil {
		return err
	}
	if err := store.UpdateIdentities(ctx, p, ps.rows(ps.DirtyIdentities)); err != nil {
		return err
	}
	if err := store.LinkIdentities(ctx, p, ps.rows(ps.linksChanged)); err != nil {
		return err
	}
	return store.SetOptedOut(ctx, p, ps.rows(ps.consents))
}

// rows returns copies of the identities with the given ids, by ascending id.
func (ps *People) rows(ids map[store.IdentityID]bool) []store.Identity {
	var list []store.Identity
	for _, id := range SortedKeys(ids) {
		list = append(list, *ps.Identities[id])
	}
	return list
}
