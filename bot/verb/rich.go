package verb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// A reply can contain interactive content besides its text, which is called rich content: buttons, a list to
// choose from, a location, a contact card, or a carousel of cards. This file has the second step of the
// reply's form, which asks for that content as plain text, and parses it. For example, buttons are entered
// one per line: "Track it | https://shop.example".

// Maximum lengths of the form's fields in characters.
const (
	maxPlaceRunes  = 200  // the postal address of a location
	maxPointRunes  = 1000 // coordinates, or the URL of a map, which may be long
	maxPhonesRunes = 200
	maxEmailsRunes = 600
)

// richKind describes one kind of rich content.
type richKind struct {
	kind             bridge.RichKind
	label            string
	singular, plural string // names of the items whose number a channel limits: "button", "buttons"; "" if there is only one
}

// richKinds returns all kinds of rich content in the order in which the form offers them.
func richKinds() []richKind {
	return []richKind{
		{kind: bridge.RichIsButtons, label: "Buttons", singular: "button", plural: "buttons"},
		{kind: bridge.RichIsList, label: "List", singular: "choice", plural: "choices"},
		{kind: bridge.RichIsLocation, label: "Location"},
		{kind: bridge.RichIsContact, label: "Contact card"},
		{kind: bridge.RichIsCards, label: "Carousel", singular: "card", plural: "cards"},
	}
}

// richKindOf returns the description of a kind, or false if the kind is unknown.
func richKindOf(kind bridge.RichKind) (richKind, bool) {
	for _, k := range richKinds() {
		if k.kind == kind {
			return k, true
		}
	}
	return richKind{}, false
}

// askRich fills in the step that asks for the rich content of the kind in.Args.Rich.
func askRich(form *shape.Form, in shape.FormInput) {
	kind := in.Args.Rich
	form.Args.Most = in.Can.MaxItems(kind) // readRich checks the limit that was shown
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Icon("information_source"), shape.Text(" "+richLimits(in))))
	if k, isKnown := richKindOf(kind); isKnown {
		form.Title = k.label
	}

	words := shape.Field{
		Name:     FieldWords,
		Kind:     shape.FieldLong,
		Label:    "Text",
		Value:    textValue(in.Text),
		Optional: kind.IsSentAlone(),
		MaxRunes: maxTextRunes,
	}
	isCaption := form.Args.Most > 0 && !kind.IsSentAlone() // text and content are one message of the channel
	// A chat would truncate a text that is already too long. Without a limit, submitting the form reports it instead.
	isTooLong := utf8.RuneCountInString(in.Text) > shape.MaxRichTextRunes
	if isCaption && !isTooLong {
		words.MaxRunes = shape.MaxRichTextRunes
	}
	form.Fields = append([]shape.Field{words}, richFields(kind)...)
}

// richFields returns the fields for one kind of rich content. readRich reads them.
func richFields(kind bridge.RichKind) []shape.Field {
	switch kind {
	case bridge.RichIsButtons:
		return []shape.Field{{
			Name:     fieldChoices,
			Kind:     shape.FieldLong,
			Label:    "Buttons",
			Hint:     "One per line; with a link: Track it | https://shop.example",
			Example:  "Yes, please\nNo, thanks",
			MaxRunes: maxTextRunes,
		}}
	case bridge.RichIsList:
		return []shape.Field{
			{Name: fieldOpen, Kind: shape.FieldText, Label: "Opens with", Example: "Choose a lamp", MaxRunes: shape.MaxButtonRunes},
			{
				Name:     fieldChoices,
				Kind:     shape.FieldLong,
				Label:    "Choices",
				Hint:     "One per line: Title | description. A line that ends in : begins a section.",
				Example:  "Desk lamps:\nLuna | 40 cm, warm white",
				MaxRunes: maxTextRunes,
			},
		}
	case bridge.RichIsLocation:
		return []shape.Field{
			{
				Name:     fieldPoint,
				Kind:     shape.FieldText,
				Label:    "Where",
				Hint:     "Latitude and longitude, or the link of a map.",
				Example:  "52.5163, 13.3777",
				MaxRunes: maxPointRunes,
			},
			{Name: fieldName, Kind: shape.FieldText, Label: "Name", Optional: true, MaxRunes: shape.MaxNameRunes},
			{Name: fieldPlace, Kind: shape.FieldText, Label: "Address", Optional: true, MaxRunes: maxPlaceRunes},
		}
	case bridge.RichIsContact:
		return contactFields()
	case bridge.RichIsCards:
		return []shape.Field{{
			Name:  fieldCards,
			Kind:  shape.FieldLong,
			Label: "Cards",
			Hint: "Cards are separated by an empty line. " +
				"First its title, then its text; a web address is its picture, and > Title or > Title | https://… a button.",
			Example:  "Luna\nWarm white, 40 cm\n> Order it | https://lamps.example/luna",
			MaxRunes: maxTextRunes,
		}}
	}
	return nil
}

