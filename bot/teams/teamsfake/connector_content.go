package teamsfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// A bot posts messages as activities, which have text or cards. Teams refuses some of them, such as those that are too
// long. It accepts others although clients don't show them as intended, for example a card with an unknown property. The
// emulator refuses the former with Teams' own error, and records the latter as problems (NoteTrouble), which tests check.

// maxMessageBytes is the maximum size of an activity in UTF-16.
// Source: "Format your bot messages", read 2026-11.
const maxMessageBytes = 100 * 1024

// utf16Bytes returns the size of an activity's JSON as Teams counts it: two bytes for each UTF-16 code unit, without the
// base64 data of pictures. Escapes such as \u003c count as the character for which they stand.
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

// reader turns the activities that the bot posts into messages. Its Ground has the clock and ids that all parts of the
// emulator share.
type reader struct {
	*Ground
	org   *Directory
	files *Library
}

// ensureAcceptable reports whether Teams accepts an activity in a room, which is a channel or a chat. If not, it answers
// with the refusal.
func (r *reader) ensureAcceptable(w http.ResponseWriter, room *Room, activity outgoing) bool {
	status, code, text := r.findRefusal(room, activity)
	if status != 0 {
		Refuse(w, status, code, text)
	}
	return status == 0
}

// makeMessages returns the messages that an accepted activity becomes: one, or two if it has both text and attachments. It
// records as problems what clients don't show; where is the name of the call, for these records. newID returns the id of
// the next message. The caller holds the lock.
func (r *reader) makeMessages(where string, room *Room, activity outgoing, newID func() string) []*Message {
	base := Message{
		Bot:     true,
		Summary: activity.Summary,
		Raw:     slices.Clone(activity.raw),
		At:      r.Now(),
		Alert:   hasAlert(activity.ChannelData),
	}
	var out []*Message
	if activity.Text != "" || len(activity.Attachments) == 0 {
		m := base
		m.ID = newID()
		r.addText(where, room, &m, activity)
		out = append(out, &m)
	}

	if len(activity.Attachments) > 0 {
		m := base
		m.ID = newID()
		m.GUID = r.GUID("card")
		r.addAttachments(where, room, &m, activity)
		out = append(out, &m)
	}

	return out
}

// findRefusal returns the HTTP status, error code and text with which Teams refuses an activity. status is 0 if Teams
// accepts it.
func (r *reader) findRefusal(room *Room, activity outgoing) (status int, code, text string) {
	bad := func(text string, args ...any) (int, string, string) {
		return http.StatusBadRequest, "BadArgument", fmt.Sprintf(text, args...)
	}

	if utf16Bytes(activity.raw) > maxMessageBytes {
		return http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large."
	}
	if activity.Type != "message" {
		return bad("Unsupported activity type %q.", activity.Type)
	}
	if !slices.Contains([]string{"", "plain", "markdown", "xml", "extendedmarkdown"}, activity.TextFormat) {
		return bad("Unknown textFormat %q.", activity.TextFormat)
	}
	if strings.TrimSpace(activity.Text) == "" && len(activity.Attachments) == 0 {
		return bad("Activity resulted in an empty message.")
	}

	for _, attachment := range activity.Attachments {
		if fault := r.attachmentFault(room, attachment); fault != "" {
			return bad("%s", fault)
		}
	}

	return 0, "", ""
}

// attachmentFault returns why Teams refuses an attachment, or "" if Teams accepts it.
func (r *reader) attachmentFault(room *Room, attachment WireAttachment) string {
	kind := attachment.ContentType
	switch {
	case kind == "":
		return "attachment without contentType"
	case kind == KindCard:
		var card struct {
			Type string `json:"type"`
		}

		err := json.Unmarshal(attachment.Content, &card)
		if err != nil || card.Type != "AdaptiveCard" {
			return "the content is not an Adaptive Card"
		}
	case strings.HasPrefix(kind, "image/"):
		address := attachment.ContentURL
		if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "data:image/") {
			return "a picture needs an https contentUrl or a data URI"
		}
	case kind == "application/vnd.microsoft.teams.card.file.consent",
		kind == "application/vnd.microsoft.teams.card.file.info":
		if room.Person == "" || !r.App.AllowsFiles() {
			return "file cards are for personal chats of apps with supportsFiles"
		}
	case strings.HasPrefix(kind, "application/vnd.microsoft.card."),
		strings.HasPrefix(kind, "application/vnd.microsoft.teams.card."):
		// The content of older kinds of cards isn't checked.
	default:
		return "unsupported attachment type " + kind
	}

	return ""
}

// mentionEntity says who is mentioned by a tag such as "<at>Ann Lee</at>" in the text.
type mentionEntity struct {
	Type      string  `json:"type"`
	Mentioned account `json:"mentioned"`
	Text      string  `json:"text"` // the tag
}

// addText adds the text of an activity and its mentions to a message.
func (r *reader) addText(where string, room *Room, m *Message, activity outgoing) {
	text := activity.Text
	hasEntity := map[string]bool{} // by tag
	for _, raw := range activity.Entities {
		var entity mentionEntity
		if json.Unmarshal(raw, &entity) != nil || entity.Type != "mention" {
			continue
		}

		u := r.org.Person(entity.Mentioned.ID)
		switch {
		case !strings.Contains(text, entity.Text) || len(Chips(entity.Text)) == 0:
			r.NoteTrouble(where, m.ID, fmt.Sprintf("mention %q is not in the text", entity.Text))
		case u == nil || !r.org.IsMember(room, u.ID):
			r.NoteTrouble(where, m.ID, "mention of somebody who is not in the conversation: "+entity.Mentioned.ID)
		default:
			hasEntity[entity.Text] = true
			m.Mentions = append(m.Mentions, Mention{ID: u.ID, Name: ChipName(entity.Text)})
		}
	}

	format := cmp.Or(activity.TextFormat, "markdown")
	for _, tag := range Chips(text) {
		if !hasEntity[tag] && format != "plain" {
			r.NoteTrouble(where, m.ID, fmt.Sprintf("%s has no mention entity", tag))
		}
	}

	html, faults := Render(text, format)
	for _, fault := range faults {
		r.NoteTrouble(where, m.ID, fault)
	}

	m.HTML, m.Text = html, Plain(html)
}

// addAttachments adds the cards and pictures of an activity to a message.
func (r *reader) addAttachments(where string, room *Room, m *Message, activity outgoing) {
	m.Attachments = activity.Attachments
	for _, attachment := range activity.Attachments {
		if strings.HasPrefix(attachment.ContentType, "image/") {
			m.Pictures = append(m.Pictures, attachment.ContentURL)
			if fault := PictureFault(attachment.ContentType, attachment.ContentURL); fault != "" {
				r.NoteTrouble(where, m.ID, fault)
				m.NotShown = fault
			}
		}

		if attachment.ContentType != KindCard {
			continue
		}

		m.Cards = append(m.Cards, attachment.Content)
		for _, fault := range r.org.CardFaults(attachment.Content, room) {
			r.NoteTrouble(where, m.ID, fault)
			m.NotShown = fault
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
