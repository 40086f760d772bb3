package view

import (
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// done confirms a verb. What somebody wrote in a form is shown in the thread.
func done(l bridge.Line, f bridge.Facts) []Block {
	lead := []any{shape.Icon("ok"), " ", shape.Mentioned(l)}
	switch {
	case l.Verb == bridge.VerbTag && l.Text == "new":
		return []Block{shape.Sentence(append(lead, shape.Doer(l)+" made a new tag: ", shape.Bold(shape.Listed(l.Args.Tags, "tag")), ".", shape.Then(shape.Or(l.Hint, "If that was a slip, remove it: !untag "+shape.Listed(l.Args.Tags, "tag"))))...)}
	case l.Verb == bridge.VerbPromote && l.Other.ID != 0:
		return []Block{shape.Sentence(append(lead, "This is conversation ", shape.Whereabouts(shape.Number(l.Other.ID), l.Other), " now.", shape.Then(l.Hint))...)}
	case l.Verb == bridge.VerbSilence && l.Text != "":
		return []Block{shape.Sentence(append(lead, "No more posts about "+shape.OneLine(l.Text, shape.MaxSubjectRunes)+".", shape.Then(l.Hint))...)}
	case l.Verb == bridge.VerbBlock && l.Text != "":
		return []Block{shape.Sentence(append(lead, "Automatic mail of "+shape.OneLine(l.Text, shape.MaxSubjectRunes)+" is blocked: it is neither shown nor kept here. To take that back: !unblock "+shape.OneLine(l.Text, shape.MaxSubjectRunes))...)}
	case l.Verb == bridge.VerbUnblock && l.Text != "":
		return []Block{shape.Sentence(append(lead, "Automatic mail of "+shape.OneLine(l.Text, shape.MaxSubjectRunes)+" comes again.")...)}
	case l.Verb == bridge.VerbNote && l.Text != "":
		lead := []any{shape.Icon("memo"), " ", shape.Doer(l) + " noted, inside"}
		if len(l.Mentions) > 0 {
			lead = append(lead, ", for ", shape.Mentions(l.Mentions))
		}
		return append([]Block{shape.Sentence(append(lead, ":")...)}, shape.Quote(l.Text)...)
	case l.Verb == bridge.VerbTemplate && l.Text != "":
		return append([]Block{shape.Sentence(shape.Icon("scroll"), " ", shape.Mentioned(l), shape.Doer(l)+" sent "+shape.Customer(l, f)+" the template ", shape.Bold(shape.OneLine(l.Reason, shape.MaxNameRunes)), ":")}, shape.Quote(l.Text)...)
	case l.Verb == bridge.VerbSend && len(l.Mentions) > 0:
		return append([]Block{shape.Sentence(shape.Icon("outbox_tray"), " ", shape.Doer(l)+" sends "+shape.Customer(l, f)+" what ", shape.Mentions(l.Mentions), " wrote:")}, shape.Kept(l)...)
	case l.Verb == bridge.VerbTemplateEdit || l.Verb == bridge.VerbTemplateDelete:
		return []Block{shape.Sentence(append(lead, templateDone(l), shape.Then(l.Hint))...)}
	case l.Verb == bridge.VerbReply && (l.Text != "" || l.Rich != nil || len(l.Files) > 0):
		blocks := append([]Block{shape.Sentence(shape.Icon("outbox_tray"), " ", shape.Mentioned(l), shape.Doer(l)+" replied to "+shape.Customer(l, f)+counted(l.Count)+":")}, shape.Answered(l)...)
		return append(append(blocks, shape.Quote(l.Text)...), shape.AttachedFiles(l.Files)...)
	}
	return append([]Block{shape.Sentence(append(lead, doneWords(l, f), shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))...)}, shape.Quote(l.Text)...)
}

// counted says as how many texts something counts, where it is more than one.
func counted(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d texts)", n)
}

// why explains the last decisions: in words, or by what was logged.
func why(l bridge.Line, f bridge.Facts) []Block {
	lead := shape.Sentence(shape.Icon("bulb"), " ", shape.Mentioned(l), shape.Or(reasonWords(l.Reason, f), "What was decided here, the newest first:"), shape.Then(l.Hint))
	switch {
	case len(l.Decided) > 0:
		blocks := []Block{shape.Sentence(shape.Icon("bulb"), " ", shape.Mentioned(l), "What became of the last texts, and why:")}
		for _, d := range l.Decided {
			blocks = append(blocks, decided(d, f))
		}
		if len(l.Log) > 0 {
			blocks = append(append(blocks, lead), logRows(l.Log, f)...)
		}
		return blocks
	case strings.TrimSpace(l.Text) != "":
		return []Block{{Kind: BlockBody, Text: l.Text}}
	case len(l.Log) > 0:
		return append([]Block{lead}, logRows(l.Log, f)...)
	case l.Reason != "":
		return []Block{lead}
	}
	return []Block{shape.Sentence(shape.Icon("bulb"), " ", shape.Mentioned(l), "Nothing has been decided here yet.")}
}

