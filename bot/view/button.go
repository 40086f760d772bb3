package view

import (
	"regexp"
	"strings"

	"parley/bot/command"
	"parley/bot/shape"
	"parley/bridge"
)

// button makes the button of a verb about args.
func button(verb bridge.Verb, args bridge.Args) Button {
	b := Button{Label: label(verb), Verb: verb, Value: command.Value(args)}
	switch verb {
	case bridge.VerbFind:
		b.Opens = OpensDetails
	case bridge.VerbHistory:
		b.Opens = OpensHistory
	case bridge.VerbList:
		b.Opens = OpensList
	case bridge.VerbSendAgain:
		b.Confirm = "Send it again? If the first one did arrive, the customer gets it twice."
	case bridge.VerbClose:
		b.Style = StyleDanger
	case bridge.VerbDrop:
		b.Confirm = "Drop it? The customer will not get it."
	case bridge.VerbTemplateDelete:
		b.Style, b.Confirm = StyleDanger, "Delete it, here and at the provider? Some providers block its name for a month."
	case bridge.VerbSilence:
		b.Confirm = "Stop posts about this sender?"
	case bridge.VerbBlock:
		b.Confirm = "Block this sender? Its later automatic mail is neither shown nor kept here. What a person writes from there still comes."
	}
	if Asks(verb, args) {
		b.Opens = OpensForm
	}
	return b
}

// Asks says that a verb with these arguments needs a form (NewForm) before it can be done.
// Resolving and closing ask for a note that they may do without: typed, they act at once.
func Asks(verb bridge.Verb, args bridge.Args) bool {
	switch verb {
	case bridge.VerbReply, bridge.VerbNote, bridge.VerbNew:
		return true
	case bridge.VerbTemplate:
		return !args.Template.Ready()
	case bridge.VerbTemplateEdit:
		return args.Template == nil || args.Template.Draft == nil
	case bridge.VerbAssign:
		return len(args.Agents) == 0 && args.Team == ""
	case bridge.VerbTag, bridge.VerbUntag:
		return len(args.Tags) == 0
	case bridge.VerbTopic, bridge.VerbResolve, bridge.VerbClose:
		return args.Note == ""
	case bridge.VerbSnooze:
		return args.Until == ""
	case bridge.VerbTo, bridge.VerbCC, bridge.VerbAllow:
		return len(args.Addresses) == 0
	}
	return false
}

// label of a verb's button: command.Usage.Button where it has one.
func label(verb bridge.Verb) string {
	if u, ok := command.Help(string(verb)); ok && u.Button != "" {
		return u.Button
	}
	switch verb {
	case bridge.VerbUntag:
		return "Remove tags"
	case bridge.VerbWhy:
		return "Why?"
	case bridge.VerbHelp:
		return "Help"
	case bridge.VerbList:
		return "List"
	}
	return string(verb)
}

// buttons of a line, in its order, about its arguments.
func buttons(l bridge.Line, f bridge.Facts) []Button {
	args := l.Args
	if args.Conversation == 0 {
		args.Conversation = f.ID
	}
	var all []Button
	if l.Meant != nil {
		all = append(all, meantButton(*l.Meant))
	}
	if l.Kind == bridge.LineTopLevel {
		for _, row := range l.Rows {
			b := button(bridge.VerbSend, bridge.Args{Conversation: row.ID, Typed: l.Args.Typed})
			b.Label = shape.OneLine(shape.Number(row.ID)+" "+shape.PartyName(row.Contact), shape.MaxLabelRunes)
			all = append(all, b)
		}
	}
	for _, verb := range l.Verbs {
		b := button(verb, args)
		if verb == bridge.VerbSend && likelyReply(l) {
			b.Style = StylePrimary
		}
		if l.Kind == bridge.LineSendAs && verb == bridge.VerbSend {
			b.Label = shape.OneLine("Send as "+shape.AgentName(l.By), shape.MaxLabelRunes)
		}
		if l.Kind == bridge.LineAsk && l.Reason == "unclaimed" && verb == bridge.VerbSend {
			b.Label = "Take and send"
		}
		if l.Kind == bridge.LineParked && l.Reason == "window" && verb == bridge.VerbKeep {
			b.Label = "Keep for later"
		}
		if l.Kind == bridge.LineEditLate && verb == bridge.VerbSend {
			b.Label = "Send correction"
		}
		if l.Kind == bridge.LineFailed && verb == bridge.VerbSendAgain {
			b.Confirm = "" // it surely did not arrive
		}
		all = append(all, b)
	}
	return resolvingAtOnce(f, all)
}

