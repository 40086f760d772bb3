package verb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// How many characters the fields of this form take.
const (
	maxPlaceRunes  = 200  // the address of a place
	maxPointRunes  = 1000 // coordinates, or a map's link, which is long
	maxPhonesRunes = 200
	maxEmailsRunes = 600
)

// richKind describes one kind of content that a reply can carry besides text.
type richKind struct {
	kind             bridge.RichKind
	label            string
	singular, plural string // what a channel limits the number of: "button", "buttons"; "" if there can be only one
}

// richKinds lists what a reply can carry, in the order in which a form offers it.
func richKinds() []richKind {
	return []richKind{
		{kind: bridge.RichIsButtons, label: "Buttons", singular: "button", plural: "buttons"},
		{kind: bridge.RichIsList, label: "List", singular: "choice", plural: "choices"},
		{kind: bridge.RichIsLocation, label: "Location"},
		{kind: bridge.RichIsContact, label: "Contact card"},
		{kind: bridge.RichIsCards, label: "Carousel", singular: "card", plural: "cards"},
	}
}

// richKindOf returns the description of a kind of content, or false if it is none that a reply can carry.
func richKindOf(kind bridge.RichKind) (richKind, bool) {
	for _, k := range richKinds() {
		if k.kind == kind {
			return k, true
		}
	}
	return richKind{}, false
}

// askRich fills in the second form of a reply, which asks for what goes with the text: buttons, a list, a place, a contact card or
// a carousel.
func askRich(form *shape.Form, in shape.FormInput) {
	kind := in.Args.Rich
	form.Args.Most = in.Can.MaxItems(kind) // readRich checks against what was shown
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
	isAboveRich := form.Args.Most > 0 && !kind.IsSentAlone()              // it stands above what the channel carries, in one message
	isTooLong := utf8.RuneCountInString(in.Text) > typed.MaxRichTextRunes // a surface would cut it: handing it in says in words that it is
	if isAboveRich && !isTooLong {
		words.MaxRunes = typed.MaxRichTextRunes
	}
	form.Fields = append([]shape.Field{words}, richFields(kind)...)
}

// richFields returns the fields that ask for one kind of content. readRich reads them.
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
			{Name: fieldOpen, Kind: shape.FieldText, Label: "Opens with", Example: "Choose a lamp", MaxRunes: typed.MaxButtonRunes},
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
		return []shape.Field{{Name: fieldCards, Kind: shape.FieldLong, Label: "Cards",
			Hint: "Cards are separated by an empty line. " +
				"First its title, then its text; a web address is its picture, and > Title or > Title | https://… a button.",
			Example: "Luna\nWarm white, 40 cm\n> Order it | https://lamps.example/luna", MaxRunes: maxTextRunes}}
	}
	return nil
}

// contactFields returns the fields that ask for a contact card. readContact reads them.
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

// richLimits says for people how many items fit, and whether the text is sent by itself.
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

// readRich reads what the form's second step asked for. If something is wrong, problem says so for people, field is
// the name of the field, and r must not be used.
func readRich(args bridge.Args, v Values) (r *bridge.Rich, field, problem string) {
	r = &bridge.Rich{}
	switch args.Rich {
	case bridge.RichIsButtons:
		r.Buttons, problem = typed.Buttons(v.Text(fieldChoices), args.Most)
		return r, fieldChoices, problem
	case bridge.RichIsList:
		r.List = &bridge.RichList{Button: shape.OneLine(v.Text(fieldOpen), typed.MaxButtonRunes)}
		if r.List.Button == "" {
			return nil, fieldOpen, "Say what opens the list."
		}

		r.List.Sections, problem = typed.Rows(v.Text(fieldChoices), args.Most)
		return r, fieldChoices, problem
	case bridge.RichIsLocation:
		lat, lon, ok := typed.Point(v.Text(fieldPoint))
		if !ok {
			return nil, fieldPoint, "I can't read this place. Write it like 52.5163, 13.3777"
		}

		r.Location = &bridge.RichLocation{
			Latitude:  lat,
			Longitude: lon,
			Name:      shape.OneLine(v.Text(fieldName), shape.MaxNameRunes),
			Address:   shape.OneLine(v.Text(fieldPlace), maxPlaceRunes),
		}

		return r, "", ""
	case bridge.RichIsContact:
		return readContact(v)
	case bridge.RichIsCards:
		r.Cards, problem = typed.Cards(v.Text(fieldCards), args.Most)
		return r, fieldCards, problem
	}

	// An older form, of a kind that there isn't any more.
	return nil, FieldWords, "This form is no longer valid. Close it and open it again."
}

// readContact reads a contact card: a name, and at least one number or address.
func readContact(v Values) (r *bridge.Rich, field, problem string) {
	c := &bridge.RichContact{
		Name: shape.OneLine(v.Text(fieldName), shape.MaxNameRunes),
		Org:  shape.OneLine(v.Text(fieldOrg), shape.MaxNameRunes),
	}
	if c.Name == "" {
		return nil, fieldName, "Say whose card it is."
	}

	var wrong string
	if c.Phones, wrong = typed.Phones(v.Text(fieldPhones)); wrong != "" {
		return nil, fieldPhones, "“" + shape.OneLine(wrong, maxWrongRunes) + "” isn't a number with its country, like +49 171 5550100."
	}

	for _, word := range strings.Fields(v.Text(fieldEmails)) {
		list, wrong := readMailAddresses(word)
		if wrong != "" || len(list) != 1 {
			return nil, fieldEmails, "“" + shape.OneLine(word, maxWrongRunes) + "” isn't an address."
		}
		c.Emails = append(c.Emails, list...)
	}

	if len(c.Phones)+len(c.Emails) == 0 {
		return nil, fieldPhones, "Add a number or an address."
	}

	return &bridge.Rich{Contact: c}, "", ""
}
