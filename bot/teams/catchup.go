package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/recent"
	"parley/bot/teams/rest"
	"parley/bridge"
	"parley/channels"
)

// Bounds of a catch-up.
const (
	pageOfThreads = 20     // threads, with their replies, in one page
	mostThreads   = 10_000 // threads of one channel in one pass
	lately        = 3 * 24 * time.Hour
	wholeEvery    = 2 * time.Hour
)

// history finds what Teams didn't tell: it compares the messages that Graph shows with those that are stored.
type history struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
	threads *threads
	lives   *lives
	span    time.Duration          // threads whose root is older are not looked at
	swept   *recent.Map[compared]  // threads that were compared, by fact.OrderKey
	whole   *recent.Map[wholePass] // the last whole pass over each channel

	open openThreads
	rest func(context.Context, time.Duration) bool // pause.For
}

// catchUp makes one pass over all channels with threads of ours. While there is a gap it also reads the
// open threads that are too old to be found among their channel's. In channels that we may not read, missed
// events stay missed, and no reply waits for them.
// Errors: the desk's, and Graph's. A channel that is closed to us is only logged.
func (h *history) catchUp(ctx context.Context) error {
	_, open := h.sweeper.Gap()
	err := h.sweeper.Channels(ctx, func(ctx context.Context, channel string) error {
		return h.readable(channel, inPages(func(size int) error { return h.catchUpChannel(ctx, channel, size) }))
	})
	if err == nil && open {
		err = h.catchUpOldThreads(ctx)
	}
	return err
}

// readable gives the error that reading a channel ended with, unless it says that we may not read it.
func (h *history) readable(channel string, err error) error {
	switch {
	case errors.Is(err, graph.ErrNotGranted):
		h.Log.Debug("teams channel may not be read", "channel", channel)
		return nil
	case organisation.ClosedTo(err):
		h.Log.Warn("teams channel not readable", "channel", channel, "error", err)
		return nil
	}
	return err
}

// catchUpChannel reads a channel's threads, size of them at once. After a gap and every two hours it
// reads all of them, in between those of the last three days: to read all each time would use up the
// calls that Graph allows, for which replies wait. Pages go back to the given age, because the order
// in which Graph lists threads is undocumented and doesn't show where the news end.
func (h *history) catchUpChannel(ctx context.Context, channel string, size int) error {
	h.Notes.LearnName(ctx, channel)
	began, unclear := h.Now(), false
	oldest := began.Add(-min(lately, h.span))
	gaps := h.sweeper.Announced()
	var first error
	last, _ := h.whole.Get(channel)
	whole := gaps != last.gaps || began.Sub(last.began) >= wholeEvery
	if whole {
		oldest = began.Add(-h.span)
	}
	next, more := "", true
	for n := 0; more && n < mostThreads/size; n++ {
		page, err := organisation.Patient(ctx, h.Organisation, channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			return h.Graph.Messages(ctx, group, channel, size, next)
		})
		if err != nil {
			return pageError(err, next)
		}
		fresh := slices.ContainsFunc(page.Value, func(m graph.Message) bool { return newestOf(&m).After(oldest) })
		later, err := h.comparePage(ctx, channel, page.Value)
		if err != nil && !refused(err) {
			return err
		}
		unclear, first = unclear || later, cmp.Or(first, err)
		next = page.Next
		more = next != "" && fresh
	}
	if more {
		h.Log.Warn("teams channel has more threads than a catch-up looks at", "channel", channel, "threads", mostThreads)
	}
	if whole && !unclear && first == nil {
		h.whole.Put(channel, wholePass{began, gaps})
	}
	return first
}

// pageError is the error of a page that could not be read. A further page that isn't found has expired: that doesn't mean
// that the channel is closed to us, and reading begins anew.
func pageError(err error, page string) error {
	if page != "" && errors.Is(err, graph.ErrNotFound) {
		return fmt.Errorf("teams: a page of messages has expired: %v", err) //nolint:errorlint // it isn't ErrNotFound
	}
	return err
}

