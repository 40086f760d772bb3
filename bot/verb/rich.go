package verb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// Bounds of what is typed into the form of a reply with more than text.
const (
	maxPlaceRunes   = 200  // the address of a place
	maxPointRunes   = 1000 // where a place is: links of maps are long
	maxButtonsRunes = 600  // some lines with buttons
	maxPhonesRunes  = 200
	maxEmailsRunes  = 600
)

// richKind describes one kind of content that a reply can carry besides text.
type richKind struct {
	kind          bridge.RichKind
	label         string
	piece, pieces string // what its limit counts, in singular and plural; "" if there can be only one
}

// richKinds lists what a reply can carry, in the order in which a form offers it.
func richKinds() []richKind {
	return []richKind{
		{kind: bridge.RichIsButtons, label: "Buttons", piece: "button", pieces: "buttons"},
		{kind: bridge.RichIsList, label: "List", piece: "choice", pieces: "choices"},
		{kind: bridge.RichIsLocation, label: "Location"},
		{kind: bridge.RichIsContact, label: "Contact card"},
		{kind: bridge.RichIsCards, label: "Carousel", piece: "card", pieces: "cards"},
	}
}

// richForm is the second step of a reply: it asks for the buttons, list or the like that go with the text.
func richForm(form *shape.Form, in shape.FormInput) {
	kind := in.Args.Rich
	form.Args.Most = in.Can.MaxItems(kind)
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Icon("information_source"), shape.Text(" "+richLimits(in))))
	words := shape.Field{Name: FieldWords, Kind: shape.FieldLong, Label: "Text", Value: textValue(in.Text), Optional: kind.IsSentAlone(), MaxRunes: maxTextRunes}
	isTooLong := utf8.RuneCountInString(in.Text) > typed.MaxRichTextRunes // a surface would cut it: handing it in says in words that it is
	if form.Args.Most > 0 && !kind.IsSentAlone() && !isTooLong {
		words.MaxRunes = typed.MaxRichTextRunes
	}

	form.Fields = []shape.Field{words}
	switch kind {
	case bridge.RichIsButtons:
		form.Title = "Buttons"
		form.Fields = append(form.Fields, shape.Field{Name: fieldChoices, Kind: shape.FieldLong, Label: "Buttons", Hint: "One per line.", Example: "Yes, please\nNo, thanks", MaxRunes: maxButtonsRunes})
	case bridge.RichIsList:
		form.Title = "List"
		form.Fields = append(form.Fields,
			shape.Field{Name: fieldOpen, Kind: shape.FieldText, Label: "Opens with", Example: "Choose a lamp", MaxRunes: typed.MaxButtonRunes},
			shape.Field{Name: fieldChoices, Kind: shape.FieldLong, Label: "Choices", Hint: "One per line: Title | description. A line that ends in : begins a section.", Example: "Desk lamps:\nLuna | 40 cm, warm white", MaxRunes: maxTextRunes})
	case bridge.RichIsLocation:
		form.Title = "Location"
		form.Fields = append(form.Fields,
			shape.Field{Name: fieldPoint, Kind: shape.FieldText, Label: "Where", Hint: "Latitude and longitude, or the link of a map.", Example: "52.5163, 13.3777", MaxRunes: maxPointRunes},
			shape.Field{Name: fieldName, Kind: shape.FieldText, Label: "Name", Optional: true, MaxRunes: shape.MaxNameRunes},
			shape.Field{Name: fieldPlace, Kind: shape.FieldText, Label: "Address", Optional: true, MaxRunes: maxPlaceRunes})
	case bridge.RichIsContact:
		form.Title = "Contact card"
		form.Fields = append(form.Fields,
			shape.Field{Name: fieldName, Kind: shape.FieldText, Label: "Name", MaxRunes: shape.MaxNameRunes},
			shape.Field{Name: fieldOrg, Kind: shape.FieldText, Label: "Company", Optional: true, MaxRunes: shape.MaxNameRunes},
			shape.Field{Name: fieldPhones, Kind: shape.FieldLong, Label: "Phone numbers", Hint: "One per line, with the country: +49 171 5550100", Optional: true, MaxRunes: maxPhonesRunes},
			shape.Field{Name: fieldEmails, Kind: shape.FieldLong, Label: "E-mail addresses", Hint: "One per line.", Optional: true, MaxRunes: maxEmailsRunes})
	case bridge.RichIsCards:
		form.Title = "Carousel"
		form.Fields = append(form.Fields, shape.Field{Name: fieldCards, Kind: shape.FieldLong, Label: "Cards",
			Hint:    "Cards are separated by an empty line. First its title, then its text; a web address is its picture, and > Title or > Title | https://… a button.",
			Example: "Luna\nWarm white, 40 cm\n> Order it | https://lamps.example/luna", MaxRunes: maxTextRunes})
	}
}

// richLimits says what the customer will get.
func richLimits(in shape.FormInput) string {
	channel := shape.Or(in.Facts.Account.ChannelName, "This channel")
	for _, k := range richKinds() {
		if k.kind != in.Args.Rich {
			continue
		}

		maxCount := in.Can.MaxItems(k.kind)
		limit := fmt.Sprintf("At most %d %s.", maxCount, shape.Plural(maxCount, k.piece, k.pieces))
		const apart = "The text goes before it, as a message of its own."

		if maxCount == 0 {
			return channel + " can't carry this: the customer gets it as text."
		}
		if k.kind.IsSentAlone() && k.pieces != "" {
			return limit + " " + apart
		}
		if k.kind.IsSentAlone() {
			return apart
		}

		return limit
	}

	return ""
}

// readRich reads what goes with the text.
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

	return nil, FieldWords, "This form is no longer valid. Close it and open it again."
}

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
		return nil, fieldPhones, "“" + shape.OneLine(wrong, maxWrongRunes) + "” is no number with its country, like +49 171 5550100."
	}

	for _, word := range strings.Fields(v.Text(fieldEmails)) {
		list, problem := readMailAddresses(word)
		if problem != "" || len(list) != 1 {
			return nil, fieldEmails, "“" + shape.OneLine(word, maxWrongRunes) + "” is no address."
		}
		c.Emails = append(c.Emails, list...)
	}

	if len(c.Phones)+len(c.Emails) == 0 {
		return nil, fieldPhones, "Add a number or an address."
	}

	return &bridge.Rich{Contact: c}, "", ""
}
