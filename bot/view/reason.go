package view

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// reasonWords are the words of a reason why a message has its fate, or why what somebody asked for was refused.
type reasonWords struct {
	code   string // the engine's name of the reason
	inLine string // in the thread's line about what happened; "" if the rest of that line says it
	alone  string // where that line isn't shown, such as in the answer to !why
}

// ReasonWords says in a sentence why a message has its fate, where nothing else tells it. It is "" if there is nothing to say.
// The reason is a code of the engine or words, such as those of a mail server.
func ReasonWords(reason string, f bridge.Facts) string {
	if words, isCode := wordsOfCode(reason, f); isCode {
		return words.alone
	}
	if isUnknownCode := !strings.Contains(reason, " "); isUnknownCode {
		return ""
	}
	return shape.AsSentence(reason)
}

// reasonInLine says a reason in a sentence of the line that tells what happened. It is "" if the line needs no such sentence.
func reasonInLine(reason string, f bridge.Facts) string {
	if words, isCode := wordsOfCode(reason, f); isCode {
		return words.inLine
	}
	return shape.AsSentence(reason)
}

// wordsOfCode returns the words of a code; false if the reason isn't a code.
func wordsOfCode(reason string, f bridge.Facts) (words reasonWords, isCode bool) {
	computed := ""
	switch reason {
	case "automatic":
		computed = collectedWords(f)
	case "not_open":
		computed = endedWords(f)
	case "not_assignee":
		computed = ownedWords(f)
	}
	if computed != "" {
		return reasonWords{reason, computed, computed}, true
	}

	for _, words := range slices.Concat(impliedReasons(), toldReasons()) {
		if words.code == reason {
			return words, true
		}
	}
	return reasonWords{}, false
}

// same are the words of a reason that is told in the same way everywhere.
func same(code, words string) reasonWords { return reasonWords{code, words, words} }

// impliedReasons are those that need no words in a line, because the rest of the line says them.
func impliedReasons() []reasonWords {
	return []reasonWords{
		{"assignee", "", "Its author has this conversation."},
		{"claims", "", "It was the first answer and made its author the owner."},
		{"explicit", "", "It was said to be a reply."},
		{"clicked", "", "Somebody pressed Send to customer."},
		{"revived", "", "Somebody pressed Send to customer."},
		{"note", "", "It was marked as a note."},
		{"not_a_person", "", "No person wrote it."},
		{"guest", "", "By what this chat says, its author is a guest, or belongs to another organisation."},
		{"late", "", "It was found late, when the conversation had moved on."},
		{bridge.ReasonWindow, "", "The reply window was closed."},
		{"offered", "", "The reply window was closed."},
		{"deleted", "", "Its author deleted it."},
		{"undone", "", ""},
		{"time", "", ""},
		{"deleted_late", "", ""},
		{"empty", "", ""},
	}
}

// toldReasons are those that are told in the same words everywhere.
func toldReasons() []reasonWords {
	return []reasonWords{
		same("customer", "The customer wrote."),
		same("not_an_agent", "You are not one of Parley's agents."),
		same("may_not_reply", "You may not reply in this conversation."),
		same("moved", "This conversation goes on in another thread."),
		same("watch", "This account only watches: nothing is sent from here."),
		same("unknown_verb", "It begins like a command, but I know no such command (!help lists them)."),
		same("lone_verb", "It is nothing but a command's word. To do it, type it with a ! before it."),
		same("for_colleagues", "It begins like a remark for colleagues, or one of its lines does."),
		same("names_colleague", "It begins with a colleague's name, or has one or mine behind an @."),
		same("quotes_colleague", "It quotes something other than the customer's words, so it may be meant for colleagues."),
		same("file_alone", "It is a file without a word."),
		same("after_remark", "It comes right after a colleague's remark, so it may be meant for them."),
		same("confirm", "Plain text waits for a click in this account."),
		same("unclaimed", "Nobody has this conversation, and a reply doesn't take it here."),
		same("explicit_mode", "This account sends only what is said with !reply or the Reply button."),
		same("mentions_us", "It mentions me."),
		same("mentions_colleague", "It mentions a colleague."),
		same("reply_mentions", "It says reply and mentions a colleague: the customer would read the mention too."),
		same("answered", "It was answered."),
		same("paused", "The account is paused."),
		same("handed_in", "You handed its form in twice, with other words."),
		same("foreign_agent", "By what this chat says, you may belong to another organisation."),
		same("edited_elsewhere", "It was typed outside of this thread, and edited there."),
		same("other_words", "It was edited since the button was shown, and says this now."),
		same("edited_command", "You changed it into a command, and a changed message does none. Type the command as a new message."),
		same("found_edited", "It was edited while I heard nothing: before, it may have been for colleagues."),
		same("edited", "It was inside before you changed it."),
		same("confidential", "A rule of your organisation blocks it in the chat, so its words aren't shown here."),
		same("template_outdated", "Its template was changed or deleted since."),
		same("opted_out", "The customer wants no messages."),
		same("trial", "The account is on trial, and somebody who would get it is not on its list."),
		same("text_too_long", "The channel does not take it as it is."),
		same("file_too_large", "The channel does not take it as it is."),
		same("files_too_large", "The channel does not take it as it is."),
		same("file_kind", "The channel does not take it as it is."),
		same("no_files", "The channel does not take it as it is."),
	}
}

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

// ownedWords says who has the conversation.
func ownedWords(f bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return "Somebody else has this conversation."
	}
	return shape.Assignees(f.Assignees) + " " + shape.Plural(len(f.Assignees), "has", "have") + " this conversation."
}