// comparePage compares threads with what is stored. It goes on with the others after Graph refused to show one. unclear:
// some are to be read again; see also turn.
// Errors: the desk's, the first of Graph's.
func (h *history) comparePage(ctx context.Context, channel string, roots []graph.Message) (unclear bool, err error) {
	var typed []graph.Message
	var first error
	for i := range roots {
		m := &roots[i]
		err := h.completeThread(ctx, channel, m)
		switch {
		case errors.Is(err, graph.ErrNotFound):
			h.Log.Warn("teams thread not readable", "channel", channel, "thread", m.ID, "error", err)
			unclear = true
			continue
		case err != nil && refused(err):
			first = cmp.Or(first, err)
			continue
		case err != nil:
			return unclear, err
		}
		if h.concerns(m) {
			early, err := h.catchUpThread(ctx, channel, m)
			if err != nil {
				return unclear, err
			}
			unclear = unclear || early
		} else if m.CreatedAt.After(h.chatterSince()) {
			typed = append(typed, *m)
		}
	}
	if _, err := h.storeMissing(ctx, channel, typed, false); err != nil {
		return unclear, err
	}
	return unclear, first
}

// wholePass is a pass that read all threads of a channel.
type wholePass struct {
	began time.Time
	gaps  int // how many gaps had been announced when it began
}

// inPages calls read with a size for its pages, and again with a smaller one if an answer was too long:
// a page also has the replies of its threads.
func inPages(read func(size int) error) error {
	for size := pageOfThreads; ; size /= 4 {
		if err := read(size); size == 1 || !errors.Is(err, rest.ErrTooLarge) {
			return err
		}
	}
}

// newestOf tells when something last happened in a thread. Its creation alone doesn't tell that: Graph
// may list old threads first that were changed lately.
func newestOf(m *graph.Message) time.Time {
	at := m.CreatedAt
	for _, r := range append([]graph.Message{*m}, m.Replies...) {
		for _, t := range []time.Time{r.CreatedAt, r.ModifiedAt} {
			if t.After(at) {
				at = t
			}
		}
	}
	return at
}

// completeThread reads the replies that were too many to come with their thread.
func (h *history) completeThread(ctx context.Context, channel string, m *graph.Message) error {
	if m.MoreReplies == "" {
		return nil
	}
	err := h.readReplies(ctx, channel, m, m.MoreReplies)
	if errors.Is(err, graph.ErrNotFound) { // the page has expired
		m.Replies = nil
		err = h.readReplies(ctx, channel, m, "")
	}
	return err
}

// readReplies adds replies to a thread, from the given page on; "" = the first page.
func (h *history) readReplies(ctx context.Context, channel string, m *graph.Message, from string) error {
	for next := from; ; {
		page, err := organisation.Patient(ctx, h.Organisation, channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			return h.Graph.Replies(ctx, group, channel, m.ID, next)
		})
		if err != nil {
			return err
		}
		m.Replies = append(m.Replies, page.Value...)
		if next = page.Next; next == "" {
			return nil
		}
	}
}

// concerns tells whether a thread is one of ours: under our card, or with a post of ours.
func (h *history) concerns(m *graph.Message) bool {
	return h.ByUs(m) || slices.ContainsFunc(m.Replies, func(r graph.Message) bool { return h.ByUs(&r) })
}

// catchUpThread compares a thread with what is stored, unless nothing in it has changed since
// that was done. unclear: see turn.
func (h *history) catchUpThread(ctx context.Context, channel string, m *graph.Message) (unclear bool, err error) {
	all := append([]graph.Message{*m}, m.Replies...)
	key, mark := fact.OrderKey(channel, m.ID), len(all)
	changed := m.ModifiedAt
	for _, r := range m.Replies {
		if r.ModifiedAt.After(changed) {
			changed = r.ModifiedAt
		}
	}
	now := compared{changed, mark}
	if before, ok := h.swept.Get(key); ok && before == now {
		return false, nil
	}
	unclear, err = h.storeMissing(ctx, channel, all, h.ByUs(m))
	if err == nil && !unclear {
		h.swept.Put(key, now)
	}
	return unclear, err
}

