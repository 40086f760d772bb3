package teams

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// Teams sends each event to Parley, but some get lost. A catch-up reads the channels with Graph, Microsoft's API for
// reading, and this file finds what is missing: messages, edits and deletions that Graph shows and that aren't stored.
// It stores them as facts (a fact is one thing that happened), as if Teams had sent them.

// missing is what isn't stored about a message.
type missing struct {
	facts   []channels.Fact
	unclear bool // can't be decided yet, because Graph or a request of Teams may only be late: check again later
}

// repliesOf returns the replies of a thread. inOurThread means that Parley began the thread.
func repliesOf(channel string, root *Message, inOurThread bool) []Shown {
	var list []Shown
	for i := range root.Replies {
		m := &root.Replies[i]
		list = append(list, Shown{
			Message: m, At: OrganisationPlaceOf(channel, m), InOurThread: inOurThread && m.ReplyToID != "",
		})
	}
	return list
}

// storeMissing stores those messages, edits and deletions that aren't stored yet, in the order in which the messages
// were written. unclear: see missing.
func (h *history) storeMissing(ctx context.Context, messages []Shown) (unclear bool, err error) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m Shown) bool {
		return m.ID == "" || m.Type != "message"
	})
	slices.SortStableFunc(messages, func(a, b Shown) int { return compareIDs(a.ID, b.ID) })

	var ids []string
	for _, m := range messages {
		ids = append(ids, MessageID(m.At.Channel, m.ID), DeleteID(m.At.Channel, m.ID, 1))
	}
	seen, err := h.Sweep.KnownFacts(ctx, ids...)
	if err != nil {
		return false, err
	}

	var facts []channels.Fact
	for _, m := range messages {
		found, err := h.findMissing(ctx, m, seen)
		if err != nil {
			return false, err
		}
		facts = append(facts, found.facts...)
		unclear = unclear || found.unclear
	}
	return unclear, h.Sweep.Accept(ctx, facts)
}

// compareIDs orders ids of messages by time. Ids are numbers that grow, so a longer id is later.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// findMissing returns the facts about a message that aren't stored: that it was written, changed, deleted or restored.
// seen has the ids of stored facts.
func (h *history) findMissing(ctx context.Context, m Shown, seen map[string]bool) (missing, error) {
	isStored := seen[MessageID(m.At.Channel, m.ID)]
	isDeleted := !m.DeletedAt.IsZero()
	isDeletedRoot := isDeleted && m.ReplyToID == ""
	switch {
	case h.IsByUs(m.Message) && !isDeletedRoot: // of our own messages, only a thread's first one matters, if it is deleted
		return missing{}, nil
	case isDeleted && !isStored: // we never knew the message
		return missing{}, nil
	case isDeleted:
		return h.compareDeletion(ctx, m)
	case m.IsBlank(): // it is being deleted, or isn't shown yet; Confirm checks a stored one before it is sent
		return missing{unclear: !isStored && h.expectTextLater(m.ID)}, nil
	}

	if wasDeleted := seen[DeleteID(m.At.Channel, m.ID, 1)]; wasDeleted {
		restored, err := h.compareDeletion(ctx, m)
		if err != nil || restored.unclear || len(restored.facts) > 0 {
			return restored, err
		}
	}

	var facts []channels.Fact
	if !isStored {
		written, err := h.writtenFacts(ctx, m)
		if err != nil || len(written) == 0 {
			return missing{}, err
		}
		facts = written
	}

	edits, err := h.missedEdit(ctx, m)
	return missing{facts: append(facts, edits...)}, err
}

