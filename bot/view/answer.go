package view

import (
	"strings"

	"parley/bridge"
)

// mailLine is about what arrived and about who gets replies.
func mailLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineParticipant:
		return fate(l, "bust_in_silhouette", newcomers(l)+" joined this mail. Your replies don't go there yet.", "Allow it, if they may read along.")
	case bridge.LineRecipients:
		by := ""
		if !nobody(l.By) {
			by = agentName(l.By) + " changed who gets replies. "
		}
		return append([]Block{sentence(icon("incoming_envelope"), " ", mentioned(l), by+"Replies go to "+recipients(f)+".", then(l.Reason), then(l.Hint))}, quote(l.Text)...)
	case bridge.LineAutomatic:
		why := ""
		if l.Reason != "" {
			why = " (" + oneLine(l.Reason, maxNameRunes) + ")"
		}
		return append([]Block{sentence(icon("robot_face"), " ", mentioned(l), "Automatic mail from "+customerParty(l, f)+why+".", then(l.Hint))}, quote(l.Text)...)
	case bridge.LineBounceOther:
		return fate(l, "warning", "A message came back undelivered, and I can't tell which one it was.", "If it was yours, look for the address below and try another one.")
	case bridge.LineQuarantine:
		return fate(l, "package", "Something arrived that I could not read. It is kept.", "Tell an admin, who can look at it.")
	case bridge.LineAccount:
		name := oneLine(f.Account, maxNameRunes)
		if name != "" {
			name = "Account " + name + ":"
		}
		return append([]Block{sentence(icon("electric_plug"), " ", mentioned(l), name, then(l.Reason), then(l.Hint))}, quote(l.Text)...)
	}
	return nil
}

// newcomers names who joined a mail.
func newcomers(l bridge.Line) string {
	if l.Customer != (bridge.PartyRef{}) {
		return party(l.Customer)
	}
	if len(l.Args.Addresses) == 0 {
		return "Somebody"
	}
	all := make([]string, len(l.Args.Addresses))
	for i, a := range l.Args.Addresses {
		all[i] = oneLine(a, maxSubjectRunes)
	}
	return strings.Join(all, ", ")
}

func customerParty(l bridge.Line, f bridge.Facts) string {
	if l.Customer != (bridge.PartyRef{}) {
		return party(l.Customer)
	}
	return party(f.Contact)
}

// answerLine answers what somebody asked for.
func answerLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineRefused:
		what := said(l.Reason)
		if what == "" {
			what = "That can't be done now."
		}
		return append([]Block{sentence(icon("no_entry_sign"), " ", mentioned(l), refusal(l.Verb)+what, then(l.Hint))}, quote(l.Text)...)
	case bridge.LineDone:
		words := said(l.Text)
		if words == "" {
			words = doneWords(l, f)
		}
		return []Block{sentence(icon("ok"), " ", mentioned(l), words, then(l.Reason), then(l.Hint))}
	case bridge.LineWhy:
		if strings.TrimSpace(l.Text) == "" {
			return []Block{sentence(icon("bulb"), " ", mentioned(l), or(said(l.Reason), "There is nothing to explain here yet."), then(l.Hint))}
		}
		return []Block{{Kind: BlockBody, Text: l.Text}}
	}
	return nil
}

// refusal says that a verb changed nothing.
func refusal(verb bridge.Verb) string {
	switch verb {
	case "", bridge.VerbSay, bridge.VerbUnknown:
		return "Nothing was sent. "
	case bridge.VerbList, bridge.VerbFind, bridge.VerbHelp, bridge.VerbHistory, bridge.VerbWhy:
		return ""
	case bridge.VerbReply, bridge.VerbSend, bridge.VerbSendAgain:
		return "Not sent. "
	}
	return "Nothing changed. "
}

// doneWords confirm a verb that the engine says nothing more about.
func doneWords(l bridge.Line, f bridge.Facts) string {
	who := actor(l)
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
	case bridge.VerbKeep:
		return "Kept inside. " + customer(l, f) + " will not get it."
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
	}
	return "Done."
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
