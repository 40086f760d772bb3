package teams

import (
	"cmp"
	"context"
	"slices"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// Part of the catch-up (see history): which of the messages that Graph shows, with their edits and deletions, aren't
// stored yet? They are turned into facts, the stored form of what happened, as if Teams had sent them.

// missing is what of a message isn't stored.
type missing struct {
	facts   []channels.Fact
	unclear bool // that can't be decided yet, because Graph, or Teams' request, may only be late: look again later
}

// repliesOf returns the replies of a thread. inOurThread means that Parley began it.
func repliesOf(channel string, root *graph.Message, inOurThread bool) []organisation.Shown {
	var list []organisation.Shown
	for i := range root.Replies {
		m := &root.Replies[i]
		list = append(list, organisation.Shown{
			Message:     m,
			At:          organisation.PlaceOf(channel, m),
			InOurThread: inOurThread && m.ReplyToID != "",
		})
	}
	return list
}

// storeMissing stores messages, and their edits and deletions, as far as they aren't stored yet. It stores them in the
// order in which they were written. unclear: see missing.
func (h *history) storeMissing(ctx context.Context, messages []organisation.Shown) (unclear bool, err error) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m organisation.Shown) bool {
		return m.ID == "" || m.Type != "message"
	})
	slices.SortStableFunc(messages, func(a, b organisation.Shown) int { return compareIDs(a.ID, b.ID) })

	var ids []string
	for _, m := range messages {
		ids = append(ids, fact.MessageID(m.At.Channel, m.ID), fact.DeleteID(m.At.Channel, m.ID, 1))
	}
	seen, err := h.sweeper.KnownFacts(ctx, ids...)
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
	return unclear, h.sweeper.Accept(ctx, facts)
}

// compareIDs orders ids of messages by when these were written. Ids are numbers, so a longer one is later.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// findMissing returns the facts about a message that Teams should have told us and that aren't stored: that it was
// written, changed, deleted or restored. seen has the ids of stored facts.
func (h *history) findMissing(ctx context.Context, m organisation.Shown, seen map[string]bool) (missing, error) {
	isStored := seen[fact.MessageID(m.At.Channel, m.ID)]
	isDeleted := !m.DeletedAt.IsZero()
	isDeletedRoot := isDeleted && m.ReplyToID == ""
	switch {
	case h.IsByUs(m.Message) && !isDeletedRoot: // of our own messages, only the deletion of a thread's first one counts
		return missing{}, nil
	case isDeleted && !isStored: // nobody needs to know that it is gone
		return missing{}, nil
	case isDeleted:
		return h.lives.compare(ctx, m)
	case m.IsBlank(): // it is being deleted, or isn't shown yet; Confirm decides before a stored one is sent
		return missing{unclear: !isStored && h.expectTextLater(m.ID)}, nil
	}

	if wasDeleted := seen[fact.DeleteID(m.At.Channel, m.ID, 1)]; wasDeleted {
		restored, err := h.lives.compare(ctx, m)
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

// writtenFacts returns the fact that a message was written. There is none if the message is for colleagues: in
// somebody else's thread, in which we answered, or typed while we could not read the channel. Then it counts only if
// it mentions us.
func (h *history) writtenFacts(ctx context.Context, m organisation.Shown) ([]channels.Fact, error) {
	p, a, err := h.PayloadOf(ctx, "", m)
	if err != nil {
		return nil, err
	}

	isReplyToOthers := m.At.Thread != "" && !m.InOurThread
	isForColleagues := isReplyToOthers || !h.Notes.WasReadable(m.At.Channel, m.CreatedAt)
	if mentionsUs := p.Text(&a).Bot; isForColleagues && !mentionsUs {
		return nil, nil
	}
	return []channels.Fact{p.Fact(fact.MessageID(m.At.Channel, m.ID), fact.KeyOf(m.At))}, nil
}

// missedEdit returns the fact that a message was changed, unless it wasn't, or the version is stored.
func (h *history) missedEdit(ctx context.Context, m organisation.Shown) ([]channels.Fact, error) {
	if m.EditedAt.IsZero() {
		return nil, nil
	}
	p, a, err := h.PayloadOf(ctx, fact.EventEdited, m)
	if err != nil {
		return nil, err
	}
	known, err := h.isStored(ctx, p, m.At, &a)
	if known || err != nil {
		return nil, err
	}
	return []channels.Fact{p.Fact(p.EditID(m.At, &a), fact.KeyOf(m.At))}, nil
}

// isStored reports whether a version of a message is stored, be it from the webhook or from Graph.
func (h *history) isStored(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity) (bool, error) {
	ids := append(p.KnownIDs(at, a), p.EditID(at, a))
	seen, err := h.sweeper.KnownFacts(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}
