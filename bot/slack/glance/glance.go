// Package glance is a fast path for plain messages, which are nearly all events that Slack sends. An event arrives as a
// callback, a JSON object:
//
//	{"type":"event_callback","team_id":"T1","api_app_id":"A1",
//	 "event":{"type":"message","channel":"C1","user":"U1","ts":"1700000000.000100","text":"Hi"}}
//
// Before Slack gets its response, Parley needs only the ids in it. Package glance reads them in one pass, without
// decoding the rest. It must never find other values than encoding/json would. So it accepts only callbacks of which it
// knows every field, and leaves all others to encoding/json.
package glance

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// Message has the ids in a callback about a plain message.
type Message struct {
	Team    string // the workspace to which the callback is addressed
	App     string // the app to which the callback is addressed
	Type    string // "message" or "app_mention"
	Channel string
	User    string // the author
	TS      string // the message's id in its channel
	Thread  string // the id of the thread's first message; "" if the message isn't a reply
}

// Read reads a callback about a plain message. If ok is false, the caller must decode the callback with encoding/json: it
// isn't about a plain message, has an unknown field, or isn't JSON.
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

// callback has the fields of a callback that were read so far.
type callback struct {
	kind    string // the field "type"
	events  int    // how often the key "event" occurs; encoding/json would use the last one
	message Message
}

// readField reads one field of a callback. It returns false if the field is unknown or has an unexpected value.
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

// isPlainMessage reports whether a callback has exactly one event, which is a message with all required fields.
func (c *callback) isPlainMessage() bool {
	if c.kind != "event_callback" || c.events != 1 {
		return false
	}
	m := c.message
	if m.Type != "message" && m.Type != "app_mention" {
		return false
	}
	return m.Channel != "" && m.TS != "" && m.User != ""
}

// readField reads one field of a message. It returns false if the field is unknown or has an unexpected value.
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
	case "text", "team", "parent_user_id", "event_ts": // not needed, but encoding/json would fail if they aren't strings
		return value.Type == gjson.String
	case "client_msg_id", "blocks", "channel_type": // not needed
		return true
	}

	return false
}

// readFields calls read for each field of an object, until read returns false. It reports whether all calls returned true
// and object is an object. Keys are not unescaped, so a key with an escape sequence is unknown to read.
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

// readID stores an id in target. It returns false if value isn't a string of plain ASCII, or if target is set already: if
// a key occurs twice, encoding/json would use the last one.
func readID(value gjson.Result, target *string) bool {
	isDuplicate := *target != ""
	if isDuplicate || value.Type != gjson.String || !isPlainASCII(value.Raw) {
		return false
	}
	*target = value.Str
	return true
}

// isPlainASCII reports whether a string in JSON consists of ASCII characters and has no escape sequence.
func isPlainASCII(raw string) bool {
	return !strings.ContainsFunc(raw, func(r rune) bool { return r == '\\' || r > '~' })
}
