package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// How many row ids a batch reserves in advance. Load reserves more for direct messages to people, which take a lane
// and a delivery each.
const (
	idsPerEvent = 48               // more rows than an event makes on average
	minIDs      = 64 * idsPerEvent // more rows than any single event makes
)

const maxOffered = 10 // parked replies of a conversation that are offered at once: see loadWaiting

// Load reads and locks the rows that the batch surely touches, in few round trips. All batches lock in the same order, so
// that no two of them deadlock: identities (a customer's address or number) by account and key, then conversations by
// id, then lanes (queues of deliveries) by id. Each kind is locked by one statement.
//
// For example, a mail names its sender and, by our token in its References, conversation #12. loadNamed reads those,
// lockConversations locks #12 with its lanes and messages, and loadWaiting reads the deliveries that wait in these
// lanes. A reply is parked while it waits until the provider allows free text to the customer (the reply window).
// Errors: ErrNewAccount, relay.ErrAgain, the database's.
func (b *Book) Load(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	b.run = func(p *store.Pipeline) error { return p.Run(ctx, tx) }
	b.Tags.lock = func() ([]store.Tag, error) { return store.LockTags(ctx, tx) }
	b.LoadMore = func(n *Prefetch) error { return b.load(ctx, tx, n) }
	return b.load(ctx, tx, n)
}

// load is Load without its beginning. Later calls read what is missing.
func (b *Book) load(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	n.noteAsked(b.asked)
	if err := b.IDs.Ensure(ctx, tx, n.maxNewRows()); err != nil {
		return err
	}
	if err := b.loadNamed(ctx, tx, n); err != nil {
		return err
	}
	if err := b.lockConversations(ctx, tx, n); err != nil {
		return err
	}

	if err := b.Messages.followMoved(b.Conversations); err != nil {
		return err
	}
	return b.loadWaiting(ctx, tx, n)
}

// conversationsOf returns the conversations that actions are about.
func (b *Book) conversationsOf(list []Request) []store.ConversationID {
	var ids []store.ConversationID
	for _, r := range list {
		if c := b.ConversationAt(r); c != nil {
			ids = append(ids, c.ID)
		}
	}
	return sortedUnique(ids)
}

// namedRows are the rows that the events of a batch refer to by name.
type namedRows struct {
	senders       []store.Identity // one for each key of Prefetch.parties
	chatCustomers []store.Identity // by all of their keys
	latest        []store.ConversationID
	parked        []store.ConversationID // with replies that wait for their customers' reply window
	open, days    []store.ConversationID
	external      []store.ExternalID
	posts         []store.Post
	openings      []store.Opening
}

// loadNamed reads the rows that the events refer to by name, which also yields the conversations to lock.
func (b *Book) loadNamed(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var p store.Pipeline
	var found namedRows
	rows := b.People.newIdentities(n.parties)
	if err := p.UpsertIdentities(&found.senders, rows); err != nil {
		return err
	}

	chats := KeyList{slices.Clone(n.Peeked.accounts), slices.Clone(n.Peeked.names)} // keys whose latest conversations are needed
	var windows KeyList                                                             // keys whose parked replies may be offered
	for k := range n.people.all() {
		if !b.Caps(k.Account).Threads {
			chats.Add(k.Account, k.Name)
		}
	}
	for _, r := range rows {
		ch := b.Channel(r.AccountID)
		if ch != nil && !ch.Capabilities().Threads {
			chats.Add(r.AccountID, r.Key)
		}
		if b.Caps(r.AccountID).Window.Free > 0 {
			windows.Add(r.AccountID, r.Key)
		}
	}

	p.IdentitiesOfKeys(&found.chatCustomers, slices.Concat(chats.accounts, n.people.accounts), slices.Concat(chats.names, n.people.names))
	p.LatestOf(&found.latest, chats.accounts, chats.names)
	p.ParkedOf(&found.parked, windows.accounts, windows.names, bridge.ReasonWindow)
	p.OpenConversations(&found.open, n.Joined.accounts, n.Joined.names)
	p.FindExternalIDs(&found.external, n.External.accounts, n.External.names)
	findPosts(&p, &found.posts, n.Posts)
	p.AutomaticOfDays(&found.days, n.Days.accounts, n.Days.names)
	openers := n.originsThatOpen()
	p.FindOpenings(&found.openings, openers.accounts, openers.names)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}

	b.People.keepIdentities(found.senders, rows)
	keepNamed(b, n, found)
	return b.Openings.wantCollecting(ctx, tx, n, b.Now)
}

