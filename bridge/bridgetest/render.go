package bridgetest

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"parley/bridge"
)

// This file renders posts of the engine as plain text for a Chat, the chat platform for tests, in which tests then search
// for words. A post is a customer's message, the card that begins a conversation's thread (its root), a remark of Parley's
// own (a line), and so on. A card and a line look like this:
//
//	#12 open | Kim Lee | Printer on fire | Ann | vip
//	[failed] <@ann> The mailbox is full. Dear Kim …

// escapeText escapes text, so that the Chat shows it literally and it mentions nobody.
func escapeText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// render renders a post into r. more means that its text continues in a further part.
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
		if p.Hidden {
			r.Text = "Private"
		}
		if p.Deleted != "" {
			r.Text = escapeText(p.Deleted)
		}
	case bridge.PostMark:
	}

	return false
}

// renderCard renders the card of a conversation.
func renderCard(r *request, f bridge.Facts) {
	if f.Thread.Left && f.Thread.Secluded { // the readers may not see the conversation any more
		r.Text = fmt.Sprintf("#%d | goes on in ", f.ID) + escapeText(nextPlace(f))
		return
	}

	var owners, tags []string
	for _, a := range f.Assignees {
		owners = append(owners, a.Name)
	}
	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}

	r.Text = escapeText(fmt.Sprintf("#%d %s | %s | %s | %s | %s",
		f.ID, f.Status, f.Contact.Name, f.Subject, strings.Join(owners, ","), strings.Join(tags, ",")))
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

	r.Text += windowWords(f.Window)
	for _, replying := range f.Replying {
		r.Text += escapeText(" | " + replying.By.Name + " is replying")
	}
	if f.Unread {
		r.Text += " | unread"
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

// windowWords describes the reply window, in which the provider allows free text to the customer.
func windowWords(w bridge.Window) string {
	const layout = "2006-01-02 15:04"
	switch {
	case w.Closed:
		return " | window closed"
	case w.PeopleOnly:
		return " | window for people until " + w.Until.UTC().Format(layout)
	case !w.Until.IsZero():
		return " | window until " + w.Until.UTC().Format(layout)
	}
	return ""
}

// nextPlace returns the new place of a conversation that has moved to another thread or chat.
func nextPlace(f bridge.Facts) string {
	if f.Thread.Elsewhere != "" {
		return f.Thread.Elsewhere
	}
	return f.Thread.Root.Channel + "/" + f.Thread.Root.Message
}

// saidText renders one message of a customer.
func saidText(s bridge.Said) string {
	text := s.Text
	if a := s.Answers; a != nil {
		text = fmt.Sprintf("[answers %q] %s", a.Text, text)
	}
	if s.Subject != "" {
		text = "[subject " + s.Subject + "] " + text
	}
	if s.ShowQuote && s.Quoted != "" {
		text += "\nQuoted: " + s.Quoted
	}
	for _, n := range s.Notices {
		text += "\nNotice: " + n
	}
	return text
}

// renderSaid renders one part of a post with a customer's messages, and reports whether a further part follows. Late
// messages, and several in one post, have their times.
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

// renderLine renders a line: its kind, its mentions, and all its texts.
func renderLine(r *request, l bridge.Line) {
	words := append([]string{"[" + string(l.Kind()) + "]"}, mentionWords(l.Mentions)...)
	add := func(more ...string) {
		for _, s := range more {
			if s != "" {
				words = append(words, escapeText(s))
			}
		}
	}

	add(l.By.Name, string(l.Verb))
	add(fieldWords(l.Content)...)
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

// mentionWords renders mentions of agents. An agent without a user in the chat is only named.
func mentionWords(mentions []bridge.AgentRef) []string {
	var words []string
	for _, a := range mentions {
		if a.User != "" {
			words = append(words, "<@"+string(a.User)+">")
		} else {
			words = append(words, escapeText(a.Name))
		}

		if a.Away {
			words = append(words, "(away)")
		}
	}
	return words
}

// fieldWords returns the values of a content's own fields that are texts, numbers or reasons.
func fieldWords(c bridge.LineContent) []string {
	v := reflect.Indirect(reflect.ValueOf(c))
	_, isReply := c.(*bridge.RepliedLine) // see contentWords
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

// lateEditWords renders a line about a late edit, with the names of files after what happened to them.
func lateEditWords(c *bridge.EditLateLine) []string {
	var words []string
	if c.Unclear {
		words = append(words, "unclear")
	}
	add := func(result string, names []string) {
		if len(names) > 0 {
			words = append(words, result, strings.Join(names, ","))
		}
	}
	add("left", c.Left)
	add("leaving", c.Leaving)
	add("failed", c.Failed)
	add("stopped", c.Stopped)
	add("added", c.Added)
	return words
}

// contentWords returns further words of a line's content that tests search for, beside fieldWords.
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
	case *bridge.OopsLine:
		words = append(append(words, c.To...), "have it:", string(c.State))
	case *bridge.VisibleLine:
		words = append(words, c.To...)
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
	case *bridge.PresenceLine:
		words = append(words, rowWords(c.Rows)...)
	case *bridge.BoardLine:
		for _, list := range c.Lists {
			words = append(words, fmt.Sprint(list.Name, " ", list.Count))
			words = append(words, rowWords(list.Rows)...)
		}
		return words
	case *bridge.EveningLine:
		return rowWords(c.Rows)
	case *bridge.TopLevelLine:
		return rowWords(c.Rows)
	case *bridge.HistoryLine:
		return logWords(c.Log)
	case *bridge.ProfileLine:
		words = append(logWords(c.Notes), rowWords(c.Rows)...)
		words = append(words, fmt.Sprint(c.Name, c.Called, c.Told, c.Fields, c.Addresses))
	case *bridge.RecordsLine:
		words = append(words, fmt.Sprint(c.Records))
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

// whyWords renders the answer to "!why": log entries, decisions about texts, and requests to a language model.
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

// rowWords renders rows of a list of conversations.
func rowWords(rows []bridge.Facts) []string {
	var words []string
	for _, f := range rows {
		words = append(words, fmt.Sprintf("#%d", f.ID), f.Subject, f.Thread.Elsewhere)
	}
	return words
}

func logWords(rows []bridge.LogRow) []string {
	var words []string
	for _, row := range rows {
		words = append(words, strings.TrimSpace(row.Actor+" "+row.What+" "+row.Detail))
	}
	return words
}

func templateWords(templates []bridge.Template) []string {
	var words []string
	for _, t := range templates {
		words = append(words, t.Name, "("+t.Language+")", t.Status, t.Reason)
	}
	return words
}

// renderButtons adds a line's buttons: those of its kind, followed by one for each of its verbs.
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

// addTagButtons adds a button for each tag.
func addTagButtons(r *request, verb bridge.Verb, conversation bridge.ConversationID, tags []string) {
	for _, tag := range tags {
		args := bridge.Args{Conversation: conversation, Tags: []string{tag}}
		r.Buttons = append(r.Buttons, Button{Verb: verb, Args: args})
	}
}
