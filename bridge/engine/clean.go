package engine

import (
	"regexp"
	"strings"
	"unicode"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

const (
	maxPreviewBytes = 2000 // how much of a text is read for its preview
	previewRunes    = 120  // maximum length of a preview
	topicRunes      = 60   // maximum length of a subject that is made from a text
)

// Text returns s without what PostgreSQL can't store.
func Text(s string) string { return store.Clean(s) }

// All cleans each text of a list in place.
func All(list []string) {
	for i := range list {
		list[i] = Text(list[i])
	}
}

func cleanTexts(texts ...*string) {
	for _, text := range texts {
		*text = Text(*text)
	}
}

func cleanParties(list []channels.Party) {
	for i := range list {
		cleanTexts(&list[i].Key, &list[i].Address, &list[i].Phone, &list[i].Name)
	}
}

// Inbound cleans all texts of a customer's message in place.
func Inbound(in *channels.Inbound) {
	cleanTexts(&in.ExternalID, &in.From.Key, &in.From.Address, &in.From.Phone, &in.From.Name, &in.Subject, &in.Text,
		&in.Envelope.Via, &in.Automatic, &in.Change.Target, &in.Change.Emoji, &in.Change.Previous.Key, &in.Answers.External,
		&in.Elsewhere.Author)
	All(in.Notices)
	All(in.Answers.References)
	All(in.From.Also)
	All(in.Change.Previous.Also)
	cleanParties(in.Envelope.To)
	cleanParties(in.Envelope.Cc)
	cleanParties(in.Envelope.ReplyTo)

	for i := range in.Attachments {
		a := &in.Attachments[i]
		cleanTexts(&a.Name, &a.ContentType, &a.ContentID, &a.Ref)
		a.Name = withoutDirectionChanges(a.Name)
	}

	if s := in.Template; s != nil {
		State(s)
	}
	if s := in.Status; s != nil {
		cleanTexts(&s.Reason, &s.Hint, &s.Recipient, &s.Cost)
		All(s.External)
	}
}

// withoutDirectionChanges removes the Unicode characters that change the direction of writing from a file's name. They can make
// a program look like a document: with U+202E "invoice\u202Efdp.exe" is displayed as "invoiceexe.pdf".
func withoutDirectionChanges(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
}

// Action cleans all texts of an agent's action in place.
func Action(a *bridge.Action) {
	a.Args.List = bridge.ListName(Text(string(a.Args.List)))
	a.Args.After, a.Args.Before = Text(a.Args.After), Text(a.Args.Before)
	a.Args.View = a.Args.View.Map(Text)
	a.Actor.ID = bridge.SurfaceUser(Text(string(a.Actor.ID)))
	cleanTexts(&a.Place.Channel, &a.Place.Thread, &a.Place.Message, &a.Order, &a.Text, &a.Raw,
		&a.Version, &a.Answer, &a.Form, &a.Args.Team, &a.Args.Until, &a.Args.Note, &a.Args.Emoji,
		&a.Args.Account, &a.Args.Recipient, &a.Args.Phone, &a.Args.Subject, &a.Args.Called, &a.Args.Draft)

	cleanRich(a.Rich)
	All(a.Mentions)
	All(a.Args.Agents)
	All(a.Args.Tags)
	All(a.Args.Addresses)

	if t := a.Args.Template; t != nil {
		cleanTemplate(t)
	}
	if t := a.Args.TextRequest; t != nil {
		t.Task = analysis.Task(Text(string(t.Task)))
		cleanTexts(&t.Language, &t.Style)
	}

	for i := range a.Files {
		f := &a.Files[i]
		cleanTexts(&f.ID, &f.Name, &f.ContentType, &f.URL, &f.Unavailable, &f.Blob)
	}
}

// State cleans a provider's report about a template in place.
func State(s *channels.TemplateState) {
	cleanTexts(&s.ExternalID, &s.Name, &s.Language, &s.Category, &s.Reason, &s.Quality)
}

// cleanTemplate cleans the template that an action names, and the draft of a new one, in place.
func cleanTemplate(t *bridge.TemplateArgs) {
	for name, value := range t.Values {
		t.Values[name] = bridge.TemplateValue(Text(value))
	}

	d := t.Draft
	if d == nil {
		return
	}

	cleanTexts(&d.Account, &d.Name, &d.Language, &d.Category, &d.Header, &d.Body, &d.Footer)
	All(d.Uses)
	All(d.Labels)

	for name, value := range d.Examples {
		d.Examples[name] = Text(value)
	}

	for i := range d.Buttons {
		cleanTexts(&d.Buttons[i].Title, &d.Buttons[i].URL)
	}
}

// Patterns that turn Markdown into plain words for a preview. Links and images become their text; URLs and code lose their
// delimiters. Each pattern also matches escaped characters, URLs and code, so that characters inside these aren't taken for markup.
var (
	previewLink = regexp.MustCompile(`(\\.|` + previewLiteral + `)|!?\[((?:\\.|[^\[\]\\])*)\]\((?:<[^<>\n]*>|(?:\\.|[^()\s\\])*)\)`)
	previewMark = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])|` + previewLiteral +
		`|(?m:^[ \t]*(?:#{1,6}|>|[-*+]|[0-9]+[.)])[ \t]+)|\*\*|__|~~|` + "`+")
)

// previewLiteral matches a URL or an e-mail address in angle brackets, and inline code.
const previewLiteral = `<([A-Za-z][A-Za-z0-9+.-]+:[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>|` + "`+([^`]+)`+"

// Preview returns the beginning of a Markdown text as one line of plain text, for lists.
func Preview(text string) string {
	if len(text) > maxPreviewBytes {
		text = strings.ToValidUTF8(text[:maxPreviewBytes], "")
	}
	text = previewLink.ReplaceAllString(text, "$1$4")
	text = previewMark.ReplaceAllString(text, "$1$2$3")
	return Shorten(strings.Join(strings.Fields(text), " "), previewRunes)
}

// Topic makes a subject for a message that has none: the beginning of its text, short enough for a card. The subject is stored
// permanently, and searches find it.
func Topic(text string) string { return Shorten(Preview(text), topicRunes) }

// Shorten returns a text of at most maxRunes unchanged. It cuts longer ones to that length, with "…" at the end.
func Shorten(text string, maxRunes int) string {
	if FirstRunes(text, maxRunes) == text {
		return text
	}
	return FirstRunes(text, maxRunes-1) + "…"
}

// FirstRunes returns the first maxRunes of a text. It doesn't read further, however long the text is.
func FirstRunes(text string, maxRunes int) string {
	n := 0
	for i := range text {
		if n == maxRunes {
			return text[:i]
		}
		n++
	}
	return text
}

// cleanRich cleans the interactive part of a message (buttons, a list, a location, a contact, cards) in place.
func cleanRich(r *bridge.Rich) {
	if r == nil {
		return
	}

	cleanButtons(r.Buttons)

	if list := r.List; list != nil {
		list.Button = Text(list.Button)
		for i := range list.Sections {
			section := &list.Sections[i]
			section.Title = Text(section.Title)
			for j := range section.Rows {
				row := &section.Rows[j]
				cleanTexts(&row.ID, &row.Title, &row.Description)
			}
		}
	}

	if location := r.Location; location != nil {
		cleanTexts(&location.Name, &location.Address)
	}

	if c := r.Contact; c != nil {
		cleanTexts(&c.Name, &c.Org)
		All(c.Phones)
		All(c.Emails)
	}

	for i := range r.Cards {
		c := &r.Cards[i]
		cleanTexts(&c.Title, &c.Text, &c.ImageURL)
		cleanButtons(c.Buttons)
	}
}

func cleanButtons(list []bridge.RichButton) {
	for i := range list {
		cleanTexts(&list[i].ID, &list[i].Title, &list[i].URL)
	}
}
