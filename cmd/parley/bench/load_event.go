package bench

import (
	"fmt"
	"time"

	"parley/cmd/parley/lab"
)

// EventMaker generates the bodies of Slack webhooks: Events API callbacks of new messages, about 1 kB each, as
// a Slack workspace sends them. It is not safe for concurrent use.
type EventMaker struct {
	team, app, bot string
	lane           int // number of this generator, part of each id
	n              int // number of the last message
	buf            []byte
}

// NewEventMaker returns an EventMaker for a workspace. lane, from 0 to 99, is part of each id, so that several
// makers for one workspace generate different ids.
func NewEventMaker(w *Workspace, lane int) *EventMaker {
	return &EventMaker{team: w.TeamID(), app: w.AppID(), bot: w.BotUserID(), lane: lane}
}

// Chatter is a message between agents. It has nothing to do with a customer.
const Chatter = "Has anybody seen the parcels that came back on Thursday? " +
	"The warehouse says that two of them were signed for at the front desk, but the list there ends on Wednesday."

// Message generates the callback of one new message. thread is the timestamp of the thread's first message,
// written by Ben; "" means that the message is not in a thread. ts is the timestamp of the new message, which
// is also its id in Slack. body is only valid until the next call.
func (m *EventMaker) Message(user, channel, thread, text string) (body []byte, ts string) {
	m.n++
	now := time.Now()
	const perSecond = 10_000 // of the six digits after the dot, two are the lane and four count messages
	ts = fmt.Sprintf("%d.%02d%04d", now.Unix()+int64(m.n/perSecond), m.lane, m.n%perSecond)
	inThread := ""
	if thread != "" {
		inThread = fmt.Sprintf(`"thread_ts":%q,"parent_user_id":%q,`, thread, lab.Ben)
	}

	id := fmt.Sprintf("%02d%08d", m.lane, m.n)
	m.buf = fmt.Appendf(m.buf[:0],
		`{"token":"fakeVerificationToken","team_id":%[1]q,"context_team_id":%[1]q,"context_enterprise_id":null,"api_app_id":%[2]q,`+
			`"event":{"user":%[3]q,"type":"message","ts":%[4]q,"client_msg_id":"5d3f7a1e-93c4-4b1f-8e2a-%[5]s00","text":%[6]q,"team":%[1]q,%[7]s`+
			`"blocks":[{"type":"rich_text","block_id":"Qx7Lk","elements":[{"type":"rich_text_section","elements":[{"type":"text",`+
			`"text":%[6]q}]}]}],`+
			`"channel":%[8]q,"event_ts":%[4]q,"channel_type":"channel"},`+
			`"type":"event_callback","event_id":"Ev0%[5]s","event_time":%[9]d,`+
			`"authorizations":[{"enterprise_id":null,"team_id":%[1]q,"user_id":%[10]q,"is_bot":true,"is_enterprise_install":false}],`+
			`"is_ext_shared_channel":false,"event_context":"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMDAwMDAwMDEi%[5]s"}`,
		m.team, m.app, user, ts, id, text, inThread, channel, now.Unix(), m.bot)

	return m.buf, ts
}

// ThreadOf returns one of 10,000 threads, by the timestamp of its first message. No conversation of Parley has
// one of these threads.
func ThreadOf(n int) string { return fmt.Sprintf("1600000000.%06d", n%10_000) }

// factID returns the id under which the journal, the table of accepted events, stores a message.
func factID(channel, ts string) string { return "m:" + channel + ":" + ts }
