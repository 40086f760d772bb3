package slack

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// history stores what Slack's events missed, for example that an agent deleted a reply while no connection was open. It
// reads the channels, compares them with the stored events, and stores what is missing in the same form. Until it is
// done, the engine sends no replies to customers.
//
//   - A gap is a time in which events may have been missed.
//   - A hole is a missing message in a thread of which a newer message is stored. It shows that an event was lost
//     although a connection was open.
//   - A pass reads all channels once.
//   - The root of a thread is its first message. Parley mirrors each conversation with a customer in one thread.
//   - A stamp, such as "1700000000.000100", is both the id of a message in its channel and its time.
type history struct {
	*workspace

	directory *directory
	marks     *forms.Marks
	compared  forms.Map[string] // the newest message of each thread when it was last read, by fact.OrderKey
	span      time.Duration     // a thread with an older root is read only if its conversation is open

	// regularReach is how far back a pass looks for holes if no gap is known. It covers the two preceding passes, since
	// the last one may have been incomplete, and the time during which Slack retries an event.
	regularReach time.Duration

	hidden forms.HiddenEdits // the time since which replies may have been edited without an event

	// filled is true once this process has filled a gap. Then everything older than that pass is stored.
	filled atomic.Bool

	wait func(context.Context, time.Duration) bool // pause.For, except in tests
}

// Slack permits 50 calls of conversations.replies per minute. catchUpOldThreads is slowed down after threadsAtOnce
// calls, so that it leaves enough of them to Confirm, for which a reply to a customer waits.
const (
	threadsAtOnce  = 20
	nextThreadWait = 2 * time.Second
)

// maxCompared is how many threads history.compared remembers, so that a pass needn't read them again. Otherwise a thread whose newest
// reply is never stored, such as a post of ours that the engine doesn't know, would be read in each pass.
const maxCompared = 100_000

// catchUp makes one pass. If a gap is known, it also reads the open threads that are too old to be found in the
// history of their channel. Unless a new gap began during the pass, it records that everything older is stored.
// Errors: those of the database and of Slack. A channel that the app may not read is only logged.
func (h *history) catchUp(ctx context.Context, self *Self) error {
	began := h.now()
	announced := h.sweeper.CountGaps()
	_, gapOpen := h.sweeper.Gap()
	standing, err := h.marks.Inspect(ctx)
	if err != nil {
		return err
	}

	p := h.beginPass(self, standing, began, announced)
	err = h.sweeper.Channels(ctx, func(ctx context.Context, channel string) error {
		return h.exceptUnreadable(channel, h.catchUpChannel(ctx, p, channel))
	})
	if err == nil && !p.isRegular {
		err = h.catchUpOldThreads(ctx, self, began)
	}
	if err != nil {
		return err
	}
	if h.sweeper.CountGaps() != announced {
		return nil // a new gap began: the pass that fills it will raise the mark
	}
	if p.isRegular && !p.leavesEdits {
		h.hidden.Settle()
	}
	if err := h.marks.Settle(ctx, standing); err != nil {
		return err
	}
	if !gapOpen && !h.filled.Load() {
		return nil // this process hasn't filled a gap yet, so events from before its start may be missing
	}

	h.filled.Store(true)
	return h.marks.Raise(ctx, began)
}

// exceptUnreadable logs err and returns nil if the app may not read the channel. Otherwise it returns err.
func (h *history) exceptUnreadable(channel string, err error) error {
	if IsOfChannel(err) {
		h.log.Warn("slack channel not readable", "channel", channel, "error", err)
		return nil
	}
	return err
}

// catchUpOldThreads reads the open threads with roots older than h.span, which catchUpChannel doesn't find. It reads
// them completely, because a message that was edited during a gap may be older than the gap. If Slack refuses to show
// one thread, it still reads the others.
// Errors: those of the database, the first of Slack's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context, self *Self, now time.Time) error {
	oldest := now.Add(-h.span)
	roots, err := h.desk.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}

	// If a root was posted a second time, it is newer than its conversation. Then catchUpChannel finds it.
	roots = slices.DeleteFunc(roots, func(root bridge.Place) bool { return root.Message >= formatStamp(oldest) })
	pause := func(ctx context.Context) bool { return h.wait(ctx, nextThreadWait) }
	return forms.Threads(ctx, roots, threadsAtOnce, pause, IsRefused, func(root bridge.Place) error {
		return h.exceptUnreadable(root.Channel, h.catchUpThread(ctx, self, pageQuery{channel: root.Channel, thread: root.Message}))
	})
}

// catchUpChannel compares a channel's history with what is stored. If Slack refuses to show a thread, it skips it. The
// history also has replies that were sent to the channel as well. They are stored last, behind what was typed before them
// in their threads.
// Errors: those of the database, the first of Slack's.
func (h *history) catchUpChannel(ctx context.Context, p *pass, channel string) error {
	q := pageQuery{channel: channel, oldest: formatStamp(h.now().Add(-h.span))}
	var broadcast []rawMessage // those replies
	var firstErr error
	for {
		page, err := h.readPage(ctx, q)
		if err != nil {
			return err
		}

		typedSince := formatStamp(h.sweeper.TypedSince(h.now(), clockTolerance))
		isReply := func(m rawMessage) bool { return m.Root() != m.TS }
		for _, m := range page.Messages {
			if isReply(m) && m.TS > typedSince {
				broadcast = append(broadcast, m)
			}
		}

		err = h.comparePage(ctx, p, channel, slices.DeleteFunc(page.Messages, isReply))
		if err != nil && !IsRefused(err) {
			return err
		}

		firstErr = cmp.Or(firstErr, err)
		q.cursor = page.Meta.Next
		if q.cursor == "" {
			break
		}
	}

	if err := h.storeMissing(ctx, p.self, channel, broadcast); err != nil {
		return err
	}
	return firstErr
}

