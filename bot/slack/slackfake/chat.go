package slackfake

import (
	"strings"
	"unicode/utf8"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// maxUpdateText is the maximum length of a text that chat.update accepts.
const maxUpdateText = 4000 // runes

// chatAPI emulates the Web API's chat.* and reactions.* methods, such as chat.postMessage. Each handler gets a call whose
// token and scope were checked (api.go). It returns either the fields of Slack's response or a refusal with one of Slack's
// error codes, such as "channel_not_found".
type chatAPI struct {
	*ground
	rooms  *rooms
	board  *board
	clicks *clicks
}

// findWritable returns the channel of a call if the bot may post in it. The argument "channel" is an id, a name or the id of
// a user, which denotes the channel for direct messages with that user.
func (a *chatAPI) findWritable(c *call) (*channel, *workspace.Refusal) {
	id := c.Str("channel")
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		u := a.rooms.people.users[id]
		if u == nil {
			return nil, workspace.Refuse("channel_not_found")
		}
		return a.rooms.dmWith(id), nil
	}

	ch, err := a.rooms.findChannel(a.rooms.idOfName(id))
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}

	if !ch.members[a.Opt.BotUser] {
		if ch.Private || c.Need("chat:write.public") != nil {
			return nil, workspace.Refuse("not_in_channel")
		}
	}

	return ch, nil
}

func (a *chatAPI) postMessage(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findWritable(c)
	if err != nil {
		return nil, err
	}

	body, err := c.ReadContent()
	if err != nil {
		return nil, err
	}

	meta, _, err := c.Metadata()
	if err != nil {
		return nil, err
	}

	m := c.BotMessage(body)
	m.Metadata = meta
	if err := a.placeInThread(c, ch, m); err != nil {
		return nil, err
	}

	a.board.insertMessage(ch, m)
	out := m.Clone()
	return reply{"channel": ch.ID, "ts": m.TS, "message": out}, nil
}

// placeInThread makes m a reply if the call has the argument thread_ts, and shows the reply also at top level if it has
// reply_broadcast. It returns an error if the thread can't be replied to.
func (a *chatAPI) placeInThread(c *call, ch *channel, m *Message) *workspace.Refusal {
	m.ThreadTS = c.Str("thread_ts")
	if m.ThreadTS == "" {
		return nil
	}
	if _, ok := workspace.ParseTS(m.ThreadTS); !ok {
		return workspace.Refuse("invalid_thread_ts")
	}

	root := ch.byTS[m.ThreadTS]
	if root != nil && root.IsReply() {
		return workspace.Refuse("cannot_reply_to_message")
	}

	if ch.isLocked(m.ThreadTS) {
		return workspace.Refuse("restricted_action_thread_locked")
	}
	if c.Flag("reply_broadcast") && root != nil {
		m.Subtype = "thread_broadcast"
	}

	return nil
}

// ownMessage returns the app's message with the arguments channel and ts. denied is the error code if it is somebody else's
// message. tombstone is the error code if the message was deleted but has replies.
func (a *chatAPI) ownMessage(c *call, denied, tombstone string) (*channel, *Message, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.byTS[c.Str("ts")]
	if m == nil {
		return nil, nil, workspace.Refuse("message_not_found")
	}
	if m.Subtype == "tombstone" {
		return nil, nil, workspace.Refuse(tombstone)
	}
	if m.BotID != a.Opt.BotID && m.User != a.Opt.BotUser {
		return nil, nil, workspace.Refuse(denied)
	}
	return ch, m, nil
}

func (a *chatAPI) updateMessage(c *call) (reply, *workspace.Refusal) {
	ch, m, err := a.ownMessage(c, "cant_update_message", "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_inactive")
	}
	if utf8.RuneCountInString(c.Str("text")) > maxUpdateText {
		return nil, workspace.Refuse("msg_too_long")
	}

	body, err := c.ReadContent()
	if err != nil {
		return nil, err
	}
	meta, clearsMeta, err := c.Metadata()
	if err != nil {
		return nil, err
	}
	setsBlocks := c.Raw("blocks") != nil
	if setsBlocks && losesRichText(m, body) {
		return nil, workspace.Refuse("block_mismatch")
	}

	prev := m.Clone()
	updateContent(c, m, body)
	if meta != nil || clearsMeta {
		m.Metadata = meta
	}
	if !setsBlocks { // Slack marks only changes of the text as edits
		m.Edited = &Edited{User: a.Opt.BotUser, TS: workspace.FormatTS(a.Now().UnixMicro())}
	}

	a.board.emitChange(ch, m, prev)
	return reply{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": m.Clone()}, nil
}

// losesRichText reports whether rich text that an app has sent would be replaced by blocks without rich text. Slack refuses
// that.
func losesRichText(m *Message, body webcall.Content) bool {
	wasRich := kit.HasRichText(m.Blocks) && !m.Composed
	becomesPlain := body.Blocks != nil && !kit.HasRichText(body.Blocks)
	return wasRich && becomesPlain
}

// updateContent changes the text, blocks and attachments of a message, as far as a call has them.
func updateContent(c *call, m *Message, body webcall.Content) {
	if c.Has("text") || c.Has("markdown_text") {
		m.Text = body.Text
	}

	setsBlocks := c.Raw("blocks") != nil || body.Blocks != nil // markdown_text produces blocks, too
	switch {
	case setsBlocks:
		m.Blocks, m.Composed = body.Blocks, false
	case m.Composed && c.Has("text"): // blocks that the app has sent remain unless it sends others, or an empty list
		m.Blocks = nil
	}
	if m.Blocks == nil {
		m.Blocks, m.Composed = c.RichTextOf(m.Text), true
	}
	if c.Has("attachments") {
		m.Attachments = body.Attachments
	}
}

func (a *chatAPI) deleteMessage(c *call) (reply, *workspace.Refusal) {
	ch, m, err := a.ownMessage(c, "cant_delete_message", "message_not_found")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	a.board.removePosted(ch, m)
	return reply{"channel": ch.ID, "ts": ts}, nil
}

func (a *chatAPI) postEphemeral(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findWritable(c)
	if err != nil {
		return nil, err
	}

	user := c.Str("user")
	if !ch.members[user] {
		return nil, workspace.Refuse("user_not_in_channel")
	}

	body, err := c.ReadContent()
	if err != nil {
		return nil, err
	}

	e := &Ephemeral{Channel: ch.ID, User: user, ThreadTS: c.Str("thread_ts"), Text: webcall.CutText(body.Text), Blocks: body.Blocks}
	if c.Str("username") != "" && c.Need("chat:write.customize") == nil {
		e.Username = c.Str("username")
	}

	a.clicks.showEphemeral(ch, e)
	return reply{"message_ts": e.TS}, nil
}

func (a *chatAPI) getPermalink(c *call) (reply, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	m := ch.byTS[c.Str("message_ts")]
	if m == nil {
		return nil, workspace.Refuse("message_not_found")
	}
	return reply{"channel": ch.ID, "permalink": a.board.permalinkOf(ch, m)}, nil
}
