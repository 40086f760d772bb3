package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// When an agent types a message in a thread and it doesn't simply go out to the customer, Parley says so in a line
// below: it was kept inside, it waits for a decision, it failed. This file has the words of these lines. Each mentions
// the author, says who did not get the message and why, then what to do. The text of the message stands below:
//
//	🔒 @Ann Not sent: Carla Diaz does not have this. The reply window closed today 09:14. Send a template now, or keep
//	it: I offer it again when Carla Diaz writes.
//	| We have found your parcel.
//	[Send template] [Keep for later] [Drop]

// remark is what such a line says besides the text of the message.
type remark struct {
	icon string     // an emoji shortcode
	what string     // what happened
	why  bridge.Why // zero if nothing is to be said
	hint string     // what to do; "" if there is nothing
}

// fateBlocks lays out a line about a message: the remark, more words behind it, then the text of the message. more is
// as shape.Sentence takes it.
func fateBlocks(l bridge.Line, f bridge.Facts, r remark, more ...any) []Block {
	words := []any{r.what, shape.NextSentence(whyInLine(r.why, f)), shape.NextSentence(r.hint)}
	lead := makeHeadline(l, r.icon, append(words, more...)...)
	return append([]Block{lead}, shape.MessageBlocks(l)...)
}

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

func insideLine(l bridge.Line, c *bridge.InsideLine, f bridge.Facts) []Block {
	r := remark{icon: "house", what: "This stayed inside: " + shape.Customer(l, f) + " did not get it.", why: c.Why}
	if f.Automatic {
		r.what = "This stayed inside: nobody outside got it." // the thread has many customers, or none
	}
	if l.Other.ID != 0 {
		return fateBlocks(l, f, r, " It goes on in ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), ": type it there.")
	}
	hint := "Send it, if it was meant for the customer."
	if slices.Contains(l.Verbs, bridge.VerbReopen) && !f.Status.Open() {
		hint = "If it was meant for the customer, reopen the conversation, then send it."
	}
	r.hint = shape.Or(c.Hint, hintFor(l, hint))
	return fateBlocks(l, f, r)
}

func sendAsLine(l bridge.Line, f bridge.Facts) []Block {
	question := shape.SendAsQuestion(shape.AgentName(l.By), shape.Customer(l, f))
	return fateBlocks(l, f, remark{
		icon: "raised_hand_with_fingers_splayed",
		what: question,
		hint: "It waits like any reply, with Undo.",
	})
}

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

// parkedLine is about a reply that is kept until somebody decides, or the customer writes.
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

	what := "Not sent: I found this late, and the conversation has moved on."
	if isLate := c.Why == (bridge.Why{}) || c.Why.Reason == bridge.ReasonLate; !isLate {
		what = "Not sent: " + who + " does not have this."
	}

	return fateBlocks(l, f, remark{
		icon: "hourglass",
		what: what,
		why:  c.Why,
		hint: shape.Or(c.Hint, "Send it if it still fits, or drop it."),
	})
}

// windowRemark is what a line says about a text that depends on the reply window, the time in which the provider lets
// free text go to the customer.
type windowRemark struct {
	icon     string
	what     string    // what happened; until follows
	until    time.Time // when the window closes or closed; zero if it was never open, or only the provider knows
	provider string    // what the provider says of it; "" if nothing
	hint     string    // what to do
}

func windowBlocks(l bridge.Line, f bridge.Facts, r windowRemark) []Block {
	parts := []any{r.what, shape.At(r.until, f.Zone), "."}
	if r.until.IsZero() {
		parts = []any{"Not sent: " + shape.Customer(l, f) + " does not have this. The reply window is closed."}
	}
	parts = append(parts, shape.NextSentence(shape.AsSentence(r.provider)), shape.NextSentence(r.hint))
	return append([]Block{makeHeadline(l, r.icon, parts...)}, shape.MessageBlocks(l)...)
}

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

// failedRecipientLine says which one of several recipients a reply did not reach.
func failedRecipientLine(l bridge.Line, c *bridge.FailedLine, f bridge.Facts) []Block {
	r := remark{icon: "warning", what: "Not delivered: " + c.Recipient + " did not get this.", why: bridge.InWords(c.Trouble), hint: c.Hint}
	if c.Copied {
		r.what = c.Recipient + " did not get a copy of this."
		r.hint = "With !cc you change who gets copies of later replies."
	}
	if c.Sent && l.Outcome == nil { // once there is an outcome, it says so
		r.hint = "It was sent to " + shape.Customer(l, f) + ". " + r.hint
	}
	return fateBlocks(l, f, r)
}

