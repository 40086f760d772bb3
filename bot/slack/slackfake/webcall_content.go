package slackfake

import (
	"cmp"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// An app's message consists of a text, blocks and attachments. This file reads them from a call such as
// chat.postMessage, and refuses, truncates or completes them as Slack does.

// Limits of messages, in characters unless the name says otherwise.
// Source: docs.slack.dev/reference/methods/chat.postMessage and measurements by users, read 2026-11.
const (
	maxText          = 40000 // longer texts are truncated, not refused
	maxAllBlocks     = 13200 // all blocks of a message as JSON
	maxMetadataBytes = 8000
	maxUsername      = 80
)

// Content is the validated content of a message.
type Content struct {
	Text        string
	Blocks      json.RawMessage
	Attachments json.RawMessage
}

// ReadContent reads and validates the arguments text, markdown_text, blocks and attachments. markdown_text
// excludes text and blocks.
func (c *WebcallCall) ReadContent() (Content, *WorkspaceRefusal) {
	if c.Str("markdown_text") != "" {
		return c.readMarkdown()
	}

	out := Content{Text: c.Str("text")}
	blocks, refusal := c.CheckBlocks(c.Raw("blocks"), OnMessage)
	if refusal != nil {
		return out, refusal
	}

	if len(blocks) > 0 {
		out.Blocks = MustJSON(blocks)
		if utf8.RuneCount(out.Blocks) > maxAllBlocks {
			return out, Refuse("msg_blocks_too_long")
		}
	}

	attachments, invalid := CheckAttachments(c.Raw("attachments"), c.ShortID)
	if invalid != nil {
		return out, Refuse(invalid.Code, invalid.Messages...)
	}

	out.Attachments = attachments
	hasBlocksOrAttachments := out.Blocks != nil || out.Attachments != nil
	if strings.TrimSpace(out.Text) == "" && !hasBlocksOrAttachments {
		return out, Refuse("no_text")
	}

	return out, nil
}

// readMarkdown converts the argument markdown_text into a message with one markdown block.
func (c *WebcallCall) readMarkdown() (Content, *WorkspaceRefusal) {
	text := c.Str("markdown_text")
	if c.Str("text") != "" || c.Raw("blocks") != nil {
		return Content{}, Refuse("markdown_text_conflict")
	}
	if utf8.RuneCountInString(text) > MaxMarkdown {
		return Content{}, Refuse("msg_too_long")
	}
	block := Object{"type": "markdown", "block_id": c.ShortID(), "text": text}
	return Content{Text: text, Blocks: MustJSON([]any{block})}, nil
}

// RichTextOf returns the rich_text block that Slack creates for a text without blocks, or nil if the text is blank.
// Source: messages of apps in answers of conversations.history, recorded in 2025 (github.com/sgupta005/tick).
func (c *WebcallCall) RichTextOf(text string) json.RawMessage {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return MustJSON([]any{Object{"type": "rich_text", "block_id": c.ShortID(), "elements": RichText(text)}})
}

// CutText truncates a text to the length that Slack stores.
func CutText(text string) string {
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText])
}

// Metadata reads the argument metadata. m is nil if it is missing. isCleared means that the call removes the
// metadata of the message: event_type and event_payload are both missing, or event_type is empty, as slack-go
// sends it.
// Errors: metadata_too_large, invalid_metadata_format, invalid_metadata_schema.
func (c *WebcallCall) Metadata() (m *Metadata, isCleared bool, refusal *WorkspaceRefusal) {
	raw := c.Raw("metadata")
	if raw == nil {
		return nil, false, nil
	}
	if len(raw) > maxMetadataBytes {
		return nil, false, Refuse("metadata_too_large")
	}

	var v struct {
		EventType    *string         `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return nil, false, Refuse("invalid_metadata_format")
	}
	if v.EventType == nil && v.EventPayload == nil {
		return nil, true, nil
	}
	if v.EventType != nil && *v.EventType == "" {
		return nil, true, nil // slack-go's empty value
	}

	var payload map[string]any
	isObject := json.Unmarshal(v.EventPayload, &payload) == nil && payload != nil
	if v.EventType == nil || !isObject {
		return nil, false, Refuse("invalid_metadata_schema")
	}

	return &Metadata{EventType: *v.EventType, EventPayload: v.EventPayload}, false, nil
}

// hasCustomAuthor reports whether the call sets a name or icon for the message's author.
func (c *WebcallCall) hasCustomAuthor() bool {
	return cmp.Or(c.Str("username"), c.Str("icon_emoji"), c.Str("icon_url")) != ""
}

// BotMessage returns a message of the app with the given content. A custom name or icon is ignored unless the
// app has the scope chat:write.customize.
func (c *WebcallCall) BotMessage(content Content) *Message {
	m := &Message{
		User: c.Opt.BotUser, BotID: c.Opt.BotID, AppID: c.Opt.AppID,
		Text: CutText(content.Text), Blocks: content.Blocks, Attachments: content.Attachments,
	}
	if m.Blocks == nil {
		m.Blocks, m.Composed = c.RichTextOf(m.Text), true
	}

	isCustomized := c.hasCustomAuthor() && c.Need("chat:write.customize") == nil
	if !isCustomized {
		m.BotProfile = &BotProfile{
			ID: c.Opt.BotID, AppID: c.Opt.AppID, Name: c.Opt.AppName, Icons: map[string]string{}, TeamID: c.Opt.TeamID,
		}
		return m
	}

	m.Subtype, m.User = "bot_message", ""
	m.Username = cmp.Or(c.Str("username"), c.Opt.AppName)
	if name := []rune(m.Username); len(name) > maxUsername {
		m.Username = string(name[:maxUsername])
	}

	emoji, image := c.Str("icon_emoji"), c.Str("icon_url")
	if emoji != "" || image != "" {
		m.Icons = &Icons{Emoji: emoji, Image48: image}
	}

	return m
}