// writtenFacts returns the fact that a message was written; none if the message is for colleagues. That is a message in
// somebody else's thread, or one that was typed while we could not read the channel, unless it mentions Parley.
func (h *history) writtenFacts(ctx context.Context, m Shown) ([]channels.Fact, error) {
	p, a, err := h.PayloadOf(ctx, "", m)
	if err != nil {
		return nil, err
	}

	isReplyToOthers := m.At.Thread != "" && !m.InOurThread
	isForColleagues := isReplyToOthers || !h.Notes.WasReadable(m.At.Channel, m.CreatedAt)
	mentionsUs := p.Text(&a).Bot
	if isForColleagues && !mentionsUs {
		return nil, nil
	}
	return []channels.Fact{p.Fact(MessageID(m.At.Channel, m.ID), KeyOf(m.At))}, nil
}

// missedEdit returns the fact that a message was edited; none if it wasn't, or if its latest version is stored.
func (h *history) missedEdit(ctx context.Context, m Shown) ([]channels.Fact, error) {
	if m.EditedAt.IsZero() {
		return nil, nil
	}
	p, a, err := h.PayloadOf(ctx, EventEdited, m)
	if err != nil {
		return nil, err
	}
	known, err := h.isStored(ctx, p, m.At, &a)
	if known || err != nil {
		return nil, err
	}
	return []channels.Fact{p.Fact(p.EditID(m.At, &a), KeyOf(m.At))}, nil
}

// isStored reports whether a version of a message is stored, whether it came from Teams' request or from Graph.
func (h *history) isStored(ctx context.Context, p Payload, at bridge.Place, a *Activity) (bool, error) {
	ids := append(p.KnownIDs(at, a), p.EditID(at, a))
	seen, err := h.Sweep.KnownFacts(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}

// Teams sends each event to Parley, but some get lost. A catch-up finds the missed messages by reading channels with
// Graph, Microsoft's API for reading. It reads only threads of the last 90 days (by default), but a conversation may be
// open for longer. After a gap (a time in which events may have been missed), catchUpOldThreads reads the threads of such
// conversations one by one.

// Graph allows 5 requests per second for messages of channels, and fewer for a single channel. So there are pauses
// while many old threads are read. They leave requests for replies to customers, whose messages are read again before
// they are sent.
// Source: learn.microsoft.com/graph/throttling-limits, "Microsoft Teams service limits", as quoted by others, read
// 2026-11.
const (
	oldThreadsBeforePause = 20
	oldThreadPause        = time.Second
)

// catchUpOldThreads reads all open threads that are too old to be found in their channel. Graph doesn't show in which
// of them somebody has written, so it reads each. If Graph refuses one, it continues with the others.
// Errors: those of the store, the first of Graph's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context) error {
	oldest := h.Now().Add(-h.maxAge)
	list, err := h.Desk.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}

	list = slices.DeleteFunc(list, func(root bridge.Place) bool {
		began := timeWritten(root.Message)
		return began.IsZero() || !began.Before(oldest) // not an id of Teams, or the first message was posted again later
	})
	pause := func(ctx context.Context) bool { return h.pauseFor(ctx, oldThreadPause) }
	return forms.Threads(ctx, list, oldThreadsBeforePause, pause, isRefused, func(root bridge.Place) error {
		return h.ignoreUnreadable(root.Channel, h.catchUpOldThread(ctx, root))
	})
}

// isRefused reports whether an error is a refusal of Graph for which retrying is useless.
func isRefused(err error) bool {
	var e *GraphError
	_, again := Wait(err)
	return errors.As(err, &e) && !again
}

// catchUpOldThread compares the replies of a thread with what is stored. root is the place of its first message.
func (h *history) catchUpOldThread(ctx context.Context, root bridge.Place) error {
	inOurThread, err := h.Threads.IsOurs(ctx, bridge.Place{Channel: root.Channel, Thread: root.Message, Message: root.Message})
	if err != nil {
		return err
	}
	thread := Message{ID: root.Message}
	const firstPage = ""
	if err := h.readReplies(ctx, root.Channel, &thread, firstPage); err != nil {
		return err
	}
	_, err = h.storeMissing(ctx, repliesOf(root.Channel, &thread, inOurThread))
	return err
}
