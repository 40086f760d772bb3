package engine

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Bounds of an excerpt.
const (
	excerptRunes = 300
	excerptLines = 6
)

// fitting gives the messages that a filled form becomes on the conversation's channel: what
// the channel can't carry is in words; what is a message by itself follows the text.
func (w *work) fitting(c *conv, a bridge.Action, answered *message) []bridge.Action {
	var caps bridge.Capabilities
	if ch := w.e.channel(c.AccountID); ch != nil {
		caps = ch.Capabilities()
	}
	if answered != nil && !w.mayName(c, answered) && a.Text != "" {
		a.Text = "> " + strings.ReplaceAll(excerpt(answered), "\n", "\n> ") + "\n\n" + a.Text
	}
	kind := a.Rich.Kind()
	switch {
	case kind == "":
		a.Rich = nil
	case !caps.Carries(a.Rich):
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+a.Rich.Text()), nil
	case kind.Alone() && a.Text != "":
		words, alone := a, a
		words.Rich, alone.Text = nil, ""
		return []bridge.Action{words, alone}
	}
	return []bridge.Action{a}
}

// answeredBy finds the one message that a reply answers; nil = none in particular.
func (w *work) answeredBy(c *conv, a bridge.Action) *message {
	m := w.messages[a.Args.Message]
	if m == nil || m.ConversationID != c.ID || m.Direction != "in" && m.Fate != store.FateOut {
		return nil // nor is what the customer hasn't
	}
	return m
}

// mayName says that the channel lets an answer name the message it is to.
func (w *work) mayName(c *conv, answered *message) bool {
	ch := w.e.channel(c.AccountID)
	return answered != nil && answered.ExternalID != "" && ch != nil && ch.Capabilities().ReplyTo >= channels.Partial
}

// excerpt is the beginning of a message that is answered.
func excerpt(m *message) string {
	text := strings.TrimSpace(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	lines := strings.Split(text, "\n")
	cut := len(lines) > excerptLines
	r := []rune(strings.Join(lines[:min(len(lines), excerptLines)], "\n"))
	if cut = cut || len(r) > excerptRunes; cut {
		return strings.TrimSpace(string(r[:min(len(r), excerptRunes)])) + "…"
	}
	return string(r)
}

// richRow is how a message keeps it.
func richRow(r *bridge.Rich) json.RawMessage {
	if r.Kind() == "" {
		return nil
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic("bridge: rich: " + err.Error()) // plain data; degrees were checked when it was read
	}
	return body
}

// richOf reads back what a message carries; nil = only text.
func richOf(m *store.Message) *bridge.Rich {
	var r bridge.Rich
	if len(m.Rich) == 0 || json.Unmarshal(m.Rich, &r) != nil || r.Kind() == "" {
		return nil
	}
	return &r
}

// cleanRich takes out what the database doesn't store.
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

// saidIn gives the messages of customers that a post shows: several where they were posted
// together.
func saidIn(messages []store.Message) []bridge.Said {
	slices.SortFunc(messages, func(a, b store.Message) int { // providers count in seconds
		return cmp.Or(a.SaidAt.Compare(b.SaidAt), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.ID, b.ID))
	})
	var list []bridge.Said
	for _, m := range messages {
		if m.Direction == "in" {
			said := bridge.Said{MessageID: m.ID, At: m.SaidAt, Text: excerpt(&message{Message: m})}
			list = append(list, said)
		}
	}
	return list
}
