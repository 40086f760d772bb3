package engine

import (
	"slices"

	"parley/channels"
	"parley/store"
)

// Prefetch lists what the events of a batch will surely touch. The engine fills it in before anything is locked; then
// Book.Load locks and reads these rows in few round trips. For a mail, for example, it holds the sender's address, the ids of the
// messages that the mail answers, and the conversation named by our token in it.
//
// A lane is the queue of deliveries to one place: a customer, a thread, or an agent (a direct lane).
type Prefetch struct {
	depth
	facts         int // how many events the batch applies
	parties       parties
	Peeked        KeyList // customers to read with their latest conversations, but not to add if they are new
	people        KeyList // as Peeked, but without the conversations of mailboxes
	Joined        KeyList // senders whose open conversations are needed
	External      KeyList // messages, by the provider's ids
	lanes         KeyList
	Days          KeyList // days whose sorting threads are needed (see Sorting)
	Posts         []PostKey
	conversations map[store.ConversationID]bool
	Messages      []store.MessageID
	Deliveries    []store.DeliveryID
	Opens         map[NameKey]int // how many conversations each origin may open in this batch; see Openings
	Talks         []Request       // texts of agents: the latest messages of their conversations matter, and what waits to leave
	Answers       []Incoming      // messages that open the reply windows of conversations
}

// depth selects what is read besides the conversations, so that the hot ways need few round trips.
type depth struct {
	Landed   bool // the latest messages where customers wait: a reply that was sent now may be older than their last message
	Receipts bool // as Landed; also the deliveries that left as one message with the loaded ones, and their replies
}

// withLatestMessages returns the conversations whose latest messages are probably needed.
func (b *Book) withLatestMessages(n *Prefetch) []store.ConversationID {
	ids := b.conversationsOf(n.Talks)
	for _, id := range SortedKeys(b.Conversations.Rows) {
		c := b.Conversations.Rows[id]
		isWaiting := c.LastFrom == store.FromCustomer && c.WaitingSince != nil
		if isWaiting && (n.Landed || n.Receipts) { // how long the customer waits depends on them
			ids = append(ids, id)
		}
	}
	return sortedUnique(ids)
}

// parties are the people who are customers or become customers by the batch.
type parties struct {
	byKey map[NameKey]channels.Party
	keys  []NameKey    // in the order in which the events name them
	same  []samePerson // keys that the events prove to be one person's
}

// Incoming is a customer's message to an account.
type Incoming struct {
	Account store.AccountID
	Inbound channels.Inbound
}

// KeyList is a list of (account, name) pairs, as two arrays for PostgreSQL's unnest.
type KeyList struct {
	accounts []store.AccountID
	names    []string
}

// Add appends a pair.
func (l *KeyList) Add(account store.AccountID, name string) {
	l.accounts, l.names = append(l.accounts, account), append(l.names, name)
}

// NewPrefetch returns an empty list for a batch of the given number of events.
func NewPrefetch(facts int) *Prefetch {
	return &Prefetch{
		facts:         facts,
		parties:       parties{byKey: map[NameKey]channels.Party{}},
		conversations: map[store.ConversationID]bool{},
		Opens:         map[NameKey]int{},
	}
}

// AddConversation adds a conversation, and ignores 0.
func (n *Prefetch) AddConversation(id store.ConversationID) {
	if id != 0 {
		n.conversations[id] = true
	}
}

// AddParty adds a customer under all known keys (addresses, numbers), of which p.Key, the one in use, comes first. previous
// has the keys that the same person used before, if a provider reports a change, and is otherwise the zero Party.
func (n *Prefetch) AddParty(account store.AccountID, p, previous channels.Party) {
	if p.Key == "" {
		return
	}

	former := allKeys(previous)
	all := slices.Concat(allKeys(p), former)
	for _, key := range all {
		k := NameKey{account, key}
		_, known := n.parties.byKey[k]
		if !known {
			n.parties.keys = append(n.parties.keys, k)
		}
		if !known || p.Name != "" { // the newest name counts, as if each event were applied by itself
			n.parties.byKey[k] = channels.Party{Key: key, Name: p.Name}
		}
	}

	if len(all) > 1 {
		same := samePerson{account: account, keys: all, previous: former}
		for _, one := range []channels.Party{p, previous} {
			if one.Lasting {
				same.lasting = append(same.lasting, one.Key)
			}
		}
		n.parties.same = append(n.parties.same, same)
	}
}

// allKeys returns all keys of a person, the one in use first.
func allKeys(p channels.Party) []string {
	return slices.DeleteFunc(slices.Concat([]string{p.Key}, p.Also), func(key string) bool { return key == "" })
}

// maxNewRows returns an upper bound of how many rows the batch may make.
func (n *Prefetch) maxNewRows() int {
	return max(minIDs, idsPerEvent*n.facts) + 2*len(n.parties.keys) + 2*len(n.lanes.names)*max(n.facts, 1)
}

// originsThatOpen returns the origins (see Openings) that may open conversations.
func (n *Prefetch) originsThatOpen() KeyList {
	var l KeyList
	for k := range n.Opens {
		l.Add(k.Account, k.Name)
	}
	return l
}
