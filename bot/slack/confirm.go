package slack

import (
	"cmp"
	"context"
	"slices"

	"parley/bridge"
	"parley/channels"
)

// An agent answers a customer by typing a message in Slack. Parley delays the reply for some seconds, so that the agent
// can still edit or delete it. But Slack's event about the edit may be late or lost. So this file reads the message
// once more, right before its text is sent. If it has changed, the change is stored as a callback, the JSON in which
// Slack would have sent the event, and the reply isn't sent.

// Confirm reads the message at a place again, before text, the content that is known, is sent to the customer. It returns
//   - Gone if the message was deleted.
//   - Changed if the message was edited and the engine hasn't applied the edit yet.
//   - Unchanged if it still has this text, or if this API has no method to read messages.
//
// It stores a deletion or edit about which no event has arrived. It also stores the emoji on the message, except those
// that were found in Slack before, because an emoji may stop the reply.
//
// If the error isn't nil, Unchanged means that the message couldn't be read. Gone and Changed mean that its state
// couldn't be compared or stored.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	self, err := h.identify(ctx)
	if err != nil {
		return bridge.Unchanged, err
	}

	m, found, err := h.readMessage(ctx, at)
	if CodeOf(err) == CodeUnknownMethod {
		return bridge.Unchanged, nil // this API can't read messages
	}
	if err != nil {
		return bridge.Unchanged, ClassifyRead(err)
	}

	if !found || m.Subtype == Tombstone {
		deleted, err := self.DeletedCallback(at)
		if err != nil {
			return bridge.Gone, err
		}
		return bridge.Gone, h.storeCallback(ctx, self, deleted)
	}

	if m.Edited != nil {
		isChanged, err := h.confirmEdit(ctx, self, at, m, text)
		if err != nil || isChanged {
			return bridge.Changed, err
		}
	}
	if err := h.storeEmoji(ctx, self, at, m); err != nil {
		return bridge.Changed, err
	}
	return bridge.Unchanged, nil
}

// confirmEdit reports whether an edited message differs from text. If the edit wasn't stored yet, it stores it and
// returns true.
func (h *history) confirmEdit(
	ctx context.Context, self *Self, at bridge.Place, m *rawMessage, text string,
) (isChanged bool, err error) {
	id := EditID(at.Channel, &m.Message)
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

	// In text, mentions are replaced by names. When it was stored, perhaps only the names of agents were known, so
	// compare both with those and with all names.
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	withAgents := h.directory.withAgentNames(ctx, self, m.raw)
	withAll := h.directory.withSlackNames(askCtx, withAgents, m.raw)
	return !isReply(withAll, at, m, text) && !isReply(withAgents, at, m, text), nil
}

// storeEmoji stores the emoji on a message as facts, except those that were found in Slack before. An emoji about which
// an event has arrived may be stored a second time, under another id. That has no effect.
func (h *history) storeEmoji(ctx context.Context, self *Self, at bridge.Place, m *rawMessage) error {
	callbacks, err := self.EmojiCallbacks(at, m.raw)
	if err != nil {
		return err
	}

	var found []channels.Fact
	var ids []string // of found
	for _, body := range callbacks {
		for _, f := range self.SplitEvent(KindCatchUp, body).Facts {
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

// isReply reports whether a message is a reply to the customer with this text. self has the names for its mentions.
func isReply(self *Self, at bridge.Place, m *rawMessage, text string) bool {
	current := self.Said(at.Channel, &m.Message)
	return current.MayLeave() && bridge.SameText(current.Text, text)
}

// readMessage reads a single message. found is false if the message was deleted. If at.Thread is "", the message's own
// id is used for it, since Slack accepts the id of any message of a thread.
func (h *history) readMessage(ctx context.Context, at bridge.Place) (m *rawMessage, found bool, err error) {
	page, err := h.readPage(ctx, messageQuery(at, cmp.Or(at.Thread, at.Message)))
	if IsGone(err) {
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

// storeCallback stores the facts of a callback that this process has made itself.
func (h *history) storeCallback(ctx context.Context, self *Self, body []byte) error {
	askCtx, cancel := h.directory.boundAsking(ctx)
	defer cancel()
	arrival := h.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(KindCatchUp, body)
	for i, f := range arrival.Facts {
		arrival.Facts[i] = h.describeFiles(askCtx, f)
	}
	return h.sweeper.Accept(ctx, arrival.Facts)
}
