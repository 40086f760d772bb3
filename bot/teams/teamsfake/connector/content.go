package connector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
)

// The bot posts activities, with text or cards. Teams refuses some, such as those that are too long. Others it
// accepts, and yet people's clients don't show them as they were meant, for example because of an unknown field in a
// card. The emulator refuses the former in Teams' words, and notes the latter as problems, which tests look at.

// maxMessageBytes is the limit of a message, counted as UTF-16.
// Source: "Format your bot messages", read 2026-11.
const maxMessageBytes = 100 * 1024

// utf16Bytes returns how long an activity is, as Teams counts: two bytes for each UTF-16 unit, without the base64 in
// data URIs. It doesn't matter how the JSON writes <, > and &.
func utf16Bytes(raw []byte) int {
	n := 0
	text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
	for text != "" {
		head, tail, found := strings.Cut(text, ";base64,")
		for _, r := range head {
			n += 2 * max(1, utf16.RuneLen(r))
		}

		if !found {
			break
		}

		n += 2 * len(";base64,")
		text = tail
		if strings.HasPrefix(head[strings.LastIndexByte(head, '"')+1:], "data:image/") {
			text = strings.TrimLeft(tail, base64Letters)
		}
	}

	return n
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// reader turns the activities that the bot posts into messages.
type reader struct {
	*tenant.Ground
	org   *tenant.Directory
	files *tenant.Library
}

// ensureAcceptable reports whether Teams accepts an activity. If not, it answers with the refusal.
func (c *reader) ensureAcceptable(w http.ResponseWriter, ch *tenant.Room, a outgoing) bool {
	status, code, text := c.findRefusal(ch, a)
	if status != 0 {
		calls.Refuse(w, status, code, text)
	}
	return status == 0
}

// makeMessages returns the messages that people see of an accepted activity: one, or two if it has both text and
// attachments. What clients don't show is noted as a problem. id returns the id of the next message. The caller holds
// the lock.
func (c *reader) makeMessages(where string, ch *tenant.Room, a outgoing, id func() string) []*tenant.Message {
	base := tenant.Message{
		Bot:       true,
		Summary:   a.Summary,
		Raw:       slices.Clone(a.raw),
		At:        c.Now(),
		Alert:     hasAlert(a.ChannelData),
		Suggested: keepJSON(a.SuggestedActions),
	}
	var out []*tenant.Message
	if a.Text != "" || len(a.Attachments) == 0 {
		m := base
		m.ID = id()
		c.fillText(where, ch, &m, a)
		out = append(out, &m)
	}

	if len(a.Attachments) > 0 {
		m := base
		m.ID = id()
		m.GUID = c.GUID("card")
		c.fillAttachments(where, ch, &m, a)
		out = append(out, &m)
	}

	return out
}

// findRefusal returns how Teams refuses an activity. status is 0 if Teams accepts it.
func (c *reader) findRefusal(ch *tenant.Room, a outgoing) (status int, code, text string) {
	bad := func(text string, args ...any) (int, string, string) {
		return http.StatusBadRequest, "BadArgument", fmt.Sprintf(text, args...)
	}

	if utf16Bytes(a.raw) > maxMessageBytes {
		return http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large."
	}
	if a.Type != "message" {
		return bad("Unsupported activity type %q.", a.Type)
	}
	if !slices.Contains([]string{"", "plain", "markdown", "xml", "extendedmarkdown"}, a.TextFormat) {
		return bad("Unknown textFormat %q.", a.TextFormat)
	}
	if strings.TrimSpace(a.Text) == "" && len(a.Attachments) == 0 {
		return bad("Activity resulted in an empty message.")
	}

	for _, at := range a.Attachments {
		if text := c.badAttachment(ch, at); text != "" {
			return bad("%s", text)
		}
	}

	return 0, "", ""
}

// badAttachment returns why Teams refuses an attachment; "" if it accepts it.
func (c *reader) badAttachment(ch *tenant.Room, at tenant.WireAttachment) string {
	switch {
	case at.ContentType == "":
		return "attachment without contentType"
	case at.ContentType == tenant.KindCard:
		var card struct {
			Type string `json:"type"`
		}

		err := json.Unmarshal(at.Content, &card)
		if err != nil || card.Type != "AdaptiveCard" {
			return "the content is not an Adaptive Card"
		}
	case strings.HasPrefix(at.ContentType, "image/"):
		if !strings.HasPrefix(at.ContentURL, "https://") && !strings.HasPrefix(at.ContentURL, "data:image/") {
			return "a picture needs an https contentUrl or a data URI"
		}
	case at.ContentType == "application/vnd.microsoft.teams.card.file.consent",
		at.ContentType == "application/vnd.microsoft.teams.card.file.info":
		if ch.Person == "" || !c.App.AllowsFiles() {
			return "file cards are for personal chats of apps with supportsFiles"
		}
	case strings.HasPrefix(at.ContentType, "application/vnd.microsoft.card."),
		strings.HasPrefix(at.ContentType, "application/vnd.microsoft.teams.card."):
		// What stands in older cards is not checked.
	default:
		return "unsupported attachment type " + at.ContentType
	}

	return ""
}

type mentionEntity struct {
	Type      string  `json:"type"`
	Mentioned account `json:"mentioned"`
	Text      string  `json:"text"`
}

func (c *reader) fillText(where string, ch *tenant.Room, m *tenant.Message, a outgoing) {
	text := a.Text
	known := map[string]bool{}
	for _, raw := range a.Entities {
		var e mentionEntity
		if json.Unmarshal(raw, &e) != nil || e.Type != "mention" {
			continue
		}

		u := c.org.Person(e.Mentioned.ID)
		switch {
		case !strings.Contains(text, e.Text) || len(client.Chips(e.Text)) == 0:
			c.NoteTrouble(where, m.ID, fmt.Sprintf("mention %q is not in the text", e.Text))
		case u == nil || !c.org.IsMember(ch, u.ID):
			c.NoteTrouble(where, m.ID, "mention of somebody who is not in the conversation: "+e.Mentioned.ID)
		default:
			known[e.Text] = true
			m.Mentions = append(m.Mentions, tenant.Mention{ID: u.ID, Name: client.ChipName(e.Text)})
		}
	}

	format := cmp.Or(a.TextFormat, "markdown")
	for _, tag := range client.Chips(text) {
		if !known[tag] && format != "plain" {
			c.NoteTrouble(where, m.ID, fmt.Sprintf("%s has no mention entity", tag))
		}
	}

	html, faults := client.Render(text, format)
	for _, f := range faults {
		c.NoteTrouble(where, m.ID, f)
	}

	m.HTML, m.Text = html, client.Plain(html)
}

// fillAttachments adds the cards and pictures of an activity to a message.
func (c *reader) fillAttachments(where string, ch *tenant.Room, m *tenant.Message, a outgoing) {
	m.Attachments = a.Attachments
	for _, at := range a.Attachments {
		if strings.HasPrefix(at.ContentType, "image/") {
			m.Pictures = append(m.Pictures, at.ContentURL)
			if f := client.PictureFault(at.ContentType, at.ContentURL); f != "" {
				c.NoteTrouble(where, m.ID, f)
				m.NotShown = f
			}
		}

		if at.ContentType != tenant.KindCard {
			continue
		}

		m.Cards = append(m.Cards, at.Content)
		for _, f := range c.org.CardFaults(at.Content, ch) {
			c.NoteTrouble(where, m.ID, f)
			m.NotShown = f
		}
	}
}

// hasAlert reports whether the bot wants a message to appear in people's activity feed.
func hasAlert(channelData json.RawMessage) bool {
	var d struct {
		Notification struct {
			Alert bool `json:"alert"`
		} `json:"notification"`
	}
	return json.Unmarshal(channelData, &d) == nil && d.Notification.Alert
}

// keepJSON returns a JSON value as it is; nil if it is missing or null.
func keepJSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return raw
}
