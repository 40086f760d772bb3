package setup

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/routing"
	"parley/routing/hours"
)

const maxReplyRunes = 2000

// variable matches a variable of a text, known or not.
var replyVariable = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// readReplies reads what an account answers by itself:
//
//	auto_reply:
//	  first: {text: "Thank you, {{first_name}}."}
//	  closed: {text: "We open {{opens}}.", languages: {de: "Wir öffnen {{opens}}."}}
//	  dates: [{from: 2026-12-24, to: 2027-01-02, text: "We are back on 2 January."}]
//
// It stays as it is if the key is missing.
func (g *Group) readReplies(r *routing.Replies) {
	group := g.Group("auto_reply")
	if group == nil {
		return
	}
	*r = routing.Replies{}
	readText := func(name string, to *routing.Text, variables ...string) {
		if text := group.Group(name); text != nil {
			*to = text.readReplyText(variables...)
			text.Done()
		}
	}
	readText("first", &r.First, routing.VariableName)
	readText("closed", &r.Closed, routing.VariableName, routing.VariableOpens)
	readText("always", &r.Always, routing.VariableName)

	dates, _ := group.Groups("dates", g.Label("dates")) // the list is optional
	for _, e := range dates {
		d := routing.DatedText{From: e.readDate("from"), To: e.readDate("to")}
		d.Text = e.readReplyText(routing.VariableName, routing.VariableOpens)
		if d.From != "" && d.To != "" && d.To < d.From {
			e.Fault(e.At, "to", "is before from", "Write the first day and the last one.")
		}
		if d.Text.Text == "" {
			e.Fault(e.At, "text", "is missing", "Say what customers get on these days.")
		}
		e.Done()
		r.Dates = append(r.Dates, d)
	}
	group.Done()
}

// readDate reads a date that must be there.
func (g *Group) readDate(name string) string {
	date := g.readName(name, "Write year, month and day: 2026-12-24.")
	if _, err := hours.ParseDate(date); err != nil && date != "" {
		g.Fault(g.Positions[name], name, fmt.Sprintf("%q isn't a date", date), "Write year, month and day: 2026-12-24.")
	}
	return date
}

// readReplyText reads a text, with its translations, that may have some variables.
func (g *Group) readReplyText(variables ...string) routing.Text {
	var t routing.Text
	if text := g.Text("text"); text != nil {
		t.Text = g.checkReplyText("text", *text, variables)
	}
	languages := g.Group("languages")
	if languages == nil {
		return t
	}

	var codes []string
	for _, l := range analysis.Languages() {
		codes = append(codes, l.Code)
	}
	t.Languages = map[string]string{}
	for _, code := range languages.Names {
		text := languages.Text(code)
		switch {
		case !slices.Contains(codes, code):
			languages.Fault(languages.Positions[code], code, "isn't a language", "Write "+JoinAlternatives(codes)+".")
		case text != nil && strings.TrimSpace(text.Value) != "":
			t.Languages[code] = languages.checkReplyText(code, *text, variables)
		}
	}
	languages.Done()
	if len(t.Languages) > 0 && t.Text == "" {
		g.Fault(g.At, "text", "is missing", "It is for customers whose language isn't known.")
	}
	return t
}

// checkReplyText returns a text without spaces around it. It adds a fault if it is too long or has an unknown variable.
func (g *Group) checkReplyText(name string, t Text, variables []string) string {
	text := strings.TrimSpace(t.Value)
	if utf8.RuneCountInString(text) > maxReplyRunes {
		g.Fault(t.At, name, fmt.Sprintf("has more than %d letters", maxReplyRunes), "Shorten it.")
	}
	for _, found := range replyVariable.FindAllString(text, -1) {
		if !slices.Contains(variables, found) {
			g.Fault(t.At, name, "has "+found+", which isn't known here", "Write "+JoinAlternatives(variables)+".")
		}
	}
	return text
}

// writeReplies writes what an account answers by itself.
func writeReplies(entry *Mapping, r routing.Replies) {
	write := func(to *Mapping, t routing.Text) {
		to.AddText("text", t.Text)
		for _, code := range slices.Sorted(maps.Keys(t.Languages)) {
			to.Child("languages").AddText(code, t.Languages[code])
		}
	}
	for _, one := range []struct {
		key  string
		text routing.Text
	}{{"first", r.First}, {"closed", r.Closed}, {"always", r.Always}} {
		if one.text.Text != "" {
			write(entry.Child("auto_reply").Child(one.key), one.text)
		}
	}
	var dates []*Mapping
	for _, d := range r.Dates {
		date := &Mapping{}
		date.AddText("from", d.From)
		date.AddText("to", d.To)
		write(date, d.Text)
		dates = append(dates, date)
	}
	if len(dates) > 0 {
		entry.Child("auto_reply").Put("dates", dates)
	}
}