// keepNamed adds what loadNamed has found to the book, and the conversations and messages that those rows refer to to n.
func keepNamed(b *Book, n *Prefetch, found namedRows) {
	for i := range found.chatCustomers {
		if b.People.Identities[found.chatCustomers[i].ID] == nil {
			b.People.AddIdentity(&found.chatCustomers[i])
		}
	}
	b.People.linkIdentities(n.parties.same)

	for _, x := range found.external {
		if k := (NameKey{x.AccountID, x.ExternalID}); !b.Messages.isLinked(k) {
			b.Messages.External[k] = x
		}
		n.AddConversation(x.ConversationID)
		n.Messages = append(n.Messages, x.MessageID)
	}
	for i := range found.posts {
		post := &found.posts[i]
		if k := (PostKey{post.AccountID, post.Channel, post.Message}); b.Posts.Rows[k] == nil {
			b.Posts.Rows[k] = post
		}
		n.AddConversation(post.ConversationID)
		n.Messages = append(n.Messages, post.MessageID)
	}
	for _, id := range slices.Concat(found.latest, found.parked, found.days, found.open) {
		n.AddConversation(id)
	}

	n.Messages = sortedUnique(n.Messages)
	b.Openings.keep(found.openings)
}

// lockConversations locks the conversations that the batch touches, and then reads what belongs to them.
// Errors: ErrNewAccount; the database's.
func (b *Book) lockConversations(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	rows, err := store.LockConversations(ctx, tx, SortedKeys(n.conversations), n.Messages)
	if err != nil {
		return err
	}

	var fresh []store.ConversationID
	for i := range rows {
		if b.Conversations.Rows[rows[i].ID] != nil {
			continue // this batch has locked it, and may have changed it
		}
		fresh = append(fresh, rows[i].ID)
		c := &Conversation{Conversation: &rows[i], Threads: map[store.AccountID]*Thread{}, Account: b.Dir.Account(rows[i].AccountID)}
		if c.Account == nil {
			return ErrNewAccount
		}
		c.Before, c.known = WaitOf(c.Conversation), c.knownNow()
		b.Conversations.Rows[c.ID] = c
		b.Conversations.noteSorting(c)
	}

	if err := b.readEarlyAgain(ctx, tx, n); err != nil {
		return err
	}
	b.Locks(SortedKeys(b.Conversations.Rows))
	return b.loadBelongings(ctx, tx, n, sortedUnique(fresh))
}

// loadBelongings locks the lanes of conversations that were locked just now, and reads their customers, threads and messages.
func (b *Book) loadBelongings(ctx context.Context, tx pgx.Tx, n *Prefetch, all []store.ConversationID) error {
	var customers []store.IdentityID // who weren't read with the senders
	for _, id := range all {
		identity := b.Conversations.Rows[id].IdentityID
		if identity != nil && b.People.Identities[*identity] == nil {
			customers = append(customers, *identity)
		}
	}

	var (
		p                     store.Pipeline
		identities, trialKeys []store.Identity
		threads               []store.Thread
		messages, latest      []store.Message
		lanes                 []store.Lane
	)
	p.LockLanes(&lanes, all, n.lanes.accounts, n.lanes.names)
	p.Identities(&identities, sortedUnique(customers))
	trial := b.keysOnTrial(all)
	p.IdentitiesOfKeys(&trialKeys, trial.accounts, trial.names)
	p.Threads(&threads, all)
	p.Messages(&messages, n.Messages)
	talked := b.withLatestMessages(n)
	p.LatestMessages(&latest, talked, lastMessages, lastMessages)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}

	b.People.addWithRoots(slices.Concat(identities, trialKeys))
	for _, t := range threads {
		b.Conversations.Rows[t.ConversationID].Threads[t.AccountID] = &Thread{Thread: t}
	}
	for _, id := range all {
		if c := b.Conversations.Rows[id]; c.IdentityID != nil {
			c.Identity = b.People.Identities[*c.IdentityID]
			b.noteLatest(c)
		}
	}
	b.keepMessages(messages)
	b.keepLatest(talked, latest)
	keepLanes(b, lanes)
	return nil
}

