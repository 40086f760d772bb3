package fact

import (
	"encoding/json"
	"fmt"

	"parley/bridge"
)

// While the connection to Slack is down, callbacks are missed. Then Slack's history is read, and this file makes of each
// message the callbacks that Slack would have sent. So what is found is stored and decoded in the same way as what was
// told, and under the same ids: nothing counts twice.

// MissedCallbacks makes the callbacks about a message, which is raw in the history: that it was posted and, if it was
// edited, the edit. For our own messages there are none. A message without a time becomes a callback that can't be read
// either, so that it is put into quarantine.
// Errors: raw is no JSON object.
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
	post, err := s.makeCallback(posted)
	if err != nil || m.Edited == nil {
		return [][]byte{post}, err
	}

	edit, err := s.ChangedCallback(channel, raw)
	return [][]byte{post, edit}, err
}

// ChangedCallback makes the callback of an edit, or of a deletion if the message is a Tombstone. message is as Slack wrote it.
// Errors: the message is no JSON.
func (s *Self) ChangedCallback(channel string, message json.RawMessage) ([]byte, error) {
	return s.makeCallback(map[string]any{
		"type":    "message",
		"subtype": "message_changed",
		"channel": channel,
		"message": message,
	})
}

// DeletedCallback makes the callback of a deletion.
// Errors: none that is expected.
func (s *Self) DeletedCallback(at bridge.Place) ([]byte, error) {
	return s.makeCallback(map[string]any{
		"type":             "message",
		"subtype":          "message_deleted",
		"channel":          at.Channel,
		"deleted_ts":       at.Message,
		"previous_message": map[string]any{"ts": at.Message, "thread_ts": at.Thread},
	})
}

// makeCallback makes the callback of an event.
// Errors: the event can't be written as JSON.
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

// EmojiCallbacks makes the callbacks of the emoji that people have put on a message. Slack doesn't tell when they were added,
// and may leave out some people if many added the same one. Our own emoji make no callbacks, and neither do reactions
// that can't be read.
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
