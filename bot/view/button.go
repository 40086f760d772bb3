package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// buttons of a line, in its order, about its arguments.
func buttons(l bridge.Line, f bridge.Facts) []Button {
	args := l.Args
	if args.Conversation == 0 {
		args.Conversation = f.ID
	}
	var all []Button
	if l.Meant != nil {
		all = append(all, verb.MeantButton(*l.Meant))
	}
	if l.Kind == bridge.LineTopLevel {
		for _, row := range l.Rows {
			b := verb.NewButton(bridge.VerbSend, bridge.Args{Conversation: row.ID, Typed: l.Args.Typed})
			b.Label = shape.OneLine(shape.Number(row.ID)+" "+shape.PartyName(row.Contact), shape.MaxLabelRunes)
			all = append(all, b)
		}
	}
	for _, name := range l.Verbs {
		b := verb.NewButton(name, args)
		if name == bridge.VerbSend && likelyReply(l) {
			b.Style = StylePrimary
		}
		if l.Kind == bridge.LineSendAs && name == bridge.VerbSend {
			b.Label = shape.OneLine("Send as "+shape.AgentName(l.By), shape.MaxLabelRunes)
		}
		if l.Kind == bridge.LineAsk && l.Reason == "unclaimed" && name == bridge.VerbSend {
			b.Label = "Take and send"
		}
		if l.Kind == bridge.LineParked && l.Reason == "window" && name == bridge.VerbKeep {
			b.Label = "Keep for later"
		}
		if l.Kind == bridge.LineEditLate && name == bridge.VerbSend {
			b.Label = "Send correction"
		}
		if l.Kind == bridge.LineFailed && name == bridge.VerbSendAgain {
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
// (verb.Emoji): on what waits it takes that back, on what is inside it keeps it there.
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
