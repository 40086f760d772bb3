// Package glance reads those few fields of a callback of Slack's that say whose message it is and where it belongs,
// and decodes nothing else. It knows plain messages alone: nearly all that arrives. A callback with anything else in
// it is left to those who decode it.
//
// What does not belong here: what becomes of a message.
package glance

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// Message is what is read.
type Message struct {
	Team, App                       string // to whom the callback is addressed
	Type, Channel, User, TS, Thread string // of the message; Thread "" = it is at the top level
}

// Read reads a callback with a plain message. false = it isn't one, or has a field that isn't known here, or isn't
// as usual, or the text isn't JSON. If true, encoding/json decodes the callback without a fault, and finds the same.
func Read(callback []byte) (m Message, plain bool) {
	if !json.Valid(callback) {
		return m, false
	}
	kind, events := "", 0
	plain = members(gjson.ParseBytes(callback), func(key string, value gjson.Result) bool {
		switch key {
		case "type":
			return name(value, &kind)
		case "team_id":
			return name(value, &m.Team)
		case "api_app_id":
			return name(value, &m.App)
		case "event":
			events++
			return members(value, func(key string, value gjson.Result) bool { return m.field(key, value) })
		case "token", "context_team_id", "context_enterprise_id", "event_id", "event_time", "authorizations", "authed_users",
			"is_ext_shared_channel", "event_context":
			return true
		}
		return false
	})
	usual := kind == "event_callback" && events == 1 && (m.Type == "message" || m.Type == "app_mention")
	return m, plain && usual && m.Channel != "" && m.TS != "" && m.User != ""
}

// field reads one field of the message. false = it isn't known here, or isn't as usual.
func (m *Message) field(key string, value gjson.Result) bool {
	switch key {
	case "type":
		return name(value, &m.Type)
	case "channel":
		return name(value, &m.Channel)
	case "user":
		return name(value, &m.User)
	case "ts":
		return name(value, &m.TS)
	case "thread_ts":
		return name(value, &m.Thread)
	case "text", "team", "parent_user_id", "event_ts":
		return value.Type == gjson.String
	case "client_msg_id", "blocks", "channel_type":
		return true
	}
	return false
}

// members reads each member of an object until read says false. false = read did, or it is no object. A key is taken
// as it is written, so that one with an escape in it is unknown.
func members(object gjson.Result, read func(key string, value gjson.Result) bool) bool {
	whole := object.IsObject()
	object.ForEach(func(key, value gjson.Result) bool {
		whole = whole && read(strings.Trim(key.Raw, `"`), value)
		return whole
	})
	return whole
}

// name reads a string that is an id or a time: printable, without an escape, and not read before.
func name(value gjson.Result, to *string) bool {
	usual := value.Type == gjson.String && *to == "" && !strings.ContainsFunc(value.Raw, func(r rune) bool { return r == '\\' || r > '~' })
	*to = value.Str
	return usual
}
