// Package glance reads in one pass those few fields of a callback of Slack's that say whose message it is and where
// it belongs. It knows plain messages alone: nearly all that arrives. A callback with anything else in it is left to
// those who decode it.
//
// What does not belong here: what becomes of a message.
package glance

// Message is what is read.
type Message struct {
	Team, App                       string // to whom the callback is addressed
	Type, Channel, User, TS, Thread string // of the message; Thread "" = it is at the top level
}

// Read reads a callback with a plain message. false = it isn't one, or has a field that isn't known here, or isn't
// as usual, or the text isn't JSON. If true, encoding/json decodes the callback without a fault, and finds the same.
func Read(callback []byte) (m Message, plain bool) {
	s := scanner{text: callback}
	var kind string
	inside := 0
	s.object(func(key []byte) {
		switch string(key) { // no copy is made
		case "type":
			s.name(&kind)
		case "team_id":
			s.name(&m.Team)
		case "api_app_id":
			s.name(&m.App)
		case "event":
			inside++
			s.object(func(key []byte) { m.field(&s, key) })
		case "token", "context_team_id", "context_enterprise_id", "event_id", "event_time", "authorizations", "authed_users",
			"is_ext_shared_channel", "event_context":
			s.skip()
		default:
			s.odd = true
		}
	})
	s.end()
	usual := kind == "event_callback" && inside == 1 && (m.Type == "message" || m.Type == "app_mention") && m.Channel != "" && m.TS != "" && m.User != ""
	return m, usual && !s.odd
}

// field reads one field of the message.
func (m *Message) field(s *scanner, key []byte) {
	switch string(key) {
	case "type":
		s.name(&m.Type)
	case "channel":
		s.name(&m.Channel)
	case "user":
		s.name(&m.User)
	case "ts":
		s.name(&m.TS)
	case "thread_ts":
		s.name(&m.Thread)
	case "text", "team", "parent_user_id", "event_ts":
		s.word()
	case "client_msg_id", "blocks", "channel_type":
		s.skip()
	default:
		s.odd = true
	}
}
