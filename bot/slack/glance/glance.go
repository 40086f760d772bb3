// Package glance is the fast path for plain messages, which are nearly all that Slack sends. In one pass it reads the
// few fields that say to whom a message is addressed and where it belongs. It accepts only callbacks in which it knows
// every field; any other callback is left to those who decode it.
//
// What does not belong here: what becomes of a message.
package glance

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// Message says to whom a message is addressed, and where it belongs.
type Message struct {
	Team    string // the workspace to which the callback is addressed
	App     string // the app to which the callback is addressed
	Type    string // "message" or "app_mention"
	Channel string
	User    string // who wrote the message
	TS      string // the message's id in its channel
	Thread  string // the id of the thread's first message; "" at top level
}

// Read reads a callback with a plain message. If ok is true, encoding/json would find the same values. If ok is false,
// the callback isn't a plain message, has a field that isn't known here, or isn't JSON: the caller must decode it with
// encoding/json.
func Read(body []byte) (m Message, ok bool) {
	if !json.Valid(body) {
		return Message{}, false
	}
	var c callback
	if !readFields(gjson.ParseBytes(body), c.readField) || !c.isPlainMessage() {
		return Message{}, false
	}
	return c.message, true
}

// callback is what was read of a callback so far.
type callback struct {
	kind    string // of the callback
	events  int    // how many events it has; encoding/json would read the last one
	message Message
}

// readField reads one field of a callback. It returns false if the field isn't known.
func (c *callback) readField(key string, value gjson.Result) bool {
	switch key {
	case "type":
		return readID(value, &c.kind)
	case "team_id":
		return readID(value, &c.message.Team)
	case "api_app_id":
		return readID(value, &c.message.App)
	case "event":
		c.events++
		return readFields(value, c.message.readField)
	case "token", "context_team_id", "context_enterprise_id", "event_id", "event_time", "authorizations", "authed_users",
		"is_ext_shared_channel", "event_context": // not needed
		return true
	}

	return false
}

// isPlainMessage reports whether a callback has one event, and the event is a message with all that a message needs.
func (c *callback) isPlainMessage() bool {
	if c.kind != "event_callback" || c.events != 1 {
		return false
	}
	m := c.message
	if m.Type != "message" && m.Type != "app_mention" {
		return false
	}
	hasPlace := m.Channel != "" && m.TS != ""
	return hasPlace && m.User != ""
}

// readField reads one field of a message. It returns false if the field isn't known.
func (m *Message) readField(key string, value gjson.Result) bool {
	switch key {
	case "type":
		return readID(value, &m.Type)
	case "channel":
		return readID(value, &m.Channel)
	case "user":
		return readID(value, &m.User)
	case "ts":
		return readID(value, &m.TS)
	case "thread_ts":
		return readID(value, &m.Thread)
	case "text", "team", "parent_user_id", "event_ts": // not needed, but encoding/json refuses them if they aren't strings
		return value.Type == gjson.String
	case "client_msg_id", "blocks", "channel_type": // not needed
		return true
	}

	return false
}

// readFields calls read for each field of an object, until read returns false. It returns false if read did, or if object
// isn't an object. It passes keys as they are written, so that a key with an escape in it is unknown.
func readFields(object gjson.Result, read func(key string, value gjson.Result) bool) bool {
	if !object.IsObject() {
		return false
	}
	ok := true
	object.ForEach(func(key, value gjson.Result) bool {
		ok = read(strings.Trim(key.Raw, `"`), value)
		return ok
	})
	return ok
}

// readID reads an id or a time into to. It returns false if value isn't a string in plain ASCII, or if its key was there
// before: encoding/json would read the last one.
func readID(value gjson.Result, to *string) bool {
	wasThere := *to != ""
	if value.Type != gjson.String || wasThere {
		return false
	}
	if !isPlainASCII(value.Raw) {
		return false
	}
	*to = value.Str
	return true
}

// isPlainASCII reports whether a string in JSON has only printable ASCII in it, and no escape.
func isPlainASCII(raw string) bool {
	return !strings.ContainsFunc(raw, func(r rune) bool { return r == '\\' || r > '~' })
}
