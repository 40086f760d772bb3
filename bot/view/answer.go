package view

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Parley posts remarks of its own, called lines, into the thread in which agents see a conversation: "Replies go to
// eve@example.org." This file renders the lines about incoming mail, about the recipients of replies, and about commands
// that were refused. Each function renders one kind of line. In all of them l says what happened, c holds the fields of
// that kind, and f describes the conversation. Problem shows errors outside of threads.

const (
	maxRecipientsRunes = 1000 // longer than any result of shape.CutList, so that nothing is cut twice
	maxCommandRunes    = 60   // for a command that admins type, such as "parley replay 12"
)

// participantLine reports that somebody new was added to a mail conversation.
func participantLine(l bridge.Line, f bridge.Facts) []Block {
	return []Block{makeHeadline(l, "bust_in_silhouette", newcomerNames(l)+" joined this mail. Your replies don't go there yet.",
		" Allow it, if they may read along.")}
}

// recipientsLine reports who gets the replies from now on.
func recipientsLine(l bridge.Line, c *bridge.RecipientsLine, f bridge.Facts) []Block {
	by := ""
	if !shape.IsNobody(l.By) {
		by = shape.AgentName(l.By) + " changed who gets replies. "
	}
	to := shape.OneLine(shape.Or(shape.CutList(c.To), shape.Recipients(f.Recipients)), maxRecipientsRunes)
	return []Block{makeHeadline(l, "incoming_envelope", by, "Replies go to "+to+".", removedWords(c.Without))}
}

// bounceOtherLine reports that a mail server returned a mail and that Parley can't tell which one.
func bounceOtherLine(l bridge.Line, c *bridge.BounceOtherLine, f bridge.Facts) []Block {
	l.Text = c.Words
	if c.Recipient != "" {
		return fateBlocks(l, f, remark{icon: "grey_question",
			what: "A report says that a mail to " + c.Recipient + " did not arrive. It may be about another one than this reply."})
	}
	what := "A message came back undelivered, and I can't tell which one it was."
	const hint = "If it was yours, look for the address and try another one."
	return fateBlocks(l, f, remark{icon: "warning", what: what, why: bridge.InWords(c.Trouble), hint: hint})
}

// accountLine reports that an account (a mailbox, phone number or page) or the AI model stopped working, or works again.
func accountLine(l bridge.Line, c *bridge.AccountLine, f bridge.Facts) []Block {
	name := "An account:"
	if n := shape.OneLine(shape.Or(f.Account.Name, c.Account), shape.MaxNameRunes); n != "" {
		name = "Account " + n + ":"
	}
	if c.Model {
		name = "The AI model:"
	}
	trouble := shape.NextSentence(shape.Or(c.Trouble, "It works again."))
	blocks := []Block{makeHeadline(l, "electric_plug", name, trouble, shape.NextSentence(c.Hint))}
	if c.Page != "" {
		blocks = append(blocks, shape.Line(Piece{Kind: PieceLink, Text: "Reconnect", URL: c.Page}))
	}
	return blocks
}

// removedWords names the people who no longer get replies. It returns "" for an empty list.
func removedWords(list []bridge.PartyRef) string {
	if len(list) == 0 {
		return ""
	}
	return " No longer among them: " + shape.Parties(list) + "."
}

// automaticLine announces a mail that no person wrote, such as a newsletter: its sender, why it counts as automatic, its
// subject and its first words.
func automaticLine(l bridge.Line, c *bridge.AutomaticLine, f bridge.Facts) []Block {
	why := ""
	if c.Cause != "" {
		why = " (" + shape.OneLine(c.Cause, shape.MaxNameRunes) + ")"
	}
	parts := []any{"Automatic mail from " + customerParty(l, f) + why}
	if subject := shape.OneLine(c.Subject, shape.MaxSubjectRunes); subject != "" {
		parts = append(parts, ": ", shape.Bold(subject))
	}
	blocks := []Block{makeHeadline(l, "robot_face", parts...)}
	if begins := shape.OneLine(c.Begins, shape.MaxPreviewRunes); begins != "" {
		blocks = append(blocks, shape.SmallPrint(shape.Text(begins)))
	}
	return blocks
}

