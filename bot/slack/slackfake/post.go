package slackfake

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strings"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// Every message passes here, whether the app or a person posts, edits or deletes it: board puts it into its
// channel or thread, notifies people, and sends the app the event. The lock, workspace.Ground.Mu, is held by
// whoever calls it.

// board puts messages, replies and reactions into channels, and tells people and the app of them.
type board struct {
	*ground
	files   *library
	inboxes *Inboxes
	events  *Events
}

// insertMessage gives m its ts, puts it into the channel and tells everybody. m.ThreadTS names the wanted
// thread. If its root is gone, the message goes to top level, as in Slack. The caller holds the lock.
func (b *board) insertMessage(ch *channel, m *Message) {
	m.Type = "message"
	m.TS = ch.nextTS(b.Now())
	m.Team = cmp.Or(m.Team, b.Opt.TeamID)
	if m.ThreadTS != "" && ch.byTS[m.ThreadTS] == nil {
		m.ThreadTS = ""
		if m.Subtype == "thread_broadcast" {
			m.Subtype = ""
		}
	}

	ch.byTS[m.TS] = m
	if m.ThreadTS == "" {
		ch.messages = append(ch.messages, m)
	} else {
		b.addReply(ch, m)
	}

	b.inboxes.notify(ch, m)
	b.Note(Change{Kind: "message", Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, User: m.Author()})
	b.emitMessage(ch, m)
}

// addReply puts a reply into its thread. Caller holds the lock.
func (b *board) addReply(ch *channel, m *Message) {
	t := ch.threadOf(m.ThreadTS)
	m.ParentUserID = t.root.User
	t.replies = append(t.replies, m)
	if m.Subtype == "thread_broadcast" {
		ch.messages = append(ch.messages, m)
		root := t.root.Clone()
		root.Root = nil
		m.Root = root
	}
	t.countReply(m)
	b.files.refreshShares(ch, t)
}

// threadOf returns the thread under ts, making it when this is its first reply.
func (c *channel) threadOf(ts string) *thread {
	t := c.threads[ts]
	if t == nil {
		root := c.byTS[ts]
		root.ThreadTS = ts
		t = &thread{root: root, followers: map[string]bool{}, repliers: map[string]bool{}}
		c.threads[ts] = t
	}
	return t
}

// listedRepliers is how many authors a root's reply_users names at most.
const listedRepliers = 5

// countReply brings the root's reply figures up to date with one more reply.
func (t *thread) countReply(m *Message) {
	r := t.root
	r.ReplyCount, r.LatestReply = r.ReplyCount+1, m.TS
	if a := m.Author(); !t.repliers[a] {
		t.repliers[a] = true
		r.ReplyUsersCount = len(t.repliers)
		if len(r.ReplyUsers) < listedRepliers {
			r.ReplyUsers = append(r.ReplyUsers, a)
		}
	}
	locked, no := t.locked, false
	r.IsLocked, r.Subscribed = &locked, &no
}

// recountReplies works the figures out anew after a deletion.
func (t *thread) recountReplies() {
	r := t.root
	r.ReplyCount, r.LatestReply = 0, ""
	r.ReplyUsersCount, r.ReplyUsers = 0, nil
	r.IsLocked, r.Subscribed = nil, nil
	clear(t.repliers)
	for _, m := range t.replies {
		t.countReply(m)
	}
}

// pastedTable makes the attachment in which Slack's editor keeps a table: the text and the blocks of the
// message don't have it. Caller holds the lock.
func (b *board) pastedTable(typed [][]string) json.RawMessage {
	rows := make([]any, len(typed))
	for i, cells := range typed {
		row := make([]any, len(cells))
		for j, text := range cells {
			row[j] = object{"type": "rich_text", "block_id": b.Secret(5), "elements": kit.RichText(kit.WireText(text))}
		}
		rows[i] = row
	}
	table := object{"type": "table", "block_id": b.Secret(5), "rows": rows}
	return workspace.MustJSON([]any{object{"id": 1, "blocks": []any{table}, "fallback": "[no preview available]"}})
}

