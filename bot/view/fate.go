package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// Usually a message that an agent types in a thread is sent to the customer. If it isn't, because it was kept inside, needs
// a decision or failed, Parley posts a remark, called a line, below it. This file renders these lines. Each mentions the
// author, says who did not get the message and why, suggests what to do, and repeats the message:
//
//	🔒 @Ann Not sent: Carla Diaz does not have this. The reply window closed today 09:14. Send a template now, or keep
//	it: I offer it again when Carla Diaz writes.
//	| We have found your parcel.
//	[Send template] [Keep for later] [Drop]
//
// In the functions below, l is the line, c holds the fields of its kind, and f describes the conversation.

// remark is what a line says about a message.
type remark struct {
	icon string     // an emoji shortcode
	what string     // what happened
	why  bridge.Why // why it happened; may be zero
	hint string     // what the author can do; may be ""
}

// fateBlocks renders a remark, followed by more words (see shape.Sentence) and by the text of the message.
func fateBlocks(l bridge.Line, f bridge.Facts, r remark, more ...any) []Block {
	words := []any{r.what, shape.NextSentence(whyInLine(r.why, f)), shape.NextSentence(r.hint)}
	lead := makeHeadline(l, r.icon, append(words, more...)...)
	return append([]Block{lead}, shape.MessageBlocks(l)...)
}

