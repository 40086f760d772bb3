package teams

import (
	"cmp"
	"context"
	"slices"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels"
)

// Part of the catch-up (see history): which of the messages that Graph shows, with their edits and deletions, aren't
// stored yet? They are turned into facts, the stored form of what happened, as if Teams had sent them.

// storeMissing stores messages of a channel, and their edits and deletions, as far as they aren't stored yet. It
// stores them in the order in which they were written. inOurThread means that Parley began the thread. unclear: see
// lives.factsOfGraph.
func (h *history) storeMissing(ctx context.Context, channel string, messages []graph.Message, inOurThread bool) (unclear bool, err error) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m graph.Message) bool { return m.ID == "" || m.Type != "message" })
	slices.SortStableFunc(messages, func(a, b graph.Message) int { return compareIDs(a.ID, b.ID) })

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
		found, later, err := h.missedFacts(ctx, channel, m, inOurThread && m.ReplyToID != "", seen)
		if err != nil {
			return false, err
		}

		facts = append(facts, found...)
		unclear = unclear || later
	}

	return unclear, h.sweeper.Accept(ctx, facts)
}

// compareIDs orders ids of messages by when these were written. Ids are numbers, so a longer one is later.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// missedFacts returns the facts about a message that Teams should have told us and that aren't stored: that it was
// written, changed, deleted or restored. Some messages count only in part:
//   - of our own messages, only the deletion of a thread's first one;
//   - of what was typed while we could not read the channel, only what mentions us.
//
// seen has the ids of stored facts. unclear: see lives.factsOfGraph and expectTextLater.
func (h *history) missedFacts(ctx context.Context, channel string, m *graph.Message, inOurThread bool, seen map[string]bool) (facts []channels.Fact, unclear bool, err error) {
	at := placeOf(channel, m)
	id := fact.MessageID(channel, m.ID)
	deleted := !m.DeletedAt.IsZero()
	isDeletedRoot := deleted && m.ReplyToID == ""
	if h.IsByUs(m) && !isDeletedRoot {
		return nil, false, nil
	}
	if !deleted && m.IsBlank() { // it is being deleted, or isn't shown yet; Confirm decides before a stored one is sent
		return nil, !seen[id] && h.expectTextLater(m.ID), nil
	}

	if deleted && !seen[id] { // it was never stored, so nobody needs to know that it is gone
		return nil, false, nil
	}

	if deleted || seen[fact.DeleteID(channel, m.ID, 1)] {
		facts, unclear, err = h.lives.factsOfGraph(ctx, at, m, inOurThread)
		if err != nil || unclear {
			return nil, unclear, err
		}
		if deleted || len(facts) > 0 {
			return facts, false, nil
		}
	}

	if !seen[id] {
		p, a, err := h.PayloadOf(ctx, "", channel, m, inOurThread)
		if err != nil {
			return nil, false, err
		}

		isReplyToOthers := at.Thread != "" && !inOurThread // in somebody else's thread, in which we answered
		isForColleagues := isReplyToOthers || !h.Notes.WasReadable(channel, m.CreatedAt)
		if isForColleagues && !p.Text(&a).Bot {
			return nil, false, nil
		}

		facts = append(facts, p.Fact(id, fact.KeyOf(at)))
	}

	edit, err := h.missedEdit(ctx, at, m, inOurThread)
	return append(facts, edit...), false, err
}

func (h *history) missedEdit(ctx context.Context, at bridge.Place, m *graph.Message, inOurThread bool) ([]channels.Fact, error) {
	if m.EditedAt.IsZero() {
		return nil, nil
	}
	p, a, err := h.PayloadOf(ctx, fact.EventEdited, at.Channel, m, inOurThread)
	if err != nil {
		return nil, err
	}
	known, err := h.isStored(ctx, p, at, &a)
	if known || err != nil {
		return nil, err
	}
	return []channels.Fact{p.Fact(p.EditID(at, &a), fact.KeyOf(at))}, nil
}

// isStored reports whether a version of a message is stored, be it from the webhook or from Graph.
func (h *history) isStored(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity) (bool, error) {
	ids := append(p.KnownIDs(at, a), p.EditID(at, a))
	seen, err := h.sweeper.Seen(ctx, ids...)
	return slices.ContainsFunc(ids, func(id string) bool { return seen[id] }), err
}