func retryingLine(l bridge.Line, c *bridge.RetryingLine, f bridge.Facts) []Block {
	parts := []any{"Not delivered yet: " + shape.Customer(l, f) + " does not have this."}
	if !c.Since.IsZero() {
		parts = append(parts, " I have been trying since ", shape.At(c.Since, f.Zone), ".")
	}
	parts = append(parts, shape.NextSentence(shape.AsSentence(c.Trouble)), shape.NextSentence(shape.Or(c.Hint, "I keep trying.")))
	return append([]Block{makeHeadline(l, "hourglass_flowing_sand", parts...)}, shape.Quote(l.Text)...)
}

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

func unclearLine(l bridge.Line, c *bridge.UnclearLine, f bridge.Facts) []Block {
	usualHint := "Look for it where sent messages are." + hintFor(l, " Then mark it as sent, or send it again.")
	return fateBlocks(l, f, remark{
		icon: "grey_question",
		what: "Nobody can tell whether " + shape.Customer(l, f) + " got this.",
		why:  bridge.InWords(c.Trouble),
		hint: shape.Or(c.Hint, usualHint),
	})
}

// editLateLine says that a message was changed when it was too late, and what became of each of its files.
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

// namedFiles makes a sentence that follows others, or "" if there are no files.
func namedFiles(words string, files []string) string {
	if len(files) == 0 {
		return ""
	}
	return " " + words + strings.Join(files, ", ") + "."
}

func deleteLateLine(l bridge.Line, c *bridge.DeleteLateLine, f bridge.Facts) []Block {
	what := "This was deleted here after it was sent: " + shape.Customer(l, f) + " has it."
	if c.Unclear {
		what = "This was deleted here, but nobody can tell whether " + shape.Customer(l, f) + " has it."
	}
	return fateBlocks(l, f, remark{icon: "wastebasket", what: what})
}

// undoneLine says that a reply was taken back. It names who did it only where it mentions the author.
func undoneLine(l bridge.Line, c *bridge.UndoneLine, f bridge.Facts) []Block {
	by := ""
	if len(l.Mentions) > 0 && !shape.IsNobody(l.By) {
		by = " by " + shape.AgentName(l.By)
	}
	what := "Taken back in time" + by + ": " + shape.Customer(l, f) + " did not get this."
	return fateBlocks(l, f, remark{icon: "leftwards_arrow_with_hook", what: what, why: c.Why})
}

// topLevelLine answers a text that somebody typed at the channel's top level: it asks which customer it is for.
func topLevelLine(l bridge.Line, c *bridge.TopLevelLine, f bridge.Facts) []Block {
	next := "Reply in a conversation's thread to answer."
	if len(c.Rows) > 0 {
		next = "Who is to get it?"
	}
	return fateBlocks(l, f, remark{
		icon: "mag",
		what: "Not sent to a customer: this is the channel.",
		hint: next,
	})
}

// notMappedLine tells a person who isn't an agent that nothing was sent.
func notMappedLine(l bridge.Line, f bridge.Facts) []Block {
	return fateBlocks(l, f, remark{
		icon: "no_entry",
		what: "Nothing was sent: I don't know you as an agent.",
		hint: "Ask an admin to add you, then type it again.",
	})
}

// textsLine says that the provider counts a long text as several. Joined means that further lines of the author's leave
// with it as one message.
func textsLine(l bridge.Line, c *bridge.TextsLine, _ bridge.Facts) []Block {
	what := "This"
	if c.Joined {
		what = "This, with the lines that leave as one message with it,"
	}
	counted := fmt.Sprintf("%s counts as %d texts, and each is charged.", what, c.Count)
	return []Block{makeHeadline(l, "straight_ruler", counted, " Take it back to shorten it, or let it go.")}
}

// hintFor returns the hint if the line has buttons with which the reader can follow it, and "" if it has none.
func hintFor(l bridge.Line, hint string) string {
	if len(l.Verbs) == 0 {
		return ""
	}
	return hint
}