// askLine asks whether a text is meant for the customer. If it seems to be meant for another conversation (Line.Other),
// the line suggests that one.
func askLine(l bridge.Line, c *bridge.AskLine, f bridge.Facts) []Block {
	what := "Not sent yet: " + shape.Customer(l, f) + " does not have this."
	usualHint := "Send it, or keep it inside?"
	switch {
	case l.Verb == bridge.VerbUnknown:
		what = "Nothing was sent or done."
		usualHint = ""
	case c.Why.Reason == bridge.ReasonUnclaimed:
		usualHint = "Take it and send this, or keep it inside?"
	}
	r := remark{icon: "raised_hand_with_fingers_splayed", what: what, why: c.Why}
	if l.Other.ID != 0 {
		return fateBlocks(l, f, r, " Is it meant for ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), "? Then type it there.")
	}
	r.hint = shape.Or(c.Hint, usualHint)
	return fateBlocks(l, f, r)
}

// insideLine reports that a text was not sent, and why.
func insideLine(l bridge.Line, c *bridge.InsideLine, f bridge.Facts) []Block {
	r := remark{icon: "house", what: "This stayed inside: " + shape.Customer(l, f) + " did not get it.", why: c.Why}
	if f.Automatic {
		r.what = "This stayed inside: nobody outside got it." // a thread of automatic mail has no single customer
	}
	if l.Other.ID != 0 {
		then := ": type it there."
		if len(l.Verbs) > 0 {
			then = ": send it there, if it was meant for the customer."
		}
		return fateBlocks(l, f, r, " It goes on in ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), then)
	}
	hint := "Send it, if it was meant for the customer."
	if slices.Contains(l.Verbs, bridge.VerbReopen) && !f.Status.Open() {
		hint = "If it was meant for the customer, reopen the conversation, then send it."
	}
	r.hint = shape.Or(c.Hint, hintFor(l, hint))
	return fateBlocks(l, f, r)
}

// sendAsLine asks an agent to confirm that a colleague's text is to be sent in the colleague's name.
func sendAsLine(l bridge.Line, f bridge.Facts) []Block {
	question := shape.SendAsQuestion(shape.AgentName(l.By), shape.Customer(l, f))
	return fateBlocks(l, f, remark{
		icon: "raised_hand_with_fingers_splayed",
		what: question,
		hint: "It waits like any reply, with Undo.",
	})
}

// offeredLine offers a kept reply again, now that the customer has written and the reply window is open.
func offeredLine(l bridge.Line, c *bridge.OfferedLine, f bridge.Facts) []Block {
	usualHint := "This still waits. Send it, or drop it?"
	if l.Other.ID != 0 {
		usualHint = "This was kept in " + shape.Number(l.Other.ID) + ", which has ended. Write it here if it still fits."
	}
	return windowBlocks(l, f, windowRemark{
		icon:     "envelope_with_arrow",
		what:     shape.Customer(l, f) + " wrote: the reply window is open until ",
		until:    c.Until,
		provider: c.Provider,
		hint:     usualHint,
	})
}

// parkedLine reports that a reply is parked: it is kept until somebody decides about it, or until the customer writes.
func parkedLine(l bridge.Line, c *bridge.ParkedLine, f bridge.Facts) []Block {
	who := shape.Customer(l, f)
	if c.Why.Reason == bridge.ReasonWindow {
		hint := "I offer it again when " + who + " writes."
		if slices.Contains(l.Verbs, bridge.VerbTemplate) {
			hint = "Send a template now, or keep it: " + hint
		}
		return windowBlocks(l, f, windowRemark{
			icon:     "lock",
			what:     "Not sent: " + who + " does not have this. The reply window closed ",
			until:    c.Until,
			provider: c.Hint,
			hint:     hint,
		})
	}

	what := "Not sent: " + who + " does not have this."
	isLate := c.Why == (bridge.Why{}) || c.Why.Reason == bridge.ReasonLate
	if isLate {
		what = "Not sent: I found this late, and the conversation has moved on."
	}

	return fateBlocks(l, f, remark{
		icon: "hourglass",
		what: what,
		why:  c.Why,
		hint: shape.Or(c.Hint, "Send it if it still fits, or drop it."),
	})
}

// windowRemark is a remark about a text that depends on the reply window, which is the time in which the provider allows
// free text to the customer.
type windowRemark struct {
	icon     string
	what     string    // what happened; until is appended
	until    time.Time // when the window closes or closed; zero if it was never open, or if only the provider knows
	provider string    // the provider's explanation; may be ""
	hint     string    // what the author can do
}

func windowBlocks(l bridge.Line, f bridge.Facts, r windowRemark) []Block {
	parts := []any{r.what, shape.At(r.until, f.Zone), "."}
	if r.until.IsZero() {
		parts = []any{"Not sent: " + shape.Customer(l, f) + " does not have this. The reply window is closed."}
	}
	parts = append(parts, shape.NextSentence(shape.AsSentence(r.provider)), shape.NextSentence(r.hint))
	return append([]Block{makeHeadline(l, r.icon, parts...)}, shape.MessageBlocks(l)...)
}

// failedLine reports that a message was not delivered to anybody, or to some of its recipients.
func failedLine(l bridge.Line, c *bridge.FailedLine, f bridge.Facts) []Block {
	if c.Recipient != "" {
		return failedRecipientLine(l, c, f)
	}
	trouble := c.Trouble
	usualHint := hintFor(l, "Put right what is wrong, then send it again.")
	if c.Missed != "" {
		trouble = strings.TrimPrefix(trouble, c.Missed+": ")
		usualHint = hintFor(l, "The others may have it, and would get it twice if you send it again.")
	}
	what := "Not delivered: " + shape.Or(c.Missed, shape.Customer(l, f)) + " did not get this."
	return fateBlocks(l, f, remark{
		icon: "warning",
		what: what,
		why:  bridge.InWords(trouble),
		hint: shape.Or(c.Hint, usualHint),
	})
}

// failedRecipientLine reports which one of several recipients a reply did not reach.
func failedRecipientLine(l bridge.Line, c *bridge.FailedLine, f bridge.Facts) []Block {
	r := remark{icon: "warning", what: "Not delivered: " + c.Recipient + " did not get this.", why: bridge.InWords(c.Trouble), hint: c.Hint}
	if c.Copied {
		r.what = c.Recipient + " did not get a copy of this."
		r.hint = "With !cc you change who gets copies of later replies."
	}
	if c.Sent && l.Outcome == nil { // the words of an outcome say that it was sent
		r.hint = "It was sent to " + shape.Customer(l, f) + ". " + r.hint
	}
	return fateBlocks(l, f, r)
}

// retryingLine reports that delivery keeps failing for now, and that Parley keeps trying.
func retryingLine(l bridge.Line, c *bridge.RetryingLine, f bridge.Facts) []Block {
	parts := []any{"Not delivered yet: " + shape.Customer(l, f) + " does not have this."}
	if !c.Since.IsZero() {
		parts = append(parts, " I have been trying since ", shape.At(c.Since, f.Zone), ".")
	}
	parts = append(parts, shape.NextSentence(shape.AsSentence(c.Trouble)), shape.NextSentence(shape.Or(c.Hint, "I keep trying.")))
	return append([]Block{makeHeadline(l, "hourglass_flowing_sand", parts...)}, shape.Quote(l.Text)...)
}

// delayedLine reports that the provider or the recipient's mail server accepted a message but has not delivered it yet.
func delayedLine(l bridge.Line, c *bridge.DelayedLine, f bridge.Facts) []Block {
	who := shape.Or(c.Recipient, shape.Customer(l, f))
	what := "Sent, but the other side has not delivered it to " + who + " yet and keeps trying."
	return fateBlocks(l, f, remark{
		icon: "hourglass_flowing_sand",
		what: what,
		why:  bridge.InWords(c.Trouble),
		hint: "Nothing to do now. You will hear if it fails.",
	})
}

// unclearLine reports that the answer to a delivery attempt was lost, so that the message may or may not have arrived.
func unclearLine(l bridge.Line, c *bridge.UnclearLine, f bridge.Facts) []Block {
	usualHint := "Look for it where sent messages are." + hintFor(l, " Then mark it as sent, or send it again.")
	return fateBlocks(l, f, remark{
		icon: "grey_question",
		what: "Nobody can tell whether " + shape.Customer(l, f) + " got this.",
		why:  bridge.InWords(c.Trouble),
		hint: shape.Or(c.Hint, usualHint),
	})
}

// editLateLine reports that an agent edited a message after it was sent, and what happened to each of its files.
func editLateLine(l bridge.Line, c *bridge.EditLateLine, f bridge.Facts) []Block {
	who := shape.Customer(l, f)
	r := remark{
		icon: "pencil2",
		what: "You changed this after it was sent: " + who + " has the earlier text.",
		hint: "If it matters, send the new text as a message of its own.",
	}
	switch {
	case c.OnlyFiles:
		r.what, r.hint = "You changed the files after this was sent.", ""
	case c.Unclear:
		r.what = "You changed this, but nobody can tell whether " + who + " has the earlier text."
	}
	if len(c.Added) > 0 {
		r.hint = "If it matters, send what is new as a message of its own."
	}

	r.what += namedFiles(who+" has ", c.Left) +
		namedFiles("Too late to stop: ", c.Leaving) +
		namedFiles("Send again would still send: ", c.Failed) +
		namedFiles("Stopped in time: ", c.Stopped) +
		namedFiles("Not sent: ", c.Added)
	return fateBlocks(l, f, r)
}

// namedFiles makes a sentence of words and the names of files, with a leading space. It returns "" if there are no files.
func namedFiles(words string, files []string) string {
	if len(files) == 0 {
		return ""
	}
	return " " + words + strings.Join(files, ", ") + "."
}

// deleteLateLine reports that an agent deleted a message after it was sent.
func deleteLateLine(l bridge.Line, c *bridge.DeleteLateLine, f bridge.Facts) []Block {
	what := "This was deleted here after it was sent: " + shape.Customer(l, f) + " has it."
	if c.Unclear {
		what = "This was deleted here, but nobody can tell whether " + shape.Customer(l, f) + " has it."
	}
	return fateBlocks(l, f, remark{icon: "wastebasket", what: what})
}

// undoneLine reports that a reply was taken back before it was sent. It says by whom only if it mentions the author.
func undoneLine(l bridge.Line, c *bridge.UndoneLine, f bridge.Facts) []Block {
	by := ""
	if len(l.Mentions) > 0 && !shape.IsNobody(l.By) {
		by = " by " + shape.AgentName(l.By)
	}
	what := "Taken back in time" + by + ": " + shape.Customer(l, f) + " did not get this."
	return fateBlocks(l, f, remark{icon: "leftwards_arrow_with_hook", what: what, why: c.Why})
}

// topLevelLine answers a text that was typed at the top level of the channel, outside any thread. If there are customers to
// choose from, it asks which one should get it; there is a button for each.
func topLevelLine(l bridge.Line, c *bridge.TopLevelLine, f bridge.Facts) []Block {
	hint := "Reply in a conversation's thread to answer."
	if len(c.Rows) > 0 {
		hint = "Who is to get it?"
	}
	return fateBlocks(l, f, remark{
		icon: "mag",
		what: "Not sent to a customer: this is the channel.",
		hint: hint,
	})
}

// notMappedLine tells a person who is not one of Parley's agents that nothing was sent.
func notMappedLine(l bridge.Line, f bridge.Facts) []Block {
	return fateBlocks(l, f, remark{
		icon: "no_entry",
		what: "Nothing was sent: I don't know you as an agent.",
		hint: "Ask an admin to add you, then type it again.",
	})
}

// textsLine warns that the provider counts, and charges, a long text as several. Joined means that the message also
// contains further messages of the same author, which are sent together.
func textsLine(l bridge.Line, c *bridge.TextsLine, _ bridge.Facts) []Block {
	what := "This"
	if c.Joined {
		what = "This, with the lines that leave as one message with it,"
	}
	counted := fmt.Sprintf("%s counts as %d texts, and each is charged.", what, c.Count)
	return []Block{makeHeadline(l, "straight_ruler", counted, " Take it back to shorten it, or let it go.")}
}

// hintFor returns the hint if the line has buttons to follow it with, and "" otherwise.
func hintFor(l bridge.Line, hint string) string {
	if len(l.Verbs) == 0 {
		return ""
	}
	return hint
}
