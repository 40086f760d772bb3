package bridge

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// idsPerEvent is more rows than any one event makes.
const idsPerEvent = 48

// fact is a decoded event.
type fact struct {
	event   store.Event
	account *store.Account
	inbound []channels.Inbound
	actions []Action
	own     *ownFact
}

// wanted collects what a batch will touch, before anything is locked.
type wanted struct {
	parties       map[userKey]channels.Party
	externalAcc   []int64
	externalIDs   []string
	postAcc       []int64
	postChannels  []string
	postMessages  []string
	conversations map[int64]bool
	messages      []int64
	deliveries    []int64
	laneAcc       []int64
	laneKeys      []string
	speaks        bool // what was said last, and what waits, is needed
	dayAcc        []int64
	days          []string
}

func (w *work) wants(facts []fact) *wanted {
	n := &wanted{parties: map[userKey]channels.Party{}, conversations: map[int64]bool{}}
	for _, f := range facts {
		for _, in := range f.inbound {
			n.inbound(f.account, in, w.now)
		}
		for _, a := range f.actions {
			n.action(f.account.ID, a)
		}
		if f.own != nil {
			n.add(f.own.Conversation)
			n.speaks = n.speaks || f.own.Kind == string(relay.ReportFailed)
			n.messages = append(n.messages, f.own.Message)
			n.deliveries = append(n.deliveries, f.own.Delivery)
			switch f.own.Kind {
			case ownAccount, ownDigest, ownPostFailed:
				n.people(w.dir)
			}
		}
	}
	return n
}

// people adds the lanes of what is told to agents directly.
func (n *wanted) people(dir *directory) {
	for k, user := range dir.users {
		n.laneAcc, n.laneKeys = append(n.laneAcc, k.account), append(n.laneKeys, channelLane("@"+user))
	}
}

func (n *wanted) add(conversation int64) {
	if conversation != 0 {
		n.conversations[conversation] = true
	}
}

func (n *wanted) inbound(a *store.Account, in channels.Inbound, now time.Time) {
	if in.Kind == channels.InboundMessage && in.From.Key != "" {
		k := userKey{a.ID, in.From.Key}
		if p, ok := n.parties[k]; !ok || p.Name == "" {
			n.parties[k] = in.From
		}
	}
	n.add(in.Conversation)
	list := in.References
	if in.Status != nil {
		n.speaks = true // whether it was answered since
		list = append(slices.Clone(list), in.Status.External...)
		n.messages = append(n.messages, in.Status.MessageID)
	}
	if in.ExternalID != "" {
		list = append(slices.Clone(list), in.ExternalID)
	}
	for _, id := range list {
		n.externalAcc, n.externalIDs = append(n.externalAcc, a.ID), append(n.externalIDs, id)
	}
	if in.Automatic != "" || in.Status != nil { // a bounce that nobody knows goes there, too
		n.dayAcc, n.days = append(n.dayAcc, a.ID), append(n.days, day(now))
	}
}

func (n *wanted) action(surface int64, a Action) {
	n.add(a.Args.Conversation)
	n.messages = append(n.messages, a.Args.Message)
	n.deliveries = append(n.deliveries, a.Args.Delivery)
	for _, m := range []string{a.Place.Thread, a.Place.Message} {
		if m != "" {
			n.postAcc, n.postChannels, n.postMessages = append(n.postAcc, surface), append(n.postChannels, a.Place.Channel), append(n.postMessages, m)
		}
	}
	switch a.Verb {
	case VerbSay, VerbReply, VerbNote, VerbUnknown, VerbEdit, VerbDelete, VerbUndo, VerbSend, VerbKeep, VerbDrop, VerbSendAgain, VerbMarkSent,
		VerbPromote, VerbSilence:
		n.speaks = true
	}
	n.laneAcc, n.laneKeys = append(n.laneAcc, surface), append(n.laneKeys, channelLane(a.Place.Channel))
}

