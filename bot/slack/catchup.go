package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels"
)

// history finds what no event told: it compares the messages that Slack keeps with those that are stored.
type history struct {
	*workspace

	directory *directory
	sweeper   *sweep.Sweeper
	memory    memory
	marks     *sweep.Marks
	compared  sweep.Compared // threads, by fact.OrderKey
	filled    atomic.Bool    // a pass of this process has ended an open gap, so that all before it is stored
	span      time.Duration  // threads whose root is older are not looked at

	rest func(context.Context, time.Duration) bool // pause.For
}

// Slack answers 50 calls of conversations.replies a minute. Where many old threads are read, some are left to
// replies that wait to be read again before they leave.
const (
	oldThreadsAtOnce = 20
	oldThreadsRest   = 2 * time.Second
)

// memory is what catching up asks of the engine besides sweep.Desk.
type memory interface {
	sweep.Memory

	// OpenThreads gives the roots of at most 500 open conversations that began before a time, of those in
	// which something happened last.
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
}

// catchUp makes one pass over all channels with threads of ours. While something may be missing it also reads the
// open threads that are too old to be found in their channel's history.
// Errors: the desk's, and Slack's. A channel that the app may not read is only logged.
func (h *history) catchUp(ctx context.Context, me *fact.Self) error {
	began, announced := h.now(), h.sweeper.Announced()
	_, open := h.sweeper.Gap()
	known, err := h.marks.Look(ctx)
	if err != nil {
		return err
	}
	holes, sure := h.holesSince(known)
	err = h.sweeper.Channels(ctx, func(ctx context.Context, channel string) error {
		return h.readable(channel, h.catchUpChannel(ctx, me, channel, stamp(holes)))
	})
	if err == nil && !sure {
		err = h.catchUpOldThreads(ctx, me, began, stamp(holes))
	}
	if err != nil || h.sweeper.Announced() != announced {
		return err
	}
	if err := h.marks.Settle(ctx, known); err != nil {
		return err
	}
	if !open && !h.filled.Load() {
		return nil
	}
	h.filled.Store(true)
	return h.marks.Raise(ctx, began)
}

// readable gives the error that reading a channel ended with, unless it says that the app may not read
// that channel.
func (h *history) readable(channel string, err error) error {
	switch codeOf(err) {
	case "channel_not_found", "not_in_channel", "is_archived", "missing_scope", noMethod:
		h.log.Warn("slack channel not readable", "channel", channel, "error", err)
		return nil
	}
	return err
}

// catchUpOldThreads reads what was written since a stamp in open threads whose roots are older than what
// is read of a channel. It goes on with the others after Slack refused to let one be read.
// Errors: the desk's, the first of Slack's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context, me *fact.Self, now time.Time, holes string) error {
	oldest := now.Add(-h.span)
	list, err := h.memory.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}
	postedAnew := func(root bridge.Place) bool { return root.Message >= stamp(oldest) } // its channel's history has it
	list = slices.DeleteFunc(list, postedAnew)
	var first error
	for n, root := range list {
		if n >= oldThreadsAtOnce && !h.rest(ctx, oldThreadsRest) {
			return ctx.Err()
		}
		err := h.catchUpThread(ctx, me, pageQuery{channel: root.Channel, thread: root.Message, oldest: holes})
		if err = h.readable(root.Channel, err); err != nil && !refused(err) { // Slack isn't reached: the others would fail, too
			return err
		}
		first = cmp.Or(first, err)
	}
	return first
}

// catchUpChannel compares the channel's history with what is stored. holes: see holesSince. It goes on with the other threads
// after Slack refused to let one be read.
// Errors: the desk's, the first of Slack's.
func (h *history) catchUpChannel(ctx context.Context, me *fact.Self, channel, holes string) error {
	q := pageQuery{channel: channel, oldest: stamp(h.now().Add(-h.span))}
	var first error
	for {
		page, err := h.page(ctx, q)
		if err != nil {
			return err
		}
		err = h.comparePage(ctx, me, channel, holes, page.Messages)
		if err != nil && !refused(err) {
			return err
		}
		first = cmp.Or(first, err)
		if q.cursor = page.next(); q.cursor == "" {
			return first
		}
	}
}

// refused reports whether Slack answered that it doesn't show what was asked for. It may show other things.
func refused(err error) bool { return codeOf(err) != "" && !fatal(err) }

