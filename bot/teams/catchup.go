package teams

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
	"parley/bridge"
	"parley/channels"
)

// Bounds of a catch-up.
const (
	pageOfThreads = 20     // of threads with their replies
	mostThreads   = 10_000 // of one channel
	lately        = 3 * 24 * time.Hour
	wholeEvery    = 2 * time.Hour
)

// history compares what Graph shows with what is stored, for what Teams didn't tell.
type history struct {
	*organisation

	sweeper *sweep.Sweeper
	threads *threads
	lives   *lives
	span    time.Duration      // how old a thread's root may be to be looked at
	swept   *memory[compared]  // threads that were compared, by orderKey
	whole   *memory[wholePass] // the last of each channel
}

// catchUp makes one pass over all channels with threads of ours. Where reading isn't granted,
// what was missed stays missed, and nobody waits for it.
// Errors: the desk's, and Graph's but for what is closed to us.
func (h *history) catchUp(ctx context.Context) error {
	return h.sweeper.Channels(ctx, func(ctx context.Context, channel string) error {
		err := inPages(func(size int) error { return h.catchUpChannel(ctx, channel, size) })
		switch {
		case errors.Is(err, graph.ErrNotGranted):
			h.log.Debug("teams channel may not be read", "channel", channel)
			return nil
		case closedTo(err):
			h.log.Warn("teams channel not readable", "channel", channel, "error", err)
			return nil
		}
		return err
	})
}

// closedTo tells errors that no waiting heals: the channel or team isn't there for us.
func closedTo(err error) bool {
	var e *connector.Error
	return errors.Is(err, graph.ErrNotFound) || errors.Is(err, errNowhere) || errors.Is(err, errUnlisted) ||
		errors.As(err, &e) && e.Class == channels.BadRecipient
}

// catchUpChannel reads a channel, so many threads at once: all of them after a gap and every
// two hours, in between those of the last days. To read all each time would take what Graph
// allows away from the replies that wait for it; in which order it lists is undocumented, so
// that nothing tells where the news end.
func (h *history) catchUpChannel(ctx context.Context, channel string, size int) error {
	h.notes.name(ctx, channel)
	began, unclear := h.now(), false
	oldest := began.Add(-min(lately, h.span))
	gaps := h.sweeper.Announced()
	last, _ := h.whole.get(channel)
	whole := gaps != last.gaps || began.Sub(last.began) >= wholeEvery
	if whole {
		oldest = began.Add(-h.span)
	}
	next, more := "", true
	for n := 0; more && n < mostThreads/size; n++ {
		page, err := patient(ctx, h.organisation, channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			return h.graph.Messages(ctx, group, channel, size, next)
		})
		if err != nil {
			return err
		}
		fresh := false
		var typed []graph.Message
		for i := range page.Value {
			m := &page.Value[i]
			fresh = fresh || newestOf(m).After(oldest)
			if err := h.completeThread(ctx, channel, m); err != nil {
				return err
			}
			if h.concerns(m) {
				early, err := h.catchUpThread(ctx, channel, m)
				if err != nil {
					return err
				}
				unclear = unclear || early
			} else if m.CreatedAt.After(h.chatterSince()) {
				typed = append(typed, *m)
			}
		}
		if _, err := h.storeMissing(ctx, channel, typed, false); err != nil {
			return err
		}
		next = page.Next
		more = next != "" && fresh
	}
	if more {
		h.log.Warn("teams channel has more threads than a catch-up looks at", "channel", channel, "threads", mostThreads)
	}
	if whole && !unclear {
		h.whole.put(channel, wholePass{began, gaps})
	}
	return nil
}

// wholePass is a catch-up that read all of a channel.
type wholePass struct {
	began time.Time
	gaps  int // announced until then
}

// inPages reads threads in pages of so many, and all of them again in smaller ones where an
// answer is too long: a page has the replies of its threads.
func inPages(read func(size int) error) error {
	for size := pageOfThreads; ; size /= 4 {
		if err := read(size); size == 1 || !errors.Is(err, rest.ErrTooLarge) {
			return err
		}
	}
}

// newestOf tells when something last happened in a thread: Graph may give first what was
// changed last, however old.
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

// completeThread reads the replies that didn't come with their thread.
func (h *history) completeThread(ctx context.Context, channel string, m *graph.Message) error {
	if m.MoreReplies == "" {
		return nil
	}
	return h.readReplies(ctx, channel, m, m.MoreReplies)
}