// compared is how a thread was when all of it was stored.
type compared struct {
	changedAt time.Time
	messages  int
}

// storeMissing stores messages, edits and deletions that are not stored yet, in the order of the
// messages' ids. own means that we began the thread. unclear: see turn.
func (h *history) storeMissing(ctx context.Context, channel string, messages []graph.Message, own bool) (unclear bool, err error) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m graph.Message) bool { return m.ID == "" || m.Type != "message" })
	slices.SortStableFunc(messages, func(a, b graph.Message) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, m := range messages {
		ids = append(ids, fact.MessageID(channel, m.ID), fact.DeleteID(channel, m.ID, 1))
	}
	seen, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return false, err
	}
	var facts []channels.Fact
	for i := range messages {
		m := &messages[i]
		found, later, err := h.missed(ctx, channel, m, own && m.ReplyToID != "", seen)
		if err != nil {
			return false, err
		}
		facts, unclear = append(facts, found...), unclear || later
	}
	return unclear, h.sweeper.Accept(ctx, facts)
}

// missed gives the facts about a message that Teams should have told and that aren't stored: that it
// was written, changed, deleted or restored. Of our own messages only the deletion of a thread's first
// one counts. unclear: see turn.
func (h *history) missed(ctx context.Context, channel string, m *graph.Message, own bool, seen map[string]bool) (facts []channels.Fact, unclear bool, err error) {
	at := fact.PlaceOf(&connector.Activity{ID: m.ID, Conversation: &connector.ConversationAccount{ID: connector.ThreadID(channel, cmp.Or(m.ReplyToID, m.ID))}})
	key, said := fact.OrderKey(channel, fact.Root(at)), fact.MessageID(channel, m.ID)
	gone := !m.DeletedAt.IsZero()
	if h.ByUs(m) && (!gone || m.ReplyToID != "") || gone && !seen[said] {
		return nil, false, nil
	}
	if gone || seen[fact.DeleteID(channel, m.ID, 1)] {
		facts, unclear, err = h.lives.turn(ctx, at, m, own)
		if gone || unclear || err != nil || len(facts) > 0 {
			return facts, unclear, err
		}
	}
	if !seen[said] {
		p, a, err := h.Caught(ctx, "", channel, m, own)
		if err != nil {
			return nil, false, err
		}
		if at.Thread != "" && !own && !p.Text(&a).Bot { // a reply in somebody else's thread, in which we answered
			return nil, false, nil
		}
		facts = append(facts, p.Fact(said, key))
	}
	edit, err := h.missedEdit(ctx, at, m, own)
	return append(facts, edit...), false, err
}

// missedEdit gives the last edit of a message, if it isn't stored.
func (h *history) missedEdit(ctx context.Context, at bridge.Place, m *graph.Message, own bool) ([]channels.Fact, error) {
	if m.EditedAt.IsZero() {
		return nil, nil
	}
	p, a, err := h.Caught(ctx, fact.EventEdited, at.Channel, m, own)
	if err != nil {
		return nil, err
	}
	known, err := h.knows(ctx, p, at, &a)
	if known || err != nil {
		return nil, err
	}
	return []channels.Fact{p.Fact(p.EditID(at, &a), fact.KeyOf(at))}, nil
}

// knows tells whether a version of a message is stored, whether the webhook or Graph gave it.
func (h *history) knows(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity) (bool, error) {
	ids := append(p.KnownIDs(at, a), p.EditID(at, a))
	seen, err := h.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// chatterSince is the time from which messages that people typed at top level are still stored: those of
// an open gap got no answer. Older ones would be answered far too late.
func (h *history) chatterSince() time.Time {
	since := h.Now().Add(-time.Hour)
	if gap, open := h.sweeper.Gap(); open && !gap.IsZero() && gap.Before(since) {
		since = gap
	}
	return since
}
