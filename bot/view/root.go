package view

import (
	"slices"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Root makes the root card: the first message of the thread in which agents see a conversation. It shows the present
// state, and Parley edits it whenever the state changes:
//
//	🟢 ✉️ Eve & Co · #12 · Broken lamp
//	Ann · Support · vip
//	Waiting since 09:30 · Cc: Lou
//	[Assign] [Snooze] [Resolve] [More]
//
// A conversation that has ended has only one line. The card mentions nobody, because a mention would notify people of every
// change.
func Root(f bridge.Facts) Card {
	if f.Automatic {
		return automaticRoot(f)
	}
	if f.Thread.Left {
		return rootOfLeftThread(f)
	}
	if !f.Status.Open() {
		return endedRoot(f)
	}
	return openRoot(f)
}

// automaticRoot is the root card of a thread that collects automatic mail, or the mails of people who opened an unusual
// number of conversations (Facts.Collects).
func automaticRoot(f bridge.Facts) Card {
	subject := shape.Bold(shape.OneLine(f.Subject, shape.MaxSubjectRunes))
	account := shape.Text(shape.OneLine(f.Account.Name, shape.MaxNameRunes))
	title := shape.JoinPieces(shape.Between, []Piece{shape.Icon("inbox_tray"), shape.Text(" "), subject}, []Piece{account})
	c := Card{Title: "Automatic mail", Blocks: []Block{shape.Line(title...)}}
	if f.Collects {
		c.Title = "Very many new conversations"
		c.Blocks = append(c.Blocks, Small("Mails of people who opened more conversations than one does. Make one of what needs an answer."))
	}
	return c
}

// rootOfLeftThread is the root card of the old thread of a conversation that was handed over to another team. A secluded
// thread is in a channel whose members may no longer see the conversation, so its card shows only the number.
func rootOfLeftThread(f bridge.Facts) Card {
	label := shape.Or(shape.OneLine(f.Team, shape.MaxNameRunes), shape.Number(f.ID))
	continuation := append([]Piece{shape.Text(shape.Between + "goes on in ")}, shape.ThreadLink(label, f)...)
	if f.Thread.Secluded {
		return Card{
			Title:  "Conversation " + shape.Number(f.ID),
			Blocks: []Block{shape.Line(append([]Piece{shape.Text(shape.Number(f.ID))}, continuation...)...)},
		}
	}
	return conversationCard(f, continuation...)
}

// endedRoot is the root card of a conversation that was resolved or closed.
func endedRoot(f bridge.Facts) Card {
	ending := []Piece{shape.Text(shape.Between + shape.StatusWords(f))}
	if f.Next > 0 {
		ending = append(ending, shape.Text(shape.Between+"continued in "), shape.Thread(shape.Number(f.Next), f.NextAt))
	}
	c := conversationCard(f, ending...)
	if f.Status == bridge.StatusResolved {
		c.Buttons = append(c.Buttons, verb.NewButton(bridge.VerbReopen, conversationArgs(f)))
	}
	if f.Account.MayStart {
		c.Buttons = append(c.Buttons, startAgainButton(f))
	}
	c.Buttons = append(c.Buttons, verb.NewButton(bridge.VerbFind, conversationArgs(f)))
	return c
}

// openRoot is the root card of a conversation that has not ended.
func openRoot(f bridge.Facts) Card {
	c := conversationCard(f)
	assignees := []Piece{shape.Text(shape.Assignees(f.Assignees))}
	owners := shape.JoinPieces(shape.Between, recordPieces(f), assignees, teamPieces(f), markPieces(f), tagPieces(f.Tags))
	c.Blocks = append(c.Blocks, shape.SmallPrint(owners...))
	if pieces := statePieces(f); len(pieces) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(pieces...))
	}
	c.Buttons = rootButtons(f)
	return c
}

// conversationCard makes a card with one line: the conversation's icons, customer, number and subject, followed by more.
func conversationCard(f bridge.Facts, more ...Piece) Card {
	icons := append(unreadPieces(f), shape.Icon(statusIcon(f)), shape.Text(" "), shape.Icon(channelIcon(f)), shape.Text(" "))
	name := append(icons, shape.Bold(verb.Title(f)))
	line := shape.JoinPieces(shape.Between, name, []Piece{shape.Text(shape.Number(f.ID))}, shape.Subject(f))
	return Card{Title: "Conversation " + shape.Number(f.ID), Blocks: []Block{shape.Line(append(line, more...)...)}}
}