// comparePage stores what is missing at top level and reads the threads of ours that changed. holes: see holesSince.
// Errors: the desk's, the first of Slack's.
func (h *history) comparePage(ctx context.Context, me *fact.Self, channel, holes string, roots []kept) error {
	var topLevel, threads []kept // what may be missing itself, and what may have replies that are missing
	since := h.typedSince()
	for _, m := range roots {
		ours, deleted := concerned(me, &m.Message), m.Subtype == "tombstone"
		if ours {
			threads = append(threads, m)
		}
		if deleted && ours || !deleted && m.TS > since {
			topLevel = append(topLevel, m)
		}
	}
	if err := h.storeMissing(ctx, me, channel, topLevel); err != nil {
		return err
	}
	var ids []string
	for _, m := range threads {
		if m.Latest != "" {
			ids = append(ids, fact.MessageID(channel, m.Latest))
		}
	}
	known, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return err
	}
	var first error
	for _, m := range threads {
		// A thread with a reply since a gap began may lack earlier replies, even if its newest one
		// is stored: the newest one may have come after the gap.
		complete := known[fact.MessageID(channel, m.Latest)] && m.Latest < holes
		if m.Latest == "" || complete || h.compared.Known(fact.OrderKey(channel, m.TS), m.Latest) {
			continue
		}
		switch err := h.catchUpThread(ctx, me, pageQuery{channel: channel, thread: m.TS}); {
		case err == nil:
			h.compared.Note(fact.OrderKey(channel, m.TS), m.Latest)
		case !refused(err):
			return err
		default:
			first = cmp.Or(first, err)
		}
	}
	return first
}

// concerned reports whether a thread is one of ours: its root is our card, or we have posted in it.
func concerned(me *fact.Self, root *fact.Message) bool {
	return me.Wrote(root) || slices.Contains(root.RepliedBy, me.User)
}

// catchUpThread stores what is missing of the thread that q names. A thread that is gone has nothing to store.
// Errors: the desk's, Slack's.
func (h *history) catchUpThread(ctx context.Context, me *fact.Self, q pageQuery) error {
	for {
		page, err := h.page(ctx, q)
		if code := codeOf(err); code == "thread_not_found" || code == "message_not_found" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.storeMissing(ctx, me, q.channel, page.Messages); err != nil {
			return err
		}
		if q.cursor = page.next(); q.cursor == "" {
			return nil
		}
	}
}

// storeMissing accepts what is not stored yet of messages, their edits and deleted roots, in the order of their
// stamps.
// Errors: the desk's.
func (h *history) storeMissing(ctx context.Context, me *fact.Self, channel string, messages []kept) error {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b kept) int { return cmp.Compare(a.TS, b.TS) })
	var found []channels.Fact
	for _, m := range messages {
		for _, body := range m.missed(me, channel) {
			found = append(found, h.directory.naming(ctx, me, body).SplitEvent(fact.KindCatchUp, body).Facts...)
		}
	}
	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ExternalID)
	}
	known, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(f channels.Fact) bool { return known[f.ExternalID] })
	return h.sweeper.Accept(ctx, found)
}

// missed gives the events that Slack should have sent about a message: that it was posted and, if it was edited, the
// edit. For our own messages it gives none. A message that can't be read makes an event that can't be read either,
// which is set aside.
func (k *kept) missed(me *fact.Self, channel string) [][]byte {
	if k.TS == "" {
		return [][]byte{synthetic(me, channel, map[string]any{"type": "message", "channel": channel, "message": k.raw})}
	}
	changed := map[string]any{"type": "message", "subtype": "message_changed", "channel": channel, "message": k.raw}
	switch {
	case me.Wrote(&k.Message):
		return nil
	case k.Subtype == "tombstone":
		return [][]byte{synthetic(me, channel, changed)}
	case !fact.Spoken(k.Subtype):
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(k.raw, &fields) != nil {
		return nil
	}
	ev := map[string]any{}
	for name, value := range fields {
		ev[name] = value
	}
	ev["type"], ev["channel"] = "message", channel
	out := [][]byte{synthetic(me, channel, ev)}
	if k.Edited != nil {
		out = append(out, synthetic(me, channel, changed))
	}
	return out
}

// holesSince is the time from which a thread may lack replies that are older than its newest one. sure means that all
// is known to be stored: then since lies in the future. If nobody knows when a gap began, as after a start or when
// another process left one, it is taken to begin when everything was last known to be stored, and at the latest an hour
// ago.
func (h *history) holesSince(known sweep.Standing) (since time.Time, sure bool) {
	now := h.now()
	began, open := h.sweeper.Gap()
	unknown := open && began.IsZero() || len(known.Abandoned) > 0
	since = now.Add(time.Hour)
	if open && !began.IsZero() {
		since = began.Add(-lookBack)
	}
	if unknown {
		since = earlier(since, now.Add(-time.Hour))
	}
	if (unknown || known.Doubted) && !known.Least.IsZero() {
		since = earlier(since, known.Least.Add(-lookBack))
	}
	return since, since.After(now)
}

// earlier gives the earlier one of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// typedSince is the stamp from which texts that people typed at top level are stored: an hour ago, or the beginning of
// an open gap, whose texts got no answer. Older ones would be answered far too late.
func (h *history) typedSince() string {
	since := h.now().Add(-time.Hour)
	if gap, open := h.sweeper.Gap(); open && !gap.IsZero() && gap.Before(since) {
		since = gap.Add(-lookBack)
	}
	return stamp(since)
}