// decided says of one text what became of it, and why.
func decided(d bridge.Decided, f bridge.Facts) Block {
	fate := map[string]string{
		"inside": "stayed inside", "ask": "waits for a click", "parked": "is kept for later", "waiting": "waits to leave", "out": "went to the customer", "undone": "was taken back",
		"dropped": "was given up", "failed": "was not delivered", "unclear": "may or may not have arrived",
	}[d.Fate]
	return Block{Kind: BlockItem, Pieces: []Piece{shape.At(d.At, f.Zone), shape.Text(" " + shape.AgentName(d.By) + ": “" + shape.OneLine(d.Text, shape.MaxPreviewRunes) + "” " + shape.Or(fate, d.Fate) + "." + shape.Then(decidedWhy(d.Reason, f)))}}
}

// decidedWhy gives words to the reason of a decision, also to those that a line need not name.
func decidedWhy(reason string, f bridge.Facts) string {
	switch reason {
	case "assignee":
		return "Its author has this conversation."
	case "claims":
		return "It was the first answer and made its author the owner."
	case "explicit":
		return "It was said to be a reply."
	case "clicked", "revived":
		return "Somebody pressed Send to customer."
	case "note":
		return "It was marked as a note."
	case "not_a_person":
		return "No person wrote it."
	case "late":
		return "It was found late, when the conversation had moved on."
	case "window", "offered":
		return "The reply window was closed."
	case "deleted":
		return "Its author deleted it."
	case "opted_out":
		return "The customer wants no messages."
	case "trial":
		return "The account is on trial, and somebody who would get it is not on its list."
	case "text_too_long", "file_too_large", "files_too_large", "file_kind", "no_files":
		return "The channel does not take it as it is."
	}
	words := reasonWords(reason, f)
	if words == shape.AsSentence(reason) && !strings.Contains(reason, " ") {
		return "" // a code that has no words
	}
	return words
}

// doneWords confirm a verb that the engine says nothing more about.
func doneWords(l bridge.Line, f bridge.Facts) string {
	who := shape.Doer(l)
	switch l.Verb {
	case bridge.VerbTag:
		return who + " added " + shape.Listed(l.Args.Tags, "tags") + "."
	case bridge.VerbUntag:
		return who + " removed " + shape.Listed(l.Args.Tags, "tags") + "."
	case bridge.VerbTopic:
		return who + " changed the topic to " + shape.Or(shape.OneLine(shape.Or(l.Args.Note, f.Subject), shape.MaxSubjectRunes), "none") + "."
	case bridge.VerbPending:
		return who + " marked this as waiting for the customer."
	case bridge.VerbWake:
		return who + " ended the snooze."
	case bridge.VerbUnassign:
		return who + " put this back to Unassigned."
	case bridge.VerbTake:
		return who + " took this."
	case bridge.VerbReopen:
		return who + " reopened this."
	case bridge.VerbResolve:
		return who + " resolved this."
	case bridge.VerbClose:
		return who + " closed this."
	case bridge.VerbUndo:
		return who + " took it back."
	case bridge.VerbNote:
		return "Noted. It stays inside."
	case bridge.VerbAssign:
		return who + " changed who has this."
	case bridge.VerbKeep:
		if l.Reason == "window" {
			return "Kept for later: I offer it again when " + shape.Customer(l, f) + " writes."
		}
		return "Kept inside. " + shape.Customer(l, f) + " will not get it."
	case bridge.VerbLeave:
		return "Left as it is: the window of " + shape.Number(l.Other.ID) + " may close."
	case bridge.VerbDrop:
		return "Dropped. " + shape.Customer(l, f) + " will not get it."
	case bridge.VerbSend, bridge.VerbReply:
		return "On its way to " + shape.Customer(l, f) + "."
	case bridge.VerbSendAgain:
		return "Sending it again."
	case bridge.VerbMarkSent:
		return who + " marked it as sent."
	case bridge.VerbAllow:
		return shape.Listed(l.Args.Addresses, "They") + " may get replies now."
	case bridge.VerbTo, bridge.VerbCC:
		return "Replies go to " + shape.Recipients(f) + "."
	case bridge.VerbPromote:
		return who + " made a conversation of it."
	case bridge.VerbSilence:
		return "No more posts about this sender."
	case bridge.VerbBlock:
		return "This sender's automatic mail is blocked."
	case bridge.VerbUnblock:
		return "This sender's automatic mail comes again."
	}
	return "Done."
}
