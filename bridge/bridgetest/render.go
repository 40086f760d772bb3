package bridgetest

import (
	"cmp"
	"fmt"
	"strings"

	"parley/bridge"
)

// literal makes text that the Chat shows as it is: nothing in it can mention anybody.
func literal(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// render writes a post as plain text and says whether a further part follows.
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
			r.Text += literal(fmt.Sprintf(" | missing %s: %s", m.Name, m.Reason))
		}
	case bridge.PostLine, bridge.PostEphemeral:
		if p.Line != nil {
			renderLine(r, *p.Line)
			if p.Line.Kind == bridge.LineHandedOver {
				r.Text += " goes on " + literal(goesOn(p.Facts))
			}
		}
	case bridge.PostMark:
	}
	return false
}

func renderCard(r *request, f bridge.Facts) {
	var who, tags []string
	for _, a := range f.Assignees {
		who = append(who, a.Name)
	}
	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}
	r.Text = literal(fmt.Sprintf("#%d %s | %s | %s | %s | %s", f.ID, f.Status, f.Contact.Name, f.Subject, strings.Join(who, ","), strings.Join(tags, ",")))
	if f.Previous != 0 {
		r.Text += fmt.Sprintf(" | continues #%d", f.Previous)
	}
	if f.Next != 0 {
		r.Text += fmt.Sprintf(" | continued in #%d", f.Next)
	}
	for _, o := range f.AlsoOpen {
		r.Text += fmt.Sprintf(" | also open #%d", o.ID)
		for _, a := range o.Assignees {
			r.Text += literal(" " + a.Name)
		}
	}
	switch {
	case f.WindowClosed:
		r.Text += " | window closed"
	case f.WindowPeople:
		r.Text += " | window for people until " + f.WindowUntil.UTC().Format("2006-01-02 15:04")
	case !f.WindowUntil.IsZero():
		r.Text += " | window until " + f.WindowUntil.UTC().Format("2006-01-02 15:04")
	}
	for _, one := range f.Replying {
		r.Text += literal(" | " + one.By.Name + " is replying")
	}
	if f.Left {
		r.Text += " | goes on in " + literal(goesOn(f))
	}
	for _, p := range f.Copied {
		r.Text += literal(" | Cc: " + cmp.Or(p.Name, p.Address) + " (gets no replies)")
	}
	args := bridge.Args{Conversation: f.ID}
	for _, v := range []bridge.Verb{bridge.VerbTake, bridge.VerbResolve, bridge.VerbReopen, bridge.VerbUnassign} {
		r.Buttons = append(r.Buttons, Button{Verb: v, Args: args})
	}
}

// goesOn says where the conversation of a thread that was left goes on.
func goesOn(f bridge.Facts) string {
	if f.Elsewhere != "" {
		return f.Elsewhere
	}
	return f.Root.Channel + "/" + f.Root.Message
}

// saidText is what a customer said.
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
// one message.
func renderSaid(r *request, p bridge.Post) bool {
	text := saidText(*p.Said)
	if len(p.Said.Then) > 0 {
		text = p.Said.At.UTC().Format("15:04:05 ") + text
	}
	for _, next := range p.Said.Then {
		text += next.At.UTC().Format("\n15:04:05 ") + saidText(next)
	}
	runes := []rune(text)
	from := min(p.Part*maxTextRunes, len(runes))
	to := min(from+maxTextRunes, len(runes))
	r.Text = literal(string(runes[from:to]))
	return to < len(runes)
}

func renderLine(r *request, l bridge.Line) {
	words := []string{"[" + string(l.Kind) + "]"}
	for _, a := range l.Mentions {
		if a.User != "" {
			words = append(words, "<@"+a.User+">")
		} else {
			words = append(words, literal(a.Name))
		}
	}
	for _, s := range []string{l.By.Name, string(l.Verb), l.Reason, l.Text, l.Hint} {
		if s != "" {
			words = append(words, literal(s))
		}
	}
	for _, a := range l.Args.Addresses {
		words = append(words, literal(a))
	}
	if l.Left.Channel != "" {
		words = append(words, "left", literal(l.Left.Channel+"/"+l.Left.Thread))
	}
	for _, p := range l.Without {
		words = append(words, "without", literal(p.Address))
	}
	if l.Quoted != "" {
		words = append(words, "to:", literal(l.Quoted))
	}
	if kind := l.Rich.Kind(); kind != "" {
		words = append(words, "{"+string(kind)+"}", literal(l.Rich.Text()))
	}
	for _, f := range l.Files {
		words = append(words, literal(f.Name), literal(f.URL))
	}
	if l.Other.ID != 0 {
		words = append(words, fmt.Sprintf("#%d", l.Other.ID), literal(l.Other.Elsewhere))
	}
	for _, f := range l.Rows {
		words = append(words, fmt.Sprintf("#%d", f.ID), literal(f.Subject), literal(f.Elsewhere))
	}
	for _, row := range l.Log {
		words = append(words, literal(strings.TrimSpace(row.Actor+" "+row.What+" "+row.Detail)))
	}
	for _, d := range l.Decided {
		words = append(words, literal("("+d.By.Name+": "+d.Text+" "+d.Fate+" "+d.Reason+")"))
	}
	for _, t := range l.Templates {
		words = append(words, literal(t.Name), literal("("+t.Language+")"), literal(t.Status), literal(t.Reason))
	}
	if o := l.Outcome; o != nil {
		words = append(words, "=", string(o.State), literal(o.By.Name))
		if o.State == bridge.OutcomePromoted {
			words = append(words, fmt.Sprintf("This is conversation #%d", l.Other.ID))
		}
	}
	r.Text = strings.Join(words, " ")
	renderButtons(r, l)
}

// renderButtons puts a line's buttons under it.
func renderButtons(r *request, l bridge.Line) {
	if l.Meant != nil {
		r.Buttons = append(r.Buttons, Button{Verb: l.Meant.Verb, Args: l.Meant.Args})
	}
	if l.Kind == bridge.LineTopLevel {
		for _, f := range l.Rows {
			r.Buttons = append(r.Buttons, Button{Verb: bridge.VerbSend, Args: bridge.Args{Conversation: f.ID, Typed: l.Args.Typed}})
		}
	}
	for _, v := range l.Verbs {
		r.Buttons = append(r.Buttons, Button{Verb: v, Args: l.Args})
	}
}
