package view

import (
	"fmt"
	"strings"

	"parley/bridge"
)

// mailLine is about what arrived and about who gets replies.
func mailLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineParticipant:
		l.Text = "" // the addresses once more
		return fate(l, f, "bust_in_silhouette", newcomers(l)+" joined this mail. Your replies don't go there yet.", "Allow it, if they may read along.")
	case bridge.LineRecipients:
		by := ""
		if !nobody(l.By) {
			by = agentName(l.By) + " changed who gets replies. "
		}
		to := oneLine(or(l.Text, recipients(f)), 1000)
		return []Block{sentence(icon("incoming_envelope"), " ", mentioned(l), by+"Replies go to "+to+"."+without(l.Without), then(l.Reason), then(l.Hint))}
	case bridge.LineAutomatic:
		return automatic(l, f)
	case bridge.LineCollected:
		return collected(l, f)
	case bridge.LineBounceOther:
		return fate(l, f, "warning", "A message came back undelivered, and I can't tell which one it was.", "If it was yours, look for the address and try another one.")
	case bridge.LineQuarantine:
		return quarantine(l)
	case bridge.LineAccount:
		name := "An account:"
		if n := oneLine(or(f.Account, l.Text), maxNameRunes); n != "" {
			name = "Account " + n + ":"
		}
		return []Block{sentence(icon("electric_plug"), " ", mentioned(l), name, then(or(l.Reason, "It works again.")), then(l.Hint))}
	}
	return nil
}

// without names who gets no replies any more.
func without(list []bridge.PartyRef) string {
	if len(list) == 0 {
		return ""
	}
	return " No longer among them: " + parties(list) + "."
}

// automatic is one mail of a machine: who, why it is one, its subject and beginning.
func automatic(l bridge.Line, f bridge.Facts) []Block {
	why := ""
	if l.Reason != "" {
		why = " (" + oneLine(l.Reason, maxNameRunes) + ")"
	}
	parts := []any{icon("robot_face"), " ", mentioned(l), "Automatic mail from " + customerParty(l, f) + why}
	if subject := oneLine(l.Text, maxSubjectRunes); subject != "" {
		parts = append(parts, ": ", bold(subject))
	}
	blocks := []Block{sentence(parts...)}
	if begins := oneLine(l.Hint, maxPreviewRunes); begins != "" {
		blocks = append(blocks, small(text(begins)))
	}
	return blocks
}

// collected is one mail of somebody who opened very many conversations: whose, its subject and
// its words.
func collected(l bridge.Line, f bridge.Facts) []Block {
	parts := []any{icon("inbox_tray"), " ", mentioned(l), "Mail from " + customerParty(l, f)}
	if subject := oneLine(l.Text, maxSubjectRunes); subject != "" {
		parts = append(parts, ": ", bold(subject))
	}
	switch {
	case l.Count == 1:
		parts = append(parts, " (with a file)")
	case l.Count > 1:
		parts = append(parts, fmt.Sprintf(" (with %d files)", l.Count))
	}
	return append([]Block{sentence(parts...)}, quote(l.Hint)...)
}

// quarantine tells of what could not be read; the hint is what an admin types.
func quarantine(l bridge.Line) []Block {
	what := "Something arrived that I could not read."
	if name := oneLine(l.Text, maxNameRunes); name != "" {
		what = "Something arrived for " + name + " that I could not read."
	}
	parts := []any{icon("package"), " ", mentioned(l), what + " It is kept.", then(l.Reason)}
	if command, ok := strings.CutPrefix(l.Hint, "parley "); ok {
		return []Block{sentence(append(parts, " An admin can try it again: ", code("parley "+oneLine(command, 60)))...)}
	}
	return []Block{sentence(append(parts, then(or(l.Hint, "Tell an admin, who can look at it.")))...)}
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
		what := reasonWords(l.Reason, f)
		if what == "" {
			what = "That can't be done now."
		}
		return append([]Block{sentence(icon("no_entry_sign"), " ", mentioned(l), refusal(l.Verb)+what, then(l.Hint))}, quote(l.Text)...)
	case bridge.LineUnchanged:
		return []Block{sentence(icon("ok"), " ", mentioned(l), "It is so already. Nothing changed.", then(l.Hint))}
	case bridge.LineDone:
		return done(l, f)
	case bridge.LineWhy:
		return append(why(l, f), toConversation(l)...)
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
	case bridge.VerbReply, bridge.VerbNew, bridge.VerbSend, bridge.VerbSendAgain:
		return "Not sent. "
	}
	return "Nothing changed. "
}
