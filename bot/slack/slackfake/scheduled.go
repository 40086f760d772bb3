package slackfake

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// farthest is how far ahead Slack takes a message that is to be posted later.
// Source: docs.slack.dev/reference/methods/chat.scheduleMessage, read 2026-11.
const farthest = 120 * 24 * time.Hour

// scheduled is a message of the app that is to be posted later.
type scheduled struct {
	id      string
	channel *channel
	message *Message
	at      time.Time
	made    int64 // unix seconds
}

// scheduleMessage takes a message that is posted at post_at. One with metadata is taken, and never posted, as in Slack.
func (a *chatAPI) scheduleMessage(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findWritable(c)
	if err != nil {
		return nil, err
	}
	seconds, e := strconv.ParseInt(c.Str("post_at"), 10, 64)
	at := time.Unix(seconds, 0)
	if e != nil {
		return nil, workspace.Refuse("invalid_time")
	}
	if !at.After(a.Now()) {
		return nil, workspace.Refuse("time_in_past")
	}
	if at.Sub(a.Now()) > farthest {
		return nil, workspace.Refuse("time_too_far")
	}
	body, err := c.Content()
	if err != nil {
		return nil, err
	}
	meta, _, err := c.Metadata()
	if err != nil {
		return nil, err
	}
	m := c.BotMessage(body)
	if err := a.placeInThread(c, ch, m); err != nil {
		return nil, err
	}
	s := &scheduled{id: a.NewID("Q"), channel: ch, message: m, at: at, made: a.Now().Unix()}
	a.later[s.id] = s
	if meta == nil {
		a.sched.After(at.Sub(a.Now()), func() { a.postScheduled(s) })
	}
	return reply{"channel": ch.ID, "scheduled_message_id": s.id, "post_at": seconds, "message": reply{
		"text": m.Text, "type": "delayed_message", "subtype": m.Subtype, "bot_id": a.Opt.BotID, "blocks": m.Blocks, "attachments": m.Attachments,
	}}, nil
}

// postScheduled posts s, unless the app took it back or can't post there any more.
func (a *chatAPI) postScheduled(s *scheduled) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if a.later[s.id] != s {
		return
	}
	delete(a.later, s.id)
	if !s.channel.Archived && s.channel.members[a.Opt.BotUser] {
		a.board.insertMessage(s.channel, s.message)
	}
}

func (a *chatAPI) deleteScheduled(c *call) (reply, *workspace.Refusal) {
	s := a.later[c.Str("scheduled_message_id")]
	if s == nil || s.channel.ID != c.Str("channel") {
		return nil, workspace.Refuse("invalid_scheduled_message_id")
	}
	delete(a.later, s.id)
	return reply{}, nil
}

func (a *chatAPI) listScheduled(c *call) (reply, *workspace.Refusal) {
	var all []*scheduled
	for _, s := range a.later {
		only := c.Str("channel")
		if only == "" || only == s.channel.ID {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y *scheduled) int { return cmp.Or(x.at.Compare(y.at), strings.Compare(x.id, y.id)) })
	page, next, err := webcall.PageOf(c, all)
	out := []reply{}
	for _, s := range page {
		out = append(out, reply{"id": s.id, "channel_id": s.channel.ID, "post_at": s.at.Unix(), "date_created": s.made, "text": s.message.Text})
	}
	return reply{"scheduled_messages": out, "response_metadata": webcall.NextCursor(next)}, err
}