// contactFields returns the fields for a contact card. readContact reads them.
func contactFields() []shape.Field {
	return []shape.Field{
		{Name: fieldName, Kind: shape.FieldText, Label: "Name", MaxRunes: shape.MaxNameRunes},
		{Name: fieldOrg, Kind: shape.FieldText, Label: "Company", Optional: true, MaxRunes: shape.MaxNameRunes},
		{
			Name:     fieldPhones,
			Kind:     shape.FieldLong,
			Label:    "Phone numbers",
			Hint:     "One per line, with the country: +49 171 5550100",
			Optional: true,
			MaxRunes: maxPhonesRunes,
		},
		{
			Name:     fieldEmails,
			Kind:     shape.FieldLong,
			Label:    "E-mail addresses",
			Hint:     "One per line.",
			Optional: true,
			MaxRunes: maxEmailsRunes,
		},
	}
}

// richLimits returns a sentence for people about how many items the channel allows, and whether the text is a
// separate message.
func richLimits(in shape.FormInput) string {
	k, isKnown := richKindOf(in.Args.Rich)
	if !isKnown {
		return ""
	}

	maxCount := in.Can.MaxItems(k.kind)
	if maxCount == 0 {
		return shape.Or(in.Facts.Account.ChannelName, "This channel") + " can't carry this: the customer gets it as text."
	}

	var sentences []string
	if k.plural != "" {
		sentences = append(sentences, fmt.Sprintf("At most %d %s.", maxCount, shape.Plural(maxCount, k.singular, k.plural)))
	}
	if k.kind.IsSentAlone() {
		sentences = append(sentences, "The text goes before it, as a message of its own.")
	}
	return strings.Join(sentences, " ")
}

// readRich reads the submitted fields of richFields. If a value is invalid, problem is a message for the
// agent, field is the name of the field, and rich must not be used.
func readRich(args bridge.Args, v Values) (rich *bridge.Rich, field, problem string) {
	rich = &bridge.Rich{}
	switch args.Rich {
	case bridge.RichIsButtons:
		rich.Buttons, problem = shape.Buttons(v.Text(fieldChoices), args.Most)
		return rich, fieldChoices, problem
	case bridge.RichIsList:
		rich.List = &bridge.RichList{Button: shape.OneLine(v.Text(fieldOpen), shape.MaxButtonRunes)}
		if rich.List.Button == "" {
			return nil, fieldOpen, "Say what opens the list."
		}

		rich.List.Sections, problem = shape.Rows(v.Text(fieldChoices), args.Most)
		return rich, fieldChoices, problem
	case bridge.RichIsLocation:
		lat, lon, ok := shape.Point(v.Text(fieldPoint))
		if !ok {
			return nil, fieldPoint, "I can't read this place. Write it like 52.5163, 13.3777"
		}

		rich.Location = &bridge.RichLocation{
			Latitude:  lat,
			Longitude: lon,
			Name:      shape.OneLine(v.Text(fieldName), shape.MaxNameRunes),
			Address:   shape.OneLine(v.Text(fieldPlace), maxPlaceRunes),
		}

		return rich, "", ""
	case bridge.RichIsContact:
		return readContact(v)
	case bridge.RichIsCards:
		rich.Cards, problem = shape.Cards(v.Text(fieldCards), args.Most)
		return rich, fieldCards, problem
	}

	// The form is from an older version of Parley, with a kind that no longer exists.
	return nil, FieldWords, "This form is no longer valid. Close it and open it again."
}

// readContact reads the fields of contactFields. A card needs a name, and at least one phone number or e-mail
// address.
func readContact(v Values) (rich *bridge.Rich, field, problem string) {
	contact := &bridge.RichContact{
		Name: shape.OneLine(v.Text(fieldName), shape.MaxNameRunes),
		Org:  shape.OneLine(v.Text(fieldOrg), shape.MaxNameRunes),
	}
	if contact.Name == "" {
		return nil, fieldName, "Say whose card it is."
	}

	phones, invalid := shape.Phones(v.Text(fieldPhones))
	if invalid != "" {
		return nil, fieldPhones, "“" + shape.OneLine(invalid, maxWrongRunes) + "” isn't a number with its country, like +49 171 5550100."
	}
	contact.Phones = phones

	for _, word := range strings.Fields(v.Text(fieldEmails)) {
		list, problem := readMailAddresses(word)
		if problem != "" || len(list) != 1 {
			return nil, fieldEmails, "“" + shape.OneLine(word, maxWrongRunes) + "” isn't an address."
		}
		contact.Emails = append(contact.Emails, list...)
	}

	if len(contact.Phones)+len(contact.Emails) == 0 {
		return nil, fieldPhones, "Add a number or an address."
	}

	return &bridge.Rich{Contact: contact}, "", ""
}
