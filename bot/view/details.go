package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Details makes the card that More opens: all that is known of a conversation, and the verbs that make sense now.
func Details(f bridge.Facts) Card {
	c := Card{Title: "Conversation " + shape.Number(f.ID)}
	add := func(name string, pieces ...Piece) { // a line, unless there is nothing to show
		if len(pieces) > 0 {
			c.Blocks = append(c.Blocks, shape.Line(append([]Piece{shape.Bold(name + ":"), shape.Text(" ")}, pieces...)...))
		}
	}

	addText := func(name, text string) {
		if text != "" {
			add(name, shape.Text(text))
		}
	}
	if title := verb.Title(f); title != shape.PartyName(f.Contact) {
		addText("Called", title)
	}
	addText("Contact", shape.Party(f.Contact))
	channel := shape.NonEmpty(f.Account.ChannelName, f.Account.Name, modeWords(f.Account.Mode))
	add("Channel", shape.Icon(channelIcon(f)), shape.Text(" "+strings.Join(channel, shape.Between)))
	add("Topic", shape.Subject(f)...)
	add("Status", shape.Icon(statusIcon(f)), shape.Text(" "+shape.StatusWords(f)))
	addText("Assigned to", shape.Assignees(f.Assignees))
	addText("Team", shape.OneLine(f.Team, shape.MaxNameRunes))
	add("Marks", markPieces(f)...)
	add("Tags", tagPieces(f.Tags)...)
	if !f.Automatic {
		addText("Replies go to", shape.Recipients(f.Recipients))
	}
	addText("Not allowed yet", shape.Parties(f.Recipients.Waiting))
	addText("In copy, gets no replies", shape.Parties(f.Recipients.Copied))
	if !f.CreatedAt.IsZero() {
		add("Started", shape.At(f.CreatedAt, f.Zone))
	}
	if !f.LastMessage.At.IsZero() {
		add("Last message", shape.JoinPieces(shape.Between, []Piece{shape.At(f.LastMessage.At, f.Zone)}, lastMessagePieces(f))...)
	}
	if !f.WaitingSince.IsZero() {
		add("Waiting since", shape.At(f.WaitingSince, f.Zone))
	}
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		add("Snoozed until", shape.At(f.SnoozedUntil, f.Zone))
	}
	add("Reply window", windowDetailPieces(f)...)
	addText("Price category", shape.OneLine(f.LastMessage.Cost, shape.MaxNameRunes))
	if f.Previous > 0 {
		add("Continues", shape.Thread(shape.Number(f.Previous), f.PreviousAt))
	}
	if f.Next > 0 {
		add("Continued in", shape.Thread(shape.Number(f.Next), f.NextAt))
	}
	add("Also open", alsoOpenPieces(f)...)
	switch {
	case f.Thread.Root.Channel != "":
		add("Thread", shape.Thread("Open", f.Thread.Root))
	case f.Thread.Elsewhere != "":
		addText("Thread", "in "+shape.OneLine(f.Thread.Elsewhere, shape.MaxNameRunes))
	}
	c.Buttons = detailButtons(f)
	return c
}

// lastMessagePieces quotes the beginning of the conversation's last message.
func lastMessagePieces(f bridge.Facts) []Piece {
	preview := shape.OneLine(f.LastMessage.Preview, shape.MaxPreviewRunes)
	if preview == "" {
		return nil
	}
	return []Piece{shape.Text("“" + preview + "”")}
}

// windowDetailPieces explain the reply window.
func windowDetailPieces(f bridge.Facts) []Piece {
	if f.Window.Closed && f.Window.Until.IsZero() {
		return []Piece{shape.Text("closed until the customer writes")}
	}
	if f.Window.Closed {
		return []Piece{shape.Text("closed since "), shape.At(f.Window.Until, f.Zone)}
	}
	if f.Window.Until.IsZero() {
		return nil
	}
	if f.Window.PeopleOnly {
		return []Piece{shape.Text("open until "), shape.At(f.Window.Until, f.Zone), shape.Text(" for what people write; no automatic messages")}
	}
	return []Piece{shape.Text("open until "), shape.At(f.Window.Until, f.Zone)}
}

// detailButtons are the verbs that make sense now, in three groups: those that people use most, the
// rest, and, for admins, Close, which ends the conversation without an answer.
func detailButtons(f bridge.Facts) []Button {
	all := buttonGroup(f, mainVerbs(f))
	if !f.Status.Open() && f.Account.MayStart {
		all = append(all, startAgainButton(f))
	}
	all = append(all, buttonGroup(f, otherVerbs(f))...)
	all = append(all, customerButton(f)...)
	if f.Viewer.IsAdmin && f.Status != bridge.StatusClosed {
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbClose})...)
	}
	return all
}

// buttonGroup makes a button for each verb. The first one begins a row.
func buttonGroup(f bridge.Facts, verbs []bridge.Verb) []Button {
	group := lineButtons(bridge.Line{Verbs: verbs}, f)
	for i := range group {
		group[i].Apart = i == 0
	}
	return group
}

// customerButton leads to what is known of the customer: all conversations that their address finds.
func customerButton(f bridge.Facts) []Button {
	if f.Automatic || f.Contact.Address == "" {
		return nil
	}
	b := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: "find"}, Note: f.Contact.Address})
	b.Label = "All with this customer"
	return []Button{b}
}

// mainVerbs are the verbs that people use most in the conversation's state: four at most.
func mainVerbs(f bridge.Facts) []bridge.Verb {
	if f.Status == bridge.StatusClosed {
		return nil
	}
	if f.Status == bridge.StatusResolved {
		return []bridge.Verb{bridge.VerbReopen}
	}

	var verbs []bridge.Verb
	if f.Account.Mode != bridge.ModeWatch {
		verbs = append(verbs, bridge.VerbReply)
	}

	if shape.HeldBy(f, f.Viewer) {
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

// otherVerbs are the verbs that make sense now and are not among mainVerbs.
func otherVerbs(f bridge.Facts) []bridge.Verb {
	var verbs []bridge.Verb
	if f.Status.Open() {
		verbs = append(verbs, bridge.VerbNote)
		mayFit := !f.Window.Closed || f.Window.Templates
		if mayFit && f.Account.Mode != bridge.ModeWatch {
			verbs = append(verbs, bridge.VerbTemplate)
		}
		if !shape.HeldBy(f, f.Viewer) {
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
		verbs = append(append(verbs, bridge.VerbTopic), verb.InDetails()...)
	}

	if f.Status.Open() && strings.Contains(f.Contact.Address, "@") {
		verbs = append(verbs, bridge.VerbTo)
	}
	if f.Status.Open() && f.Status != bridge.StatusPending {
		verbs = append(verbs, bridge.VerbPending)
	}

	return append(verbs, bridge.VerbHistory)
}
