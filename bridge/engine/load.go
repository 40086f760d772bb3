package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// idsPerEvent is more rows than an event makes, in the middle of a batch; leastIDs is more
// than any single one does. What is told to people directly comes besides: a lane and a
// delivery each.
const (
	idsPerEvent = 48
	leastIDs    = 64 * idsPerEvent
)

// spokenIn gives the conversations of which it matters what was said last.
func (w *work) spokenIn(n *wanted) []int64 {
	if n.failures {
		return keys(w.convs.rows)
	}
	var list []int64
	for _, f := range n.facts {
		for _, a := range f.actions {
			if c := w.conversationAt(request{surface: f.account.ID, Action: a}); c != nil && speaks(a.Verb) {
				list = append(list, c.ID)
			}
		}
	}
	return compact(list)
}

// resolvedIn gives the conversations that somebody wants to end.
func (w *work) resolvedIn(n *wanted) []int64 {
	var list []int64
	for _, f := range n.facts {
		for _, a := range f.actions {
			if c := w.conversationAt(request{surface: f.account.ID, Action: a}); c != nil && (a.Verb == bridge.VerbResolve || a.Verb == bridge.VerbClose) {
				list = append(list, c.ID)
			}
		}
	}
	return compact(list)
}

// load reads and locks what the batch touches: identities, then conversations, then
// lanes, each in one ordered statement, and few round trips.
func (w *work) load(ctx context.Context, tx pgx.Tx, n *wanted) error {
	if err := w.people.admitKnown(ctx, tx, n); err != nil {
		return err
	}
	if err := w.ids.Ensure(ctx, tx, max(leastIDs, idsPerEvent*len(n.facts))+2*len(n.parties)+2*len(n.laneKeys)*max(len(n.facts), 1)); err != nil {
		return err
	}
	if err := w.tags.load(ctx, tx, n); err != nil {
		return err
	}
	if err := w.loadNamed(ctx, tx, n); err != nil {
		return err
	}
	if err := w.lockConversations(ctx, tx, n); err != nil {
		return err
	}
	return w.loadWaiting(ctx, tx, n)
}