// readReplies adds to a thread its replies from a page on; "" = the first.
func (h *history) readReplies(ctx context.Context, channel string, m *graph.Message, from string) error {
	for next := from; ; {
		page, err := patient(ctx, h.organisation, channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			return h.graph.Replies(ctx, group, channel, m.ID, next)
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
	return h.byUs(m) || slices.ContainsFunc(m.Replies, func(r graph.Message) bool { return h.byUs(&r) })
}

// catchUpThread compares a thread with what is stored, unless nothing in it has changed since
// that was done. unclear: see turn.
func (h *history) catchUpThread(ctx context.Context, channel string, m *graph.Message) (unclear bool, err error) {
	all := append([]graph.Message{*m}, m.Replies...)
	key, mark := orderKey(channel, m.ID), len(all)
	changed := m.ModifiedAt
	for _, r := range m.Replies {
		if r.ModifiedAt.After(changed) {
			changed = r.ModifiedAt
		}
	}
	now := compared{changed, mark}
	if before, ok := h.swept.get(key); ok && before == now {
		return false, nil
	}
	unclear, err = h.storeMissing(ctx, channel, all, h.byUs(m))
	if err == nil && !unclear {
		h.swept.put(key, now)
	}
	return unclear, err
}

// compared is how a thread was when all of it was stored.
type compared struct {
	changedAt time.Time
	messages  int
}

// storeMissing accepts, in the order of their ids, messages, edits and deletions that are
// not stored. own: the thread was begun by us. unclear: see turn.
func (h *history) storeMissing(ctx context.Context, channel string, messages []graph.Message, own bool) (unclear bool, err error) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m graph.Message) bool { return m.ID == "" || m.Type != "message" })
	slices.SortStableFunc(messages, func(a, b graph.Message) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, m := range messages {
		ids = append(ids, messageID(channel, m.ID), deleteID(channel, m.ID, 1))
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

// missed gives what Teams should have told about a message and isn't stored: that it was
// written, changed, deleted, brought back. Of ours only that the first of a thread is gone.
// unclear: see turn.
func (h *history) missed(ctx context.Context, channel string, m *graph.Message, own bool, seen map[string]bool) (facts []channels.Fact, unclear bool, err error) {
	at := place(&connector.Activity{ID: m.ID, Conversation: &connector.ConversationAccount{ID: connector.ThreadID(channel, cmp.Or(m.ReplyToID, m.ID))}})
	key, said := orderKey(channel, root(at)), messageID(channel, m.ID)
	gone := !m.DeletedAt.IsZero()
	if h.byUs(m) && (!gone || m.ReplyToID != "") || gone && !seen[said] {
		return nil, false, nil
	}
	if gone || seen[deleteID(channel, m.ID, 1)] {
		facts, unclear, err = h.lives.turn(ctx, at, m, own)
		if gone || unclear || err != nil || len(facts) > 0 {
			return facts, unclear, err
		}
	}
	if !seen[said] {
		p, a, err := h.caught(ctx, "", channel, m, own)
		if err != nil {
			return nil, false, err
		}
		if at.Thread != "" && !own && !p.text(&a).Bot { // in somebody else's thread, where we answered
			return nil, false, nil
		}
		facts = append(facts, p.fact(said, key))
	}
	edit, err := h.missedEdit(ctx, at, m, own)
	return append(facts, edit...), false, err
}

// missedEdit gives the version of a message that isn't stored, if there is one.
func (h *history) missedEdit(ctx context.Context, at bridge.Place, m *graph.Message, own bool) ([]channels.Fact, error) {
	if m.EditedAt.IsZero() {
		return nil, nil
	}
	p, a, err := h.caught(ctx, eventEdited, at.Channel, m, own)
	if err != nil {
		return nil, err
	}
	known, err := h.knows(ctx, p, at, &a)
	if known || err != nil {
		return nil, err
	}
	return []channels.Fact{p.fact(p.editID(at, &a), orderKey(at.Channel, root(at)))}, nil
}

// knows tells whether a version of a message is stored, by whatever way it came.
func (h *history) knows(ctx context.Context, p payload, at bridge.Place, a *connector.Activity) (bool, error) {
	ids := append(p.knownIDs(at, a), p.editID(at, a))
	seen, err := h.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// chatterSince is from when on people's words at top level are of interest: they got no
// answer while we were away. Older ones would be answered far too late.
func (h *history) chatterSince() time.Time {
	since := h.now().Add(-time.Hour)
	if gap, open := h.sweeper.Gap(); open && !gap.IsZero() && gap.Before(since) {
		since = gap
	}
	return since
}