// collectedLine announces a mail of somebody who has opened an unusual number of conversations. Such mails share one
// thread.
func collectedLine(l bridge.Line, c *bridge.CollectedLine, f bridge.Facts) []Block {
	parts := []any{"Mail from " + customerParty(l, f)}
	if subject := shape.OneLine(c.Subject, shape.MaxSubjectRunes); subject != "" {
		parts = append(parts, ": ", shape.Bold(subject))
	}
	switch {
	case c.Files == 1:
		parts = append(parts, " (with a file)")
	case c.Files > 1:
		parts = append(parts, fmt.Sprintf(" (with %d files)", c.Files))
	}
	return append([]Block{makeHeadline(l, "inbox_tray", parts...)}, shape.Quote(c.Words)...)
}

// quarantineLine reports that Parley could not read something that arrived, and has kept it. A hint that begins with
// "parley " is a command for admins.
func quarantineLine(l bridge.Line, c *bridge.QuarantineLine, _ bridge.Facts) []Block {
	what := "Something arrived that I could not read."
	if name := shape.OneLine(c.Account, shape.MaxNameRunes); name != "" {
		what = "Something arrived for " + name + " that I could not read."
	}
	parts := []any{what + " It is kept.", shape.NextSentence(c.Trouble)}
	if command, ok := strings.CutPrefix(c.Hint, "parley "); ok {
		parts = append(parts, " An admin can try it again: ", shape.Code("parley "+shape.OneLine(command, maxCommandRunes)))
	} else {
		parts = append(parts, shape.NextSentence(shape.Or(c.Hint, "Tell an admin, who can look at it.")))
	}
	return []Block{makeHeadline(l, "package", parts...)}
}

// newcomerNames names the people who were added to a mail conversation.
func newcomerNames(l bridge.Line) string {
	if l.Customer != (bridge.PartyRef{}) {
		return shape.Party(l.Customer)
	}
	if len(l.Args.Addresses) == 0 {
		return "Somebody"
	}
	all := make([]string, len(l.Args.Addresses))
	for i, a := range l.Args.Addresses {
		all[i] = shape.OneLine(a, shape.MaxSubjectRunes)
	}
	return strings.Join(all, ", ")
}

// customerParty returns the name and address of the line's customer. It falls back to the conversation's contact.
func customerParty(l bridge.Line, f bridge.Facts) string {
	if l.Customer != (bridge.PartyRef{}) {
		return shape.Party(l.Customer)
	}
	return shape.Party(f.Contact)
}

// refusedLine reports why a command was refused. It quotes the text that came with the command.
func refusedLine(l bridge.Line, c *bridge.RefusedLine, f bridge.Facts) []Block {
	what := cmp.Or(whyInLine(c.Why, f), "That can't be done now.")
	return append([]Block{makeHeadline(l, "no_entry_sign", refusalStart(l.Verb)+what, shape.NextSentence(c.Hint))}, shape.Quote(l.Text)...)
}

// unchangedLine answers a command that had no effect, such as taking a conversation that one already has.
func unchangedLine(l bridge.Line, _ bridge.Facts) []Block {
	return []Block{makeHeadline(l, "ok", "It is so already. Nothing changed.")}
}

// refusalStart returns the first sentence of the answer to a refused verb (what an agent asked for). It is "" for a verb
// that only reads, because nobody expects such a verb to change anything.
func refusalStart(name bridge.Verb) string {
	switch {
	case name == "", name == bridge.VerbSay, name == bridge.VerbUnknown:
		return "Nothing was sent. "
	case verb.Of(name).Reads, name == bridge.VerbAI:
		return ""
	case verb.Of(name).Sends:
		return "Not sent. "
	}
	return "Nothing changed. "
}

// ProblemOf returns the *bridge.Problem that err contains, which describes it to people. Any other error
// than bridge.ErrNoConversation becomes "Internal error".
func ProblemOf(err error) *bridge.Problem {
	if errors.Is(err, bridge.ErrNoConversation) {
		const hint = "Try it on a message in a conversation's thread."
		return &bridge.Problem{Code: "no_conversation", Text: "There is no conversation here.", Hint: hint}
	}
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return p
	}
	return &bridge.Problem{Code: "internal", Text: "Internal error.", Hint: "Try again."}
}

// Problem makes the card that shows an error instead of what was asked for. If it replaces a form, typed is what the reader
// typed into that form, and the card repeats it; otherwise typed is "".
func Problem(err error, typed string) Card {
	p := ProblemOf(err)
	says := shape.Sentence(shape.Icon("warning"), " ", shape.AsSentence(p.Text), shape.NextSentence(p.Hint))
	return Card{Blocks: append([]Block{says}, shape.Quote(typed)...)}
}
