// Package clean takes out of texts from outside what PostgreSQL doesn't store and no card shows, and makes
// one-line previews of them.
package clean

import (
	"regexp"
	"strings"

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

// parties cleans the keys and names of people, in place.
func parties(list []channels.Party) {
	for i := range list {
		list[i].Key, list[i].Name = Text(list[i].Key), Text(list[i].Name)
	}
}

// Inbound cleans all texts that came from a customer, in place.
func Inbound(in *channels.Inbound) {
	for _, s := range []*string{&in.ExternalID, &in.From.Key, &in.From.Name, &in.Subject, &in.Text, &in.Original.Quoted, &in.Envelope.Via, &in.Automatic,
		&in.Change.Target, &in.Change.Emoji, &in.Change.Previous, &in.Answers.External, &in.Foreign.Author} {
		*s = Text(*s)
	}
	All(in.Notices)
	All(in.Answers.References)
	All(in.From.Also)
	parties(in.Envelope.To)
	parties(in.Envelope.Cc)
	parties(in.Envelope.ReplyTo)
	for i := range in.Attachments {
		a := &in.Attachments[i]
		a.Name, a.ContentType, a.ContentID = Text(a.Name), Text(a.ContentType), Text(a.ContentID)
		a.Ref = Text(a.Ref)
	}
	if s := in.Template; s != nil {
		State(s)
	}
	if in.Status != nil {
		in.Status.Reason, in.Status.Recipient = Text(in.Status.Reason), Text(in.Status.Recipient)
		in.Status.Cost = Text(in.Status.Cost)
		All(in.Status.External)
	}
}

// Action cleans all texts that came from an agent, in place.
func Action(a *bridge.Action) {
	for _, s := range []*string{&a.Actor.ID, &a.Place.Channel, &a.Place.Thread, &a.Place.Message, &a.Order, &a.Text, &a.Raw,
		&a.Version, &a.Answer, &a.Form, &a.Args.Team, &a.Args.Until, &a.Args.Note, &a.Args.Emoji, &a.Args.List,
		&a.Args.Account, &a.Args.Recipient, &a.Args.Subject, &a.Args.Draft} {
		*s = Text(*s)
	}
	rich(a.Rich)
	All(a.Mentions)
	All(a.Args.Agents)
	All(a.Args.Tags)
	All(a.Args.Addresses)
	if t := a.Args.Template; t != nil {
		template(t)
	}
	if t := a.Args.Wanted; t != nil {
		t.Task, t.Language, t.Style = analysis.Task(Text(string(t.Task))), Text(t.Language), Text(t.Style)
	}
	for i := range a.Files {
		f := &a.Files[i]
		f.ID, f.Name, f.ContentType, f.URL, f.Unavailable = Text(f.ID), Text(f.Name), Text(f.ContentType), Text(f.URL), Text(f.Unavailable)
		f.Blob = Text(f.Blob)
	}
}

// State cleans what a provider says of a template, in place.
func State(s *channels.TemplateState) {
	for _, text := range []*string{&s.ExternalID, &s.Name, &s.Language, &s.Category, &s.Reason, &s.Quality} {
		*text = Text(*text)
	}
}

// template cleans the arguments of a verb about a template, in place.
func template(t *bridge.TemplateArgs) {
	for name, value := range t.Values {
		t.Values[name] = bridge.TemplateValue(Text(value))
	}
	d := t.Draft
	if d == nil {
		return
	}
	for _, s := range []*string{&d.Account, &d.Name, &d.Language, &d.Category, &d.Header, &d.Body, &d.Footer} {
		*s = Text(*s)
	}
	All(d.Uses)
	All(d.Labels)
	for name, value := range d.Examples {
		d.Examples[name] = Text(value)
	}
	for i := range d.Buttons {
		d.Buttons[i].Title, d.Buttons[i].URL = Text(d.Buttons[i].Title), Text(d.Buttons[i].URL)
	}
}

// Marks of Markdown that a preview leaves out: links and pictures keep their words.
var (
	previewLink = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*\)`)
	previewMark = regexp.MustCompile("(?m)^[ \t]*(?:#{1,6}|>|[-*+]|[0-9]+[.)])[ \t]+|\\*\\*|__|~~|`+")
	previewSlip = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
)

// Preview shortens a text for lists, in plain words.
func Preview(text string) string {
	if len(text) > maxPreviewBytes {
		text = strings.ToValidUTF8(text[:maxPreviewBytes], "")
	}
	text = previewLink.ReplaceAllString(text, "$1")
	text = previewMark.ReplaceAllString(text, "")
	text = previewSlip.ReplaceAllString(text, "$1")
	return Shortened(strings.Join(strings.Fields(text), " "), previewRunes)
}

// Topic makes a subject for a message that has none: its first words, few enough for a card. The subject is kept for
// ever, and find searches it.
func Topic(text string) string { return Shortened(Preview(text), topicRunes) }

// Shortened returns a text, or its beginning if it has more than maxRunes.
func Shortened(text string, maxRunes int) string {
	if r := []rune(text); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return text
}

// rich cleans what a message carries besides its text, in place.
func rich(r *bridge.Rich) {
	if r == nil {
		return
	}
	buttons := func(list []bridge.RichButton) {
		for i := range list {
			list[i].ID, list[i].Title, list[i].URL = Text(list[i].ID), Text(list[i].Title), Text(list[i].URL)
		}
	}
	buttons(r.Buttons)
	if l := r.List; l != nil {
		l.Button = Text(l.Button)
		for i := range l.Sections {
			l.Sections[i].Title = Text(l.Sections[i].Title)
			for j := range l.Sections[i].Rows {
				row := &l.Sections[i].Rows[j]
				row.ID, row.Title, row.Description = Text(row.ID), Text(row.Title), Text(row.Description)
			}
		}
	}
	if l := r.Location; l != nil {
		l.Name, l.Address = Text(l.Name), Text(l.Address)
	}
	if c := r.Contact; c != nil {
		c.Name, c.Org = Text(c.Name), Text(c.Org)
		All(c.Phones)
		All(c.Emails)
	}
	for i := range r.Cards {
		c := &r.Cards[i]
		c.Title, c.Text, c.ImageURL = Text(c.Title), Text(c.Text), Text(c.ImageURL)
		buttons(c.Buttons)
	}
}