// load reads and locks what the batch touches: identities, then conversations, then
// lanes, each in one ordered statement.
func (w *work) load(ctx context.Context, tx pgx.Tx, n *wanted) error {
	if err := w.ids.Ensure(ctx, tx, idsPerEvent*maxEvents); err != nil {
		return err
	}
	if err := w.loadIdentities(ctx, tx, n); err != nil {
		return err
	}
	if err := w.loadReferences(ctx, tx, n); err != nil {
		return err
	}
	if err := w.loadConversations(ctx, tx, n); err != nil {
		return err
	}
	return w.loadLanes(ctx, tx, n)
}

func (w *work) loadIdentities(ctx context.Context, tx pgx.Tx, n *wanted) error {
	rows := make([]store.Identity, 0, len(n.parties))
	for k, p := range n.parties {
		rows = append(rows, store.Identity{ID: w.ids.Next(), AccountID: k.account, Key: k.user, Name: p.Name, ContactID: w.ids.Next()})
	}
	slices.SortFunc(rows, func(a, b store.Identity) int {
		if a.AccountID != b.AccountID {
			return int(a.AccountID - b.AccountID)
		}
		return strings.Compare(a.Key, b.Key)
	})
	found, err := store.UpsertIdentities(ctx, tx, rows)
	if err != nil {
		return err
	}
	var exclusive []int64
	for i := range found {
		w.addIdentity(&found[i])
		if ch := w.e.channel(found[i].AccountID); ch != nil && !ch.Capabilities().Threads {
			exclusive = append(exclusive, found[i].ID)
		}
	}
	latest, err := store.LatestOfIdentities(ctx, tx, exclusive)
	for _, id := range latest {
		n.add(id)
	}
	return err
}

func (w *work) addIdentity(i *store.Identity) {
	w.identities[i.ID] = i
	w.byAddress[userKey{i.AccountID, i.Key}] = i
}

// loadReferences looks up what the batch refers to, to learn the conversations.
func (w *work) loadReferences(ctx context.Context, tx pgx.Tx, n *wanted) error {
	external, err := store.FindExternalIDs(ctx, tx, n.externalAcc, n.externalIDs)
	if err != nil {
		return err
	}
	for _, x := range external {
		w.external[userKey{x.AccountID, x.ExternalID}] = x
		n.add(x.ConversationID)
		n.messages = append(n.messages, x.MessageID)
	}
	posts, err := store.FindPosts(ctx, tx, n.postAcc, n.postChannels, n.postMessages)
	if err != nil {
		return err
	}
	for i := range posts {
		p := &posts[i]
		w.posts[postKey{p.AccountID, p.Channel, p.Message}] = p
		n.add(p.ConversationID)
		n.messages = append(n.messages, p.MessageID)
	}
	days, err := store.AutomaticOfDays(ctx, tx, n.dayAcc, n.days)
	if err != nil {
		return err
	}
	for _, id := range days {
		n.add(id)
	}
	return w.loadMessages(ctx, tx, n)
}

func (w *work) loadMessages(ctx context.Context, tx pgx.Tx, n *wanted) error {
	list := compact(n.messages)
	if len(list) > 0 {
		found, err := store.Messages(ctx, tx, list...)
		if err != nil {
			return err
		}
		for _, m := range found {
			w.messages[m.ID] = &message{Message: m}
			n.add(m.ConversationID)
		}
	}
	return nil
}