// emitChange tells that m replaced prev. Caller holds the lock.
func (b *board) emitChange(ch *channel, m, prev *Message) {
	b.Note(Change{Kind: "changed", Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, User: m.Author()})
	ts := ch.nextTS(b.Now())
	b.events.Emit(ch.MessageEventName(), &ch.Channel, map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true,
		"message": eventMessage(m), "previous_message": eventMessage(prev),
		"channel": ch.ID, "channel_type": ch.Kind(), "ts": ts, "event_ts": ts,
	})
}

// removePosted deletes m: a root with replies leaves a tombstone, anything else goes.
// Caller holds the lock.
func (b *board) removePosted(ch *channel, m *Message) {
	prev := m.Clone()
	t := ch.threads[m.TS]
	if t != nil && len(t.replies) > 0 {
		*m = Message{
			Type: "message", Subtype: "tombstone", Hidden: true, User: "USLACKBOT", Text: "This message was deleted.",
			TS: m.TS, ThreadTS: m.TS, Team: b.Opt.TeamID,
		}

		t.recountReplies()
		b.emitChange(ch, m, prev)
		return
	}

	delete(ch.byTS, m.TS)
	ch.messages = removeMessage(ch.messages, m)
	if m.IsReply() {
		t := ch.threads[m.ThreadTS]
		t.replies = removeMessage(t.replies, m)
		t.recountReplies()
	}

	delete(ch.threads, m.TS)
	b.Note(Change{Kind: "deleted", Channel: ch.ID, TS: m.TS, Thread: prev.ThreadTS})
	ts := ch.nextTS(b.Now())
	b.events.Emit(ch.MessageEventName(), &ch.Channel, map[string]any{
		"type": "message", "subtype": "message_deleted", "hidden": true, "deleted_ts": m.TS,
		"previous_message": eventMessage(prev),
		"channel":          ch.ID, "channel_type": ch.Kind(), "ts": ts, "event_ts": ts,
	})
}

// removeMessage returns a list, which is sorted by ts, without a message.
func removeMessage(list []*Message, m *Message) []*Message {
	i := sort.Search(len(list), func(i int) bool { return list[i].TS >= m.TS })
	if i < len(list) && list[i] == m {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// eventMessage is m inside an event: without metadata, which events do not carry.
func eventMessage(m *Message) *Message {
	n := m.Clone()
	n.Metadata = nil
	return n
}

// emitMessage sends the message event of a new message and, if it names the bot, app_mention.
func (b *board) emitMessage(ch *channel, m *Message) {
	ev := workspace.AsMap(eventMessage(m))
	ev["channel"] = ch.ID
	ev["channel_type"] = ch.Kind()
	ev["event_ts"] = m.TS
	if m.Subtype == "thread_broadcast" && m.Root != nil {
		ev["root"] = m.Root
	}

	b.events.Emit(ch.MessageEventName(), &ch.Channel, ev)
	mention := "<@" + b.Opt.BotUser
	named := strings.Contains(m.Text, mention+">") || strings.Contains(m.Text, mention+"|")
	isOwn := m.User == b.Opt.BotUser || m.BotID == b.Opt.BotID
	if !named || isOwn {
		return
	}
	if ch.IM || m.System() {
		return
	}

	at := workspace.AsMap(eventMessage(m))
	delete(at, "subtype")
	at["type"] = "app_mention"
	at["channel"] = ch.ID
	at["event_ts"] = m.TS
	b.events.Emit("app_mention", &ch.Channel, at)
}

// permalinkOf returns the address that people follow to a message.
func (b *board) permalinkOf(ch *channel, m *Message) string {
	u := b.Opt.WorkspaceURL + "archives/" + ch.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.IsReply() {
		u += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.ID
	}
	return u
}
