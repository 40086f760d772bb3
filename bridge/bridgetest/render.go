package bridgetest

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"parley/bridge"
)

// A Post says what is to be shown, not how it looks. This file writes posts as the plain text that a Chat shows, so
// that tests can look for words in it. The kinds of posts are told apart by bridge.PostKind: a root begins a thread
// and shows the conversation's card, "said" is a customer's message, and a line is a remark of Parley's own.

// escapeText makes text that the Chat shows as it is. Nothing in it can mention anybody.
func escapeText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// render writes a post as plain text and reports whether a further part follows.
func render(r *request, p bridge.Post) (more bool) {
	switch p.Kind {
	case bridge.PostRoot, bridge.PostCard:
		renderCard(r, p.Facts)
	case bridge.PostSaid:
		r.Name = p.Said.From.Name
		return renderSaid(r, p)
	case bridge.PostFiles:
		r.Text = fmt.Sprintf("%d files", len(p.Files))
		for _, m := range p.Missing {
			r.Text += escapeText(fmt.Sprintf(" | missing %s: %s", m.Name, m.Reason))
		}
	case bridge.PostLine, bridge.PostEphemeral:
		if p.Line != nil {
			renderLine(r, *p.Line)
			if p.Line.Kind() == bridge.LineHandedOver {
				r.Text += " goes on " + escapeText(nextPlace(p.Facts))
			}
		}
	case bridge.PostErased:
		r.Text = "Erased"
	case bridge.PostMark:
	}

	return false
}

// renderCard writes the root of a thread.
func renderCard(r *request, f bridge.Facts) {
	var who, tags []string
	for _, a := range f.Assignees {
		who = append(who, a.Name)
	}

	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}

	if f.Thread.Left && f.Thread.Secluded {
		r.Text = fmt.Sprintf("#%d | goes on in ", f.ID) + escapeText(nextPlace(f))
		return
	}

	r.Text = escapeText(fmt.Sprintf("#%d %s | %s | %s | %s | %s",
		f.ID, f.Status, f.Contact.Name, f.Subject, strings.Join(who, ","), strings.Join(tags, ",")))
	if f.Previous != 0 {
		r.Text += fmt.Sprintf(" | continues #%d", f.Previous)
	}
	if f.Next != 0 {
		r.Text += fmt.Sprintf(" | continued in #%d", f.Next)
	}

	for _, o := range f.AlsoOpen {
		r.Text += fmt.Sprintf(" | also open #%d", o.ID)
		for _, a := range o.Assignees {
			r.Text += escapeText(" " + a.Name)
		}
	}

	switch {
	case f.Window.Closed:
		r.Text += " | window closed"
	case f.Window.PeopleOnly:
		r.Text += " | window for people until " + f.Window.Until.UTC().Format("2006-01-02 15:04")
	case !f.Window.Until.IsZero():
		r.Text += " | window until " + f.Window.Until.UTC().Format("2006-01-02 15:04")
	}

	for _, one := range f.Replying {
		r.Text += escapeText(" | " + one.By.Name + " is replying")
	}

	if f.Thread.Left {
		r.Text += " | goes on in " + escapeText(nextPlace(f))
	}

	for _, p := range f.Recipients.Copied {
		r.Text += escapeText(" | Cc: " + cmp.Or(p.Name, p.Address) + " (gets no replies)")
	}

	args := bridge.Args{Conversation: f.ID}
	for _, v := range []bridge.Verb{bridge.VerbTake, bridge.VerbResolve, bridge.VerbReopen, bridge.VerbUnassign} {
		r.Buttons = append(r.Buttons, Button{Verb: v, Args: args})
	}
}

// nextPlace returns where the conversation of a thread that was left goes on.
func nextPlace(f bridge.Facts) string {
	if f.Thread.Elsewhere != "" {
		return f.Thread.Elsewhere
	}
	return f.Thread.Root.Channel + "/" + f.Thread.Root.Message
}

// saidText returns a customer's text, with what it answers and quotes.
func saidText(s bridge.Said) string {
	text := s.Text
	if a := s.Answers; a != nil {
		text = fmt.Sprintf("[answers %q] %s", a.Text, text)
	}
	if s.ShowQuote && s.Quoted != "" {
		text += "\nQuoted: " + s.Quoted
	}
	for _, n := range s.Notices {
		text += "\nNotice: " + n
	}
	return text
}

