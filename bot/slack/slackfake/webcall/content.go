package webcall

import (
	"cmp"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// An app's message consists of a text, blocks or attachments. This file reads them from a call and refuses,
// shortens or completes them as Slack does.

// Limits of messages. Units: runes unless named otherwise.
// Source: docs.slack.dev/reference/methods/chat.postMessage and measurements by users, read 2026-11.
const (
	maxText          = 40000 // longer is cut, not refused
	maxAllBlocks     = 13200 // of one message, as JSON
	maxMetadataBytes = 8000
	maxUsername      = 80
)

// Content is what a message shows, after Slack's checks.
type Content struct {
	Text        string
	Blocks      json.RawMessage
	Attachments json.RawMessage
}

// ReadContent reads and checks what a call's message shows: text, markdown_text, blocks and attachments.
func (c *Call) ReadContent() (Content, *workspace.Refusal) {
	var out Content
	out.Text = c.Str("text")
	if md := c.Str("markdown_text"); md != "" {
		if out.Text != "" || c.Raw("blocks") != nil {
			return out, workspace.Refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > kit.MaxMarkdown {
			return out, workspace.Refuse("msg_too_long")
		}

		out.Text = md
		out.Blocks = workspace.MustJSON([]any{map[string]any{"type": "markdown", "block_id": c.ShortID(), "text": md}})
		return out, nil
	}

	blocks, refusal := c.CheckBlocks(c.Raw("blocks"), kit.OnMessage)
	if refusal != nil {
		return out, refusal
	}

	if len(blocks) > 0 {
		out.Blocks = workspace.MustJSON(blocks)
		if utf8.RuneCount(out.Blocks) > maxAllBlocks {
			return out, workspace.Refuse("msg_blocks_too_long")
		}
	}

	attachments, refused := kit.CheckAttachments(c.Raw("attachments"), c.ShortID)
	if refused != nil {
		return out, workspace.Refuse(refused.Code, refused.Messages...)
	}

	out.Attachments = attachments
	hasBlocksOrAttachments := out.Blocks != nil || out.Attachments != nil
	if strings.TrimSpace(out.Text) == "" && !hasBlocksOrAttachments {
		return out, workspace.Refuse("no_text")
	}

	return out, nil
}

// RichTextOf returns the rich text that Slack makes of a text without blocks, or nil for an empty text.
// Source: messages of apps in answers of conversations.history, recorded in 2025 (github.com/sgupta005/tick).
func (c *Call) RichTextOf(text string) json.RawMessage {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return workspace.MustJSON([]any{workspace.Object{"type": "rich_text", "block_id": c.ShortID(), "elements": kit.RichText(text)}})
}

// CutText returns the part of a text that Slack keeps of a message.
func CutText(text string) string {
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText])
}

// Metadata reads the argument metadata. m is nil if there is none. isCleared means that the call removes the
// message's metadata: it has neither event_type nor event_payload, or an empty event_type, as slack-go sends
// it.
// Errors: metadata_too_large, invalid_metadata_format, invalid_metadata_schema.
func (c *Call) Metadata() (m *workspace.Metadata, isCleared bool, err *workspace.Refusal) {
	raw := c.Raw("metadata")
	if raw == nil {
		return nil, false, nil
	}
	if len(raw) > maxMetadataBytes {
		return nil, false, workspace.Refuse("metadata_too_large")
	}

	var v struct {
		EventType    *string         `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return nil, false, workspace.Refuse("invalid_metadata_format")
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
		return nil, false, workspace.Refuse("invalid_metadata_schema")
	}

	return &workspace.Metadata{EventType: *v.EventType, EventPayload: v.EventPayload}, false, nil
}

// hasOwnAuthor reports whether the app asks for another name or icon than its own.
func (c *Call) hasOwnAuthor() bool {
	return cmp.Or(c.Str("username"), c.Str("icon_emoji"), c.Str("icon_url")) != ""
}

// BotMessage makes a message of the app. Another name or icon than the app's own counts only with the scope
// chat:write.customize.
func (c *Call) BotMessage(body Content) *workspace.Message {
	m := &workspace.Message{
		User: c.Opt.BotUser, BotID: c.Opt.BotID, AppID: c.Opt.AppID,
		Text: CutText(body.Text), Blocks: body.Blocks, Attachments: body.Attachments,
	}
	if m.Blocks == nil {
		m.Blocks, m.Composed = c.RichTextOf(m.Text), true
	}

	mayCustomize := c.hasOwnAuthor() && c.Need("chat:write.customize") == nil
	if !mayCustomize {
		m.BotProfile = &workspace.BotProfile{
			ID: c.Opt.BotID, AppID: c.Opt.AppID, Name: c.Opt.AppName, Icons: map[string]string{}, TeamID: c.Opt.TeamID,
		}
		return m
	}

	m.Subtype, m.User = "bot_message", ""
	m.Username = cmp.Or(c.Str("username"), c.Opt.AppName)
	if r := []rune(m.Username); len(r) > maxUsername {
		m.Username = string(r[:maxUsername])
	}

	emoji, image := c.Str("icon_emoji"), c.Str("icon_url")
	if emoji != "" || image != "" {
		m.Icons = &workspace.Icons{Emoji: emoji, Image48: image}
	}

	return m
}
