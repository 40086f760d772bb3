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
// reads it once more just before that. Changes of which no event has told are written as a callback, an event in
// Slack's own form, and stored as its facts are.

// Confirm reads a person's message again before text, which the message said, is sent to the customer. It returns
//   - Gone if the message was deleted. If no event has told of the deletion, it is stored now.
//   - Changed if the message was edited and the engine hasn't applied the edit yet. If no event has told of
//     the edit, it is stored now.
//   - Unchanged if it still says text, or if this API has no method to read messages.
//
// It also stores emoji that people have put on the message, unless an earlier Confirm or pass has found them. With an
// error, Unchanged means that the message wasn't read. Gone and Changed mean that what it shows could not be stored.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	self, err := h.identify(ctx)
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
		deleted, err := self.DeletedCallback(at)
		if err != nil {
			return bridge.Gone, err
		}
		return bridge.Gone, h.storeCallback(ctx, self, deleted)
	}

	isChanged := false
	if m.Edited != nil {
		isChanged, err = h.confirmEdit(ctx, self, at, m, text)
	}
	if err == nil && !isChanged {
		err = h.storeEmoji(ctx, self, at, m) // it may take the reply back
	}
	if err != nil || isChanged {
		return bridge.Changed, err
	}
	return bridge.Unchanged, nil
}

// confirmEdit reports whether an edited message differs from text, or has an edit that wasn't stored, which it stores.
func (h *history) confirmEdit(
	ctx context.Context, self *fact.Self, at bridge.Place, m *rawMessage, text string,
) (isChanged bool, err error) {
	id := fact.EditID(at.Channel, &m.Message)
	known, err := h.sweeper.KnownFacts(ctx, id)
	if err != nil {
		return false, err
	}
	if !known[id] {
		edited, err := self.ChangedCallback(at.Channel, m.raw)
		if err != nil {
			return false, err
		}
		return true, h.storeCallback(ctx, self, edited)
	}

	// Mentions stand in text by the names that were known when it was stored. Slack may have told none then.
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	withAgents := h.directory.withAgentNames(ctx, self, m.raw)
	withAll := h.directory.withSlackNames(askCtx, withAgents, m.raw)
	return !isReply(withAll, at, m, text) && !isReply(withAgents, at, m, text), nil
}

// storeEmoji stores the emoji that people have put on a message, except those that were found before. One that an
// event has told of may be stored a second time, under another id. That has no effect.
func (h *history) storeEmoji(ctx context.Context, self *fact.Self, at bridge.Place, m *rawMessage) error {
	callbacks, err := self.EmojiCallbacks(at, m.raw)
	if err != nil {
		return err
	}

	var found []channels.Fact
	var ids []string // of found
	for _, body := range callbacks {
		for _, f := range self.SplitEvent(fact.KindCatchUp, body).Facts {
			found, ids = append(found, f), append(ids, f.ExternalID)
		}
	}
	if len(found) == 0 {
		return nil
	}

	known, err := h.sweeper.KnownFacts(ctx, ids...)
	if err != nil {
		return err
	}
	return h.sweeper.Accept(ctx, slices.DeleteFunc(found, func(f channels.Fact) bool { return known[f.ExternalID] }))
}

// isReply reports whether a message is a reply with this text. self has the names by which mentions are written.
func isReply(self *fact.Self, at bridge.Place, m *rawMessage, text string) bool {
	now := self.Said(at.Channel, &m.Message)
	return now.MayLeave() && bridge.SameText(now.Text, text)
}

// readMessage reads a single message. found is false if the message is gone. If at.Thread is "", the message's own id
// stands for its thread: Slack accepts the id of any message of a thread.
func (h *history) readMessage(ctx context.Context, at bridge.Place) (m *rawMessage, found bool, err error) {
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

// storeCallback stores the facts of a callback that was made from what history shows.
func (h *history) storeCallback(ctx context.Context, self *fact.Self, body []byte) error {
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	arrival := h.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(fact.KindCatchUp, body)
	for i, f := range arrival.Facts {
		arrival.Facts[i] = h.describeFiles(askCtx, f)
	}
	return h.sweeper.Accept(ctx, arrival.Facts)
}
