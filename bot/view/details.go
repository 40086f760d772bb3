package view

import (
	"strings"

	"parley/bridge"
)

// Details is all that is known of a conversation (More), with the rest of the buttons.
func Details(f bridge.Facts) Card {
	c := Card{Title: "Conversation " + number(f.ID)}
	add := func(name string, pieces ...Piece) {
		if len(pieces) > 0 {
			c.Blocks = append(c.Blocks, line(append([]Piece{bold(name + ":"), text(" ")}, pieces...)...))
		}
	}
	words := func(name, s string) {
		if s != "" {
			add(name, text(s))
		}
	}
	words("Contact", party(f.Contact))
	add("Channel", icon(channelIcon(f)), text(" "+strings.Join(filled(f.ChannelName, f.Account, modeWords(f.AccountMode)), between)))
	add("Topic", subject(f)...)
	add("Status", icon(statusIcon(f)), text(" "+statusWords(f)))
	words("Assigned to", assignees(f))
	words("Team", oneLine(f.Team, maxNameRunes))
	add("Tags", tags(f.Tags)...)
	if !f.Automatic {
		words("Replies go to", recipients(f))
	}
	words("Not allowed yet", parties(f.Waiting))
	words("In copy, gets no replies", parties(f.Copied))
	if !f.CreatedAt.IsZero() {
		add("Started", at(f.CreatedAt, f.Zone))
	}
	if !f.LastAt.IsZero() {
		add("Last message", at(f.LastAt, f.Zone))
	}
	if !f.WaitingSince.IsZero() {
		add("Customer waiting since", at(f.WaitingSince, f.Zone))
	}
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		add("Snoozed until", at(f.SnoozedUntil, f.Zone))
	}
	add("Reply window", windowDetails(f)...)
	words("Price category", oneLine(f.Cost, maxNameRunes))
	if f.Previous > 0 {
		add("Continues", thread(number(f.Previous), f.PreviousAt))
	}
	switch {
	case f.Root.Channel != "":
		add("Thread", thread("Open", f.Root))
	case f.Elsewhere != "":
		words("Thread", "in "+oneLine(f.Elsewhere, maxNameRunes))
	}
	if p := oneLine(f.LastPreview, maxPreviewRunes); p != "" {
		words("Last words", "“"+p+"”")
	}
	c.Buttons = detailButtons(f)
	return c
}

// windowDetails explain the reply window.
func windowDetails(f bridge.Facts) []Piece {
	switch {
	case f.WindowClosed && f.WindowUntil.IsZero():
		return []Piece{text("closed: the customer has not written yet")}
	case f.WindowClosed:
		return []Piece{text("closed since "), at(f.WindowUntil, f.Zone)}
	case f.WindowUntil.IsZero():
		return nil
	case f.WindowPeople:
		return []Piece{text("open until "), at(f.WindowUntil, f.Zone), text(" for what people write; no automatic messages")}
	}
	return []Piece{text("open until "), at(f.WindowUntil, f.Zone)}
}

// filled leaves empty strings out.
func filled(list ...string) []string {
	var all []string
	for _, s := range list {
		if s = oneLine(s, maxNameRunes); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// recipients names everybody who would get a reply now.
func recipients(f bridge.Facts) string {
	to := or(parties(f.To), "nobody")
	if len(f.Cc) > 0 {
		to += between + "copy: " + parties(f.Cc)
	}
	return to
}

// parties names people with their addresses.
func parties(list []bridge.PartyRef) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = party(p)
	}
	return strings.Join(names, ", ")
}

// detailButtons are the verbs that make sense now.
func detailButtons(f bridge.Facts) []Button {
	var verbs []bridge.Verb
	switch {
	case f.Status == bridge.StatusClosed:
	case f.Status == bridge.StatusResolved:
		verbs = append(verbs, bridge.VerbReopen)
	default:
		if f.AccountMode != "watch" {
			verbs = append(verbs, bridge.VerbReply, bridge.VerbTemplate)
		}
		verbs = append(verbs, bridge.VerbNote)
		if !assigned(f, f.Viewer) {
			verbs = append(verbs, bridge.VerbTake)
		}
		verbs = append(verbs, bridge.VerbAssign)
		if len(f.Assignees) > 0 {
			verbs = append(verbs, bridge.VerbUnassign)
		}
	}
	if f.Status != bridge.StatusClosed {
		verbs = append(verbs, bridge.VerbTag)
		if len(f.Tags) > 0 {
			verbs = append(verbs, bridge.VerbUntag)
		}
		verbs = append(verbs, bridge.VerbTopic)
	}
	if f.Status.Open() {
		if strings.Contains(f.Contact.Address, "@") {
			verbs = append(verbs, bridge.VerbTo)
		}
		if f.Status != bridge.StatusPending {
			verbs = append(verbs, bridge.VerbPending)
		}
		if f.Status == bridge.StatusSnoozed {
			verbs = append(verbs, bridge.VerbWake)
		} else {
			verbs = append(verbs, bridge.VerbSnooze)
		}
		verbs = append(verbs, bridge.VerbResolve)
	}
	verbs = append(verbs, bridge.VerbHistory)
	if f.Viewer.IsAdmin && f.Status != bridge.StatusClosed {
		verbs = append(verbs, bridge.VerbClose)
	}
	return buttons(bridge.Line{Verbs: verbs}, f)
}

// assigned says whether the agent is among those who hold it.
func assigned(f bridge.Facts, a bridge.AgentRef) bool {
	for _, other := range f.Assignees {
		if other.ID == a.ID && a.ID != 0 {
			return true
		}
	}
	return false
}