// renderSaid writes one part of what a customer said, with times where it is more than
// one message, or late.
func renderSaid(r *request, p bridge.Post) bool {
	text := saidText(*p.Said)
	if len(p.Said.Then) > 0 || p.Said.Late {
		text = p.Said.At.UTC().Format("15:04:05 ") + text
	}
	for _, next := range p.Said.Then {
		text += next.At.UTC().Format("\n15:04:05 ") + saidText(next)
	}
	runes := []rune(text)
	from := min(p.Part*maxTextRunes, len(runes))
	to := min(from+maxTextRunes, len(runes))
	r.Text = escapeText(string(runes[from:to]))
	return to < len(runes)
}

// renderLine writes a line: its kind, whom it mentions, and all its texts.
func renderLine(r *request, l bridge.Line) {
	words := []string{"[" + string(l.Kind()) + "]"}
	for _, a := range l.Mentions {
		if a.User != "" {
			words = append(words, "<@"+string(a.User)+">")
		} else {
			words = append(words, escapeText(a.Name))
		}

		if a.Away {
			words = append(words, "(away)")
		}
	}

	add := func(more ...string) {
		for _, s := range more {
			if s != "" {
				words = append(words, escapeText(s))
			}
		}
	}

	add(l.By.Name, string(l.Verb))
	add(ownWords(l.Content)...)
	add(l.Text)
	add(l.Args.Addresses...)

	if kind := l.Rich.Kind(); kind != "" {
		add("{"+string(kind)+"}", l.Rich.Text())
	}

	for _, f := range l.Files {
		add(f.Name, f.URL)
	}

	if l.Other.ID != 0 {
		add(fmt.Sprintf("#%d", l.Other.ID), l.Other.Thread.Elsewhere)
	}

	add(contentWords(l.Content)...)

	if o := l.Outcome; o != nil {
		add("=", string(o.State), o.By.Name)
		if o.State == bridge.OutcomePromoted {
			add(fmt.Sprintf("This is conversation #%d", l.Other.ID))
		}
	}

	r.Text = strings.Join(words, " ")
	renderButtons(r, l)
}

// ownWords returns the texts and numbers among the fields of a line's content.
func ownWords(c bridge.LineContent) []string {
	v := reflect.Indirect(reflect.ValueOf(c))
	_, isReply := c.(*bridge.RepliedLine) // its texts are shown elsewhere
	if isReply || v.Kind() != reflect.Struct {
		return nil
	}

	var words []string
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			words = append(words, f.String())
		case reflect.Int:
			if f.Int() != 0 {
				words = append(words, strconv.FormatInt(f.Int(), 10))
			}
		default:
			if why, isWhy := f.Interface().(bridge.Why); isWhy {
				words = append(words, why.String())
			}
		}
	}

	return words
}

// lateEditWords names the files of which a line about a late edit tells, behind what became of them.
func lateEditWords(c *bridge.EditLateLine) (words []string) {
	if c.Unclear {
		words = append(words, "unclear")
	}
	add := func(what string, names []string) {
		if len(names) > 0 {
			words = append(words, what, strings.Join(names, ","))
		}
	}
	add("left", c.Left)
	add("leaving", c.Leaving)
	add("failed", c.Failed)
	add("stopped", c.Stopped)
	add("added", c.Added)
	return words
}

