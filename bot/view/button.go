package view

import (
	"cmp"
	"slices"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// This file makes the buttons below a line, which is a remark of Parley's in a thread. The engine decides which verbs
// are offered (Line.Verbs) and with which arguments (Line.Args). Package verb knows the usual label, style and question
// of each verb's button; here they are adapted to the line.

// lineButtons makes the buttons of a line: those that belong to its kind, then one for each of its verbs.
func lineButtons(l bridge.Line, f bridge.Facts) []Button {
	args := l.Args
	args.Conversation = cmp.Or(args.Conversation, f.ID)
	var all []Button
	switch c := l.Content.(type) {
	case *bridge.AskLine:
		if c.Meant != nil && l.Outcome == nil {
			all = append(all, verb.MeantButton(*c.Meant))
		}
	case *bridge.AnalysisLine:
		all = append(all, suggestionButtons(c, l, args)...)
	case *bridge.WrittenLine:
		all = append(all, writtenButtons(c, args)...)
	case *bridge.TopLevelLine:
		for _, row := range c.Rows {
			all = append(all, sendToButton(l, row))
		}
	}

	for _, name := range offeredVerbs(l, f) {
		b := verb.NewButton(name, args)
		adaptButton(&b, l)
		all = append(all, b)
	}

	return resolveAtOnce(f, all)
}

// offeredVerbs returns the verbs of a line's buttons. If a verb was refused because it needs arguments, and nothing else
// is offered, a button opens its form, which asks for them.
func offeredVerbs(l bridge.Line, f bridge.Facts) []bridge.Verb {
	isOnlyRefusal := l.Kind() == bridge.LineRefused && len(l.Verbs) == 0
	if isOnlyRefusal && f.Status.Open() && needsArguments(l.Verb) {
		return []bridge.Verb{l.Verb}
	}
	return l.Verbs
}

// needsArguments reports whether a verb can do nothing before a form has asked for its arguments.
func needsArguments(name bridge.Verb) bool {
	v := verb.Of(name)
	return v.Needs(bridge.Args{}) && !v.Form.AtOnce && !v.Sends
}

// resolveAtOnce makes Resolve act without a form if the account is set up so. It changes the buttons that it is given.
func resolveAtOnce(f bridge.Facts, buttons []Button) []Button {
	if !f.Account.ResolveNow {
		return buttons
	}
	for i := range buttons {
		if buttons[i].Verb == bridge.VerbResolve {
			buttons[i].Opens = OpensNothing
		}
	}
	return buttons
}

// sendToButton makes the button that sends a text to the customer of a conversation. The text was typed in no thread, but
// at the top level of the channel.
func sendToButton(l bridge.Line, conversation bridge.Facts) Button {
	b := verb.NewButton(bridge.VerbSend, bridge.Args{
		Conversation: conversation.ID,
		SendArgs:     bridge.SendArgs{Typed: l.Args.Typed},
		ReplyArgs:    bridge.ReplyArgs{Shown: l.Args.Shown},
	})
	b.Label = shape.OneLine(shape.Number(conversation.ID)+" "+shape.PartyName(conversation.Contact), shape.MaxLabelRunes)
	return b
}

// adaptButton adapts the label, style and question of a button to its line.
func adaptButton(b *Button, l bridge.Line) {
	if b.Verb == bridge.VerbSend {
		adaptSendButton(b, l)
	}
	parked, isParked := l.Content.(*bridge.ParkedLine)
	isWindowClosed := isParked && parked.Why.Reason == bridge.ReasonWindow
	if b.Verb == bridge.VerbKeep && isWindowClosed {
		b.Label = "Keep for later"
	}
	failed, isFailed := l.Content.(*bridge.FailedLine)
	if b.Verb == bridge.VerbSendAgain && isFailed && failed.Missed == "" {
		b.Confirm = "" // nobody got the message, so that sending it again doubles nothing
	}
}

func adaptSendButton(b *Button, l bridge.Line) {
	if isLikelyReply(l) {
		b.Style = StylePrimary
	}
	switch {
	case l.Kind() == bridge.LineSendAs:
		b.Label = shape.OneLine("Send as "+shape.AgentName(l.By), shape.MaxLabelRunes)
	case l.Kind() == bridge.LineEditLate:
		b.Label = "Send correction"
	case askReason(l) == bridge.ReasonUnclaimed:
		b.Label = "Take and send"
	case slices.Contains(l.Verbs, bridge.VerbReopen):
		b.Label = "Then send to customer" // after Reopen: sending is refused before
	}
}

// isLikelyReply reports whether the text that a line is about was most likely written for the customer.
func isLikelyReply(l bridge.Line) bool {
	return l.Kind() == bridge.LineParked || l.Kind() == bridge.LineOffered || bridge.ConsequencesOf(askReason(l)).Guess == bridge.GuessReply
}

// askReason returns the reason why a line asks what is to become of a text, or "" if the line asks nothing.
func askReason(l bridge.Line) bridge.Reason {
	if c, ok := l.Content.(*bridge.AskLine); ok {
		return c.Why.Reason
	}
	return ""
}

// MarkIcon returns the emoji shortcode of a mark: the emoji that Parley puts on an agent's message to say what became of
// it. Agents can add two of them, too, and thereby give a verb (verb.Emoji): the one for waiting takes a waiting text
// back, and the one for inside keeps a text inside.
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

// Rows puts buttons into rows of at most maxInRow. A button with Apart set begins a new row.
func Rows(buttons []Button, maxInRow int) [][]Button {
	var rows [][]Button
	for _, b := range buttons {
		last := len(rows) - 1
		hasRoom := last >= 0 && len(rows[last]) < maxInRow
		if b.Apart || !hasRoom {
			rows = append(rows, []Button{b})
			continue
		}
		rows[last] = append(rows[last], b)
	}
	return rows
}