// resolvingAtOnce has Resolve act without a form where a conversation's account wants that.
func resolvingAtOnce(f bridge.Facts, buttons []Button) []Button {
	for i := range buttons {
		if buttons[i].Verb == bridge.VerbResolve && f.ResolveNow {
			buttons[i].Opens = OpensNothing
		}
	}
	return buttons
}

// plainSpan is a time from now on: "2h", "3 days".
var plainSpan = regexp.MustCompile(`^\d+ ?(?:m|min|minutes?|h|hours?|d|days?|w|weeks?)$`)

// meantButton is the button of a command that was mistyped, and says what it does: "Assign to Ben".
func meantButton(m bridge.Meant) Button {
	b := button(m.Verb, m.Args)
	b.Style = StylePrimary
	until, addresses := strings.TrimSpace(m.Args.Until), strings.Join(m.Args.Addresses, ", ")
	switch {
	case Asks(m.Verb, m.Args) && m.Verb != bridge.VerbResolve && m.Verb != bridge.VerbClose:
		// its form asks for what is missing
	case m.Verb == bridge.VerbAssign && m.Args.Team != "":
		b.Label = "Assign to " + m.Args.Team
	case m.Verb == bridge.VerbAssign:
		b.Label = "Assign to " + strings.Join(m.Names, ", ")
	case m.Verb == bridge.VerbSnooze && plainSpan.MatchString(until):
		b.Label = "Snooze for " + until
	case m.Verb == bridge.VerbSnooze:
		b.Label = "Snooze until " + until
	case m.Verb == bridge.VerbTag:
		b.Label = "Tag " + strings.Join(m.Args.Tags, ", ")
	case m.Verb == bridge.VerbUntag:
		b.Label = "Untag " + strings.Join(m.Args.Tags, ", ")
	case m.Verb == bridge.VerbTopic:
		b.Label = "Topic: " + m.Args.Note
	case m.Verb == bridge.VerbCC && m.Args.Remove:
		b.Label = "No copy to " + addresses
	case m.Verb == bridge.VerbCC:
		b.Label = "Copy to " + addresses
	case m.Verb == bridge.VerbTo:
		b.Label = "Reply to " + addresses
	case m.Verb == bridge.VerbAllow:
		b.Label = "Allow " + addresses
	}
	b.Label = shape.OneLine(b.Label, shape.MaxLabelRunes)
	return b
}

// likelyReply says that what a line is about was most likely written for the customer, so that
// sending it is what people want first.
func likelyReply(l bridge.Line) bool {
	switch l.Kind {
	case bridge.LineParked, bridge.LineOffered:
		return true
	case bridge.LineAsk:
		return l.Reason == "confirm" || l.Reason == "file_alone" || l.Reason == "unclaimed" || l.Reason == "handed_in"
	}
	return false
}

// MarkIcon is the emoji shortcode of a mark. Joining in on two of them does what they show
// (command.Emoji): on what waits it takes that back, on what is inside it keeps it there.
func MarkIcon(m bridge.Mark) string {
	switch m {
	case bridge.MarkWaiting:
		return "hourglass_flowing_sand"
	case bridge.MarkDelivered:
		return "ballot_box_with_check"
	case bridge.MarkSent:
		return "heavy_check_mark"
	case bridge.MarkRead:
		return "eyeglasses"
	case bridge.MarkWarning:
		return "warning"
	case bridge.MarkInside:
		return "lock"
	}
	return ""
}

// Rows puts buttons into rows of at most so many; one that stands apart begins a row.
func Rows(buttons []Button, most int) [][]Button {
	var rows [][]Button
	for _, b := range buttons {
		if last := len(rows) - 1; last >= 0 && !b.Apart && len(rows[last]) < most {
			rows[last] = append(rows[last], b)
			continue
		}
		rows = append(rows, []Button{b})
	}
	return rows
}
