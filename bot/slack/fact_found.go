package slack

import (
	"encoding/json"
	"fmt"

	"parley/bridge"
)

// Slack reports each event by a callback, a JSON object like
//
//	{"type":"event_callback","team_id":"T1","event":{"type":"message","channel":"C1","ts":"1.2","text":"Hi"}}
//
// While the connection is down, callbacks are missed. Afterwards Parley reads the messages in Slack's history, and this
// file builds from each message the callbacks that Slack would have sent. They are stored and decoded like real ones, and
// get the same ids, so that an event counts only once even if Slack delivers it, too.

// MissedCallbacks returns the callbacks about a message in the history: one for its creation and, if it was edited, one
// for the edit. For our own messages it returns none. raw is the JSON from which m was decoded. If the message has no id,
// the callback is invalid on purpose, so that it is quarantined: stored for inspection, without effect.
// Errors: those of encoding/json.
func (s *Self) MissedCallbacks(channel string, m *Message, raw json.RawMessage) ([][]byte, error) {
	if m.TS == "" {
		unreadable, err := s.makeCallback(map[string]any{"type": "message", "channel": channel, "message": raw})
		return [][]byte{unreadable}, err
	}
	if s.IsOwnMessage(m) {
		return nil, nil
	}
	if m.Subtype == Tombstone {
		deletion, err := s.ChangedCallback(channel, raw)
		return [][]byte{deletion}, err
	}
	if !IsWritten(m.Subtype) {
		return nil, nil
	}

	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}

	posted := map[string]any{}
	for name, value := range fields {
		posted[name] = value
	}
	posted["type"] = "message"
	posted["channel"] = channel
	creation, err := s.makeCallback(posted)
	if err != nil || m.Edited == nil {
		return [][]byte{creation}, err
	}

	edit, err := s.ChangedCallback(channel, raw)
	return [][]byte{creation, edit}, err
}

// ChangedCallback returns the callback of an edit or, if the message is a Tombstone, of a deletion. message is Slack's
// JSON of the message.
// Errors: those of encoding/json.
func (s *Self) ChangedCallback(channel string, message json.RawMessage) ([]byte, error) {
	return s.makeCallback(map[string]any{
		"type":    "message",
		"subtype": "message_changed",
		"channel": channel,
		"message": message,
	})
}

// DeletedCallback returns the callback of the deletion of the message at a place.
func (s *Self) DeletedCallback(at bridge.Place) ([]byte, error) {
	return s.makeCallback(map[string]any{
		"type":             "message",
		"subtype":          "message_deleted",
		"channel":          at.Channel,
		"deleted_ts":       at.Message,
		"previous_message": map[string]any{"ts": at.Message, "thread_ts": at.Thread},
	})
}

// makeCallback wraps an event as Slack does.
func (s *Self) makeCallback(event map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{
		"type":       "event_callback",
		"team_id":    s.Team,
		"api_app_id": s.App,
		"event":      event,
	})
	if err != nil {
		return nil, fmt.Errorf("slack: callback of an event: %w", err)
	}
	return body, nil
}

// EmojiCallbacks returns a callback for each emoji that a person has added to a message. message is Slack's JSON of it.
// Slack doesn't say when an emoji was added, and may list only some of many people who added the same one. Our own emoji
// are left out. If message can't be decoded, there are no callbacks.
// Source: docs.slack.dev/reference/methods/reactions.get, read 2026-11.
func (s *Self) EmojiCallbacks(at bridge.Place, message json.RawMessage) ([][]byte, error) {
	var shown struct {
		User      string `json:"user"`
		Reactions []struct {
			Name  string   `json:"name"`
			Users []string `json:"users"`
		} `json:"reactions"`
	}
	if json.Unmarshal(message, &shown) != nil {
		return nil, nil
	}

	var callbacks [][]byte
	for _, emoji := range shown.Reactions {
		for _, user := range emoji.Users {
			if user == s.User {
				continue
			}

			body, err := s.makeCallback(map[string]any{
				"type":      "reaction_added",
				"user":      user,
				"reaction":  emoji.Name,
				"item":      map[string]any{"type": "message", "channel": at.Channel, "ts": at.Message},
				"item_user": shown.User,
			})
			if err != nil {
				return nil, err
			}

			callbacks = append(callbacks, body)
		}
	}

	return callbacks, nil
}