func (w *work) loadConversations(ctx context.Context, tx pgx.Tx, n *wanted) error {
	list := keys(n.conversations)
	successors, err := store.Successors(ctx, tx, list)
	if err != nil {
		return err
	}
	rows, err := store.LockConversations(ctx, tx, compact(append(list, successors...)))
	if err != nil {
		return err
	}
	var all, people []int64
	for i := range rows {
		c := &conv{Conversation: &rows[i], threads: map[int64]*thread{}, account: w.dir.accounts[rows[i].AccountID]}
		if c.account == nil {
			return relay.ErrNotYet // the account is newer than our directory
		}
		w.convs[c.ID] = c
		all = append(all, c.ID)
		if c.IdentityID != nil && w.identities[*c.IdentityID] == nil {
			people = append(people, *c.IdentityID)
		}
		if c.Kind == "automatic" && c.Day != nil {
			w.days[laneKey{c.AccountID, *c.Day}] = c.ID
		}
	}
	identities, err := store.Identities(ctx, tx, compact(people))
	if err != nil {
		return err
	}
	for i := range identities {
		w.addIdentity(&identities[i])
	}
	threads, err := store.Threads(ctx, tx, all)
	if err != nil {
		return err
	}
	for _, t := range threads {
		w.convs[t.ConversationID].threads[t.AccountID] = &thread{Thread: t}
	}
	for _, c := range w.convs {
		if c.IdentityID != nil {
			c.identity = w.identities[*c.IdentityID]
			w.latest[*c.IdentityID] = max(w.latest[*c.IdentityID], c.ID)
		}
	}
	if err := w.reloadMessages(ctx, tx); err != nil {
		return err
	}
	if n.speaks {
		return w.loadLast(ctx, tx, all)
	}
	return nil
}

// reloadMessages reads messages again now that their conversations are locked: what was
// read on the way there may have changed while the lock was waited for.
func (w *work) reloadMessages(ctx context.Context, tx pgx.Tx) error {
	if len(w.messages) == 0 {
		return nil
	}
	found, err := store.Messages(ctx, tx, keys(w.messages)...)
	for _, m := range found {
		w.messages[m.ID] = &message{Message: m}
	}
	return err
}

func (w *work) loadLast(ctx context.Context, tx pgx.Tx, conversations []int64) error {
	last, err := store.LatestMessages(ctx, tx, conversations, 5)
	if err != nil {
		return err
	}
	for _, m := range last {
		c := w.convs[m.ConversationID]
		c.last = append(c.last, m)
		if w.messages[m.ID] == nil {
			w.messages[m.ID] = &message{Message: m}
		}
	}
	return nil
}

// loadLanes locks the lanes of all conversations in hand and reads what waits.
func (w *work) loadLanes(ctx context.Context, tx pgx.Tx, n *wanted) error {
	rows, err := store.LockLanes(ctx, tx, keys(w.convs), n.laneAcc, n.laneKeys)
	if err != nil {
		return err
	}
	var customerLanes []int64
	for i := range rows {
		l := &lane{Lane: rows[i]}
		w.lanes[l.ID] = l
		w.laneKeys[laneKey{l.AccountID, l.Key}] = l
		if n.speaks && l.ConversationID != 0 && w.e.channel(l.AccountID) != nil {
			customerLanes = append(customerLanes, l.ID)
		}
	}
	if len(customerLanes) > 0 {
		waiting, err := store.WaitingDeliveries(ctx, tx, customerLanes)
		if err != nil {
			return err
		}
		for _, d := range waiting {
			w.addDelivery(d)
		}
	}
	replies := make([]int64, 0, len(w.messages))
	for id := range w.messages {
		replies = append(replies, id)
	}
	found, err := store.DeliveriesOf(ctx, tx, compact(replies), compact(n.deliveries))
	if err != nil {
		return err
	}
	for _, d := range found {
		w.addDelivery(d)
	}
	return nil
}

func (w *work) addDelivery(d store.Delivery) {
	if w.deliveries[d.ID] != nil {
		return
	}
	row := &delivery{Delivery: d}
	w.deliveries[d.ID] = row
	l := w.lanes[d.LaneID]
	if l != nil && d.Seq > l.Head && d.OrderBy != "" && d.State == store.Queued {
		l.waiting = append(l.waiting, row)
		slices.SortFunc(l.waiting, func(a, b *delivery) int { return int(a.Seq - b.Seq) })
	}
}

// number takes the number of a new conversation.
func (w *work) number(ctx context.Context, tx pgx.Tx) (int64, error) {
	if len(w.fresh) == 0 {
		var err error
		if w.fresh, err = store.ConversationNumbers(ctx, tx, 1); err != nil {
			return 0, err
		}
	}
	id := w.fresh[0]
	w.fresh = w.fresh[1:]
	return id, nil
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
	list := make([]int64, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