// unreadPieces marks a conversation in which no agent has dealt with what the customer wrote last.
func unreadPieces(f bridge.Facts) []Piece {
	if !f.Unread {
		return nil
	}
	return []Piece{shape.Icon("red_circle"), shape.Text(" ")}
}

// startAgainButton makes the button that starts another conversation with the customer of an ended one.
func startAgainButton(f bridge.Facts) Button {
	start := bridge.StartArgs{Account: f.Account.Name, Recipient: f.Contact.Address, Phone: f.Contact.Phone}
	return verb.NewButton(bridge.VerbNew, bridge.Args{StartArgs: start})
}

// rootButtons makes the buttons Take or Assign, Snooze or Wake, Resolve, and More.
func rootButtons(f bridge.Facts) []Button {
	first := verb.NewButton(bridge.VerbAssign, conversationArgs(f))
	if len(f.Assignees) == 0 {
		first = verb.NewButton(bridge.VerbTake, conversationArgs(f))
		first.Style = StylePrimary
	}
	second := verb.NewButton(bridge.VerbSnooze, conversationArgs(f))
	if f.Status == bridge.StatusSnoozed {
		second = verb.NewButton(bridge.VerbWake, conversationArgs(f))
	}
	resolve := verb.NewButton(bridge.VerbResolve, conversationArgs(f))
	details := verb.NewButton(bridge.VerbFind, conversationArgs(f))
	return skipResolveForm(f, []Button{first, second, resolve, details})
}

func conversationArgs(f bridge.Facts) bridge.Args { return bridge.Args{Conversation: f.ID} }

func teamPieces(f bridge.Facts) []Piece {
	if f.Team == "" {
		return nil
	}
	return []Piece{shape.Text(shape.OneLine(f.Team, shape.MaxNameRunes))}
}

// tagPieces shows a conversation's tags. Labels, which are tags meant to stand out, come first.
func tagPieces(list []bridge.Tag) []Piece {
	var labels, others [][]Piece
	for _, t := range list {
		if !t.Label {
			others = append(others, []Piece{shape.Tag(t)})
			continue
		}
		name := shape.Bold(shape.OneLine(t.Name, shape.MaxNameRunes))
		labels = append(labels, []Piece{shape.Icon("label"), shape.Text(" "), name})
	}
	return shape.JoinPieces(" ", append(labels, others...)...)
}

// statePieces makes the third line of the card: who alone may read it, who is writing a reply now, since when somebody waits, until
// when replies are allowed, and what is special about the conversation, such as people in copy. It returns nil if all of it is empty.
func statePieces(f bridge.Facts) []Piece {
	groups := [][]Piece{visiblePieces(f), replyingPieces(f), waitingPieces(f), windowPieces(f)}
	groups = append(groups, verb.Asked(f)...)
	if via := shape.OneLine(f.Account.Via, shape.MaxNameRunes); via != "" {
		groups = append(groups, []Piece{shape.Text("To: " + via)})
	}
	if f.Previous > 0 {
		groups = append(groups, []Piece{shape.Text("Continues "), shape.Thread(shape.Number(f.Previous), f.PreviousAt)})
	}
	if f.Next > 0 {
		groups = append(groups, []Piece{shape.Text("Continued in "), shape.Thread(shape.Number(f.Next), f.NextAt)})
	}

	groups = append(groups, redirectedPieces(f), copiedPieces(f.Recipients.Cc, ""), copiedPieces(f.Recipients.Copied, " (gets no replies)"))
	if others := alsoOpenPieces(f); len(others) > 0 {
		groups = append(groups, append([]Piece{shape.Text("Also open: ")}, others...))
	}
	if mode := ModeWords(f.Account.Mode); mode != "" {
		groups = append(groups, []Piece{shape.Text(mode)})
	}

	return shape.JoinPieces(shape.Between, groups...)
}

// visiblePieces says who alone may read the conversation.
func visiblePieces(f bridge.Facts) []Piece {
	if len(f.VisibleTo) == 0 {
		return nil
	}
	return []Piece{shape.Icon("lock"), shape.Text(" Only " + verb.VisibleTo(f))}
}

