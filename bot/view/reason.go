package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// ReasonWords says in a sentence why a message has its fate. It is "" if there is nothing to say.
func ReasonWords(reason string, f bridge.Facts) string { return decisionWords(reason, f) }

// collectedWords says why an answer in a thread that collects mails stays inside.
func collectedWords(f bridge.Facts) string {
	collects := "automatic mail"
	if f.Collects {
		collects = "mails of people who opened very many conversations"
	}
	return "This thread collects " + collects + ": nobody reads answers to it. Make a conversation of a mail first."
}

// endedWords says why a text stayed inside that was typed after the conversation's end. It may have been reopened since.
func endedWords(f bridge.Facts) string {
	if f.Status.Open() {
		return "This conversation was not open then."
	}
	return "This conversation is " + strings.ToLower(shape.StatusWords(f)) + "."
}

// reasonWords puts the engine's codes for why a text didn't go out into words. A remark
// that isn't a code is a sentence already.
func reasonWords(reason string, f bridge.Facts) string {
	switch reason {
	case "note", "undone", "late", "time", "deleted", "deleted_late", "empty", "not_a_person", "guest", "explicit", "assignee", "claims", "clicked",
		"revived", "window", "offered":
		return "" // the line says it
	case "customer":
		return "The customer wrote."
	case "not_an_agent":
		return "You are not one of Parley's agents."
	case "may_not_reply":
		return "You may not reply in this conversation."
	case "moved":
		return "This conversation goes on in another thread."
	case "automatic":
		return collectedWords(f)
	case "not_open":
		return endedWords(f)
	case "watch":
		return "This account only watches: nothing is sent from here."
	case "not_assignee":
		if len(f.Assignees) > 0 {
			return shape.Assignees(f.Assignees) + " " + shape.Plural(len(f.Assignees), "has", "have") + " this conversation."
		}
		return "Somebody else has this conversation."
	case "unknown_verb":
		return "It begins like a command, but I know no such command (!help lists them)."
	case "lone_verb":
		return "It is nothing but a command's word. To do it, type it with a ! before it."
	case "for_colleagues":
		return "It begins like a remark for colleagues, or one of its lines does."
	case "names_colleague":
		return "It begins with a colleague's name, or has one or mine behind an @."
	case "quotes_colleague":
		return "It quotes what a colleague wrote, or you, or a message of elsewhere, so it may be meant for colleagues."
	case "file_alone":
		return "It is a file without a word."
	case "after_remark":
		return "It comes right after a colleague's remark, so it may be meant for them."
	case "confirm":
		return "Plain text waits for a click in this account."
	case "unclaimed":
		return "Nobody has this conversation, and a reply doesn't take it here."
	case "explicit_mode":
		return "This account sends only what is said with !reply or the Reply button."
	case "mentions_us":
		return "It mentions me."
	case "mentions_colleague":
		return "It mentions a colleague."
	case "reply_mentions":
		return "It says reply and mentions a colleague: the customer would read the mention too."
	case "answered":
		return "It was answered."
	case "paused":
		return "The account is paused."
	case "handed_in":
		return "You handed its form in twice, with other words."
	}

	return rarerReasonWords(reason)
}

// rarerReasonWords puts the rarer codes into words: those of texts and templates that were edited, and of agents whom their chat takes for strangers.
func rarerReasonWords(reason string) string {
	switch reason {
	case "foreign_agent":
		return "By what this chat says, you may belong to another organisation."
	case "edited_elsewhere":
		return "It was typed outside of this thread, and edited there."
	case "other_words":
		return "It was edited since the button was shown, and says this now."
	case "edited_command":
		return "You changed it into a command, and a changed message does none. Type the command as a new message."
	case "found_edited":
		return "It was edited while I heard nothing: before, it may have been for colleagues."
	case "edited":
		return "It was inside before you changed it."
	case "template_outdated":
		return "Its template was changed or deleted since."
	}
	return shape.AsSentence(reason)
}
