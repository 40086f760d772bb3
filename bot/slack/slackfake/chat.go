package slackfake

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"parley/bot/slack/slackfake/kit"
)

// Limits of messages. Units: runes unless named otherwise.
// Source: docs.slack.dev/reference/methods/chat.postMessage and measurements by users, read 2026-11.
const (
	maxText           = 40000 // longer is cut, not refused
	maxUpdateText     = 4000
	maxAllBlocks      = 13200 // of one message, as JSON
	maxMetadataBytes  = 8000
	maxUsername       = 80
	maxReactionsOnOne = 50
)

// content is what a message shows, checked.
type content struct {
	text        string
	blocks      json.RawMessage
	attachments json.RawMessage
}

// content reads text, markdown_text, blocks and attachments. kept says that an update may
// leave all of them out.
func (c *call) content() (content, *apiError) {
	var out content
	out.text = c.str("text")
	if md := c.str("markdown_text"); md != "" {
		if out.text != "" || c.raw("blocks") != nil {
			return out, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > kit.MaxMarkdown {
			return out, refuse("msg_too_long")
		}
		out.text = md
		out.blocks = mustJSON([]any{map[string]any{"type": "markdown", "block_id": c.secret(5), "text": md}})
		return out, nil
	}
	blocks, err := c.checkBlocks(c.raw("blocks"), kit.OnMessage)
	if err != nil {
		return out, err
	}
	if len(blocks) > 0 {
		out.blocks = mustJSON(blocks)
		if utf8.RuneCount(out.blocks) > maxAllBlocks {
			return out, refuse("msg_blocks_too_long")
		}
	}
	attachments, refused := kit.CheckAttachments(c.raw("attachments"), c.shortID)
	if refused != nil {
		return out, refuse(refused.Code, refused.Messages...)
	}
	out.attachments = attachments
	if strings.TrimSpace(out.text) == "" && out.blocks == nil && out.attachments == nil {
		return out, refuse("no_text")
	}
	return out, nil
}

// checkBlocks asks kit, and makes Slack's error of a refusal.
func (g *ground) checkBlocks(raw json.RawMessage, on kit.Surface) ([]any, *apiError) {
	list, refused := kit.Check(raw, on, g.shortID)
	if refused != nil {
		return nil, refuse(refused.Code, refused.Messages...)
	}
	return list, nil
}

// shortID makes the id of a block or element. Caller holds the lock.
func (g *ground) shortID() string { return g.secret(5) }

func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // maps of decoded JSON always encode
	}
	return b
}

func cutText(text string) string {
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText])
}

