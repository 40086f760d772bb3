package view

import (
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
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
		if !shape.Nobody(l.By) {
			by = shape.AgentName(l.By) + " changed who gets replies. "
		}
		to := shape.OneLine(shape.Or(l.Text, shape.Recipients(f)), 1000)
		return []Block{shape.Sentence(shape.Icon("incoming_envelope"), " ", shape.Mentioned(l), by+"Replies go to "+to+"."+without(l.Without), shape.Then(l.Reason), shape.Then(l.Hint))}
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
		if n := shape.OneLine(shape.Or(f.Account, l.Text), shape.MaxNameRunes); n != "" {
			name = "Account " + n + ":"
		}
		return []Block{shape.Sentence(shape.Icon("electric_plug"), " ", shape.Mentioned(l), name, shape.Then(shape.Or(l.Reason, "It works again.")), shape.Then(l.Hint))}
	}
	return nil
}

// without names who gets no replies any more.
func without(list []bridge.PartyRef) string {
	if len(list) == 0 {
		return ""
	}
	return " No longer among them: " + shape.Parties(list) + "."
}

// automatic is one mail of a machine: who, why it is one, its subject and beginning.
func automatic(l bridge.Line, f bridge.Facts) []Block {
	why := ""
	if l.Reason != "" {
		why = " (" + shape.OneLine(l.Reason, shape.MaxNameRunes) + ")"
	}
	parts := []any{shape.Icon("robot_face"), " ", shape.Mentioned(l), "Automatic mail from " + customerParty(l, f) + why}
	if subject := shape.OneLine(l.Text, shape.MaxSubjectRunes); subject != "" {
		parts = append(parts, ": ", shape.Bold(subject))
	}
	blocks := []Block{shape.Sentence(parts...)}
	if begins := shape.OneLine(l.Hint, shape.MaxPreviewRunes); begins != "" {
		blocks = append(blocks, shape.SmallPrint(shape.Text(begins)))
	}
	return blocks
}

// collected is one mail of somebody who opened very many conversations: whose, its subject and
// its words.
func collected(l bridge.Line, f bridge.Facts) []Block {
	parts := []any{shape.Icon("inbox_tray"), " ", shape.Mentioned(l), "Mail from " + customerParty(l, f)}
	if subject := shape.OneLine(l.Text, shape.MaxSubjectRunes); subject != "" {
		parts = append(parts, ": ", shape.Bold(subject))
	}
	switch {
	case l.Count == 1:
		parts = append(parts, " (with a file)")
	case l.Count > 1:
		parts = append(parts, fmt.Sprintf(" (with %d files)", l.Count))
	}
	return append([]Block{shape.Sentence(parts...)}, shape.Quote(l.Hint)...)
}

// quarantine tells of what could not be read; the hint is what an admin types.
func quarantine(l bridge.Line) []Block {
	what := "Something arrived that I could not read."
	if name := shape.OneLine(l.Text, shape.MaxNameRunes); name != "" {
		what = "Something arrived for " + name + " that I could not read."
	}
	parts := []any{shape.Icon("package"), " ", shape.Mentioned(l), what + " It is kept.", shape.Then(l.Reason)}
	if command, ok := strings.CutPrefix(l.Hint, "parley "); ok {
		return []Block{shape.Sentence(append(parts, " An admin can try it again: ", shape.Code("parley "+shape.OneLine(command, 60)))...)}
	}
	return []Block{shape.Sentence(append(parts, shape.Then(shape.Or(l.Hint, "Tell an admin, who can look at it.")))...)}
}

// newcomers names who joined a mail.
func newcomers(l bridge.Line) string {
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

func customerParty(l bridge.Line, f bridge.Facts) string {
	if l.Customer != (bridge.PartyRef{}) {
		return shape.Party(l.Customer)
	}
	return shape.Party(f.Contact)
}

// answerLine answers what somebody asked for.
func answerLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineRefused:
		what := reasonWords(l.Reason, f)
		if what == "" {
			what = "That can't be done now."
		}
		return append([]Block{shape.Sentence(shape.Icon("no_entry_sign"), " ", shape.Mentioned(l), refusal(l.Verb)+what, shape.Then(l.Hint))}, shape.Quote(l.Text)...)
	case bridge.LineUnchanged:
		return []Block{shape.Sentence(shape.Icon("ok"), " ", shape.Mentioned(l), "It is so already. Nothing changed.", shape.Then(l.Hint))}
	case bridge.LineDone:
		return done(l, f)
	case bridge.LineWhy:
		return append(why(l, f), toConversation(l)...)
	}
	return nil
}

// refusal says that a verb changed nothing.
func refusal(name bridge.Verb) string {
	switch {
	case name == "", name == bridge.VerbSay, name == bridge.VerbUnknown:
		return "Nothing was sent. "
	case name.Reads():
		return ""
	case verb.Of(name).Sends:
		return "Not sent. "
	}
	return "Nothing changed. "
}