// keepLanes adds lanes to the book, and marks the threads that have a root to be posted (Moves).
func keepLanes(b *Book, lanes []store.Lane) {
	for i := range lanes {
		if b.Outbox.Lanes[lanes[i].ID] != nil {
			continue
		}
		l := &Lane{Lane: lanes[i]}
		b.Outbox.Lanes[l.ID] = l
		b.Outbox.laneKeys[LaneKey{l.AccountID, l.Key}] = l
		if c := b.Conversations.Rows[l.ConversationID]; c != nil && c.Threads[l.AccountID] != nil {
			c.Threads[l.AccountID].Moves = c.Threads[l.AccountID].Moves || l.HasRootToLand()
		}
	}
}

// keysOnTrial returns the keys (addresses, numbers) of customers of chats in the loaded conversations of accounts on
// trial. An account on trial may send only to the keys listed in trial_to, which may name another key of the same
// customer. So the customers' other keys are read, too.
func (b *Book) keysOnTrial(conversations []store.ConversationID) (keys KeyList) {
	for _, id := range conversations {
		c := b.Conversations.Rows[id]
		if !c.Exclusive || c.Account.Mode != store.ModeTrial {
			continue
		}
		for _, p := range c.Participants {
			keys.Add(c.AccountID, p.Key)
		}
	}
	return keys
}

// keepMessages adds messages to the book.
func (b *Book) keepMessages(messages []store.Message) {
	for _, m := range messages {
		if b.Messages.Rows[m.ID] == nil {
			b.Messages.Rows[m.ID] = &Message{Message: m}
		}
	}
}

// keepLatest adds the latest messages of conversations, newest first. loadWaiting reads their deliveries.
func (b *Book) keepLatest(conversations []store.ConversationID, found []store.Message) {
	for _, m := range found {
		if b.Messages.Rows[m.ID] == nil {
			b.Messages.Rows[m.ID] = &Message{Message: m}
		}
	}
	for _, id := range conversations {
		isOfOther := func(m store.Message) bool { return m.ConversationID != id }
		b.Messages.keepLatest(b.Conversations.Rows[id], slices.DeleteFunc(slices.Clone(found), isOfOther))
	}
}

// loadWaiting reads the deliveries that the use cases of the hot ways need: those of the loaded messages, those that wait for customers
// to whom agents have typed something, and the parked replies that may be offered to agents again.
func (b *Book) loadWaiting(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var replyLanes []*Lane // in which something may wait
	var ids []store.LaneID
	for _, c := range b.conversationsOf(n.Talks) {
		for _, l := range b.Outbox.replyLanes(b.Conversations.Rows[c]) {
			replyLanes, ids = append(replyLanes, l), append(ids, l.ID)
		}
	}

	areRead := func(id store.MessageID) bool { return b.Messages.deliveriesRead[id] }
	messages := slices.DeleteFunc(SortedKeys(b.Messages.Rows), areRead)
	var p store.Pipeline
	var waiting, found []store.Delivery
	p.WaitingDeliveries(&waiting, ids)
	p.DeliveriesOf(&found, messages, sortedUnique(n.Deliveries))
	var parked []store.Message
	opened := b.withOpenedWindow(n)
	p.ParkedMessages(&parked, opened, bridge.ReasonWindow, maxOffered)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}

	b.Outbox.keep(slices.Concat(waiting, found))
	for _, id := range messages {
		b.Messages.deliveriesRead[id] = true
	}
	for _, l := range replyLanes {
		l.waitingRead = true
	}
	b.Messages.keep(parked) // with the posts about them
	for _, id := range opened {
		b.Conversations.Rows[id].parkedRead = true
	}
	if n.Receipts {
		b.Outbox.readRuns(SortedKeys(b.Outbox.Deliveries))
		b.Messages.readOf(b.Outbox.replies())
	}
	return b.Err
}

// withOpenedWindow returns the conversations whose parked replies can be offered again, because a customer's message
// in this batch opens the reply window.
func (b *Book) withOpenedWindow(n *Prefetch) []store.ConversationID {
	var list []store.ConversationID
	for _, x := range n.Answers {
		c := b.ConversationOf(b.Dir.Account(x.Account), x.Inbound)
		if c == nil {
			continue
		}
		for id := range b.Conversations.Rows {
			if IsOfferedIn(b, c, id) {
				list = append(list, id)
			}
		}
	}
	return sortedUnique(list)
}

// ErrNewAccount means that a conversation belongs to an account that is newer than this process's directory of accounts.
var ErrNewAccount = errors.New("book: an account is newer than the directory")
