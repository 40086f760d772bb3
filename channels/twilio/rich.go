package twilio

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/markdown"
)

// A rich message has buttons, a list, or a location besides its text. Twilio accepts buttons and lists only as a "content", an object
// that is created first and then sent by its id. By SMS, and for combinations that WhatsApp doesn't support, the buttons become lines of
// text.

// Limits of rich messages inside WhatsApp's reply window.
// Source: Twilio, content types quick-reply, list-picker and call-to-action.
const (
	maxButtonTitle = 20
	maxButtonID    = 200
	maxRowTitle    = 24
	maxRowText     = 72
	maxRichBody    = 1024
	maxLinks       = 2
	maxLabel       = 900 // a location's name and address
)

// onceName is the name of all contents that are used for a single message. Run deletes them a day later.
const onceName = "parley_once"

// planRich returns the parts of a rich message, each of which is sent as one message. body is the message's text. The result is nil if r
// is nil.
// Errors: *channels.SendError, whose text is for the agent.
func planRich(r *channels.Rich, body string) ([]part, error) {
	if r == nil {
		return nil, nil
	}
	if r.Location != nil {
		return planLocation(r, body), nil
	}

	refuse := func(text, hint string) ([]part, error) {
		return nil, channels.RefuseContent(text, hint)
	}
	if body == "" {
		return refuse("Buttons and lists need a text.", "Write something.")
	}
	if utf8.RuneCountInString(body) > maxRichBody {
		return refuse("A text with buttons or a list has at most 1024 characters.", "Send the text before it.")
	}
	if fault := refusalReason(r); fault != "" {
		return refuse(fault, "Change it.")
	}

	return []part{{body: body, rich: r}}, nil
}

// planLocation returns the parts of a message with a location. The text is a part of its own, because the body of a location is its
// label.
func planLocation(r *channels.Rich, body string) []part {
	label := cmp.Or(strings.TrimSpace(r.Location.Name+"\n"+r.Location.Address), "Location")
	var parts []part
	if body != "" {
		parts = append(parts, part{body: body})
	}
	return append(parts, part{body: clipText(label, maxLabel), rich: r})
}

// isSentAsWords reports whether a rich message is sent as plain text. By SMS it always is. On WhatsApp this applies to cards, to buttons
// that mix replies and links, and to more than two links.
func isSentAsWords(caps channels.Capabilities, r *channels.Rich) bool {
	if r.Kind() == "" {
		return false
	}

	links := 0
	for _, b := range r.Buttons {
		if b.URL != "" {
			links++
		}
	}

	if caps.MaxItems(r.Kind()) == 0 || links > maxLinks {
		return true
	}

	isMixed := links > 0 && links < len(r.Buttons)
	return isMixed
}

// refusalReason returns why Twilio would refuse buttons or a list, as a sentence for the agent, or "" if it would accept them.
func refusalReason(r *channels.Rich) string {
	if r.List != nil {
		return listRefusal(r.List)
	}
	for _, b := range r.Buttons {
		if !isTitle(b.Title, maxButtonTitle) || len(b.ID) > maxButtonID {
			return "A button's title has 1 to 20 characters."
		}
	}
	if len(r.Buttons) == 0 || len(r.Buttons) > maxButtons {
		return "A message has one to three buttons."
	}
	return ""
}

// listRefusal is refusalReason for a list.
func listRefusal(list *channels.List) string {
	rows := 0
	for _, s := range list.Sections {
		for _, row := range s.Rows {
			rows++
			isTooLong := utf8.RuneCountInString(row.Description) > maxRowText || len(row.ID) > maxButtonID
			if isTooLong || !isTitle(row.Title, maxRowTitle) {
				return "A row's title has 1 to 24 characters, its description at most 72."
			}
		}
	}

	hasRows := rows > 0 && rows <= maxRows
	if !hasRows || !isTitle(list.Button, maxButtonTitle) {
		return "A list has one to ten rows and a button of at most 20 characters."
	}

	return ""
}

// isTitle reports whether a title is not empty and has at most limit characters.
func isTitle(title string, limit int) bool {
	return title != "" && utf8.RuneCountInString(title) <= limit
}

// contentTypes returns the "types" of a content with buttons or a list, as the Content API expects them:
//
//	{"twilio/quick-reply": {"body": "Which size?", "actions": [{"type": "QUICK_REPLY", "title": "M", "id": "m"}]}}
func contentTypes(body string, r *channels.Rich) map[string]any {
	if r.List != nil {
		return map[string]any{"twilio/list-picker": map[string]any{"body": body, "button": r.List.Button, "items": listItems(r.List)}}
	}
	kind := "twilio/quick-reply"
	if r.Buttons[0].URL != "" {
		kind = "twilio/call-to-action"
	}
	return map[string]any{kind: map[string]any{"body": body, "actions": buttonActions(r.Buttons)}}
}

// listItems returns the rows of a list as the Content API expects them. It has no sections.
func listItems(list *channels.List) []map[string]string {
	items := []map[string]string{}
	for _, s := range list.Sections {
		for _, row := range s.Rows {
			item := map[string]string{"id": cmp.Or(row.ID, row.Title), "item": row.Title}
			if row.Description != "" {
				item["description"] = row.Description
			}
			items = append(items, item)
		}
	}
	return items
}

// buttonActions returns buttons as the Content API expects them.
func buttonActions(buttons []channels.Button) []map[string]string {
	actions := []map[string]string{}
	for _, b := range buttons {
		if b.URL != "" {
			actions = append(actions, map[string]string{"type": "URL", "title": b.Title, "url": b.URL})
			continue
		}
		actions = append(actions, map[string]string{"type": "QUICK_REPLY", "title": b.Title, "id": cmp.Or(b.ID, b.Title)})
	}
	return actions
}

// fillContent creates a content for a part with buttons or a list, and adds its id to the form of the message.
func (c *Channel) fillContent(ctx context.Context, form url.Values, p part) error {
	made, err := c.catalogue.create(ctx, map[string]any{
		"friendly_name": onceName, "language": "en", "types": contentTypes(p.body, p.rich)})
	if err != nil {
		return asNotSent(err)
	}
	if made.SID == "" {
		return &channels.SendError{Class: channels.Retry, Text: "Twilio's answer names no content."}
	}
	form.Set("ContentSid", made.SID)
	return nil
}

// Attend implements channels.Attendant. It marks the customer's last message as read and shows her that somebody is typing. Without a
// last message it does nothing.
// Source: Twilio, typing indicators resource (beta), read Nov 2026.
func (w *WhatsApp) Attend(ctx context.Context, _ channels.Party, last string) error {
	if last == "" {
		return nil
	}
	return w.api.call(ctx, request{method: http.MethodPost, url: w.api.messaging + "/v2/Indicators/Typing.json",
		form: url.Values{"messageId": {last}, "channel": {"whatsapp"}}}, nil)
}

// Count implements channels.Counter. It counts the text as renderBody renders it.
func (s *SMS) Count(text, signature string) channels.Count {
	plain := strings.TrimSpace(markdown.WamarkPlain(signature))
	below := ""
	if plain != "" {
		below = "\n\n" + plain
	}
	body := below
	if strings.TrimSpace(text) != "" {
		body = s.renderBody(channels.Outbound{Text: text, Signature: channels.Signature{Text: plain}})
	}
	c := countSegments(body)
	c.Room = roomBeside(below, c.Encoding)
	return c
}
