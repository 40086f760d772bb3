package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// Names of the fields of a reply with more than text.
const (
	fieldAdd     = "add"
	fieldAnswers = "answers"
	fieldChoices = "choices"
	fieldOpen    = "open"
	fieldPoint   = "point"
	fieldPlace   = "place"
	fieldOrg     = "org"
	fieldPhones  = "phones"
	fieldEmails  = "emails"
	fieldCards   = "cards"
	fieldKind    = "kind"
)

// replyForm is the form of a reply: its text, or, in a second step, what goes with it.
func replyForm(form *Form, in FormInput) {
	form.Title, form.Submit = "Reply to the customer", "Send"
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Goes to "+goesTo(in))))
	for _, s := range in.Said {
		if s.MessageID == in.Args.Message || len(in.Said) == 1 {
			form.Args.Message = s.MessageID
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Icon("leftwards_arrow_with_hook"), shape.Text(" To: “"+shape.OneLine(s.Text, shape.MaxSubjectRunes)+"”")))
		}
	}
	if in.Args.Rich != "" {
		richForm(form, in)
		return
	}
	words := Field{Name: fieldText, Kind: FieldLong, Label: "Reply", Hint: countWords(in), Value: one(in.Text), MaxRunes: maxTextRunes}
	form.Fields = append([]Field{words}, recipientFields(form, in)...)
	if len(in.Said) > 1 {
		to := Field{Name: fieldAnswers, Kind: FieldOne, Label: "In answer to", Optional: true}
		for _, s := range in.Said {
			label := shape.Or(shape.OneLine(s.Text, 70), "(a message without text)")
			to.Options = append(to.Options, Option{Value: strconv.FormatInt(s.MessageID, 10), Label: label})
		}
		form.Fields = append(form.Fields, to)
	}
	form.Fields = append(form.Fields, promotionField(form, in)...)
	add := Field{Name: fieldAdd, Kind: FieldOne, Label: "Add to it", Optional: true}
	for _, k := range richKinds() {
		label := k.label
		if in.Can.Most(k.kind) == 0 {
			label += " (as text)"
		}
		add.Options = append(add.Options, Option{Value: string(k.kind), Label: label})
	}
	form.Fields = append(form.Fields, add)
	form.Files = in.Can.AttachmentsPerMessage > 0
	if in.Can.NoFiles != "" {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text(in.Can.NoFiles)))
	}
}

// kindPromotion is the value of a reply that is promotional.
const kindPromotion = "promotion"

// promotionField asks whether a reply is promotional where a provider takes such ones for a shorter
// time than answers. When that is over the form says so.
func promotionField(form *Form, in FormInput) []Field {
	switch {
	case in.Can.HumanWindow == 0:
		return nil
	case in.Facts.WindowPeople:
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Only answers may be sent now, nothing promotional: the customer wrote more than "+hoursWords(in.Can.ReplyWindow)+" ago.")))
		return nil
	}
	return []Field{{Name: fieldKind, Kind: FieldOne, Label: "What it is", Hint: "Promotional messages may leave for " + hoursWords(in.Can.ReplyWindow) + " after the customer wrote.", Optional: true,
		Options: []Option{{Value: kindPromotion, Label: "Promotional: an offer, advertising"}}}}
}

func hoursWords(d time.Duration) string { return fmt.Sprintf("%d hours", int(d.Hours())) }

// countWords says how many messages a text is where providers count.
func countWords(in FormInput) string {
	c := in.Count
	switch {
	case c == nil:
		return ""
	case c.Room != [3]int{}:
		words := fmt.Sprintf("One text holds %d characters, two hold %d, three %d (%s; the signature is counted).", c.Room[0], c.Room[1], c.Room[2], c.Encoding)
		if strings.TrimSpace(in.Text) == "" {
			return words
		}
		return fmt.Sprintf("So far %d %s, %d characters left. ", c.Parts, shape.Plural(c.Parts, "text", "texts"), c.Left) + words
	case strings.TrimSpace(in.Text) == "":
		return fmt.Sprintf("%d characters fit into one text (%s); a longer one counts as several.", c.Left, c.Encoding)
	}
	return fmt.Sprintf("So far %d %s, %d characters left (%s).", c.Parts, shape.Plural(c.Parts, "text", "texts"), c.Left, c.Encoding)
}

// richKind is what can be added, in words.
type richKind struct {
	kind          bridge.RichKind
	label         string
	piece, pieces string // what its limit counts; "" = there is one
}

