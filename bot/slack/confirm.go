package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"parley/bot/slack/fact"
	"parley/bridge"
	"parley/channels"
)

// Confirm reads a person's message again before its text leaves, and stores a deletion or an edit that
// no event told. If the edit is stored already, it compares text with the message as it is now: they
// differ while the edit isn't applied yet.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	me, err := h.identify(ctx)
	if err != nil {
		return bridge.Unchanged, err
	}
	m, err := h.one(ctx, at)
	if codeOf(err) == noMethod {
		return bridge.Unchanged, nil // this API can't read messages: the text counts as it was typed
	}
	if err != nil {
		return bridge.Unchanged, unread(err)
	}
	if m == nil || m.Subtype == "tombstone" {
		body := synthetic(me, at.Channel, map[string]any{"type": "message", "subtype": "message_deleted", "channel": at.Channel, "deleted_ts": at.Message,
			"previous_message": map[string]any{"ts": at.Message, "thread_ts": at.Thread}})
		return bridge.Gone, h.takeSynthetic(ctx, me, body)
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
		body := synthetic(me, at.Channel, map[string]any{"type": "message", "subtype": "message_changed", "channel": at.Channel, "message": m.raw})
		return bridge.Changed, h.takeSynthetic(ctx, me, body)
	}
	now := h.directory.naming(ctx, me, m.raw).Said(at.Channel, &m.Message)
	if now.Verb != bridge.VerbSay && now.Verb != bridge.VerbReply || !bridge.SameText(now.Text, text) {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// one reads a single message; nil when it is gone. Where the thread isn't known, the message's own id
// finds it: Slack takes the id of any message of a thread.
func (h *history) one(ctx context.Context, at bridge.Place) (*kept, error) {
	q := pageQuery{channel: at.Channel, thread: cmp.Or(at.Thread, at.Message), oldest: at.Message, latest: at.Message, limit: 2}
	page, err := h.page(ctx, q)
	if code := codeOf(err); code == "thread_not_found" || code == "message_not_found" {
		return nil, nil //nolint:nilnil // nothing there
	}
	if err != nil {
		return nil, err
	}
	for i := range page.Messages {
		if page.Messages[i].TS == at.Message {
			return &page.Messages[i], nil
		}
	}
	return nil, nil //nolint:nilnil // nothing there
}

// synthetic makes the callback that Slack would have sent about an event.
func synthetic(me *fact.Self, channel string, ev map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": me.Team, "api_app_id": me.App, "event": ev})
	if err != nil {
		return []byte(strconv.Quote(channel)) // not readable: ends up quarantined, never lost
	}
	return body
}

func (h *history) takeSynthetic(ctx context.Context, me *fact.Self, bodies ...[]byte) error {
	var facts []channels.Fact
	for _, body := range bodies {
		facts = append(facts, h.directory.naming(ctx, me, body).SplitEvent(fact.KindCatchUp, body).Facts...)
	}
	return h.sweeper.Accept(ctx, facts)
}
