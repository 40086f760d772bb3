package slack

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels"
)

// history finds what people did in Slack while no event told Parley of it. It reads the channels' messages, and
// stores those that are missing, as the events would have been. Until then the engine sends no replies.
//
// A gap is a time in which events may have been missed, for example while no connection was open. A hole is a missing
// reply that is older than the newest reply of its thread that is known. A pass is one reading of all channels. A
// stamp is Slack's id of a message in its channel, and its time: "1700000000.000100". Threads begin with a root.
type history struct {
	*workspace

	directory *directory
	sweeper   *sweep.Sweeper
	memory    memory
	marks     *sweep.Marks
	compared  sweep.Compared // the newest reply of each thread when it was last read, by fact.OrderKey
	span      time.Duration  // threads whose root is older are not read, except those of open conversations

	// regularReach is how far back a pass looks for holes if no gap is known. It reaches to the beginning of the pass
	// before the last one, which may have ended early, and further back by the time for which Slack retries an event.
	regularReach time.Duration

	hidden sweep.HiddenEdits // from when on replies may have been edited without an event

	// filled is true once this process has filled a gap: everything from before that pass is stored.
	filled atomic.Bool

	wait func(context.Context, time.Duration) bool // pause.For, except in tests
}

// Slack answers 50 calls of conversations.replies a minute. Where many threads are read that can wait, some calls are
// left to replies that have to be read again before they leave.
const (
	threadsAtOnce  = 20
	nextThreadWait = 2 * time.Second
)

// memory is what catching up asks of the engine besides sweep.Desk.
type memory interface {
	sweep.Memory

	// OpenThreads returns the roots of open conversations that began before a time: the 500 most recently used.
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
}

// catchUp makes one pass over all channels with threads of ours. While something may be missing it also reads the
// open threads that are too old to be found in their channel's history. If no new gap began meanwhile, it records
// that everything from before the pass is stored.
// Errors: the desk's, and Slack's. A channel that the app may not read is only logged.
func (h *history) catchUp(ctx context.Context, self *fact.Self) error {
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
		return nil // a new gap began meanwhile: the pass that fills it raises the mark
	}
	if p.isRegular && !p.leavesEdits {
		h.hidden.Settle()
	}
	if err := h.marks.Settle(ctx, standing); err != nil {
		return err
	}
	if !gapOpen && !h.filled.Load() {
		return nil // this process has filled no gap yet, so what came before its start may be missing
	}

	h.filled.Store(true)
	return h.marks.Raise(ctx, began)
}

// exceptUnreadable returns err, but if the app may not read the channel it only logs err and returns nil.
func (h *history) exceptUnreadable(channel string, err error) error {
	if refusal.IsOfChannel(err) {
		h.log.Warn("slack channel not readable", "channel", channel, "error", err)
		return nil
	}
	return err
}

// catchUpOldThreads reads the open threads whose roots are older than what is read of a channel. It reads each as a
// whole, since a message that was edited in a gap is older than the gap. If Slack refuses one, it reads the others.
// Errors: the desk's, the first of Slack's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context, self *fact.Self, now time.Time) error {
	oldest := now.Add(-h.span)
	roots, err := h.memory.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}

	// A root that was posted anew is younger than its conversation: the channel's history has it.
	roots = slices.DeleteFunc(roots, func(root bridge.Place) bool { return root.Message >= formatStamp(oldest) })
	var firstErr error
	for n, root := range roots {
		if n >= threadsAtOnce && !h.wait(ctx, nextThreadWait) {
			return ctx.Err()
		}

		err := h.catchUpThread(ctx, self, pageQuery{channel: root.Channel, thread: root.Message})
		err = h.exceptUnreadable(root.Channel, err)
		if err != nil && !refusal.IsRefused(err) { // Slack isn't reached: the others would fail, too
			return err
		}

		firstErr = cmp.Or(firstErr, err)
	}

	return firstErr
}