func richKinds() []richKind {
	return []richKind{
		{bridge.RichIsButtons, "Buttons", "button", "buttons"}, {bridge.RichIsList, "List", "choice", "choices"},
		{bridge.RichIsLocation, "Location", "", ""}, {bridge.RichIsContact, "Contact card", "", ""}, {bridge.RichIsCards, "Carousel", "card", "cards"},
	}
}

// richForm asks for what goes with the text.
func richForm(form *Form, in FormInput) {
	kind := in.Args.Rich
	form.Args.Most = in.Can.Most(kind)
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Icon("information_source"), shape.Text(" "+richLimits(in))))
	words := Field{Name: fieldText, Kind: FieldLong, Label: "Text", Value: one(in.Text), Optional: kind.Alone(), MaxRunes: maxTextRunes}
	if form.Args.Most > 0 && !kind.Alone() {
		words.MaxRunes = typed.MaxRichTextRunes
	}
	form.Fields = []Field{words}
	switch kind {
	case bridge.RichIsButtons:
		form.Title = "Buttons"
		form.Fields = append(form.Fields, Field{Name: fieldChoices, Kind: FieldLong, Label: "Buttons", Hint: "One per line.", Example: "Yes, please\nNo, thanks", MaxRunes: 600})
	case bridge.RichIsList:
		form.Title = "List"
		form.Fields = append(form.Fields,
			Field{Name: fieldOpen, Kind: FieldText, Label: "Opens with", Example: "Choose a lamp", MaxRunes: typed.MaxButtonRunes},
			Field{Name: fieldChoices, Kind: FieldLong, Label: "Choices", Hint: "One per line: Title | description. A line that ends in : begins a section.", Example: "Desk lamps:\nLuna | 40 cm, warm white", MaxRunes: maxTextRunes})
	case bridge.RichIsLocation:
		form.Title = "Location"
		form.Fields = append(form.Fields,
			Field{Name: fieldPoint, Kind: FieldText, Label: "Where", Hint: "Latitude and longitude, or the link of a map.", Example: "52.5163, 13.3777", MaxRunes: 1000},
			Field{Name: fieldName, Kind: FieldText, Label: "Name", Optional: true, MaxRunes: shape.MaxNameRunes},
			Field{Name: fieldPlace, Kind: FieldText, Label: "Address", Optional: true, MaxRunes: 200})
	case bridge.RichIsContact:
		form.Title = "Contact card"
		form.Fields = append(form.Fields,
			Field{Name: fieldName, Kind: FieldText, Label: "Name", MaxRunes: shape.MaxNameRunes},
			Field{Name: fieldOrg, Kind: FieldText, Label: "Company", Optional: true, MaxRunes: shape.MaxNameRunes},
			Field{Name: fieldPhones, Kind: FieldLong, Label: "Phone numbers", Hint: "One per line, with the country: +49 171 5550100", Optional: true, MaxRunes: 200},
			Field{Name: fieldEmails, Kind: FieldLong, Label: "E-mail addresses", Hint: "One per line.", Optional: true, MaxRunes: 600})
	case bridge.RichIsCards:
		form.Title = "Carousel"
		form.Fields = append(form.Fields, Field{Name: fieldCards, Kind: FieldLong, Label: "Cards",
			Hint:    "Cards are separated by an empty line. First its title, then its text; a web address is its picture, and > Title or > Title | https://… a button.",
			Example: "Luna\nWarm white, 40 cm\n> Order it | https://lamps.example/luna", MaxRunes: maxTextRunes})
	}
}

// richLimits says what the customer will get.
func richLimits(in FormInput) string {
	channel := shape.Or(in.Facts.ChannelName, "This channel")
	for _, k := range richKinds() {
		most := in.Can.Most(k.kind)
		switch {
		case k.kind != in.Args.Rich:
		case most == 0:
			return channel + " can't carry this: the customer gets it as text."
		case k.kind.Alone() && k.pieces != "":
			return fmt.Sprintf("At most %d %s. The text goes before it, as a message of its own.", most, shape.Plural(most, k.piece, k.pieces))
		case k.kind.Alone():
			return "The text goes before it, as a message of its own."
		default:
			return fmt.Sprintf("At most %d %s.", most, shape.Plural(most, k.piece, k.pieces))
		}
	}
	return ""
}