// comparePage stores the missing ones among a page of roots, and reads our threads that have new messages.
// Errors: those of the database, the first of Slack's.
func (h *history) comparePage(ctx context.Context, p *pass, channel string, roots []rawMessage) error {
	known, err := h.findKnownRoots(ctx, p.self, channel, roots)
	if err != nil {
		return err
	}

	var topLevel []rawMessage // roots that may be missing
	var threads []rawMessage  // roots of threads of which messages may be missing
	typedSince := formatStamp(h.sweeper.TypedSince(h.now(), clockTolerance))
	for _, m := range roots {
		isOurs := isOurThread(p.self, &m.Message) || known[MessageID(channel, m.TS)]
		if isOurs && m.Latest != "" {
			threads = append(threads, m)
		}

		mayBeMissing := m.TS > typedSince
		if m.Subtype == Tombstone { // the root was deleted, perhaps just now even if it is old
			mayBeMissing = isOurs
		}
		if mayBeMissing {
			topLevel = append(topLevel, m)
		}
	}

	if err := h.storeMissing(ctx, p.self, channel, topLevel); err != nil {
		return err
	}
	return h.compareThreads(ctx, p, channel, threads)
}

// compareThreads reads those of the threads with the given roots of which a message may be missing.
// Errors: those of the database, the first of Slack's.
func (h *history) compareThreads(ctx context.Context, p *pass, channel string, roots []rawMessage) error {
	newest := make([]string, 0, len(roots))
	for _, root := range roots {
		newest = append(newest, MessageID(channel, root.Latest))
	}
	stored, err := h.sweeper.KnownFacts(ctx, newest...)
	if err != nil {
		return err
	}

	var firstErr error
	for i, root := range roots {
		thread := OrderKey(channel, root.TS)
		if latest, _ := h.compared.Get(thread); latest == root.Latest || !p.admitThread(root.Latest, stored[newest[i]]) {
			continue
		}
		if !h.awaitTurn(ctx, p) {
			return ctx.Err()
		}

		err := h.catchUpThread(ctx, p.self, pageQuery{channel: channel, thread: root.TS})
		switch {
		case err == nil:
			h.compared.Put(thread, root.Latest)
		case IsRefused(err):
			firstErr = cmp.Or(firstErr, err)
		default:
			return err
		}
	}

	return firstErr
}

// isOurThread reports whether a thread is certainly ours: its root is our message, or Slack's incomplete list of authors
// has our user id, or our bot id, which it has if we posted under a customer's name.
func isOurThread(self *Self, root *Message) bool {
	isOurs := func(id string) bool { return id == self.User || id == self.Bot }
	return self.IsOwnMessage(root) || slices.ContainsFunc(root.RepliedBy, isOurs)
}

// findKnownRoots returns the ids of those roots that are stored although they don't look like ours: Slack no longer shows who
// posted a deleted one, and if an admin has replaced the app, the older ones are another bot's.
// Errors: those of the database.
func (h *history) findKnownRoots(ctx context.Context, self *Self, channel string, roots []rawMessage) (map[string]bool, error) {
	var ids []string
	for _, m := range roots {
		isOfOtherBot := m.BotID != "" && m.Latest != "" && !self.IsOwnMessage(&m.Message)
		if m.Subtype == Tombstone || isOfOtherBot {
			ids = append(ids, MessageID(channel, m.TS))
		}
	}
	return h.sweeper.KnownFacts(ctx, ids...)
}

// catchUpThread stores the missing messages of the thread that q names. It does nothing if the thread was deleted.
// Errors: those of the database and of Slack.
func (h *history) catchUpThread(ctx context.Context, self *Self, q pageQuery) error {
	for {
		page, err := h.readPage(ctx, q)
		if IsGone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.storeMissing(ctx, self, q.channel, page.Messages); err != nil {
			return err
		}

		q.cursor = page.Meta.Next
		if q.cursor == "" {
			return nil
		}
	}
}

// storeMissing stores those messages, edits and deletions of roots that are not stored yet, in the order of their stamps.
// It writes each as a callback, which is the JSON in which Slack would have sent the event.
// Errors: those of the database and of encoding/json.
func (h *history) storeMissing(ctx context.Context, self *Self, channel string, messages []rawMessage) error {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b rawMessage) int { return cmp.Compare(a.TS, b.TS) })
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	var found []channels.Fact
	for _, m := range messages {
		events, err := self.MissedCallbacks(channel, &m.Message, m.raw)
		if err != nil {
			return err
		}

		for _, body := range events {
			arrival := h.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(KindCatchUp, body)
			found = append(found, arrival.Facts...)
		}
	}

	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ExternalID)
	}

	known, err := h.sweeper.KnownFacts(ctx, ids...)
	if err != nil {
		return err
	}

	found = slices.DeleteFunc(found, func(f channels.Fact) bool { return known[f.ExternalID] })
	for i, f := range found {
		found[i] = h.describeFiles(askCtx, f)
	}
	return h.sweeper.Accept(ctx, found)
}
