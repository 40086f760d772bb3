package engine

import (
	"regexp"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// maxPreviewBytes is how much of a text a preview looks at.
const maxPreviewBytes = 2000

func clean(s string) string { return store.Clean(s) }

func cleanAll(list []string) {
	for i := range list {
		list[i] = clean(list[i])
	}
}

func cleanParties(list []channels.Party) {
	for i := range list {
		list[i].Key, list[i].Name = clean(list[i].Key), clean(list[i].Name)
	}
}

func cleanInbound(in *channels.Inbound) {
	for _, s := range []*string{&in.ExternalID, &in.From.Key, &in.From.Name, &in.Subject, &in.Text, &in.Quoted, &in.Via, &in.Automatic,
		&in.Target, &in.Emoji, &in.Previous, &in.Answered, &in.Author} {
		*s = clean(*s)
	}
	cleanAll(in.Notices)
	cleanAll(in.References)
	cleanAll(in.From.Also)
	cleanParties(in.To)
	cleanParties(in.Cc)
	cleanParties(in.ReplyTo)
	for i := range in.Attachments {
		a := &in.Attachments[i]
		a.Name, a.ContentType, a.ContentID = clean(a.Name), clean(a.ContentType), clean(a.ContentID)
		a.Ref = clean(a.Ref)
	}
	if s := in.Template; s != nil {
		cleanState(s)
	}
	if in.Status != nil {
		in.Status.Reason, in.Status.Recipient = clean(in.Status.Reason), clean(in.Status.Recipient)
		in.Status.Cost = clean(in.Status.Cost)
		cleanAll(in.Status.External)
	}
}

func cleanAction(a *bridge.Action) {
	for _, s := range []*string{&a.Actor.ID, &a.Place.Channel, &a.Place.Thread, &a.Place.Message, &a.Order, &a.Text, &a.Raw,
		&a.Version, &a.Answer, &a.Form, &a.Args.Team, &a.Args.Until, &a.Args.Note, &a.Args.Emoji, &a.Args.List,
		&a.Args.Account, &a.Args.Recipient, &a.Args.Subject} {
		*s = clean(*s)
	}
	cleanRich(a.Rich)
	cleanAll(a.Mentions)
	cleanAll(a.Args.Agents)
	cleanAll(a.Args.Tags)
	cleanAll(a.Args.Addresses)
	if t := a.Args.Template; t != nil {
		cleanTemplate(t)
	}
	for i := range a.Files {
		f := &a.Files[i]
		f.ID, f.Name, f.ContentType, f.URL, f.Unavailable = clean(f.ID), clean(f.Name), clean(f.ContentType), clean(f.URL), clean(f.Unavailable)
		f.Blob = clean(f.Blob)
	}
}

func cleanState(s *channels.TemplateState) {
	for _, text := range []*string{&s.ExternalID, &s.Name, &s.Language, &s.Category, &s.Reason, &s.Quality} {
		*text = clean(*text)
	}
}

func cleanTemplate(t *bridge.TemplateArgs) {
	for name, value := range t.Values {
		t.Values[name] = bridge.TemplateValue(clean(value))
	}
	d := t.Draft
	if d == nil {
		return
	}
	for _, s := range []*string{&d.Account, &d.Name, &d.Language, &d.Category, &d.Header, &d.Body, &d.Footer} {
		*s = clean(*s)
	}
	cleanAll(d.Uses)
	cleanAll(d.Labels)
	for name, value := range d.Examples {
		d.Examples[name] = clean(value)
	}
	for i := range d.Buttons {
		d.Buttons[i].Title, d.Buttons[i].URL = clean(d.Buttons[i].Title), clean(d.Buttons[i].URL)
	}
}

// Marks of Markdown that a preview leaves out: links and pictures keep their words.
var (
	previewLink = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*\)`)
	previewMark = regexp.MustCompile("(?m)^[ \t]*(?:#{1,6}|>|[-*+]|[0-9]+[.)])[ \t]+|\\*\\*|__|~~|`+")
	previewSlip = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
)

// preview shortens a text for lists, in plain words.
func preview(text string) string {
	if len(text) > maxPreviewBytes {
		text = strings.ToValidUTF8(text[:maxPreviewBytes], "")
	}
	text = previewLink.ReplaceAllString(text, "$1")
	text = previewMark.ReplaceAllString(text, "")
	text = previewSlip.ReplaceAllString(text, "$1")
	return shortened(strings.Join(strings.Fields(text), " "), 120)
}

// topic makes a subject for a message that has none: its first words, few enough for a card. The
// subject is kept for ever, and find searches it.
func topic(text string) string { return shortened(preview(text), 60) }

// shortened gives the beginning of a text, of at most most runes.
func shortened(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// cleanRich removes the characters that the database can't store.
func cleanRich(r *bridge.Rich) {
	if r == nil {
		return
	}
	buttons := func(list []bridge.RichButton) {
		for i := range list {
			list[i].ID, list[i].Title, list[i].URL = clean(list[i].ID), clean(list[i].Title), clean(list[i].URL)
		}
	}
	buttons(r.Buttons)
	if l := r.List; l != nil {
		l.Button = clean(l.Button)
		for i := range l.Sections {
			l.Sections[i].Title = clean(l.Sections[i].Title)
			for j := range l.Sections[i].Rows {
				row := &l.Sections[i].Rows[j]
				row.ID, row.Title, row.Description = clean(row.ID), clean(row.Title), clean(row.Description)
			}
		}
	}
	if l := r.Location; l != nil {
		l.Name, l.Address = clean(l.Name), clean(l.Address)
	}
	if c := r.Contact; c != nil {
		c.Name, c.Org = clean(c.Name), clean(c.Org)
		cleanAll(c.Phones)
		cleanAll(c.Emails)
	}
	for i := range r.Cards {
		c := &r.Cards[i]
		c.Title, c.Text, c.ImageURL = clean(c.Title), clean(c.Text), clean(c.ImageURL)
		buttons(c.Buttons)
	}
}
