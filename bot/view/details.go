package view

import (
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Details makes the card that the button More opens. It lists everything known about a conversation, one fact a line
// ("Team: Support"), and has a button for each verb (something that agents can ask for) that applies in its present state.
func Details(f bridge.Facts) Card {
	var d detailList
	if title := verb.Title(f); title != shape.PartyName(f.Contact) {
		d.addText("Called", title)
	}
	d.addText("Contact", shape.Party(f.Contact))
	d.add("Record", recordPieces(f)...)
	channel := shape.NonEmpty(f.Account.ChannelName, f.Account.Name, ModeWords(f.Account.Mode))
	d.add("Channel", shape.Icon(channelIcon(f)), shape.Text(" "+strings.Join(channel, shape.Between)))
	d.addText("Written to", shape.OneLine(f.Account.Via, shape.MaxNameRunes))
	d.add("Topic", shape.Subject(f)...)
	d.add("Status", shape.Icon(statusIcon(f)), shape.Text(" "+shape.StatusWords(f)))
	d.addText("Assigned to", shape.Assignees(f.Assignees))
	if !shape.IsNobody(f.Pinned) {
		d.addText("Customer", "Pinned ("+shape.AgentName(f.Pinned)+")")
	}
	d.addText("Team", shape.OneLine(f.Team, shape.MaxNameRunes))
	d.add("Marks", markPieces(f)...)
	d.addText("Visible to", verb.VisibleTo(f))
	isLabel := func(t bridge.Tag) bool { return t.Label }
	isPlain := func(t bridge.Tag) bool { return !t.Label }
	d.add("Labels", tagPieces(slices.DeleteFunc(slices.Clone(f.Tags), isPlain))...)
	d.add("Tags", tagPieces(slices.DeleteFunc(slices.Clone(f.Tags), isLabel))...)
	if !f.Automatic {
		d.addText("Replies go to", shape.Recipients(f.Recipients))
	}
	d.addText("Not allowed yet", shape.Parties(f.Recipients.Waiting))
	d.addText("In copy, gets no replies", shape.Parties(f.Recipients.Copied))

	d.addTime("Started", f.CreatedAt, f)
	d.addTime("Last message", f.LastMessage.At, f, lastMessagePieces(f)...)
	d.addTime("Waiting since", f.WaitingSince, f)
	if f.Status == bridge.StatusSnoozed {
		d.addTime("Snoozed until", f.SnoozedUntil, f)
	}
	d.add("Waiting for", shape.JoinPieces(shape.Between, verb.Asked(f)...)...)
	d.add("Reply window", windowDetailPieces(f)...)
	d.addText("Price category", shape.OneLine(f.LastMessage.Cost, shape.MaxNameRunes))

	if f.Previous > 0 {
		d.add("Continues", shape.Thread(shape.Number(f.Previous), f.PreviousAt))
	}
	if f.Next > 0 {
		d.add("Continued in", shape.Thread(shape.Number(f.Next), f.NextAt))
	}
	d.add("Also open", alsoOpenPieces(f)...)
	switch {
	case f.Thread.Root.Channel != "":
		d.add("Thread", shape.Thread("Open", f.Thread.Root))
	case f.Thread.Elsewhere != "":
		d.addText("Thread", "in "+shape.OneLine(f.Thread.Elsewhere, shape.MaxNameRunes))
	}
	return Card{Title: "Conversation " + shape.Number(f.ID), Blocks: d, Buttons: detailButtons(f)}
}

// detailList collects lines such as "Team: Support". Its methods ignore empty values.
type detailList []Block

func (d *detailList) add(name string, pieces ...Piece) {
	if len(pieces) > 0 {
		*d = append(*d, shape.Line(append([]Piece{shape.Bold(name + ":"), shape.Text(" ")}, pieces...)...))
	}
}

func (d *detailList) addText(name, text string) {
	if text != "" {
		d.add(name, shape.Text(text))
	}
}

// addTime adds a time, followed by the given pieces.
func (d *detailList) addTime(name string, at time.Time, f bridge.Facts, more ...Piece) {
	if !at.IsZero() {
		d.add(name, shape.JoinPieces(shape.Between, []Piece{shape.At(at, f.Zone)}, more)...)
	}
}

// lastMessagePieces quotes the beginning of the conversation's last message. An arrow precedes a message of an agent.
func lastMessagePieces(f bridge.Facts) []Piece {
	preview := shape.OneLine(f.LastMessage.Preview, shape.MaxPreviewRunes)
	if preview == "" {
		return nil
	}
	arrow := ""
	if f.LastMessage.From == bridge.FromAgent {
		arrow = "↩ "
	}
	return []Piece{shape.Text(arrow + "“" + preview + "”")}
}

// windowDetailPieces describes the reply window, which is the time in which the provider allows free text to the customer.
// It returns nil for a channel without one.
func windowDetailPieces(f bridge.Facts) []Piece {
	until := shape.At(f.Window.Until, f.Zone)
	switch {
	case f.Window.Closed && f.Window.Until.IsZero():
		return []Piece{shape.Text("closed until the customer writes")}
	case f.Window.Closed:
		return []Piece{shape.Text("closed since "), until}
	case f.Window.Until.IsZero():
		return nil
	case f.Window.PeopleOnly:
		return []Piece{shape.Text("open until "), until, shape.Text(" for what people write; no automatic messages")}
	}
	return []Piece{shape.Text("open until "), until}
}

// detailButtons makes the buttons in three groups: the verbs that people use most, the others, and, for admins, Close,
// which ends the conversation without an answer.
func detailButtons(f bridge.Facts) []Button {
	all := buttonGroup(f, mainVerbs(f))
	if !f.Status.Open() && f.Account.MayStart {
		all = append(all, startAgainButton(f))
	}
	all = append(all, buttonGroup(f, otherVerbs(f))...)
	all = append(all, verb.PinButtons(f)...)
	all = append(all, customerButton(f)...)
	if f.Viewer.IsAdmin && !f.Automatic && f.CloseReason != bridge.CloseDeleted {
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbDeleteAll})...)
	}
	if f.Viewer.IsAdmin && f.Status != bridge.StatusClosed {
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbClose})...)
	}
	if f.Automatic || f.Contact.Address == "" {
		return all
	}
	switch {
	case f.CloseReason == bridge.CloseBlocked:
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbUnblock})...)
	case f.Status == bridge.StatusClosed:
	case f.Viewer.IsAdmin || shape.IsHeldBy(f, f.Viewer):
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbArchive, bridge.VerbBlock})...)
	default:
		all = append(all, buttonGroup(f, []bridge.Verb{bridge.VerbBlock})...)
	}
	return all
}

