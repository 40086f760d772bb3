package whatsapp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/channels"
)

// Limits of interactive messages, in characters.
// Source: Cloud API, "Interactive reply buttons" and "Interactive lists".
const (
	maxBody       = 1024
	maxButton     = 20
	maxButtonID   = 256
	maxRowID      = 200
	maxRowTitle   = 24
	maxRowWords   = 72
	maxSections   = 10
	maxCardPhones = 50
)

// richSteps returns the messages for a rich message and its text.
// Errors: *channels.SendError.
func richSteps(r channels.Rich, text string) ([]step, error) {
	switch {
	case len(r.Buttons) > 0:
		return buttonSteps(r.Buttons, text)
	case r.List != nil:
		return listSteps(*r.List, text)
	case r.Location != nil:
		l := object{"latitude": numberText(r.Location.Latitude), "longitude": numberText(r.Location.Longitude)} // texts, as published
		if r.Location.Latitude < -90 || r.Location.Latitude > 90 || r.Location.Longitude < -180 || r.Location.Longitude > 180 {
			return nil, errBadContent("There is no such place on Earth.", "Latitude is -90 to 90, longitude -180 to 180.")
		}
		if r.Location.Name != "" {
			l["name"] = r.Location.Name
		}
		if r.Location.Address != "" {
			l["address"] = r.Location.Address
		}
		return afterText(text, step{kind: "location", content: l, replies: true}), nil
	case r.Contact != nil:
		card, err := contactCard(*r.Contact)
		return afterText(text, step{kind: "contacts", content: []object{card}, replies: true}), err
	case len(r.Cards) > 0:
		return nil, errBadContent("WhatsApp has no carousels outside of templates.", "Send it as text.")
	}
	return nil, errBadContent("There is nothing to send.", "Write something.")
}

// afterText returns a step, with a text before it as a message of its own.
func afterText(text string, s step) []step {
	if text == "" {
		return []step{s}
	}
	return []step{textStep(text), s}
}

// interactiveStep returns an interactive message with this text and action.
func interactiveStep(kind, text string, action object) ([]step, error) {
	if n := utf8.RuneCountInString(text); n == 0 || n > maxBody {
		return nil, errBadContent(fmt.Sprintf("The text above buttons and lists has 1 to %d characters; this one has %d.", maxBody, n), "Write a shorter text.")
	}
	return []step{{kind: "interactive", replies: true, content: object{"type": kind, "body": object{"text": text}, "action": action}}}, nil
}

// buttonSteps returns a message with buttons. In WhatsApp these are either answers or one link; a link beside
// answers is written as text.
func buttonSteps(buttons []channels.Button, text string) ([]step, error) {
	var replies []object
	titles := map[string]bool{}
	for _, b := range buttons {
		if n := utf8.RuneCountInString(b.Title); n == 0 || n > maxButton || titles[b.Title] {
			return nil, errBadContent(fmt.Sprintf("A button has 1 to %d characters, and no other may have the same: %q.", maxButton, b.Title), "Change the button.")
		}
		titles[b.Title] = true
		switch {
		case b.URL != "" && len(buttons) == 1:
			return interactiveStep("cta_url", text, object{"name": "cta_url", "parameters": object{"display_text": b.Title, "url": b.URL}})
		case b.URL != "":
			text = joinNonEmpty("\n", text, b.Title+": "+b.URL)
			continue
		}
		id := b.ID
		if id == "" {
			id = b.Title
		}
		if utf8.RuneCountInString(id) > maxButtonID {
			return nil, errBadContent("The ID of a button is too long.", "Use a shorter one.")
		}
		replies = append(replies, object{"type": "reply", "reply": object{"id": id, "title": b.Title}})
	}
	if len(replies) == 0 {
		return []step{textStep(text)}, nil
	}
	if len(replies) > maxButtons {
		return nil, errBadContent(fmt.Sprintf("WhatsApp takes %d buttons; these are %d.", maxButtons, len(replies)), "Use a list.")
	}
	return interactiveStep("button", text, object{"buttons": replies})
}

func listSteps(l channels.List, text string) ([]step, error) {
	if n := utf8.RuneCountInString(l.Button); n == 0 || n > maxButton {
		return nil, errBadContent(fmt.Sprintf("The button that opens a list has 1 to %d characters.", maxButton), "Change it.")
	}
	var sections []object
	rows := 0
	for _, s := range l.Sections {
		var list []object
		for _, r := range s.Rows {
			if n := utf8.RuneCountInString(r.Title); n == 0 || n > maxRowTitle || utf8.RuneCountInString(r.Description) > maxRowWords ||
				utf8.RuneCountInString(r.ID) > maxRowID {
				return nil, errBadContent(fmt.Sprintf("A row has a title of 1 to %d characters and a description of up to %d: %q.", maxRowTitle, maxRowWords, r.Title),
					"Change the row.")
			}
			row := object{"id": r.ID, "title": r.Title}
			if r.ID == "" {
				row["id"] = r.Title
			}
			if r.Description != "" {
				row["description"] = r.Description
			}
			list = append(list, row)
		}
		rows += len(list)
		section := object{"rows": list}
		if s.Title != "" || len(l.Sections) > 1 { // several need titles
			section["title"] = s.Title
		}
		if n := utf8.RuneCountInString(s.Title); n > maxRowTitle || n == 0 && len(l.Sections) > 1 || len(list) == 0 {
			return nil, errBadContent(fmt.Sprintf("A section has rows, and a title of up to %d characters where there are several.", maxRowTitle), "Change the list.")
		}
		sections = append(sections, section)
	}
	if rows == 0 || rows > maxListRows || len(sections) > maxSections {
		return nil, errBadContent(fmt.Sprintf("A list has 1 to %d rows; this one has %d.", maxListRows, rows), "Offer fewer.")
	}
	return interactiveStep("list", text, object{"button": l.Button, "sections": sections})
}

func contactCard(c channels.ContactCard) (object, error) {
	if c.Name == "" || len(c.Phones) > maxCardPhones {
		return nil, errBadContent("A contact card needs a name.", "Write one.")
	}
	firstName, last, _ := strings.Cut(c.Name, " ")
	name := object{"formatted_name": c.Name, "first_name": firstName}
	if last != "" {
		name["last_name"] = last
	}
	card := object{"name": name}
	if c.Org != "" {
		card["org"] = object{"company": c.Org}
	}
	var phones, emails []object
	for _, p := range c.Phones {
		phone := object{"phone": p, "type": "WORK"}
		if key := phoneKey(loose(p)); key != "" {
			phone["wa_id"] = key[1:]
		}
		phones = append(phones, phone)
	}
	for _, e := range c.Emails {
		emails = append(emails, object{"email": e, "type": "WORK"})
	}
	if len(phones) > 0 {
		card["phones"] = phones
	}
	if len(emails) > 0 {
		card["emails"] = emails
	}
	return card, nil
}
