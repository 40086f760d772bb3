package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// buttons makes the buttons of a line: those of its content, then one for each of its verbs, with its arguments.
func buttons(l bridge.Line, f bridge.Facts) []Button {
	args := l.Args
	if args.Conversation == 0 {
		args.Conversation = f.ID
	}
	var all []Button
	switch c := l.Content.(type) {
	case *bridge.AskLine:
		if c.Meant != nil {
			all = append(all, verb.MeantButton(*c.Meant))
		}
	case *bridge.AnalysisLine:
		all = append(all, suggestionButtons(c, l, args)...)
	case *bridge.WrittenLine:
		all = append(all, writtenButtons(c, args)...)
	case *bridge.TopLevelLine:
		for _, row := range c.Rows {
			b := verb.NewButton(bridge.VerbSend, bridge.Args{Conversation: row.ID, SendArgs: bridge.SendArgs{Typed: l.Args.Typed}, ReplyArgs: bridge.ReplyArgs{Shown: l.Args.Shown}})
			b.Label = shape.OneLine(shape.Number(row.ID)+" "+shape.PartyName(row.Contact), shape.MaxLabelRunes)
			all = append(all, b)
		}
	}
	for _, name := range l.Verbs {
		b := verb.NewButton(name, args)
		fitButton(&b, l)
		all = append(all, b)
	}
	return resolvingAtOnce(f, all)
}

// resolvingAtOnce makes Resolve act without a form where the conversation's account is set so (f.ResolveNow).
func resolvingAtOnce(f bridge.Facts, buttons []Button) []Button {
	for i := range buttons {
		if buttons[i].Verb == bridge.VerbResolve && f.Account.ResolveNow {
			buttons[i].Opens = OpensNothing
		}
	}
	return buttons
}

// fitButton adapts the label, style and question of a button to the line that it stands under.
func fitButton(b *Button, l bridge.Line) {
	kind, send := l.Kind(), b.Verb == bridge.VerbSend
	if send && likelyReply(l) {
		b.Style = StylePrimary
	}
	switch {
	case kind == bridge.LineSendAs && send:
		b.Label = shape.OneLine("Send as "+shape.AgentName(l.By), shape.MaxLabelRunes)
	case kind == bridge.LineAsk && send && askReason(l) == "unclaimed":
		b.Label = "Take and send"
	case kind == bridge.LineParked && b.Verb == bridge.VerbKeep && l.Content.(*bridge.ParkedLine).Reason == bridge.ReasonWindow:
		b.Label = "Keep for later"
	case kind == bridge.LineEditLate && send:
		b.Label = "Send correction"
	case kind == bridge.LineFailed && b.Verb == bridge.VerbSendAgain:
		b.Confirm = "" // it surely did not arrive
	}
}

// likelyReply says that the text which a line is about was most likely written for the customer, so
// that people will most often want to send it.
func likelyReply(l bridge.Line) bool {
	switch askReason(l) {
	case "confirm", "file_alone", "unclaimed", "handed_in":
		return true
	}
	return l.Kind() == bridge.LineParked || l.Kind() == bridge.LineOffered
}

// askReason gives the code for why a line asks what is to become of a text; "" if the line asks nothing.
func askReason(l bridge.Line) string {
	if c, ok := l.Content.(*bridge.AskLine); ok {
		return c.Reason
	}
	return ""
}

// MarkIcon is the emoji shortcode of a mark. Two of these emoji are also verbs for a person who adds the same
// reaction (verb.Emoji): on a text that waits it takes the text back, on one that stayed inside it keeps it there.
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

// Rows puts buttons into rows of at most so many. A button with Apart set begins a new row.
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