// buttonGroup makes a button for each verb. The first one begins a new row.
func buttonGroup(f bridge.Facts, verbs []bridge.Verb) []Button {
	group := lineButtons(bridge.Line{Verbs: verbs}, f)
	for i := range group {
		group[i].Apart = i == 0
	}
	return group
}

// customerButton returns the button that lists all conversations with the customer, by a search for the address. It
// returns no button if the conversation has no single customer with an address.
func customerButton(f bridge.Facts) []Button {
	if f.Automatic || f.Contact.Address == "" {
		return nil
	}
	b := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound}, Note: f.Contact.Address})
	b.Label = "All with this customer"
	return []Button{b}
}

// mainVerbs returns the verbs that people use most in the conversation's state, at most four.
func mainVerbs(f bridge.Facts) []bridge.Verb {
	mayReopen := f.Status == bridge.StatusResolved || f.CloseReason == bridge.CloseUnblocked ||
		f.CloseReason == bridge.CloseArchived && shape.IsHeldBy(f, f.Viewer) ||
		f.Viewer.IsAdmin && f.CloseReason != bridge.CloseErased && f.CloseReason != bridge.CloseDeleted &&
			f.CloseReason != bridge.CloseBlocked
	if f.Status == bridge.StatusClosed && !mayReopen {
		return nil
	}
	if !f.Status.Open() {
		return []bridge.Verb{bridge.VerbReopen}
	}

	var verbs []bridge.Verb
	if f.Account.Mode != bridge.ModeWatch {
		verbs = append(verbs, bridge.VerbReply)
	}

	if shape.IsHeldBy(f, f.Viewer) {
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

// otherVerbs returns the verbs that apply now and are not among mainVerbs.
func otherVerbs(f bridge.Facts) []bridge.Verb {
	var verbs []bridge.Verb
	if f.Unread {
		verbs = append(verbs, bridge.VerbRead)
	}
	if f.Status.Open() {
		verbs = append(verbs, bridge.VerbNote)
		canSendTemplates := f.Account.Mode != bridge.ModeWatch && (!f.Window.Closed || f.Window.Templates)
		if canSendTemplates {
			verbs = append(verbs, bridge.VerbTemplate)
		}
		if !shape.IsHeldBy(f, f.Viewer) {
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

	verbs = append(verbs, bridge.VerbTagMessages)

	if f.Status.Open() && strings.Contains(f.Contact.Address, "@") {
		verbs = append(verbs, bridge.VerbTo)
	}
	if f.Status.Open() && f.Status != bridge.StatusPending {
		verbs = append(verbs, bridge.VerbPending)
	}

	return append(verbs, bridge.VerbHistory)
}
