package slackfake

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strings"
)

// board stores the messages of all channels. Every post, edit, deletion and reaction goes through it, whether
// it is the app's or a person's: board updates the channel or thread, notifies people, and sends the event to
// the app. The caller of its methods holds the lock, workspace.Ground.Mu. ts is Slack's time stamp of a
// message, which is also its id in the channel.
type board struct {
	*Ground
	files   *library
	inboxes *Inboxes
	events  *Events
}

// insertMessage assigns a ts to m and adds it to the channel, or to the thread m.ThreadTS. If the root of
// that thread was deleted, m becomes a top-level message, as in Slack.
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

// addReply adds a reply to its thread, and also to the channel if it is a broadcast.
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

// threadOf returns the thread below the message ts, creating it if necessary.
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

// maxListedRepliers limits the authors in a root's reply_users.
const maxListedRepliers = 5

// countReply updates the reply statistics of the thread's root for a new reply.
func (t *thread) countReply(m *Message) {
	root := t.root
	root.ReplyCount++
	root.LatestReply = m.TS
	if author := m.Author(); !t.repliers[author] {
		t.repliers[author] = true
		root.ReplyUsersCount = len(t.repliers)
		if len(root.ReplyUsers) < maxListedRepliers {
			root.ReplyUsers = append(root.ReplyUsers, author)
		}
	}
	isLocked, isSubscribed := t.locked, false
	root.IsLocked, root.Subscribed = &isLocked, &isSubscribed
}

// recountReplies recomputes the reply statistics after a deletion.
func (t *thread) recountReplies() {
	root := t.root
	root.ReplyCount, root.LatestReply = 0, ""
	root.ReplyUsersCount, root.ReplyUsers = 0, nil
	root.IsLocked, root.Subscribed = nil, nil
	clear(t.repliers)
	for _, m := range t.replies {
		t.countReply(m)
	}
}

// pastedTable returns the attachment in which Slack's editor stores a pasted table. The text and blocks of
// the message don't contain the table.
func (b *board) pastedTable(typed [][]string) json.RawMessage {
	rows := make([]any, len(typed))
	for i, cells := range typed {
		row := make([]any, len(cells))
		for j, text := range cells {
			row[j] = Object{"type": "rich_text", "block_id": b.Secret(5), "elements": RichText(WireText(text))}
		}
		rows[i] = row
	}
	table := Object{"type": "table", "block_id": b.Secret(5), "rows": rows}
	return MustJSON([]any{Object{"id": 1, "blocks": []any{table}, "fallback": "[no preview available]"}})
}

// emitChange sends the event for a changed message. prev is the message before the change.
func (b *board) emitChange(ch *channel, m, prev *Message) {
	b.Note(Change{Kind: "changed", Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, User: m.Author()})
	ts := ch.nextTS(b.Now())
	b.events.Emit(ch.MessageEventName(), &ch.Channel, map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true,
		"message": eventMessage(m), "previous_message": eventMessage(prev),
		"channel": ch.ID, "channel_type": ch.Kind(), "ts": ts, "event_ts": ts,
	})
}

// removePosted deletes a message. A root with replies is replaced by a tombstone, so that the replies remain.
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

// removeMessage removes a message from a list that is sorted by ts.
func removeMessage(list []*Message, m *Message) []*Message {
	i := sort.Search(len(list), func(i int) bool { return list[i].TS >= m.TS })
	if i < len(list) && list[i] == m {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// eventMessage returns a copy of a message as events contain it: without metadata.
func eventMessage(m *Message) *Message {
	message := m.Clone()
	message.Metadata = nil
	return message
}

// emitMessage sends the events for a new message: a message event and, if it mentions the bot, app_mention.
func (b *board) emitMessage(ch *channel, m *Message) {
	event := AsMap(eventMessage(m))
	event["channel"] = ch.ID
	event["channel_type"] = ch.Kind()
	event["event_ts"] = m.TS
	if m.Subtype == "thread_broadcast" && m.Root != nil {
		event["root"] = m.Root
	}

	b.events.Emit(ch.MessageEventName(), &ch.Channel, event)
	if !b.isAppMention(ch, m) {
		return
	}

	mention := AsMap(eventMessage(m))
	delete(mention, "subtype")
	mention["type"] = "app_mention"
	mention["channel"] = ch.ID
	mention["event_ts"] = m.TS
	b.events.Emit("app_mention", &ch.Channel, mention)
}

// isAppMention reports whether Slack sends app_mention for a message: it mentions the bot in a channel, and
// isn't the bot's own or a system message.
func (b *board) isAppMention(ch *channel, m *Message) bool {
	isOwn := m.User == b.Opt.BotUser || m.BotID == b.Opt.BotID
	if isOwn || ch.IM || m.System() {
		return false
	}
	mention := "<@" + b.Opt.BotUser
	return strings.Contains(m.Text, mention+">") || strings.Contains(m.Text, mention+"|")
}

// permalinkOf returns the URL of a message for people.
func (b *board) permalinkOf(ch *channel, m *Message) string {
	permalink := b.Opt.WorkspaceURL + "archives/" + ch.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.IsReply() {
		permalink += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.ID
	}
	return permalink
}