// Begun gives the text of a reply's form so far, and its arguments; the text need not be one that
// could be handed in. Errors are by field name, for people.
func Begun(args bridge.Args, fields map[string][]string) (string, bridge.Args, map[string]string) {
	v := values(fields)
	if id, err := strconv.ParseInt(v.text(fieldAnswers), 10, 64); err == nil && id > 0 {
		args.Message = id
	}
	if args.Rich == "" { // the first step alone asks for it
		args.Promotional = v.text(fieldKind) == kindPromotion
	}
	if field, problem := readRecipients(&args, v); problem != "" {
		return v.text(fieldText), args, map[string]string{field: problem}
	}
	return v.text(fieldText), args, nil
}

// submitReply reads a reply, or its first step.
func submitReply(out *Filled, v values) (field, problem string) {
	words, args, wrong := Begun(out.Args, v)
	for field, problem := range wrong {
		return field, problem
	}
	out.Args = args
	if out.Args.Rich == "" {
		if out.Args.Rich = bridge.RichKind(v.text(fieldAdd)); out.Args.Rich != "" {
			out.Text, out.Next = words, true
			return "", ""
		}
		out.Text, problem = replyText(words)
		return fieldText, problem
	}
	if words != "" || !out.Args.Rich.Alone() {
		if out.Text, problem = replyText(words); problem != "" {
			return fieldText, problem
		}
	}
	if out.Args.Most > 0 && !out.Args.Rich.Alone() && utf8.RuneCountInString(out.Text) > typed.MaxRichTextRunes {
		return fieldText, fmt.Sprintf("Above this stand at most %d characters.", typed.MaxRichTextRunes)
	}
	out.Rich, field, problem = submitRich(out.Args, v)
	out.Args.Rich, out.Args.Most = "", 0
	return field, problem
}

// submitRich reads what goes with the text.
func submitRich(args bridge.Args, v values) (r *bridge.Rich, field, problem string) {
	r = &bridge.Rich{}
	switch args.Rich {
	case bridge.RichIsButtons:
		r.Buttons, problem = typed.Buttons(v.text(fieldChoices), args.Most)
		return r, fieldChoices, problem
	case bridge.RichIsList:
		r.List = &bridge.RichList{Button: shape.OneLine(v.text(fieldOpen), typed.MaxButtonRunes)}
		if r.List.Button == "" {
			return nil, fieldOpen, "Say what opens the list."
		}
		r.List.Sections, problem = typed.Rows(v.text(fieldChoices), args.Most)
		return r, fieldChoices, problem
	case bridge.RichIsLocation:
		lat, lon, ok := typed.Point(v.text(fieldPoint))
		if !ok {
			return nil, fieldPoint, "I can't read this place. Write it like 52.5163, 13.3777"
		}
		r.Location = &bridge.RichLocation{Latitude: lat, Longitude: lon, Name: shape.OneLine(v.text(fieldName), shape.MaxNameRunes), Address: shape.OneLine(v.text(fieldPlace), 200)}
		return r, "", ""
	case bridge.RichIsContact:
		return submitContact(v)
	case bridge.RichIsCards:
		r.Cards, problem = typed.Cards(v.text(fieldCards), args.Most)
		return r, fieldCards, problem
	}
	return nil, fieldText, "This form is no longer valid. Close it and open it again."
}

func submitContact(v values) (r *bridge.Rich, field, problem string) {
	c := &bridge.RichContact{Name: shape.OneLine(v.text(fieldName), shape.MaxNameRunes), Org: shape.OneLine(v.text(fieldOrg), shape.MaxNameRunes)}
	if c.Name == "" {
		return nil, fieldName, "Say whose card it is."
	}
	var wrong string
	if c.Phones, wrong = typed.Phones(v.text(fieldPhones)); wrong != "" {
		return nil, fieldPhones, "“" + shape.OneLine(wrong, 60) + "” is no number with its country, like +49 171 5550100."
	}
	for _, l := range strings.Fields(v.text(fieldEmails)) {
		list, removed, wrong := typed.Addresses(l)
		if wrong != "" || removed > 0 || len(list) != 1 || !strings.Contains(list[0], "@") {
			return nil, fieldEmails, "“" + shape.OneLine(l, 60) + "” is no address."
		}
		c.Emails = append(c.Emails, list...)
	}
	if len(c.Phones)+len(c.Emails) == 0 {
		return nil, fieldPhones, "Add a number or an address."
	}
	return &bridge.Rich{Contact: c}, "", ""
}