// metadata reads the argument; nil when absent or without an event type, clear when it is {}.
func (c *call) metadata() (m *Metadata, clear bool, err *apiError) {
	raw := c.raw("metadata")
	if raw == nil {
		return nil, false, nil
	}
	if len(raw) > maxMetadataBytes {
		return nil, false, refuse("metadata_too_large")
	}
	var v struct {
		EventType    *string         `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return nil, false, refuse("invalid_metadata_format")
	}
	if v.EventType == nil && v.EventPayload == nil {
		return nil, true, nil
	}
	var object map[string]any
	if v.EventType == nil || *v.EventType == "" || json.Unmarshal(v.EventPayload, &object) != nil || object == nil {
		if v.EventType != nil && *v.EventType == "" && len(object) == 0 {
			return nil, true, nil // slack-go's empty value
		}
		return nil, false, refuse("invalid_metadata_schema")
	}
	return &Metadata{EventType: *v.EventType, EventPayload: v.EventPayload}, false, nil
}

// chatAPI posts and changes the app's messages and reactions.
type chatAPI struct {
	*ground
	rooms  *rooms
	board  *board
	clicks *clicks
}

// writable finds the channel and checks that the bot may post there.
func (a *chatAPI) writable(c *call) (*channel, *apiError) {
	id := c.str("channel")
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		u := a.rooms.people.users[id]
		if u == nil {
			return nil, refuse("channel_not_found")
		}
		return a.rooms.dmWith(id), nil
	}
	ch, err := a.rooms.findChannel(a.rooms.idOfName(id))
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, refuse("is_archived")
	case !ch.members[a.opt.BotUser]:
		if ch.Private || c.need("chat:write.public") != nil {
			return nil, refuse("not_in_channel")
		}
	}
	return ch, nil
}

// idOfName lets posts name a channel; other methods want its id.
func (r *rooms) idOfName(name string) string {
	if r.channels[name] != nil {
		return name
	}
	for _, id := range r.chanIDs {
		if ch := r.channels[id]; !ch.IM && name != "" && ch.Name == strings.TrimPrefix(name, "#") {
			return id
		}
	}
	return name
}

func (a *chatAPI) postMessage(c *call) (reply, *apiError) {
	ch, err := a.writable(c)
	if err != nil {
		return nil, err
	}
	body, err := c.content()
	if err != nil {
		return nil, err
	}
	meta, _, err := c.metadata()
	if err != nil {
		return nil, err
	}
	m := c.botMessage(body)
	m.Metadata = meta
	if err := a.placeInThread(c, ch, m); err != nil {
		return nil, err
	}
	a.board.insert(ch, m)
	out := m.clone()
	return reply{"channel": ch.ID, "ts": m.TS, "message": out}, nil
}

// placeInThread reads thread_ts and reply_broadcast into m.
func (a *chatAPI) placeInThread(c *call, ch *channel, m *Message) *apiError {
	m.ThreadTS = c.str("thread_ts")
	if m.ThreadTS == "" {
		return nil
	}
	if _, ok := parseTS(m.ThreadTS); !ok {
		return refuse("invalid_thread_ts")
	}
	root := ch.byTS[m.ThreadTS]
	if root != nil && root.isReply() {
		return refuse("cannot_reply_to_message")
	}
	if t := ch.threads[m.ThreadTS]; t != nil && t.locked {
		return refuse("restricted_action_thread_locked")
	}
	if c.flag("reply_broadcast") && root != nil {
		m.Subtype = "thread_broadcast"
	}
	return nil
}

// botMessage makes the app's message; name and icon are ignored without their scope.
func (c *call) botMessage(body content) *Message {
	m := &Message{
		User: c.opt.BotUser, BotID: c.opt.BotID, AppID: c.opt.AppID,
		Text: cutText(body.text), Blocks: body.blocks, Attachments: body.attachments,
	}
	custom := c.str("username") != "" || c.str("icon_emoji") != "" || c.str("icon_url") != ""
	if !custom || c.need("chat:write.customize") != nil {
		m.BotProfile = &BotProfile{
			ID: c.opt.BotID, AppID: c.opt.AppID, Name: c.opt.AppName, Icons: map[string]string{}, TeamID: c.opt.TeamID,
		}
		return m
	}
	m.Subtype, m.User = "bot_message", ""
	m.Username = c.str("username")
	if m.Username == "" {
		m.Username = c.opt.AppName
	}
	if r := []rune(m.Username); len(r) > maxUsername {
		m.Username = string(r[:maxUsername])
	}
	if e, u := c.str("icon_emoji"), c.str("icon_url"); e != "" || u != "" {
		m.Icons = &Icons{Emoji: e, Image48: u}
	}
	return m
}

// ownMessage finds the app's message named by channel and ts.
func (a *chatAPI) ownMessage(c *call, denied string) (*channel, *Message, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.byTS[c.str("ts")]
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, nil, refuse("message_not_found")
	case m.BotID != a.opt.BotID && m.User != a.opt.BotUser:
		return nil, nil, refuse(denied)
	}
	return ch, m, nil
}

func (a *chatAPI) updateMessage(c *call) (reply, *apiError) {
	ch, m, err := a.ownMessage(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, refuse("is_inactive")
	}
	if utf8.RuneCountInString(c.str("text")) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	body, err := c.content()
	if err != nil {
		return nil, err
	}
	meta, drop, err := c.metadata()
	if err != nil {
		return nil, err
	}
	prev := m.clone()
	if c.has("text") || c.has("markdown_text") {
		m.Text = body.text
	}
	switch {
	case c.raw("blocks") != nil:
		if hasRichText(m.Blocks) && body.blocks != nil && !hasRichText(body.blocks) {
			m.Text = prev.Text
			return nil, refuse("block_mismatch")
		}
		m.Blocks = body.blocks
	case c.str("text") != "" || c.has("markdown_text"):
		m.Blocks = body.blocks // text alone replaces the blocks
	}
	if c.has("attachments") {
		m.Attachments = body.attachments
	}
	if meta != nil || drop {
		m.Metadata = meta
	}
	if c.raw("blocks") == nil { // Slack marks only changes of the text as edits
		m.Edited = &Edited{User: a.opt.BotUser, TS: formatTS(a.now().UnixMicro())}
	}
	a.board.change(ch, m, prev)
	return reply{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": m.clone()}, nil
}

func hasRichText(blocks json.RawMessage) bool {
	var list []struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return false
	}
	for _, b := range list {
		if b.Type == "rich_text" {
			return true
		}
	}
	return false
}

func (a *chatAPI) deleteMessage(c *call) (reply, *apiError) {
	ch, m, err := a.ownMessage(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	a.board.remove(ch, m)
	return reply{"channel": ch.ID, "ts": ts}, nil
}

func (a *chatAPI) postEphemeral(c *call) (reply, *apiError) {
	ch, err := a.writable(c)
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	if !ch.members[user] {
		return nil, refuse("user_not_in_channel")
	}
	body, err := c.content()
	if err != nil {
		return nil, err
	}
	e := &Ephemeral{Channel: ch.ID, User: user, ThreadTS: c.str("thread_ts"), Text: cutText(body.text), Blocks: body.blocks}
	if c.str("username") != "" && c.need("chat:write.customize") == nil {
		e.Username = c.str("username")
	}
	a.clicks.showEphemeral(ch, e)
	return reply{"message_ts": e.TS}, nil
}

// showEphemeral shows e to its user only. Caller holds the lock.
func (s *clicks) showEphemeral(ch *channel, e *Ephemeral) {
	e.Channel, e.TS = ch.ID, ch.nextTS(s.now())
	s.ephs = append(s.ephs, e)
	s.note(Change{Kind: "ephemeral", Channel: ch.ID, TS: e.TS, Thread: e.ThreadTS, User: e.User})
}

func (a *chatAPI) permalink(c *call) (reply, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	if err != nil {
		return nil, err
	}
	m := ch.byTS[c.str("message_ts")]
	if m == nil {
		return nil, refuse("message_not_found")
	}
	return reply{"channel": ch.ID, "permalink": a.board.permalinkOf(ch, m)}, nil
}