// catchUpChannel compares a channel's history with what is stored. It passes over threads that Slack refuses.
// Errors: the desk's, the first of Slack's.
func (h *history) catchUpChannel(ctx context.Context, p *pass, channel string) error {
	q := pageQuery{channel: channel, oldest: formatStamp(h.now().Add(-h.span))}
	var firstErr error
	for {
		page, err := h.readPage(ctx, q)
		if err != nil {
			return err
		}

		err = h.comparePage(ctx, p, channel, page.Messages)
		if err != nil && !refusal.IsRefused(err) {
			return err
		}

		firstErr = cmp.Or(firstErr, err)
		q.cursor = page.Meta.Next
		if q.cursor == "" {
			return firstErr
		}
	}
}

// comparePage stores what is missing at top level, and reads the threads of ours that changed.
// Errors: the desk's, the first of Slack's.
func (h *history) comparePage(ctx context.Context, p *pass, channel string, roots []rawMessage) error {
	known, err := h.findKnownTombstones(ctx, channel, roots)
	if err != nil {
		return err
	}

	var topLevel []rawMessage // what may be missing itself
	var threads []rawMessage  // what may have replies that are missing
	typedSince := h.typedSince()
	for _, m := range roots {
		isOurs := isOurThread(p.self, &m.Message) || known[fact.MessageID(channel, m.TS)]
		if isOurs && m.Latest != "" {
			threads = append(threads, m)
		}

		mayBeMissing := m.TS > typedSince
		if m.Subtype == fact.Tombstone { // a deleted root: it concerns us however old it is, if the thread is ours
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

// compareThreads reads the threads of which a reply may be missing. roots are the first messages of all threads.
// Errors: the desk's, the first of Slack's.
func (h *history) compareThreads(ctx context.Context, p *pass, channel string, roots []rawMessage) error {
	newest := make([]string, 0, len(roots))
	for _, root := range roots {
		newest = append(newest, fact.MessageID(channel, root.Latest))
	}
	stored, err := h.sweeper.KnownFacts(ctx, newest...)
	if err != nil {
		return err
	}

	var firstErr error
	for i, root := range roots {
		thread := fact.OrderKey(channel, root.TS)
		wasRead := h.compared.WasCompared(thread, root.Latest)
		if wasRead || !p.admitThread(root.Latest, stored[newest[i]]) {
			continue
		}
		if !h.awaitTurn(ctx, p) {
			return ctx.Err()
		}

		err := h.catchUpThread(ctx, p.self, pageQuery{channel: channel, thread: root.TS})
		switch {
		case err == nil:
			h.compared.Note(thread, root.Latest)
		case refusal.IsRefused(err):
			firstErr = cmp.Or(firstErr, err)
		default:
			return err
		}
	}

	return firstErr
}

// isOurThread reports whether Slack shows that a thread is one of ours: its root is our card, or we are named among
// those who replied. Slack names only some of them, and us by our bot's id where we post under a customer's name.
func isOurThread(self *fact.Self, root *fact.Message) bool {
	isOurs := func(id string) bool { return id == self.User || id == self.Bot }
	return self.IsOwnMessage(root) || slices.ContainsFunc(root.RepliedBy, isOurs)
}

// findKnownTombstones returns which deleted roots the desk knows. Slack doesn't say whose they were.
// Errors: the desk's.
func (h *history) findKnownTombstones(ctx context.Context, channel string, roots []rawMessage) (map[string]bool, error) {
	var ids []string
	for _, m := range roots {
		if m.Subtype == fact.Tombstone {
			ids = append(ids, fact.MessageID(channel, m.TS))
		}
	}
	return h.sweeper.KnownFacts(ctx, ids...)
}

// catchUpThread stores what is missing of the thread that q names. A thread that is gone has nothing to store.
// Errors: the desk's, Slack's.
func (h *history) catchUpThread(ctx context.Context, self *fact.Self, q pageQuery) error {
	for {
		page, err := h.readPage(ctx, q)
		if refusal.IsGone(err) {
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

// storeMissing stores those messages, edits and deletions of roots that are not stored yet, in order of stamps.
// Errors: the desk's, and json's if a message can't be written as a callback.
func (h *history) storeMissing(ctx context.Context, self *fact.Self, channel string, messages []rawMessage) error {
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
			arrival := h.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(fact.KindCatchUp, body)
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
