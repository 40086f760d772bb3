package view

import (
	"slices"
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
		add("Last message", joined(between, []Piece{at(f.LastAt, f.Zone)}, lastWords(f))...)
	}
	if !f.WaitingSince.IsZero() {
		add("Waiting since", at(f.WaitingSince, f.Zone))
	}
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		add("Snoozed until", at(f.SnoozedUntil, f.Zone))
	}
	add("Reply window", windowDetails(f)...)
	words("Price category", oneLine(f.Cost, maxNameRunes))
	if f.Previous > 0 {
		add("Continues", thread(number(f.Previous), f.PreviousAt))
	}
	if f.Next > 0 {
		add("Continued in", thread(number(f.Next), f.NextAt))
	}
	add("Also open", alsoOpen(f)...)
	switch {
	case f.Root.Channel != "":
		add("Thread", thread("Open", f.Root))
	case f.Elsewhere != "":
		words("Thread", "in "+oneLine(f.Elsewhere, maxNameRunes))
	}
	c.Buttons = detailButtons(f)
	return c
}

// lastWords begin the last message.
func lastWords(f bridge.Facts) []Piece {
	if p := oneLine(f.LastPreview, maxPreviewRunes); p != "" {
		return []Piece{text("“" + p + "”")}
	}
	return nil
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

// detailButtons are the verbs that make sense now: what one does most, then the rest, then, apart
// from all, what ends it without an answer.
func detailButtons(f bridge.Facts) []Button {
	rows := [][]bridge.Verb{usualVerbs(f), otherVerbs(f), nil}
	if f.Viewer.IsAdmin && f.Status != bridge.StatusClosed {
		rows[2] = []bridge.Verb{bridge.VerbClose}
	}
	var all []Button
	for i, verbs := range rows {
		for first, b := range buttons(bridge.Line{Verbs: verbs}, f) {
			b.Apart = first == 0
			all = append(all, b)
		}
		if i == 1 {
			all = append(all, customerButton(f)...)
		}
	}
	if !f.Status.Open() && f.MayStart {
		all = slices.Insert(all, len(usualVerbs(f)), startAgain(f))
	}
	return all
}

// customerButton leads to what is known of the customer: all conversations that their address finds.
func customerButton(f bridge.Facts) []Button {
	if f.Automatic || f.Contact.Address == "" {
		return nil
	}
	b := button(bridge.VerbList, bridge.Args{List: "find", Note: f.Contact.Address})
	b.Label = "All with this customer"
	return []Button{b}
}

// usualVerbs are at most four.
func usualVerbs(f bridge.Facts) []bridge.Verb {
	switch {
	case f.Status == bridge.StatusClosed:
		return nil
	case f.Status == bridge.StatusResolved:
		return []bridge.Verb{bridge.VerbReopen}
	}
	var verbs []bridge.Verb
	if f.AccountMode != "watch" {
		verbs = append(verbs, bridge.VerbReply)
	}
	if assigned(f, f.Viewer) {
		verbs = append(verbs, bridge.VerbAssign)
	} else {
		verbs = append(verbs, bridge.VerbTake)
	}
	if f.Status == bridge.StatusSnoozed {
		verbs = append(verbs, bridge.VerbWake)
	} else {
		verbs = append(verbs, bridge.VerbSnooze)
	}
	return append(verbs, bridge.VerbResolve)
}

func otherVerbs(f bridge.Facts) []bridge.Verb {
	var verbs []bridge.Verb
	if f.Status.Open() {
		verbs = append(verbs, bridge.VerbNote)
		if f.AccountMode != "watch" {
			verbs = append(verbs, bridge.VerbTemplate)
		}
		if !assigned(f, f.Viewer) {
			verbs = append(verbs, bridge.VerbAssign)
		}
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
	if f.Status.Open() && strings.Contains(f.Contact.Address, "@") {
		verbs = append(verbs, bridge.VerbTo)
	}
	if f.Status.Open() && f.Status != bridge.StatusPending {
		verbs = append(verbs, bridge.VerbPending)
	}
	return append(verbs, bridge.VerbHistory)
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
