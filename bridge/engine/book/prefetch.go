package book

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// Prefetch lists what the events of a batch will touch. The engine fills it in before anything is locked; then
// Book.Load locks and reads each row once. For a mail, for example, it holds the sender's address, the ids of the
// messages that the mail answers, and the conversation named by our token in it.
//
// A lane is the queue of deliveries to one place: a customer, a thread, or an agent (a direct lane).
type Prefetch struct {
	depth
	facts         int // how many events the batch applies
	parties       parties
	Strangers     []Stranger // people who become customers only if they wrote to us before
	Peeked        KeyList    // customers to read, but not to add if they are new
	Joined        KeyList    // senders whose open conversations are needed
	External      KeyList    // messages, by the provider's ids
	lanes         KeyList
	Days          KeyList // days whose sorting threads are needed (see Sorting)
	Posts         []PostKey
	conversations map[store.ConversationID]bool
	Messages      []store.MessageID
	Deliveries    []store.DeliveryID
	Files         []store.MessageID // messages whose posts with files are needed
	Opens         map[NameKey]int   // how many conversations each origin may open in this batch; see Openings
	NeedLatest    []Request         // actions that need the latest messages of their conversations
	Ends          []Request         // requests that end conversations, snooze them or set them pending
	Answers       []Incoming        // messages that open the reply windows of conversations
	Tags          []string          // tags that are put on conversations
}

// lastMessages is how many of a conversation's latest messages are read where it matters who spoke last.
const lastMessages = 5

// depth selects what is read besides the conversations.
type depth struct {
	Waiting  bool // the deliveries that wait in the lanes to customers
	Undo     bool // the waiting deliveries, and the replies that the loaded deliveries carry
	Failures bool // the waiting deliveries, and the latest messages of all conversations
	Latest   bool // the latest messages of all conversations
	Answered bool // latest messages other than colleagues' notes; see minSaid
	Landed   bool // the latest messages where customers wait: a reply that was sent now may be older than their last message
	Receipts bool // as Landed; also the deliveries that left as one message with the loaded ones, and their replies
	UpTo     bool // the recently sent replies: a receipt is about all of them up to a time
	Notes    bool // the notes in the threads that show the findings of an analysis
	Early    bool // the edits that arrived before their messages
	News     bool // the direct lanes of owners and authors who are not in all chats; see addElsewhere
}

// minSaid returns how many of a conversation's latest messages must be the customer's or ours to the customer:
// otherwise there might be only notes among them. 0 means that any messages will do.
func (d depth) minSaid() int {
	if d.Answered || d.Failures {
		return lastMessages
	}
	return 0
}

// withLatestMessages returns the conversations whose latest messages are needed.
func (b *Book) withLatestMessages(n *Prefetch) []store.ConversationID {
	all := SortedKeys(b.Conversations.Rows)
	if n.Failures || n.Latest {
		return all
	}

	ids := b.conversationsOf(n.NeedLatest)
	for _, id := range all {
		c := b.Conversations.Rows[id]
		isWaiting := c.LastFrom == store.FromCustomer && c.WaitingSince != nil
		waitMayShift := isWaiting && (n.Landed || n.Receipts) // depends on the latest messages
		mayBeAnswered := bridge.IsUrgent(c.Traits) && n.Notes // depends on the latest messages
		if waitMayShift || mayBeAnswered {
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

// Stranger is a person with whom a conversation may be begun only if the person wrote to us before under one of the keys.
type Stranger struct {
	Account store.AccountID
	Party   channels.Party
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

// AddLastWords adds the customer's last messages in the conversation of a request, and whether any of them is not
// posted yet.
func (n *Prefetch) AddLastWords(r Request) {
	n.Answered = true
	n.NeedLatest, n.Ends = append(n.NeedLatest, r), append(n.Ends, r)
}

// AddDirect adds the lane of direct messages to a user of a surface (a chat of agents).
func (n *Prefetch) AddDirect(surface store.AccountID, user bridge.SurfaceUser) {
	n.AddChannel(surface, outbound.DirectChannel(user))
}

// AddElsewhere adds the direct lanes of an agent who is not in all chats. Other agents need none.
func (n *Prefetch) AddElsewhere(dir *directory.Directory, agent store.AgentID) {
	if dir.IsInAllChats(agent) {
		return
	}
	for _, surface := range dir.SurfacesOf(agent) {
		n.AddDirect(surface, dir.UserOf(surface, agent))
	}
}

// addElsewhere adds the direct lanes of agents who are not in all chats and whom the batch may notify:
//   - the owners of conversations that a customer may reopen, and of urgent ones that the batch has an analysis of;
//   - if the batch has news (Prefetch.News), all owners and the authors of the messages.
//
// Batches of plain messages add no lanes, because all conversations of an owner share one and would wait for each other.
func addElsewhere(ctx context.Context, tx pgx.Tx, b *Book, n *Prefetch) error {
	for _, c := range b.Conversations.Rows {
		status := c.BridgeStatus()
		mayReturn := status == bridge.StatusSnoozed || !status.Open()
		mayAlarm := n.Notes && bridge.IsUrgent(c.Traits)
		if !n.News && !mayReturn && !mayAlarm {
			continue
		}
		for _, owner := range c.Assignees {
			n.AddElsewhere(b.Dir, owner)
		}
	}

	isAbsentSomewhere := func(a store.Agent) bool { return !b.Dir.IsInAllChats(a.ID) }
	if !n.News || !slices.ContainsFunc(b.Dir.Agents, isAbsentSomewhere) {
		return nil
	}
	var p store.Pipeline
	var messages []store.Message
	p.Messages(&messages, n.Messages)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	for _, m := range messages {
		if m.AgentID != nil {
			n.AddElsewhere(b.Dir, *m.AgentID)
		}
	}
	return nil
}

// AddChannel adds the lane of a channel of a surface.
func (n *Prefetch) AddChannel(surface store.AccountID, channel string) {
	n.lanes.Add(surface, outbound.ChannelLane(channel))
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

// admitKnown adds those Strangers as customers who wrote to us before. No conversation is begun with the others.
func (b *Book) admitKnown(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var keys []string
	for _, s := range n.Strangers {
		keys = append(keys, allKeys(s.Party)...)
	}

	if len(keys) == 0 {
		return nil
	}

	var err error
	if b.People.writers, err = store.FilterWriters(ctx, tx, keys); err != nil {
		return err
	}

	for _, s := range n.Strangers {
		if b.People.WroteBefore(s.Party) {
			n.AddParty(s.Account, s.Party, channels.Party{})
		}
	}

	return nil
}
