package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// idsPerEvent is more rows than an event of a batch makes on average; leastIDs is more than any single
// event makes. load adds ids for what is told to people directly: a lane and a delivery for each.
const (
	idsPerEvent = 48
	leastIDs    = 64 * idsPerEvent
)

// spokenIn gives the conversations of which it matters what was said last.
func (b *book) spokenIn(n *wanted) []int64 {
	if n.failures {
		return keys(b.convs.rows)
	}
	var list []int64
	for _, f := range n.facts {
		for _, a := range f.actions {
			if c := b.conversationAt(request{surface: f.account.ID, Action: a}); c != nil && speaks(a.Verb) {
				list = append(list, c.ID)
			}
		}
	}
	return compact(list)
}

// resolvedIn gives the conversations that somebody wants to end.
func (b *book) resolvedIn(n *wanted) []int64 {
	var list []int64
	for _, f := range n.facts {
		for _, a := range f.actions {
			if c := b.conversationAt(request{surface: f.account.ID, Action: a}); c != nil && (a.Verb == bridge.VerbResolve || a.Verb == bridge.VerbClose) {
				list = append(list, c.ID)
			}
		}
	}
	return compact(list)
}

// load reads and locks what the batch touches: identities, then conversations, then
// lanes, each in one ordered statement, and few round trips.
func (b *book) load(ctx context.Context, tx pgx.Tx, n *wanted) error {
	if err := b.admitKnown(ctx, tx, n); err != nil {
		return err
	}
	if err := b.ids.Ensure(ctx, tx, max(leastIDs, idsPerEvent*len(n.facts))+2*len(n.parties)+2*len(n.laneKeys)*max(len(n.facts), 1)); err != nil {
		return err
	}
	if err := b.tags.load(ctx, tx, n.tags()); err != nil {
		return err
	}
	if err := b.loadNamed(ctx, tx, n); err != nil {
		return err
	}
	if err := b.lockConversations(ctx, tx, n); err != nil {
		return err
	}
	return b.loadWaiting(ctx, tx, n)
}

// loadNamed reads the rows that the events name, and so learns which conversations to lock.
func (b *book) loadNamed(ctx context.Context, tx pgx.Tx, n *wanted) error {
	var (
		p            store.Pipeline
		identities   []store.Identity
		group        []store.Identity
		latest, days []int64
		open         []int64
		external     []store.ExternalID
		posts        []store.Post
		reactions    []store.Reaction
		openings     []store.Opening
	)
	rows := b.people.newIdentities(n.partyKeys, n.parties)
	if err := p.UpsertIdentities(&identities, rows); err != nil {
		return err
	}
	accounts, addresses := slices.Clone(n.peekAcc), slices.Clone(n.peekKeys)
	for _, r := range rows {
		if ch := b.channel(r.AccountID); ch != nil && !ch.Capabilities().Threads {
			accounts, addresses = append(accounts, r.AccountID), append(addresses, r.Key)
		}
	}
	p.IdentitiesOfKeys(&group, accounts, addresses)
	p.LatestOf(&latest, accounts, addresses)
	p.OpenOf(&open, n.joinAcc, n.joinKeys)
	p.FindReactions(&reactions, n.reactAcc, n.reactTargets)
	p.FindExternalIDs(&external, n.externalAcc, n.externalIDs)
	p.FindPosts(&posts, n.postAcc, n.postChannels, n.postMessages)
	p.AutomaticOfDays(&days, n.dayAcc, n.days)
	openers, origins := n.openers()
	p.FindOpenings(&openings, openers, origins)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	b.people.keepIdentities(identities, rows)
	for i := range group {
		if b.people.identities[group[i].ID] == nil {
			b.people.addIdentity(&group[i])
		}
	}
	b.people.linkIdentities(n.same)
	for _, r := range reactions {
		b.messages.reactions[reactionKey{r.AccountID, r.Target, r.IdentityID}] = r
		n.deliveries = append(n.deliveries, r.DeliveryID)
	}
	for _, x := range external {
		b.messages.external[userKey{x.AccountID, x.ExternalID}] = x
		n.add(x.ConversationID)
		n.messages = append(n.messages, x.MessageID)
	}
	for i := range posts {
		b.posts.rows[postKey{posts[i].AccountID, posts[i].Channel, posts[i].Message}] = &posts[i]
		n.add(posts[i].ConversationID)
		n.messages = append(n.messages, posts[i].MessageID)
	}
	for _, id := range slices.Concat(latest, days, open) {
		n.add(id)
	}
	n.messages = compact(n.messages)
	b.openings.keep(openings)
	return b.openings.wantCollecting(ctx, tx, n, b.now)
}

