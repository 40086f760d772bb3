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

// How many row ids a batch reserves in advance. Load reserves more for direct messages to people, which take a lane
// and a delivery each.
const (
	idsPerEvent = 48               // more rows than an event makes on average
	minIDs      = 64 * idsPerEvent // more rows than any single event makes
)

const maxOffered = 10 // parked replies of a conversation that are offered at once: see loadWaiting

// Load reads and locks the rows that the batch touches, in few round trips. All batches lock in the same order, so
// that no two of them deadlock: identities (a customer's address or number) by account and key, then conversations by
// id, then lanes (queues of deliveries) by id. Each kind is locked by one statement.
//
// For example, a mail names its sender and, by our token in its References, conversation #12. loadNamed reads those,
// lockConversations locks #12 with its lanes and messages, and loadWaiting reads the deliveries that wait in these
// lanes. A reply is parked while it waits until the provider allows free text to the customer (the reply window).
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

	n.News = n.News || len(found.parked) > 0 // agents are told that these can be sent now
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
	b.keepMessages(messages)
	keepLatest(b, latest)
	keepLanes(b, lanes)
	for i, account := range n.lanes.accounts {
		b.Outbox.named[LaneKey{account, n.lanes.names[i]}] = true
	}
	return nil
}

// keepLanes adds lanes to the book, and marks the threads that have a root to be posted (Moves).
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

// keysOnTrial returns the keys (addresses, numbers) of customers of chats in the loaded conversations of accounts on
// trial. An account on trial may send only to the keys listed in trial_to, which may name another key of the same
// customer. So the customers' other keys are read, too.
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

// keepMessages adds messages to the book.
func (b *Book) keepMessages(messages []store.Message) {
	for _, m := range messages {
		b.Messages.Rows[m.ID] = &Message{Message: m}
	}
}

// keepLatest adds the latest messages of conversations, newest first. Messages that the book has already stay as they are.
func keepLatest(b *Book, latest []store.Message) {
	for _, m := range latest {
		c := b.Conversations.Rows[m.ConversationID]
		c.Last = append(c.Last, m)
		if b.Messages.Rows[m.ID] == nil {
			b.Messages.Rows[m.ID] = &Message{Message: m}
		}
	}
}

// loadWaiting reads the deliveries that the use cases need, such as those that wait for customers and those of the
// loaded messages, and the parked replies that may be offered to agents again.
func (b *Book) loadWaiting(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var customerLanes []store.LaneID // lanes in which something waits
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

	b.keepMessages(parked)
	if err := b.Outbox.loadDeliveries(ctx, tx, parked); err != nil { // these include the posts about the parked replies
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

// loadReplies reads the replies of the loaded deliveries, and all other deliveries of these replies.
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

// ReadReaction returns a customer's reaction to a message, and reads the delivery of the line that shows it. The lane of
// that line is locked with its conversation. An unknown reaction is the zero one.
func (b *Book) ReadReaction(ctx context.Context, tx pgx.Tx, k ReactionKey) (store.Reaction, error) {
	if known, isKnown := b.Messages.Reactions[k]; isKnown {
		return known, nil
	}

	var p store.Pipeline
	var found []store.Reaction
	p.FindReactions(&found, []store.AccountID{k.Account}, []string{k.Target})
	if err := p.Run(ctx, tx); err != nil {
		return store.Reaction{}, err
	}
	i := slices.IndexFunc(found, func(r store.Reaction) bool { return r.IdentityID == k.Identity })
	if i < 0 {
		return store.Reaction{}, nil
	}

	var line []store.Delivery
	p.DeliveriesOf(&line, nil, []store.DeliveryID{found[i].DeliveryID})
	if err := p.Run(ctx, tx); err != nil {
		return store.Reaction{}, err
	}
	for _, d := range line {
		b.Outbox.addDelivery(d)
	}
	b.Messages.Reactions[k] = found[i]
	return found[i], nil
}

// ErrNewAccount means that a conversation belongs to an account that is newer than this process's directory of accounts.
var ErrNewAccount = errors.New("book: an account is newer than the directory")
