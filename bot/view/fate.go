package view

import (
	"fmt"
	"slices"

	"parley/bot/shape"
	"parley/bridge"
)

// fateLine says what became of a person's message when it did not simply go out. It
// starts with the author's mention, says who did not get it and why, then what to do;
// the text is kept below.
func fateLine(l bridge.Line, f bridge.Facts) []Block {
	who := shape.Customer(l, f)
	switch l.Kind {
	case bridge.LineAsk:
		if l.Verb == bridge.VerbUnknown {
			return fate(l, f, "raised_hand_with_fingers_splayed", "Nothing was sent or done.", "")
		}
		return fate(l, f, "raised_hand_with_fingers_splayed", "Not sent yet: "+who+" does not have this.", askedWords(l))
	case bridge.LineInside:
		return fate(l, f, "house", "This stayed inside: "+who+" did not get it.", nextFor(l, "Send it, if it was meant for the customer."))
	case bridge.LineSendAs:
		return fate(l, f, "raised_hand_with_fingers_splayed", shape.SendAsQuestion(shape.AgentName(l.By), who), "It waits like any reply, with Undo.")
	case bridge.LineTexts:
		return countedTexts(l)
	case bridge.LineOffered:
		usual := "This still waits. Send it, or drop it?"
		if l.Other.ID != 0 {
			usual = "This was kept in " + shape.Number(l.Other.ID) + ", which has ended. Write it here if it still fits."
		}
		return windowLine(l, f, "envelope_with_arrow", who+" wrote: the reply window is open until ", usual)
	case bridge.LineParked:
		return parked(l, f)
	case bridge.LineFailed:
		return fate(l, f, "warning", "Not delivered: "+who+" did not get this.", nextFor(l, "Put right what is wrong, then send it again."))
	case bridge.LineRetrying:
		since := []any{shape.Icon("hourglass_flowing_sand"), " ", shape.Mentioned(l), "Not delivered yet: " + who + " does not have this."}
		if !l.Since.IsZero() {
			since = append(since, " I have been trying since ", shape.At(l.Since, f.Zone), ".")
		}
		return append([]Block{shape.Sentence(append(since, shape.Then(reasonWords(l.Reason, f)), shape.Then(shape.Or(l.Hint, "I keep trying.")))...)}, shape.Quote(l.Text)...)
	case bridge.LineDelayed:
		return fate(l, f, "hourglass_flowing_sand", "Sent, but the other side has not delivered it to "+who+" yet and keeps trying.", "Nothing to do now. You will hear if it fails.")
	case bridge.LineUnclear:
		return fate(l, f, "grey_question", "Nobody can tell whether "+who+" got this.", "Look for it where sent messages are."+nextFor(l, " Then mark it as sent, or send it again."))
	case bridge.LineEditLate:
		return fate(l, f, "pencil2", "You changed this after it was sent: "+who+" has the earlier text.", "If it matters, send the new text as a message of its own.")
	case bridge.LineDeleteLate:
		return fate(l, f, "wastebasket", "This was deleted here after it was sent: "+who+" has it.", "")
	case bridge.LineUndone:
		return undone(l, f)
	case bridge.LineTopLevel:
		return topLevel(l, f)
	case bridge.LineNotMapped:
		return notMapped(l, f)
	}
	return nil
}

// askedWords ask what is to become of a text.
func askedWords(l bridge.Line) string {
	if l.Reason == "unclaimed" {
		return "Take it and send this, or keep it inside?"
	}
	return "Send it, or keep it inside?"
}

// parked is about a reply that is kept until somebody decides, or the customer writes.
func parked(l bridge.Line, f bridge.Facts) []Block {
	who := shape.Customer(l, f)
	if l.Reason == "window" {
		hint := "I offer it again when " + who + " writes."
		if slices.Contains(l.Verbs, bridge.VerbTemplate) {
			hint = "Send a template now, or keep it: " + hint
		}
		return windowLine(l, f, "lock", "Not sent: "+who+" does not have this. The reply window closed at ", hint)
	}
	what := "Not sent: I found this late, and the conversation has moved on."
	if l.Reason != "" && l.Reason != "late" {
		what = "Not sent: " + who + " does not have this."
	}
	return fate(l, f, "hourglass", what, "Send it if it still fits, or drop it.")
}

// topLevel asks for whom a text in the channel is.
func topLevel(l bridge.Line, f bridge.Facts) []Block {
	next := "Reply in a conversation's thread to answer."
	if len(l.Rows) > 0 {
		next = "Who is to get it?"
	}
	return fate(l, f, "mag", "Not sent to a customer: this is the channel.", next)
}

// countedTexts says that a long text counts as several.
func countedTexts(l bridge.Line) []Block {
	return []Block{shape.Sentence(shape.Icon("straight_ruler"), " ", shape.Mentioned(l), fmt.Sprintf("This counts as %d texts, and each is charged.", l.Count), shape.Then(shape.Or(l.Hint, "Take it back to shorten it, or let it go.")))}
}

// notMapped tells who is no agent.
func notMapped(l bridge.Line, f bridge.Facts) []Block {
	l.Reason = ""
	return fate(l, f, "no_entry", "Nothing was sent: I don't know you as an agent.", "Ask an admin to add you, then type it again.")
}

// undone says who took a reply back, where its author has to be told.
func undone(l bridge.Line, f bridge.Facts) []Block {
	by := ""
	if len(l.Mentions) > 0 && !shape.Nobody(l.By) {
		by = " by " + shape.AgentName(l.By)
	}
	return fate(l, f, "leftwards_arrow_with_hook", "Taken back in time"+by+": "+shape.Customer(l, f)+" did not get this.", "")
}

// fate is a line about one message. The engine's hint wins over the usual one.
func fate(l bridge.Line, f bridge.Facts, mark, what, usual string) []Block {
	return append([]Block{shape.Sentence(shape.Icon(mark), " ", shape.Mentioned(l), what, shape.Then(reasonWords(l.Reason, f)), shape.Then(shape.Or(l.Hint, usual)))}, shape.Kept(l)...)
}

// windowLine is about a text that waits for the reply window; it ends in the window's end.
func windowLine(l bridge.Line, f bridge.Facts, mark, what, usual string) []Block {
	parts := []any{shape.Icon(mark), " ", shape.Mentioned(l), what, shape.At(l.Until, f.Zone), "."}
	if l.Until.IsZero() { // it was never open, or only the provider knows
		parts = []any{shape.Icon(mark), " ", shape.Mentioned(l), "Not sent: " + shape.Customer(l, f) + " does not have this. The reply window is closed."}
	}
	return append([]Block{shape.Sentence(append(parts, shape.Then(shape.AsSentence(l.Hint)), shape.Then(usual))...)}, shape.Kept(l)...)
}

// nextFor says what to do next where there are buttons to do it with.
func nextFor(l bridge.Line, hint string) string {
	switch {
	case len(l.Verbs) == 0:
		return ""
	case slices.Contains(l.Verbs, bridge.VerbReopen):
		return "Reopen it first. " + hint
	}
	return hint
}