// waitingPieces says until when the conversation is snoozed, or who waits for an answer.
func waitingPieces(f bridge.Facts) []Piece {
	switch {
	case f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero():
		return []Piece{shape.Text("Snoozed until "), shape.At(f.SnoozedUntil, f.Zone)}
	case f.Status == bridge.StatusPending:
		return []Piece{shape.Text("Waiting for customer")}
	case !f.WaitingSince.IsZero():
		pieces := []Piece{shape.Text("Waiting since "), shape.At(f.WaitingSince, f.Zone)}
		if !f.ReplyBy.IsZero() {
			pieces = append(pieces, shape.Text(shape.Between+"Reply by "), shape.At(f.ReplyBy, f.Zone))
		}
		return pieces
	}
	return nil
}

// redirectedPieces names the recipients of replies if the conversation's customer is not one of them.
func redirectedPieces(f bridge.Facts) []Piece {
	isCustomer := func(p bridge.PartyRef) bool { return strings.EqualFold(p.Address, f.Contact.Address) }
	if len(f.Recipients.To) == 0 || slices.ContainsFunc(f.Recipients.To, isCustomer) {
		return nil
	}
	return []Piece{shape.Text("Replies go to " + shape.OneLine(strings.Join(bridge.AddressesOf(f.Recipients.To), ", "), shape.MaxNameRunes))}
}

// How many people in copy, and how many other conversations of the customer, a card names.
const (
	maxCopied   = 3
	maxAlsoOpen = 3
)

// copiedPieces names people in copy, followed by suffix.
func copiedPieces(list []bridge.PartyRef, suffix string) []Piece {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, p := range list[:min(len(list), maxCopied)] {
		names = append(names, shape.PartyName(p))
	}
	if more := len(list) - maxCopied; more > 0 {
		suffix = " and " + strconv.Itoa(more) + " more" + suffix
	}
	return []Piece{shape.Text("Cc: " + strings.Join(names, ", ") + suffix)}
}

// alsoOpenPieces links to the customer's other open conversations and names their owners.
func alsoOpenPieces(f bridge.Facts) []Piece {
	var groups [][]Piece
	for i, other := range f.AlsoOpen {
		if i == maxAlsoOpen {
			groups = append(groups, []Piece{shape.Text("…")})
			break
		}
		assignees := shape.Text(" (" + shape.Assignees(other.Assignees) + ")")
		groups = append(groups, []Piece{shape.Thread(shape.Number(other.ID), other.Root), assignees})
	}
	return shape.JoinPieces(", ", groups...)
}

// windowPieces shows until when the reply window is open, which is the time in which the provider allows free text to the
// customer. It deliberately shows no countdown, which would require edits of the card.
func windowPieces(f bridge.Facts) []Piece {
	if f.Window.Closed {
		return []Piece{shape.Icon("lock"), shape.Text(" Reply window closed")}
	}
	if f.Window.Until.IsZero() {
		return nil
	}
	if f.Window.PeopleOnly {
		return []Piece{shape.Text("Only a person may reply, until "), shape.At(f.Window.Until, f.Zone)}
	}
	return []Piece{shape.Text("Reply by "), shape.At(f.Window.Until, f.Zone)}
}

// ModeWords says what an account's mode doesn't send; "" if it sends all.
func ModeWords(mode bridge.AccountMode) string {
	switch mode {
	case bridge.ModeWatch:
		return "Watching only: nothing is sent"
	case bridge.ModeTrial:
		return "Trial: sends to listed addresses only"
	case bridge.ModeLive:
	}
	return ""
}

// statusIcon returns the emoji shortcode of a conversation's state, for cards and for lists.
func statusIcon(f bridge.Facts) string {
	switch f.Status {
	case bridge.StatusPending:
		return "hourglass_flowing_sand"
	case bridge.StatusSnoozed:
		return "zzz"
	case bridge.StatusResolved:
		return "white_check_mark"
	case bridge.StatusClosed:
		return "no_entry_sign"
	case bridge.StatusOpen:
	}

	if len(f.Assignees) == 0 {
		return "large_blue_circle"
	}

	return "large_green_circle"
}

func channelIcon(f bridge.Facts) string {
	if f.Account.ChannelIcon == "" {
		return "grey_question"
	}
	return strings.Trim(f.Account.ChannelIcon, ":")
}
