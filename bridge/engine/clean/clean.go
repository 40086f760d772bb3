// Package clean takes out of texts from outside what PostgreSQL doesn't store and no card shows, and makes
// one-line previews of them.
package clean

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
	maxPreviewBytes = 2000 // of a text that a preview looks at
	previewRunes    = 120  // of a preview
	topicRunes      = 60   // of a subject that is made of a text
)

// Text removes what PostgreSQL can't store.
func Text(s string) string { return store.Clean(s) }

// All cleans each text of a list, in place.
func All(list []string) {
	for i := range list {
		list[i] = Text(list[i])
	}
}

// cleanTexts cleans texts in place.
func cleanTexts(texts ...*string) {
	for _, text := range texts {
		*text = Text(*text)
	}
}

// cleanParties cleans the keys and names of people, in place.
func cleanParties(list []channels.Party) {
	for i := range list {
		cleanTexts(&list[i].Key, &list[i].Address, &list[i].Name)
	}
}

// Inbound cleans all texts that came from a customer, in place.
func Inbound(in *channels.Inbound) {
	cleanTexts(&in.ExternalID, &in.From.Key, &in.From.Address, &in.From.Name, &in.Subject, &in.Text, &in.Original.Quoted, &in.Envelope.Via,
		&in.Automatic, &in.Change.Target, &in.Change.Emoji, &in.Change.Previous.Key, &in.Answers.External, &in.Elsewhere.Author)
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

// withoutDirectionChanges removes from the name of a file what changes the direction of writing: it can make a program look like a text.
func withoutDirectionChanges(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
}

// Action cleans all texts that came from an agent, in place.
func Action(a *bridge.Action) {
	a.Args.List = bridge.ListName(Text(string(a.Args.List)))
	a.Actor.ID = bridge.SurfaceUser(Text(string(a.Actor.ID)))
	cleanTexts(&a.Place.Channel, &a.Place.Thread, &a.Place.Message, &a.Order, &a.Text, &a.Raw,
		&a.Version, &a.Answer, &a.Form, &a.Args.Team, &a.Args.Until, &a.Args.Note, &a.Args.Emoji,
		&a.Args.Account, &a.Args.Recipient, &a.Args.Subject, &a.Args.Draft)

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

// State cleans what a provider says of a template, in place.
func State(s *channels.TemplateState) {
	cleanTexts(&s.ExternalID, &s.Name, &s.Language, &s.Category, &s.Reason, &s.Quality)
}

// cleanTemplate cleans the arguments of a verb about a template, in place.
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

// What a preview shows of Markdown. Links and pictures keep their words, addresses and code stand without their marks. Each
// pattern begins with an escaped sign, an address and code, so that none of their signs is read as a mark.
var (
	previewLink = regexp.MustCompile(`(\\.|` + previewLiteral + `)|!?\[((?:\\.|[^\[\]\\])*)\]\((?:<[^<>\n]*>|(?:\\.|[^()\s\\])*)\)`)
	previewMark = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])|` + previewLiteral +
		`|(?m:^[ \t]*(?:#{1,6}|>|[-*+]|[0-9]+[.)])[ \t]+)|\*\*|__|~~|` + "`+")
)

// previewLiteral matches an address in angle brackets, and code.
const previewLiteral = `<([A-Za-z][A-Za-z0-9+.-]+:[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>|` + "`+([^`]+)`+"

// Preview shortens a text for lists, in plain words.
func Preview(text string) string {
	if len(text) > maxPreviewBytes {
		text = strings.ToValidUTF8(text[:maxPreviewBytes], "")
	}
	text = previewLink.ReplaceAllString(text, "$1$4")
	text = previewMark.ReplaceAllString(text, "$1$2$3")
	return Shorten(strings.Join(strings.Fields(text), " "), previewRunes)
}

// Topic makes a subject for a message that has none: its first words, few enough for a card. The subject is kept for
// ever, and find searches it.
func Topic(text string) string { return Shorten(Preview(text), topicRunes) }

// Shorten returns a text, or its beginning if it has more than maxRunes.
func Shorten(text string, maxRunes int) string {
	if FirstRunes(text, maxRunes) == text {
		return text
	}
	return FirstRunes(text, maxRunes-1) + "…"
}

// FirstRunes returns at most maxRunes of a text. However long the text is, it reads no more than these.
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

// cleanRich cleans what a message carries besides its text, in place.
func cleanRich(r *bridge.Rich) {
	if r == nil {
		return
	}

	cleanButtons(r.Buttons)

	if l := r.List; l != nil {
		l.Button = Text(l.Button)
		for i := range l.Sections {
			l.Sections[i].Title = Text(l.Sections[i].Title)
			for j := range l.Sections[i].Rows {
				row := &l.Sections[i].Rows[j]
				cleanTexts(&row.ID, &row.Title, &row.Description)
			}
		}
	}

	if l := r.Location; l != nil {
		cleanTexts(&l.Name, &l.Address)
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
