package view

import (
	"fmt"
	"strings"

	"parley/bridge"
)

// done confirms a verb. What somebody wrote in a form is shown in the thread.
func done(l bridge.Line, f bridge.Facts) []Block {
	lead := []any{icon("ok"), " ", mentioned(l)}
	switch {
	case l.Verb == bridge.VerbTag && l.Text == "new":
		return []Block{sentence(append(lead, doer(l)+" made a new tag: ", bold(listed(l.Args.Tags, "tag")), ".", then(or(l.Hint, "If that was a slip, remove it: !untag "+listed(l.Args.Tags, "tag"))))...)}
	case l.Verb == bridge.VerbPromote && l.Other.ID != 0:
		return []Block{sentence(append(lead, "This is conversation ", whereabouts(number(l.Other.ID), l.Other), " now.", then(l.Hint))...)}
	case l.Verb == bridge.VerbSilence && l.Text != "":
		return []Block{sentence(append(lead, "No more posts about "+oneLine(l.Text, maxSubjectRunes)+".", then(l.Hint))...)}
	case l.Verb == bridge.VerbBlock && l.Text != "":
		return []Block{sentence(append(lead, "Automatic mail of "+oneLine(l.Text, maxSubjectRunes)+" is blocked: it is neither shown nor kept here. To take that back: !unblock "+oneLine(l.Text, maxSubjectRunes))...)}
	case l.Verb == bridge.VerbUnblock && l.Text != "":
		return []Block{sentence(append(lead, "Automatic mail of "+oneLine(l.Text, maxSubjectRunes)+" comes again.")...)}
	case l.Verb == bridge.VerbNote && l.Text != "":
		lead := []any{icon("memo"), " ", doer(l) + " noted, inside"}
		if len(l.Mentions) > 0 {
			lead = append(lead, ", for ", mentions(l.Mentions))
		}
		return append([]Block{sentence(append(lead, ":")...)}, quote(l.Text)...)
	case l.Verb == bridge.VerbTemplate && l.Text != "":
		return append([]Block{sentence(icon("scroll"), " ", mentioned(l), doer(l)+" sent "+customer(l, f)+" the template ", bold(oneLine(l.Reason, maxNameRunes)), ":")}, quote(l.Text)...)
	case l.Verb == bridge.VerbSend && len(l.Mentions) > 0:
		return append([]Block{sentence(icon("outbox_tray"), " ", doer(l)+" sends "+customer(l, f)+" what ", mentions(l.Mentions), " wrote:")}, kept(l)...)
	case l.Verb == bridge.VerbTemplateEdit || l.Verb == bridge.VerbTemplateDelete:
		return []Block{sentence(append(lead, templateDone(l), then(l.Hint))...)}
	case l.Verb == bridge.VerbReply && (l.Text != "" || l.Rich != nil || len(l.Files) > 0):
		blocks := append([]Block{sentence(icon("outbox_tray"), " ", mentioned(l), doer(l)+" replied to "+customer(l, f)+counted(l.Count)+":")}, answered(l)...)
		return append(append(blocks, quote(l.Text)...), attachedFiles(l.Files)...)
	}
	return append([]Block{sentence(append(lead, doneWords(l, f), then(reasonWords(l.Reason, f)), then(l.Hint))...)}, quote(l.Text)...)
}

// attachedFiles names the files that go with a reply.
func attachedFiles(files []bridge.LineFile) []Block {
	var blocks []Block
	for _, f := range files {
		name := text(or(oneLine(f.Name, maxNameRunes), "unnamed file"))
		if f.URL != "" {
			name.Kind, name.URL = PieceLink, f.URL
		}
		blocks = append(blocks, line(icon("paperclip"), text(" "), name))
	}
	return blocks
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
	lead := sentence(icon("bulb"), " ", mentioned(l), or(reasonWords(l.Reason, f), "What was decided here, the newest first:"), then(l.Hint))
	switch {
	case len(l.Decided) > 0:
		blocks := []Block{sentence(icon("bulb"), " ", mentioned(l), "What became of the last texts, and why:")}
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
	return []Block{sentence(icon("bulb"), " ", mentioned(l), "Nothing has been decided here yet.")}
}

// decided says of one text what became of it, and why.
func decided(d bridge.Decided, f bridge.Facts) Block {
	fate := map[string]string{
		"inside": "stayed inside", "ask": "waits for a click", "parked": "is kept for later", "waiting": "waits to leave", "out": "went to the customer", "undone": "was taken back",
		"dropped": "was given up", "failed": "was not delivered", "unclear": "may or may not have arrived",
	}[d.Fate]
	return Block{Kind: BlockItem, Pieces: []Piece{at(d.At, f.Zone), text(" " + agentName(d.By) + ": “" + oneLine(d.Text, maxPreviewRunes) + "” " + or(fate, d.Fate) + "." + then(decidedWhy(d.Reason, f)))}}
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
	if words == said(reason) && !strings.Contains(reason, " ") {
		return "" // a code that has no words
	}
	return words
}

// doneWords confirm a verb that the engine says nothing more about.
func doneWords(l bridge.Line, f bridge.Facts) string {
	who := doer(l)
	switch l.Verb {
	case bridge.VerbTag:
		return who + " added " + listed(l.Args.Tags, "tags") + "."
	case bridge.VerbUntag:
		return who + " removed " + listed(l.Args.Tags, "tags") + "."
	case bridge.VerbTopic:
		return who + " changed the topic to " + or(oneLine(or(l.Args.Note, f.Subject), maxSubjectRunes), "none") + "."
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
			return "Kept for later: I offer it again when " + customer(l, f) + " writes."
		}
		return "Kept inside. " + customer(l, f) + " will not get it."
	case bridge.VerbLeave:
		return "Left as it is: the window of " + number(l.Other.ID) + " may close."
	case bridge.VerbDrop:
		return "Dropped. " + customer(l, f) + " will not get it."
	case bridge.VerbSend, bridge.VerbReply:
		return "On its way to " + customer(l, f) + "."
	case bridge.VerbSendAgain:
		return "Sending it again."
	case bridge.VerbMarkSent:
		return who + " marked it as sent."
	case bridge.VerbAllow:
		return listed(l.Args.Addresses, "They") + " may get replies now."
	case bridge.VerbTo, bridge.VerbCC:
		return "Replies go to " + recipients(f) + "."
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

// doer names who did it; a confirmation without a name is read by the doer alone.
func doer(l bridge.Line) string {
	if nobody(l.By) {
		return "You"
	}
	return agentName(l.By)
}

func listed(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = oneLine(w, maxNameRunes)
	}
	return strings.Join(all, ", ")
}
