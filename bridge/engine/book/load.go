package book

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// How many ids of rows a batch reserves before it makes any. Load adds ids for what is told to people directly: a lane
// and a delivery for each.
const (
	idsPerEvent = 48               // more rows than an event makes on average
	minIDs      = 64 * idsPerEvent // more rows than any single event makes
)

const maxOffered = 10 // parked replies of a conversation that are offered at once

// Load reads and locks what the batch touches, in few round trips. All batches lock in the same order, so that no two of
// them wait for each other: identities (customers' addresses) by account and key, then conversations by id, then lanes (the
// queues of what is to be sent) by id. Each kind is locked in one statement.
// Errors: ErrNewAccount, relay.ErrAgain, the database's.
func (b *Book) Load(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	if err := b.admitKnown(ctx, tx, n); err != nil {
		return err
	}
	if err := b.IDs.Ensure(ctx, tx, n.maxNewRows()); err != nil {
		return err
	}
	if err := b.Tags.load(ctx, tx, n.Tags); err != nil {
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

// namedRows are the rows that the events of a batch name.
type namedRows struct {
	senders       []store.Identity // one for each key of Prefetch.parties
	chatCustomers []store.Identity // by all of their keys
	latest        []store.ConversationID
	parked        []store.ConversationID // with replies that wait for their customers' reply window
	open, days    []store.ConversationID
	external      []store.ExternalID
	posts         []store.Post
	reactions     []store.Reaction
	openings      []store.Opening
}

// loadNamed reads the rows that the events name, and so learns which conversations to lock.
func (b *Book) loadNamed(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var p store.Pipeline
	var found namedRows
	rows := b.People.newIdentities(n.parties)
	if err := p.UpsertIdentities(&found.senders, rows); err != nil {
		return err
	}

	chats := KeyList{slices.Clone(n.Peeked.accounts), slices.Clone(n.Peeked.names)} // keys whose latest conversations are needed
	var windows KeyList                                                             // keys whose parked replies may be offered
	for _, r := range rows {
		ch := b.Channel(r.AccountID)
		if ch != nil && !ch.Capabilities().Threads {
			chats.Add(r.AccountID, r.Key)
		}
		if b.Caps(r.AccountID).Window.Free > 0 {
			windows.Add(r.AccountID, r.Key)
		}
	}

	p.IdentitiesOfKeys(&found.chatCustomers, chats.accounts, chats.names)
	p.LatestOf(&found.latest, chats.accounts, chats.names)
	p.ParkedOf(&found.parked, windows.accounts, windows.names, bridge.ReasonWindow)
	p.OpenConversations(&found.open, n.Joined.accounts, n.Joined.names)
	p.FindReactions(&found.reactions, n.Reacted.accounts, n.Reacted.names)
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

// keepNamed remembers what loadNamed has found, and adds the conversations and messages to which those rows lead to n.
func keepNamed(b *Book, n *Prefetch, found namedRows) {
	for i := range found.chatCustomers {
		if b.People.Identities[found.chatCustomers[i].ID] == nil {
			b.People.AddIdentity(&found.chatCustomers[i])
		}
	}
	b.People.linkIdentities(n.parties.same)

	for _, r := range found.reactions {
		b.Messages.Reactions[ReactionKey{r.AccountID, r.Target, r.IdentityID}] = r
		n.Deliveries = append(n.Deliveries, r.DeliveryID)
	}
	for _, x := range found.external {
		b.Messages.External[NameKey{x.AccountID, x.ExternalID}] = x
		n.AddConversation(x.ConversationID)
		n.Messages = append(n.Messages, x.MessageID)
	}
	for i := range found.posts {
		post := &found.posts[i]
		b.Posts.Rows[PostKey{post.AccountID, post.Channel, post.Message}] = post
		n.AddConversation(post.ConversationID)
		n.Messages = append(n.Messages, post.MessageID)
	}
	for _, id := range slices.Concat(found.latest, found.parked, found.days, found.open) {
		n.AddConversation(id)
	}

	n.News = n.News || len(found.parked) > 0 // the news is that they can be sent now
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

	for i := range rows {
		c := &Conversation{Conversation: &rows[i], Threads: map[store.AccountID]*Thread{}, Account: b.Dir.Account(rows[i].AccountID)}
		if c.Account == nil {
			return ErrNewAccount
		}
		b.Conversations.Rows[c.ID] = c
		b.Conversations.noteSorting(c)
	}

	if err := b.readEarly(ctx, tx, n); err != nil {
		return err
	}
	b.Locks(SortedKeys(b.Conversations.Rows))
	if err := addElsewhere(ctx, tx, b, n); err != nil {
		return err
	}
	return b.loadBelongings(ctx, tx, n)
}

// loadBelongings locks the lanes of the locked conversations, and reads their customers, threads and messages.
func (b *Book) loadBelongings(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	all := SortedKeys(b.Conversations.Rows)
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
	trial := b.keysOnTrial()
	p.IdentitiesOfKeys(&trialKeys, trial.accounts, trial.names)
	p.Threads(&threads, all)
	p.Messages(&messages, n.Messages)
	p.LatestMessages(&latest, b.withLatestMessages(n), lastMessages, n.minSaid())
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
	b.keepMessages(messages, latest)
	keepLanes(b, lanes)
	for i, account := range n.lanes.accounts {
		b.Outbox.named[LaneKey{account, n.lanes.names[i]}] = true
	}
	return nil
}

// keepLanes remembers lanes, and which of the loaded threads move.
func keepLanes(b *Book, lanes []store.Lane) {
	for i := range lanes {
		l := &Lane{Lane: lanes[i]}
		b.Outbox.Lanes[l.ID] = l
		b.Outbox.laneKeys[LaneKey{l.AccountID, l.Key}] = l
		if c := b.Conversations.Rows[l.ConversationID]; c != nil && c.Threads[l.AccountID] != nil {
			c.Threads[l.AccountID].Moves = c.Threads[l.AccountID].Moves || l.HasRootToLand()
		}
	}
}

// keysOnTrial returns the keys (addresses, numbers) of customers of chats in the loaded conversations of accounts on trial.
// By them the customers' other keys are read, which the list of people to whom such an account may send (trial_to) may name.
func (b *Book) keysOnTrial() (keys KeyList) {
	for _, id := range SortedKeys(b.Conversations.Rows) {
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

// keepMessages remembers messages. last has the latest ones of conversations, newest first.
func (b *Book) keepMessages(messages, last []store.Message) {
	for _, m := range messages {
		b.Messages.Rows[m.ID] = &Message{Message: m}
	}
	for _, m := range last {
		c := b.Conversations.Rows[m.ConversationID]
		c.Last = append(c.Last, m)
		if b.Messages.Rows[m.ID] == nil {
			b.Messages.Rows[m.ID] = &Message{Message: m}
		}
	}
}

// loadWaiting reads the deliveries that the use cases need, such as those that wait for customers and
// those of the loaded messages, and the parked replies that may be offered again.
func (b *Book) loadWaiting(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var customerLanes []store.LaneID // those in which something waits
	if n.Waiting || n.Undo || n.Failures {
		for _, id := range b.replyLanes() {
			if l := b.Outbox.Lanes[id]; l.Tail > l.Head {
				customerLanes = append(customerLanes, id)
			}
		}
	}

	var p store.Pipeline
	var waiting, found, sent, files []store.Delivery
	p.FilesOf(&files, sortedUnique(n.Files))
	if n.UpTo {
		p.SentLately(&sent, b.replyLanes())
	}

	p.WaitingDeliveries(&waiting, customerLanes)
	p.DeliveriesOf(&found, SortedKeys(b.Messages.Rows), sortedUnique(slices.Concat(n.Deliveries, b.standingNotes(n))))
	var unshown []store.ConversationID
	p.Unshown(&unshown, b.conversationsOf(n.Ends))
	var parked []store.Message
	p.ParkedMessages(&parked, b.withOpenedWindow(n), bridge.ReasonWindow, maxOffered)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}

	b.keepMessages(parked, nil)
	if err := b.Outbox.loadDeliveries(ctx, tx, parked); err != nil { // among them the posts about the parked replies
		return err
	}

	for _, id := range unshown {
		b.Conversations.Rows[id].Unshown = true
	}

	for _, d := range slices.Concat(waiting, found, sent, files) {
		b.Outbox.addDelivery(d)
	}

	if n.Receipts {
		return b.loadJoined(ctx, tx)
	}
	if n.Undo {
		return b.loadReplies(ctx, tx)
	}
	return nil
}

// replyLanes returns the lanes to customers.
func (b *Book) replyLanes() []store.LaneID {
	var list []store.LaneID
	for _, id := range SortedKeys(b.Outbox.Lanes) {
		l := b.Outbox.Lanes[id]
		if l.ConversationID != 0 && b.Channel(l.AccountID) != nil {
			list = append(list, id)
		}
	}
	return list
}

// loadJoined reads the deliveries that left as one message with the loaded ones, and their messages.
func (b *Book) loadJoined(ctx context.Context, tx pgx.Tx) error {
	found, err := store.JoinedTo(ctx, tx, SortedKeys(b.Outbox.Deliveries))
	if err != nil {
		return err
	}

	for _, d := range found {
		b.Outbox.addDelivery(d)
	}

	return b.loadReplies(ctx, tx)
}

// loadReplies reads the replies that the loaded deliveries carry, and all their deliveries.
func (b *Book) loadReplies(ctx context.Context, tx pgx.Tx) error {
	var missing []store.MessageID
	for _, id := range SortedKeys(b.Outbox.Deliveries) {
		d := b.Outbox.Deliveries[id]
		if d.Kind == outbound.KindReply && b.Messages.Rows[d.MessageID] == nil {
			missing = append(missing, d.MessageID)
		}
	}

	if len(missing) == 0 {
		return nil
	}

	messages, err := store.Messages(ctx, tx, missing...)
	if err != nil {
		return err
	}

	for _, m := range messages {
		b.Messages.Rows[m.ID] = &Message{Message: m}
	}

	return b.Outbox.loadDeliveries(ctx, tx, messages)
}

// withOpenedWindow returns the conversations whose parked replies can be offered again, because the customers' messages of
// this batch open the window in which a provider lets free text go to them.
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

// ErrNewAccount says that a conversation belongs to an account that the directory of this process doesn't know yet.
var ErrNewAccount = errors.New("book: an account is newer than the directory")
