package meta

import (
	"cmp"
	"fmt"
	"math"
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

// richSteps returns the messages ("steps") for the interactive part of a reply (buttons, a list, a location
// or a contact card) and its text. Each has the form of the Cloud API; for example, buttons become:
//
//	{"type": "button", "body": {"text": "Which day?"}, "action": {"buttons": [{"type": "reply", "reply": …}]}}
//
// Errors: *channels.SendError of class BadContent if WhatsApp would refuse it.
func richSteps(r channels.Rich, text string) ([]step, error) {
	switch {
	case len(r.Buttons) > 0:
		return buttonSteps(r.Buttons, text)
	case r.List != nil:
		return listSteps(*r.List, text)
	case r.Location != nil:
		return locationSteps(*r.Location, text)
	case r.Contact != nil:
		card, err := contactCard(*r.Contact)
		return afterText(text, step{kind: "contacts", content: []object{card}, replies: true}), err
	case len(r.Cards) > 0:
		return nil, channels.RefuseContent("WhatsApp has no carousels outside of templates.", "Send it as text.")
	}

	return nil, channels.RefuseContent("There is nothing to send.", "Write something.")
}

// Limits of coordinates, in degrees.
const (
	maxLatitude  = 90
	maxLongitude = 180
)

// locationSteps returns the messages for a location and its text.
func locationSteps(place channels.Location, text string) ([]step, error) {
	if math.Abs(place.Latitude) > maxLatitude || math.Abs(place.Longitude) > maxLongitude {
		return nil, channels.RefuseContent("There is no such place on Earth.", "Latitude is -90 to 90, longitude -180 to 180.")
	}
	content := object{"latitude": numberText(place.Latitude), "longitude": numberText(place.Longitude)} // as strings, as in the documentation
	if place.Name != "" {
		content["name"] = place.Name
	}
	if place.Address != "" {
		content["address"] = place.Address
	}
	return afterText(text, step{kind: "location", content: content, replies: true}), nil
}

// interactiveStep returns an interactive message of this kind, with a text and an action.
func interactiveStep(kind, text string, action object) ([]step, error) {
	n := utf8.RuneCountInString(text)
	if n == 0 || n > maxBody {
		return nil, channels.RefuseContent(fmt.Sprintf("The text above buttons and lists has 1 to %d characters; this one has %d.",
			maxBody, n), "Write a shorter text.")
	}
	return []step{{
		kind:    "interactive",
		replies: true,
		content: object{"type": kind, "body": object{"text": text}, "action": action},
	}}, nil
}

// buttonSteps returns a message with buttons. WhatsApp allows either up to three reply buttons or one link in
// a message. So a link next to other buttons is written below the text instead.
func buttonSteps(buttons []channels.Button, text string) ([]step, error) {
	var replies []object
	titles := map[string]bool{}
	for _, b := range buttons {
		if titles[b.Title] || !hasLength(b.Title, maxButton) {
			return nil, channels.RefuseContent(fmt.Sprintf("A button has 1 to %d characters, and no other may have the same: %q.",
				maxButton, b.Title), "Change the button.")
		}

		titles[b.Title] = true
		if b.URL != "" {
			if len(buttons) == 1 {
				return interactiveStep("cta_url", text, object{
					"name":       "cta_url",
					"parameters": object{"display_text": b.Title, "url": b.URL},
				})
			}
			text = joinNonEmpty("\n", text, b.Title+": "+b.URL)
			continue
		}

		id := cmp.Or(b.ID, b.Title)
		if utf8.RuneCountInString(id) > maxButtonID {
			return nil, channels.RefuseContent("The ID of a button is too long.", "Use a shorter one.")
		}

		replies = append(replies, object{"type": "reply", "reply": object{"id": id, "title": b.Title}})
	}

	if len(replies) == 0 {
		return []step{textStep(text)}, nil
	}
	if len(replies) > maxButtons {
		return nil, channels.RefuseContent(fmt.Sprintf("WhatsApp takes %d buttons; these are %d.", maxButtons, len(replies)), "Use a list.")
	}

	return interactiveStep("button", text, object{"buttons": replies})
}

// hasLength reports whether text has between 1 and maxRunes characters.
func hasLength(text string, maxRunes int) bool {
	return text != "" && utf8.RuneCountInString(text) <= maxRunes
}

// listSteps returns a message with a list, which the customer opens with a button.
func listSteps(l channels.List, text string) ([]step, error) {
	if !hasLength(l.Button, maxButton) {
		return nil, channels.RefuseContent(fmt.Sprintf("The button that opens a list has 1 to %d characters.", maxButton), "Change it.")
	}

	var sections []object
	rows := 0
	needsTitles := len(l.Sections) > 1
	for _, s := range l.Sections {
		section, err := listSection(s, needsTitles)
		if err != nil {
			return nil, err
		}

		rows += len(s.Rows)
		sections = append(sections, section)
	}

	hasRows := rows > 0 && rows <= maxListRows
	if !hasRows || len(sections) > maxSections {
		return nil, channels.RefuseContent(fmt.Sprintf("A list has 1 to %d rows; this one has %d.", maxListRows, rows), "Offer fewer.")
	}

	return interactiveStep("list", text, object{"button": l.Button, "sections": sections})
}

// listSection returns a section of a list. needsTitle is true if the list has several sections.
func listSection(s channels.ListSection, needsTitle bool) (object, error) {
	var rows []object
	for _, r := range s.Rows {
		isTooLong := utf8.RuneCountInString(r.Description) > maxRowWords || utf8.RuneCountInString(r.ID) > maxRowID
		if isTooLong || !hasLength(r.Title, maxRowTitle) {
			return nil, channels.RefuseContent(fmt.Sprintf("A row has a title of 1 to %d characters and a description of up to %d: %q.",
				maxRowTitle, maxRowWords, r.Title),
				"Change the row.")
		}

		row := object{"id": cmp.Or(r.ID, r.Title), "title": r.Title}
		if r.Description != "" {
			row["description"] = r.Description
		}

		rows = append(rows, row)
	}

	section := object{"rows": rows}
	if s.Title != "" || needsTitle {
		section["title"] = s.Title
	}

	lacksTitle := s.Title == "" && needsTitle
	isTooLong := utf8.RuneCountInString(s.Title) > maxRowTitle
	if lacksTitle || isTooLong || len(rows) == 0 {
		return nil, channels.RefuseContent(fmt.Sprintf("A section has rows, and a title of up to %d characters where there are several.",
			maxRowTitle), "Change the list.")
	}

	return section, nil
}

// contactCard returns a contact card in WhatsApp's form. WhatsApp requires a first name, for which the first
// word of the name is used.
func contactCard(c channels.ContactCard) (object, error) {
	if c.Name == "" {
		return nil, channels.RefuseContent("A contact card needs a name.", "Write one.")
	}
	if len(c.Phones) > maxCardPhones {
		return nil, channels.RefuseContent(fmt.Sprintf("A contact card has at most %d numbers; this one has %d.",
			maxCardPhones, len(c.Phones)), "Leave some out.")
	}

	firstName, lastName, _ := strings.Cut(c.Name, " ")
	name := object{"formatted_name": c.Name, "first_name": firstName}
	if lastName != "" {
		name["last_name"] = lastName
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