// loadNamed finds what the events name: to learn the conversations.
func (w *work) loadNamed(ctx context.Context, tx pgx.Tx, n *wanted) error {
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
	rows := w.people.newIdentities(n)
	if err := p.UpsertIdentities(&identities, rows); err != nil {
		return err
	}
	accounts, addresses := slices.Clone(n.peekAcc), slices.Clone(n.peekKeys)
	for _, r := range rows {
		if ch := w.e.Channel(r.AccountID); ch != nil && !ch.Capabilities().Threads {
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
	w.people.keepIdentities(identities, rows)
	for i := range group {
		if w.people.identities[group[i].ID] == nil {
			w.people.addIdentity(&group[i])
		}
	}
	w.people.linkIdentities(n.same)
	for _, r := range reactions {
		w.messages.reactions[reactionKey{r.AccountID, r.Target, r.IdentityID}] = r
		n.deliveries = append(n.deliveries, r.DeliveryID)
	}
	for _, x := range external {
		w.messages.external[userKey{x.AccountID, x.ExternalID}] = x
		n.add(x.ConversationID)
		n.messages = append(n.messages, x.MessageID)
	}
	for i := range posts {
		w.posts.rows[postKey{posts[i].AccountID, posts[i].Channel, posts[i].Message}] = &posts[i]
		n.add(posts[i].ConversationID)
		n.messages = append(n.messages, posts[i].MessageID)
	}
	for _, id := range slices.Concat(latest, days, open) {
		n.add(id)
	}
	n.messages = compact(n.messages)
	w.openings.keep(openings)
	return w.openings.wantCollecting(ctx, tx, n, w.now)
}

// lockConversations locks conversations and then lanes, and reads what belongs to them.
func (w *work) lockConversations(ctx context.Context, tx pgx.Tx, n *wanted) error {
	rows, err := store.LockConversations(ctx, tx, keys(n.conversations), n.messages)
	if err != nil {
		return err
	}
	var people []int64
	for i := range rows {
		c := &conv{Conversation: &rows[i], threads: map[int64]*thread{}, account: w.dir.Account(rows[i].AccountID)}
		if c.account == nil {
			return errNewAccount
		}
		w.convs.rows[c.ID] = c
		if c.IdentityID != nil && w.people.identities[*c.IdentityID] == nil {
			people = append(people, *c.IdentityID)
		}
		w.convs.noteSorting(c)
	}
	var (
		p              store.Pipeline
		identities     []store.Identity
		threads        []store.Thread
		messages, last []store.Message
		lanes          []store.Lane
		all            = keys(w.convs.rows)
	)
	w.locks(all)
	p.LockLanes(&lanes, all, n.laneAcc, n.laneKeys)
	p.Identities(&identities, compact(people))
	p.Threads(&threads, all)
	p.Messages(&messages, n.messages)
	p.LatestMessages(&last, w.spokenIn(n), 5)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	for i := range identities {
		if w.people.identities[identities[i].ID] == nil {
			w.people.addIdentity(&identities[i])
		}
	}
	for i := range identities {
		w.people.rooted(w.people.identities[identities[i].ID])
	}
	for _, t := range threads {
		w.convs.rows[t.ConversationID].threads[t.AccountID] = &thread{Thread: t}
	}
	for _, id := range all {
		if c := w.convs.rows[id]; c.IdentityID != nil {
			c.identity = w.people.identities[*c.IdentityID]
			w.noteLatest(c)
		}
	}
	w.keepMessages(messages, last)
	for i := range lanes {
		l := &lane{Lane: lanes[i]}
		w.outbox.lanes[l.ID] = l
		w.outbox.laneKeys[laneKey{l.AccountID, l.Key}] = l
	}
	return nil
}

// keepMessages remembers messages; last are the newest ones of conversations.
func (w *work) keepMessages(messages, last []store.Message) {
	for _, m := range messages {
		w.messages.rows[m.ID] = &message{Message: m}
	}
	for _, m := range last {
		c := w.convs.rows[m.ConversationID]
		c.last = append(c.last, m)
		if w.messages.rows[m.ID] == nil {
			w.messages.rows[m.ID] = &message{Message: m}
		}
	}
}

// loadWaiting reads the deliveries that matter: what waits for customers, and the replies
// of the messages in hand.
func (w *work) loadWaiting(ctx context.Context, tx pgx.Tx, n *wanted) error {
	var customerLanes []int64
	for _, l := range w.outbox.lanes {
		if (n.speaks || n.failures) && l.ConversationID != 0 && l.Tail > l.Head && w.e.Channel(l.AccountID) != nil {
			customerLanes = append(customerLanes, l.ID)
		}
	}
	var p store.Pipeline
	var waiting, found, sent, files []store.Delivery
	p.FilesOf(&files, compact(n.files))
	if n.upTo {
		p.SentLately(&sent, w.replyLanes())
	}
	p.WaitingDeliveries(&waiting, customerLanes)
	p.DeliveriesOf(&found, keys(w.messages.rows), compact(n.deliveries))
	var unshown []int64
	p.Unshown(&unshown, w.resolvedIn(n))
	var parked []store.Message
	p.ParkedMessages(&parked, w.openedIn(n), windowReason, maxOffered)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}
	if err := w.keepParked(ctx, tx, parked); err != nil {
		return err
	}
	for _, id := range unshown {
		w.convs.rows[id].unshown = true
	}
	for _, d := range slices.Concat(waiting, found, sent, files) {
		w.outbox.addDelivery(d)
	}
	if n.receipts {
		return w.loadJoined(ctx, tx)
	}
	return nil
}

// keepParked remembers parked replies, with the lines about them.
func (w *work) keepParked(ctx context.Context, tx pgx.Tx, parked []store.Message) error {
	w.keepMessages(parked, nil)
	return w.outbox.loadDeliveries(ctx, tx, parked)
}

// replyLanes gives the lanes to customers.
func (w *work) replyLanes() []int64 {
	var list []int64
	for _, id := range keys(w.outbox.lanes) {
		if l := w.outbox.lanes[id]; l.ConversationID != 0 && w.e.Channel(l.AccountID) != nil {
			list = append(list, id)
		}
	}
	return list
}

// loadJoined reads what left together with the deliveries in hand, and their messages.
func (w *work) loadJoined(ctx context.Context, tx pgx.Tx) error {
	found, err := store.JoinedTo(ctx, tx, keys(w.outbox.deliveries))
	if err != nil {
		return err
	}
	for _, d := range found {
		w.outbox.addDelivery(d)
	}
	var missing []int64
	for _, id := range keys(w.outbox.deliveries) {
		if d := w.outbox.deliveries[id]; d.Kind == outbound.KindReply && w.messages.rows[d.MessageID] == nil {
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
		w.messages.rows[m.ID] = &message{Message: m}
	}
	return w.outbox.loadDeliveries(ctx, tx, messages)
}

// compact sorts, removes doubles and zeros.
func compact(list []int64) []int64 {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == 0 {
		list = list[1:]
	}
	return list
}

func keys[V any](m map[int64]V) []int64 {
	return slices.Sorted(maps.Keys(m))
}