// lockConversations locks conversations and then lanes, and reads what belongs to them.
func (b *book) lockConversations(ctx context.Context, tx pgx.Tx, n *wanted) error {
	rows, err := store.LockConversations(ctx, tx, keys(n.conversations), n.messages)
	if err != nil {
		return err
	}
	var people []int64
	for i := range rows {
		c := &conv{Conversation: &rows[i], threads: map[int64]*thread{}, account: b.dir.Account(rows[i].AccountID)}
		if c.account == nil {
			return errNewAccount
		}
		b.convs.rows[c.ID] = c
		if c.IdentityID != nil && b.people.identities[*c.IdentityID] == nil {
			people = append(people, *c.IdentityID)
		}
		b.convs.noteSorting(c)
	}
	var (
		p              store.Pipeline
		identities     []store.Identity
		threads        []store.Thread
		messages, last []store.Message
		lanes          []store.Lane
		all            = keys(b.convs.rows)
	)
	b.locks(all)
	p.LockLanes(&lanes, all, n.laneAcc, n.laneKeys)
	p.Identities(&identities, compact(people))
	p.Threads(&threads, all)
	p.Messages(&messages, n.messages)
	p.LatestMessages(&last, b.spokenIn(n), 5)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	for i := range identities {
		if b.people.identities[identities[i].ID] == nil {
			b.people.addIdentity(&identities[i])
		}
	}
	for i := range identities {
		b.people.rooted(b.people.identities[identities[i].ID])
	}
	for _, t := range threads {
		b.convs.rows[t.ConversationID].threads[t.AccountID] = &thread{Thread: t}
	}
	for _, id := range all {
		if c := b.convs.rows[id]; c.IdentityID != nil {
			c.identity = b.people.identities[*c.IdentityID]
			b.noteLatest(c)
		}
	}
	b.keepMessages(messages, last)
	for i := range lanes {
		l := &lane{Lane: lanes[i]}
		b.outbox.lanes[l.ID] = l
		b.outbox.laneKeys[laneKey{l.AccountID, l.Key}] = l
	}
	return nil
}

// keepMessages remembers messages; last are the newest ones of conversations.
func (b *book) keepMessages(messages, last []store.Message) {
	for _, m := range messages {
		b.messages.rows[m.ID] = &message{Message: m}
	}
	for _, m := range last {
		c := b.convs.rows[m.ConversationID]
		c.last = append(c.last, m)
		if b.messages.rows[m.ID] == nil {
			b.messages.rows[m.ID] = &message{Message: m}
		}
	}
}

// loadWaiting reads the deliveries that the use cases need, such as those that wait for customers and
// those of the loaded messages, and the parked replies that may be offered again.
func (b *book) loadWaiting(ctx context.Context, tx pgx.Tx, n *wanted) error {
	var customerLanes []int64
	for _, l := range b.outbox.lanes {
		if (n.speaks || n.failures) && l.ConversationID != 0 && l.Tail > l.Head && b.channel(l.AccountID) != nil {
			customerLanes = append(customerLanes, l.ID)
		}
	}
	var p store.Pipeline
	var waiting, found, sent, files []store.Delivery
	p.FilesOf(&files, compact(n.files))
	if n.upTo {
		p.SentLately(&sent, b.replyLanes())
	}
	p.WaitingDeliveries(&waiting, customerLanes)
	p.DeliveriesOf(&found, keys(b.messages.rows), compact(n.deliveries))
	var unshown []int64
	p.Unshown(&unshown, b.resolvedIn(n))
	var parked []store.Message
	p.ParkedMessages(&parked, b.openedIn(n), windowReason, maxOffered)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	if err := b.keepParked(ctx, tx, parked); err != nil {
		return err
	}
	for _, id := range unshown {
		b.convs.rows[id].unshown = true
	}
	for _, d := range slices.Concat(waiting, found, sent, files) {
		b.outbox.addDelivery(d)
	}
	if n.receipts {
		return b.loadJoined(ctx, tx)
	}
	return nil
}

// keepParked remembers parked replies, with the lines about them.
func (b *book) keepParked(ctx context.Context, tx pgx.Tx, parked []store.Message) error {
	b.keepMessages(parked, nil)
	return b.outbox.loadDeliveries(ctx, tx, parked)
}

// replyLanes gives the lanes to customers.
func (b *book) replyLanes() []int64 {
	var list []int64
	for _, id := range keys(b.outbox.lanes) {
		if l := b.outbox.lanes[id]; l.ConversationID != 0 && b.channel(l.AccountID) != nil {
			list = append(list, id)
		}
	}
	return list
}

// loadJoined reads what left together with the deliveries in hand, and their messages.
func (b *book) loadJoined(ctx context.Context, tx pgx.Tx) error {
	found, err := store.JoinedTo(ctx, tx, keys(b.outbox.deliveries))
	if err != nil {
		return err
	}
	for _, d := range found {
		b.outbox.addDelivery(d)
	}
	var missing []int64
	for _, id := range keys(b.outbox.deliveries) {
		if d := b.outbox.deliveries[id]; d.Kind == outbound.KindReply && b.messages.rows[d.MessageID] == nil {
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
		b.messages.rows[m.ID] = &message{Message: m}
	}
	return b.outbox.loadDeliveries(ctx, tx, messages)
}

// tags gives the tags that actions of the batch put on conversations.
func (n *wanted) tags() []string {
	var names []string
	for _, f := range n.facts {
		for _, a := range f.actions {
			if a.Verb == bridge.VerbTag {
				names = append(names, a.Args.Tags...)
			}
		}
	}
	return names
}
