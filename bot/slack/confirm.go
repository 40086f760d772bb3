package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"parley/bot/slack/fact"
	"parley/bridge"
)

// Confirm reads a person's message again before text, what it said, is sent to the customer. It returns
//   - Gone if the message was deleted; a deletion that no event has told us is stored now;
//   - Changed if the message was edited and the edit isn't applied yet; it is stored now if no event has told us;
//   - Unchanged if it still says text, and also if this API can't read messages.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	me, err := h.identify(ctx)
	if err != nil {
		return bridge.Unchanged, err
	}

	m, found, err := h.readMessage(ctx, at)
	if codeOf(err) == codeUnknownMethod {
		return bridge.Unchanged, nil // this API can't read messages: the text counts as it was typed
	}
	if err != nil {
		return bridge.Unchanged, classifyRead(err)
	}

	if !found || m.Subtype == fact.Tombstone {
		deleted, err := deletedEvent(me, at)
		if err != nil {
			return bridge.Unchanged, err
		}
		return bridge.Gone, h.takeSynthetic(ctx, me, deleted)
	}

	if m.Edited == nil {
		return bridge.Unchanged, nil
	}

	id := fact.EditID(at.Channel, &m.Message)
	known, err := h.sweeper.Seen(ctx, id)
	if err != nil {
		return bridge.Unchanged, err
	}

	if !known[id] {
		changed, err := changedEvent(me, at.Channel, m)
		if err != nil {
			return bridge.Unchanged, err
		}
		return bridge.Changed, h.takeSynthetic(ctx, me, changed)
	}

	me = h.directory.withAgentNames(ctx, me, m.raw)
	asking, cancel := h.directory.asking(ctx)
	defer cancel()
	if says(h.directory.withChannelNames(asking, me, m.raw), at, m, text) {
		return bridge.Unchanged, nil
	}
	if says(me, at, m, text) { // it was read while Slack didn't tell the names of its channels
		return bridge.Unchanged, nil
	}

	return bridge.Changed, nil
}

// says reports whether a message, read with the names that me has, is a reply with this text.
func says(me *fact.Self, at bridge.Place, m *kept, text string) bool {
	now := me.Said(at.Channel, &m.Message)
	isReply := now.Verb == bridge.VerbSay || now.Verb == bridge.VerbReply
	return isReply && bridge.SameText(now.Text, text)
}

// readMessage reads a single message. found is false if the message is gone: the request asks for it alone, and the answer
// doesn't have it. If the thread isn't known, the message's own id stands for it: Slack accepts the id of any message of a
// thread.
func (h *history) readMessage(ctx context.Context, at bridge.Place) (m *kept, found bool, err error) {
	page, err := h.readPage(ctx, messageQuery(at, cmp.Or(at.Thread, at.Message)))
	if isGone(err) {
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

// changedEvent makes the callback of an edit, or of a deleted root, whose message is a tombstone.
func changedEvent(me *fact.Self, channel string, m *kept) ([]byte, error) {
	return syntheticEvent(me, map[string]any{
		"type":    "message",
		"subtype": "message_changed",
		"channel": channel,
		"message": m.raw,
	})
}

// deletedEvent makes the callback of a deletion.
func deletedEvent(me *fact.Self, at bridge.Place) ([]byte, error) {
	return syntheticEvent(me, map[string]any{
		"type":             "message",
		"subtype":          "message_deleted",
		"channel":          at.Channel,
		"deleted_ts":       at.Message,
		"previous_message": map[string]any{"ts": at.Message, "thread_ts": at.Thread},
	})
}

// syntheticEvent makes the callback that Slack would have sent about an event.
// Errors: only if the event can't be written as JSON.
func syntheticEvent(me *fact.Self, event map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{
		"type":       "event_callback",
		"team_id":    me.Team,
		"api_app_id": me.App,
		"event":      event,
	})
	if err != nil {
		return nil, fmt.Errorf("slack: callback of an event: %w", err)
	}
	return body, nil
}

// takeSynthetic stores the facts of a callback that was made from history.
func (h *history) takeSynthetic(ctx context.Context, me *fact.Self, body []byte) error {
	asking, cancel := h.directory.asking(ctx)
	defer cancel()
	arrival := h.directory.withNamesOf(ctx, asking, me, body).SplitEvent(fact.KindCatchUp, body)
	for i, f := range arrival.Facts {
		arrival.Facts[i] = h.describeFiles(asking, f)
	}
	return h.sweeper.Accept(ctx, arrival.Facts)
}
