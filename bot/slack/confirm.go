package slack

import (
	"cmp"
	"context"
	"slices"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels"
)

// A reply waits a little before it goes to the customer, so that its author can still edit or delete it. Confirm
// reads it once more just before that. What it finds changed is stored as a fact, as if an event had told of it: here
// "callback" means such an event in Slack's own form.

// Confirm reads a person's message again before text, which the message said, is sent to the customer. It returns
//   - Gone if the message was deleted. If no event has told of the deletion, it is stored now.
//   - Changed if the message was edited and the engine hasn't applied the edit yet. If no event has told of
//     the edit, it is stored now.
//   - Unchanged if it still says text, or if this API has no method to read messages.
//
// It also stores emoji that people have put on the message, unless an earlier Confirm or pass has found them.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	me, err := h.identify(ctx)
	if err != nil {
		return bridge.Unchanged, err
	}

	m, found, err := h.readMessage(ctx, at)
	if refusal.CodeOf(err) == refusal.CodeUnknownMethod {
		return bridge.Unchanged, nil // this API can't read messages: the text counts as it was typed
	}
	if err != nil {
		return bridge.Unchanged, refusal.ClassifyRead(err)
	}

	if !found || m.Subtype == fact.Tombstone {
		deleted, err := me.DeletedCallback(at)
		if err != nil {
			return bridge.Gone, err
		}
		return bridge.Gone, h.takeSynthetic(ctx, me, deleted)
	}

	confirmed, err := h.confirmText(ctx, me, at, m, text)
	if err != nil || confirmed != bridge.Unchanged {
		return confirmed, err
	}
	if err := h.takeEmoji(ctx, me, at, m); err != nil {
		return bridge.Changed, err // an emoji that isn't stored may take the reply back
	}
	return bridge.Unchanged, nil
}

// confirmText compares an existing message with text. Its results are those of Confirm, without Gone.
func (h *history) confirmText(ctx context.Context, me *fact.Self, at bridge.Place, m *kept, text string) (bridge.Confirmation, error) {
	if m.Edited == nil {
		return bridge.Unchanged, nil
	}

	id := fact.EditID(at.Channel, &m.Message)
	known, err := h.sweeper.Seen(ctx, id)
	if err != nil {
		return bridge.Changed, err
	}

	if !known[id] {
		changed, err := me.ChangedCallback(at.Channel, m.raw)
		if err != nil {
			return bridge.Changed, err
		}
		return bridge.Changed, h.takeSynthetic(ctx, me, changed)
	}

	me = h.directory.withAgentNames(ctx, me, m.raw)
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	if says(h.directory.withToldNames(askCtx, me, m.raw), at, m, text) {
		return bridge.Unchanged, nil
	}
	if says(me, at, m, text) { // the text was stored while Slack told no names
		return bridge.Unchanged, nil
	}

	return bridge.Changed, nil
}

// takeEmoji stores the emoji that people have put on a message, except those that were found before. One that an
// event has told of may be stored a second time, under another id. That has no effect.
func (h *history) takeEmoji(ctx context.Context, me *fact.Self, at bridge.Place, m *kept) error {
	callbacks, err := me.EmojiCallbacks(at, m.raw)
	if err != nil {
		return err
	}

	var found []channels.Fact
	var ids []string
	for _, body := range callbacks {
		for _, f := range me.SplitEvent(fact.KindCatchUp, body).Facts {
			found, ids = append(found, f), append(ids, f.ExternalID)
		}
	}
	if len(found) == 0 {
		return nil
	}

	known, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return err
	}
	return h.sweeper.Accept(ctx, slices.DeleteFunc(found, func(f channels.Fact) bool { return known[f.ExternalID] }))
}

// says reports whether a message is a reply with this text. me has the names by which mentions are written.
func says(me *fact.Self, at bridge.Place, m *kept, text string) bool {
	now := me.Said(at.Channel, &m.Message)
	return now.MayLeave() && bridge.SameText(now.Text, text)
}

// readMessage reads a single message. found is false if the message is gone. If at.Thread is "", the message's own id
// stands for its thread: Slack accepts the id of any message of a thread.
func (h *history) readMessage(ctx context.Context, at bridge.Place) (m *kept, found bool, err error) {
	page, err := h.readPage(ctx, messageQuery(at, cmp.Or(at.Thread, at.Message)))
	if refusal.IsGone(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for i := range page.Messages {
		if page.Messages[i].TS == at.Message {
			return &page.Messages[i], true, nil
		}
	}
	return nil, false, nil
}

// takeSynthetic stores the facts of a callback that was made from history instead of sent by Slack.
func (h *history) takeSynthetic(ctx context.Context, me *fact.Self, body []byte) error {
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	arrival := h.directory.withNamesOf(ctx, askCtx, me, body).SplitEvent(fact.KindCatchUp, body)
	for i, f := range arrival.Facts {
		arrival.Facts[i] = h.describeFiles(askCtx, f)
	}
	return h.sweeper.Accept(ctx, arrival.Facts)
}
