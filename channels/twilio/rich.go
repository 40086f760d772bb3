package twilio

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/wamark"
)

// A rich message has more than text: buttons, a list, or a place on the map. Twilio takes buttons and lists only as a
// "content", an object that is created first and then sent by its id. On SMS, and where WhatsApp lacks a form, the
// buttons become lines of text.

// Limits of rich messages inside the reply window.
// Source: Twilio, content types quick-reply, list-picker and call-to-action.
const (
	maxButtonTitle = 20
	maxButtonID    = 200
	maxRowTitle    = 24
	maxRowText     = 72
	maxRichBody    = 1024
	maxLinks       = 2
	maxLabel       = 900 // of a location: name and address
)

// onceName is the name of all contents that fillContent makes for a single message. Run deletes them a day later.
const onceName = "parley_once"

// planRich checks a rich message and returns its parts. body is the text above it. It returns nil if r is nil.
// Errors: a *channels.SendError, in words for the agent.
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

// planLocation returns the parts of a location: the text is a message of its own, because the location's text is its
// label.
func planLocation(r *channels.Rich, body string) []part {
	label := cmp.Or(strings.TrimSpace(r.Location.Name+"\n"+r.Location.Address), "Location")
	var parts []part
	if body != "" {
		parts = append(parts, part{body: body})
	}
	return append(parts, part{body: clipText(label, maxLabel), rich: r})
}

// isSentAsWords reports whether a rich message is written as text. On SMS it always is. On WhatsApp cards are, and
// buttons unless they are all answers or at most two links.
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

// refusalReason returns why Twilio would refuse buttons or a list, as a sentence for the agent. "" means it wouldn't.
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

// isTitle reports whether a title has at least one character, and not too many.
func isTitle(title string, most int) bool {
	return title != "" && utf8.RuneCountInString(title) <= most
}

// contentTypes returns a message with buttons or a list in the form of the Content API.
func contentTypes(body string, r *channels.Rich) map[string]any {
	if r.List != nil {
		items := []map[string]string{}
		for _, s := range r.List.Sections {
			for _, row := range s.Rows {
				item := map[string]string{"id": cmp.Or(row.ID, row.Title), "item": row.Title}
				if row.Description != "" {
					item["description"] = row.Description
				}
				items = append(items, item)
			}
		}
		return map[string]any{"twilio/list-picker": map[string]any{"body": body, "button": r.List.Button, "items": items}}
	}

	actions := []map[string]string{}
	for _, b := range r.Buttons {
		if b.URL != "" {
			actions = append(actions, map[string]string{"type": "URL", "title": b.Title, "url": b.URL})
			continue
		}
		actions = append(actions, map[string]string{"type": "QUICK_REPLY", "title": b.Title, "id": cmp.Or(b.ID, b.Title)})
	}

	kind := "twilio/quick-reply"
	if r.Buttons[0].URL != "" {
		kind = "twilio/call-to-action"
	}

	return map[string]any{kind: map[string]any{"body": body, "actions": actions}}
}

// fillContent creates a content for a single message, because Twilio sends buttons and lists only that way.
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

// Attend implements channels.Attendant: it marks the customer's last message as read and shows that an answer is
// being written. Without such a message there is nothing to mark.
// Source: Twilio, typing indicators resource (beta), read Nov 2026.
func (w *WhatsApp) Attend(ctx context.Context, _ channels.Party, last string) error {
	if last == "" {
		return nil
	}
	return w.api.call(ctx, request{method: http.MethodPost, url: w.api.messaging + "/v2/Indicators/Typing.json",
		form: url.Values{"messageId": {last}, "channel": {"whatsapp"}}}, nil)
}

// Count implements channels.Counter, for the text that renderBody renders.
func (s *SMS) Count(text, signature string) channels.Count {
	plain := strings.TrimSpace(wamark.Plain(signature))
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