// contentWords returns those further texts of a line's content that tests look at.
func contentWords(c bridge.LineContent) (words []string) {
	switch c := c.(type) {
	case *bridge.RepliedLine:
		if c.Answered != "" {
			words = append(words, "to:", c.Answered)
		}
	case *bridge.EditLateLine:
		return lateEditWords(c)
	case *bridge.DeleteLateLine:
		if c.Unclear {
			words = append(words, "unclear")
		}
	case *bridge.UnassignedLine:
		if c.Left.Channel != "" {
			words = append(words, "left", c.Left.Channel+"/"+c.Left.Thread)
		}
	case *bridge.AnalysisLine:
		words = append(words, c.Intents...)
		for _, r := range c.References {
			words = append(words, r.Name, r.Number)
		}
	case *bridge.RecipientsLine:
		for _, p := range c.Without {
			words = append(words, "without", p.Address)
		}
	case *bridge.ListLine:
		return rowWords(c.Rows)
	case *bridge.EveningLine:
		return rowWords(c.Rows)
	case *bridge.TopLevelLine:
		return rowWords(c.Rows)
	case *bridge.HistoryLine:
		return logWords(c.Log)
	case *bridge.WhyLine:
		return whyWords(c)
	case *bridge.TimelineLine:
		for _, p := range c.Parts {
			words = append(words, fmt.Sprintf("(%s %s %v %v)", p.On, p.By.Name, p.Wall, p.Open))
		}
	case *bridge.StatsLine:
		for _, t := range c.Weeks {
			words = append(words, fmt.Sprintf("(%s %s %s new %d %d answered %d resolved %d waiting %d %d %v %s)",
				t.Team, t.From, t.To, t.Week.New, t.Before.New, t.Week.Answers, t.Week.Resolved,
				t.Waiting, t.Unassigned, t.Longest, t.Link))
		}
	case *bridge.TemplatesLine:
		return templateWords(c.Templates)
	case *bridge.ChooseTemplateLine:
		return templateWords(c.Templates)
	case *bridge.VerdictLine:
		return templateWords(c.Templates)
	case *bridge.TemplateChangedLine:
		return templateWords(c.Templates)
	}

	return words
}

// whyWords returns what was done in a conversation, what became of its texts, and what a model was asked.
func whyWords(c *bridge.WhyLine) []string {
	words := logWords(c.Log)
	for _, d := range c.Decided {
		words = append(words, "("+d.By.Name+": "+d.Text+" "+string(d.Fate)+" "+string(d.Reason)+")")
	}
	for _, a := range c.Asked {
		words = append(words, fmt.Sprintf("(%s %s %s: %s %s %s %d tokens)", a.Model, a.By, a.Mood, a.Sent, a.Answered, a.Failure, a.Tokens))
	}
	return words
}

// rowWords returns the number, subject and place of conversations.
func rowWords(rows []bridge.Facts) (words []string) {
	for _, f := range rows {
		words = append(words, fmt.Sprintf("#%d", f.ID), f.Subject, f.Thread.Elsewhere)
	}
	return words
}

// logWords returns entries of the log.
func logWords(rows []bridge.LogRow) (words []string) {
	for _, row := range rows {
		words = append(words, strings.TrimSpace(row.Actor+" "+row.What+" "+row.Detail))
	}
	return words
}

// templateWords returns templates with their states.
func templateWords(list []bridge.Template) (words []string) {
	for _, t := range list {
		words = append(words, t.Name, "("+t.Language+")", t.Status, t.Reason)
	}
	return words
}

// renderButtons puts a line's buttons under it.
func renderButtons(r *request, l bridge.Line) {
	switch c := l.Content.(type) {
	case *bridge.AskLine:
		if c.Meant != nil && l.Outcome == nil {
			r.Buttons = append(r.Buttons, Button{Verb: c.Meant.Verb, Args: c.Meant.Args})
		}
	case *bridge.AnalysisLine:
		addTagButtons(r, bridge.VerbTag, l.Args.Conversation, l.Args.Tags)
		addTagButtons(r, bridge.VerbUntag, l.Args.Conversation, c.Tagged)
	case *bridge.WrittenLine:
		if c.ForCustomer {
			args := bridge.Args{Conversation: l.Args.Conversation, ReplyArgs: bridge.ReplyArgs{Draft: c.Words}}
			r.Buttons = append(r.Buttons, Button{Verb: bridge.VerbReply, Args: args})
		}
	case *bridge.TopLevelLine:
		for _, f := range c.Rows {
			args := bridge.Args{
				Conversation: f.ID,
				SendArgs:     bridge.SendArgs{Typed: l.Args.Typed},
				ReplyArgs:    bridge.ReplyArgs{Shown: l.Args.Shown},
			}
			r.Buttons = append(r.Buttons, Button{Verb: bridge.VerbSend, Args: args})
		}
	}

	for _, v := range l.Verbs {
		r.Buttons = append(r.Buttons, Button{Verb: v, Args: l.Args})
	}
}

// addTagButtons puts a button for each tag under a line, in their order.
func addTagButtons(r *request, verb bridge.Verb, conversation bridge.ConversationID, tags []string) {
	for _, tag := range tags {
		args := bridge.Args{Conversation: conversation, Tags: []string{tag}}
		r.Buttons = append(r.Buttons, Button{Verb: verb, Args: args})
	}
}
