package view

import (
	"cmp"
	"slices"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Parley posts remarks of its own, called lines, into the thread in which agents see a conversation. This file makes the
// buttons below them, such as "Send to customer" and "Keep inside". A button starts a verb, which is something that an
// agent can ask for. The engine decides which verbs a line offers (Line.Verbs) and with which arguments (Line.Args).
// Package verb has the default label, style and confirmation of each verb's button; adaptButton changes them where the
// line needs other ones.

// lineButtons makes the buttons of a line: those of its kind, followed by one for each of its verbs.
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

	return skipResolveForm(f, all)
}

// offeredVerbs returns the verbs of a line's buttons. If a verb was refused because its arguments were missing, and the
// line offers nothing else, the result is that verb: its button opens the form that asks for the arguments.
func offeredVerbs(l bridge.Line, f bridge.Facts) []bridge.Verb {
	isOnlyRefusal := l.Kind() == bridge.LineRefused && len(l.Verbs) == 0
	if isOnlyRefusal && f.Status.Open() && needsArguments(l.Verb) {
		return []bridge.Verb{l.Verb}
	}
	return l.Verbs
}

// needsArguments reports whether a verb can only be carried out with arguments that its form asks for.
func needsArguments(name bridge.Verb) bool {
	v := verb.Of(name)
	return v.Needs(bridge.Args{}) && !v.Form.AtOnce && !v.Sends
}

// skipResolveForm makes Resolve take effect without a form if the account is configured that way. It modifies buttons in
// place and returns them.
func skipResolveForm(f bridge.Facts, buttons []Button) []Button {
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

// sendToButton makes the button that sends a text to the customer of a conversation. The text was typed at the top level
// of the chat's channel, so the agent has to choose the conversation.
func sendToButton(l bridge.Line, conversation bridge.Facts) Button {
	b := verb.NewButton(bridge.VerbSend, bridge.Args{
		Conversation: conversation.ID,
		SendArgs:     bridge.SendArgs{Typed: l.Args.Typed},
		ReplyArgs:    bridge.ReplyArgs{Shown: l.Args.Shown},
	})
	b.Label = shape.OneLine(shape.Number(conversation.ID)+" "+shape.PartyName(conversation.Contact), shape.MaxLabelRunes)
	return b
}

// adaptButton adapts the label, style and confirmation of a button to its line.
func adaptButton(b *Button, l bridge.Line) {
	if b.Verb == bridge.VerbSend {
		adaptSendButton(b, l)
	}
	if slices.Contains([]bridge.Verb{bridge.VerbTag, bridge.VerbTagMessages, bridge.VerbResolve}, b.Verb) && l.Args.Sure {
		b.Label = "Create anyway"
	}
	if b.Verb == bridge.VerbReply && l.Kind() == bridge.LineOops {
		b.Label = "Correct it"
	}
	if b.Verb == bridge.VerbSeveral {
		b.Label = "Undo"
	}
	parked, isParked := l.Content.(*bridge.ParkedLine)
	isWindowClosed := isParked && parked.Why.Reason == bridge.ReasonWindow
	if b.Verb == bridge.VerbKeep && isWindowClosed {
		b.Label = "Keep for later"
	}
	failed, isFailed := l.Content.(*bridge.FailedLine)
	if b.Verb == bridge.VerbSendAgain && isFailed && failed.Missed == "" {
		b.Confirm = "" // no recipient got the message, so nobody can get it twice
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
		b.Label = "Then send to customer" // the conversation has to be reopened first
	}
}

// isLikelyReply reports whether the author most likely meant the text for the customer, and not for colleagues.
func isLikelyReply(l bridge.Line) bool {
	return l.Kind() == bridge.LineParked || l.Kind() == bridge.LineOffered || bridge.ConsequencesOf(askReason(l)).Guess == bridge.GuessReply
}

// askReason returns why the line asks whether to send a text. It returns "" if the line does not ask.
func askReason(l bridge.Line) bridge.Reason {
	if c, ok := l.Content.(*bridge.AskLine); ok {
		return c.Why.Reason
	}
	return ""
}

// MarkIcon returns the emoji shortcode of a mark, or "" for an unknown one. A mark is an emoji that Parley puts on an
// agent's message to show its delivery state. Agents can add two of them as commands (verb.Emoji): the hourglass takes
// a waiting reply back, and the lock keeps a text inside, that is, away from the customer.
func MarkIcon(m bridge.Mark) string {
	switch m {
	case bridge.MarkWaiting:
		return "hourglass_flowing_sand"
	case bridge.MarkAsked:
		return "question"
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

// Rows arranges buttons in rows of at most maxInRow. A button with Apart set begins a new row.
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
