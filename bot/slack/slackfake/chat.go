package slackfake

import (
	"strings"
	"unicode/utf8"
)

// maxUpdateText is the maximum length of a text that chat.update accepts.
const maxUpdateText = 4000 // runes

// chatAPI emulates the Web API's chat.* and reactions.* methods, such as chat.postMessage. Each handler gets a call whose
// token and scope were checked (api.go). It returns either the fields of Slack's response or a refusal with one of Slack's
// error codes, such as "channel_not_found".
type chatAPI struct {
	*Ground
	rooms  *rooms
	board  *board
	clicks *clicks
}

// findWritable returns the channel of a call if the bot may post in it. The argument "channel" is an id, a name or the id of
// a user, which denotes the channel for direct messages with that user.
func (a *chatAPI) findWritable(c *WebcallCall) (*channel, *WorkspaceRefusal) {
	id := c.Str("channel")
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		u := a.rooms.people.users[id]
		if u == nil {
			return nil, Refuse("channel_not_found")
		}
		return a.rooms.dmWith(id), nil
	}

	ch, err := a.rooms.findChannel(a.rooms.idOfName(id))
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, Refuse("is_archived")
	}

	if !ch.members[a.Opt.BotUser] {
		if ch.Private || c.Need("chat:write.public") != nil {
			return nil, Refuse("not_in_channel")
		}
	}

	return ch, nil
}

func (a *chatAPI) postMessage(c *WebcallCall) (Reply, *WorkspaceRefusal) {
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
	return Reply{"channel": ch.ID, "ts": m.TS, "message": out}, nil
}

// placeInThread makes m a reply if the call has the argument thread_ts, and shows the reply also at top level if it has
// reply_broadcast. It returns an error if the thread can't be replied to.
func (a *chatAPI) placeInThread(c *WebcallCall, ch *channel, m *Message) *WorkspaceRefusal {
	m.ThreadTS = c.Str("thread_ts")
	if m.ThreadTS == "" {
		return nil
	}
	if _, ok := ParseTS(m.ThreadTS); !ok {
		return Refuse("invalid_thread_ts")
	}

	root := ch.byTS[m.ThreadTS]
	if root != nil && root.IsReply() {
		return Refuse("cannot_reply_to_message")
	}

	if ch.isLocked(m.ThreadTS) {
		return Refuse("restricted_action_thread_locked")
	}
	if c.Flag("reply_broadcast") && root != nil {
		m.Subtype = "thread_broadcast"
	}

	return nil
}

// ownMessage returns the app's message with the arguments channel and ts. denied is the error code if it is somebody else's
// message. tombstone is the error code if the message was deleted but has replies.
func (a *chatAPI) ownMessage(c *WebcallCall, denied, tombstone string) (*channel, *Message, *WorkspaceRefusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.byTS[c.Str("ts")]
	if m == nil {
		return nil, nil, Refuse("message_not_found")
	}
	if m.Subtype == "tombstone" {
		return nil, nil, Refuse(tombstone)
	}
	if m.BotID != a.Opt.BotID && m.User != a.Opt.BotUser {
		return nil, nil, Refuse(denied)
	}
	return ch, m, nil
}

func (a *chatAPI) updateMessage(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, m, err := a.ownMessage(c, "cant_update_message", "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, Refuse("is_inactive")
	}
	if utf8.RuneCountInString(c.Str("text")) > maxUpdateText {
		return nil, Refuse("msg_too_long")
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
		return nil, Refuse("block_mismatch")
	}

	prev := m.Clone()
	updateContent(c, m, body)
	if meta != nil || clearsMeta {
		m.Metadata = meta
	}
	if !setsBlocks { // Slack marks only changes of the text as edits
		m.Edited = &Edited{User: a.Opt.BotUser, TS: FormatTS(a.Now().UnixMicro())}
	}

	a.board.emitChange(ch, m, prev)
	return Reply{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": m.Clone()}, nil
}

// losesRichText reports whether rich text that an app has sent would be replaced by blocks without rich text. Slack refuses
// that.
func losesRichText(m *Message, body Content) bool {
	wasRich := HasRichText(m.Blocks) && !m.Composed
	becomesPlain := body.Blocks != nil && !HasRichText(body.Blocks)
	return wasRich && becomesPlain
}

// updateContent changes the text, blocks and attachments of a message, as far as a call has them.
func updateContent(c *WebcallCall, m *Message, body Content) {
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

func (a *chatAPI) deleteMessage(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, m, err := a.ownMessage(c, "cant_delete_message", "message_not_found")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	a.board.removePosted(ch, m)
	return Reply{"channel": ch.ID, "ts": ts}, nil
}

func (a *chatAPI) postEphemeral(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, err := a.findWritable(c)
	if err != nil {
		return nil, err
	}

	user := c.Str("user")
	if !ch.members[user] {
		return nil, Refuse("user_not_in_channel")
	}

	body, err := c.ReadContent()
	if err != nil {
		return nil, err
	}

	e := &Ephemeral{Channel: ch.ID, User: user, ThreadTS: c.Str("thread_ts"), Text: CutText(body.Text), Blocks: body.Blocks}
	if c.Str("username") != "" && c.Need("chat:write.customize") == nil {
		e.Username = c.Str("username")
	}

	a.clicks.showEphemeral(ch, e)
	return Reply{"message_ts": e.TS}, nil
}

func (a *chatAPI) getPermalink(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	m := ch.byTS[c.Str("message_ts")]
	if m == nil {
		return nil, Refuse("message_not_found")
	}
	return Reply{"channel": ch.ID, "permalink": a.board.permalinkOf(ch, m)}, nil
}
