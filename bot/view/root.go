package view

import (
	"slices"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Root makes the card that begins a conversation's thread and shows its present state. The chat edits that message
// whenever the state changes. The card has at most three lines and four buttons, and only one line when the
// conversation is over. It mentions nobody, so that nobody is notified of each change.
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

// automaticRoot begins a thread that collects automatic mail, or the mails of people who opened very many
// conversations (Facts.Collects).
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

// rootOfLeftThread begins a thread that the conversation has left for another team's. A secluded thread stands where people may
// not see the conversation any more, so it shows only the number.
func rootOfLeftThread(f bridge.Facts) Card {
	now := shape.Or(shape.OneLine(f.Team, shape.MaxNameRunes), shape.Number(f.ID))
	goesOn := append([]Piece{shape.Text(shape.Between + "goes on in ")}, shape.ThreadLink(now, f)...)
	if f.Thread.Secluded {
		return Card{
			Title:  "Conversation " + shape.Number(f.ID),
			Blocks: []Block{shape.Line(append([]Piece{shape.Text(shape.Number(f.ID))}, goesOn...)...)},
		}
	}
	return conversationCard(f, goesOn...)
}

// endedRoot begins the thread of a conversation that was resolved or closed.
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

// openRoot begins the thread of a conversation that goes on.
func openRoot(f bridge.Facts) Card {
	c := conversationCard(f)
	assignees := []Piece{shape.Text(shape.Assignees(f.Assignees))}
	state := shape.JoinPieces(shape.Between, assignees, teamPieces(f), markPieces(f), tagPieces(f.Tags))
	c.Blocks = append(c.Blocks, shape.SmallPrint(state...))
	if times := timePieces(f); len(times) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(times...))
	}
	c.Buttons = rootButtons(f)
	return c
}

// conversationCard makes a card of one line, which names the conversation and ends with more.
func conversationCard(f bridge.Facts, more ...Piece) Card {
	icons := []Piece{shape.Icon(statusIcon(f)), shape.Text(" "), shape.Icon(channelIcon(f)), shape.Text(" ")}
	name := append(icons, shape.Bold(verb.Title(f)))
	line := shape.JoinPieces(shape.Between, name, []Piece{shape.Text(shape.Number(f.ID))}, shape.Subject(f))
	return Card{Title: "Conversation " + shape.Number(f.ID), Blocks: []Block{shape.Line(append(line, more...)...)}}
}

// startAgainButton is the button that begins another conversation with the customer of an ended one.
func startAgainButton(f bridge.Facts) Button {
	start := bridge.StartArgs{Account: f.Account.Name, Recipient: f.Contact.Address}
	return verb.NewButton(bridge.VerbNew, bridge.Args{StartArgs: start})
}

// rootButtons are Take or Assign, Snooze or Wake, Resolve, More.
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
	return resolveAtOnce(f, []Button{first, second, resolve, details})
}

// conversationArgs are the arguments of a button on a conversation's own card.
func conversationArgs(f bridge.Facts) bridge.Args { return bridge.Args{Conversation: f.ID} }

func teamPieces(f bridge.Facts) []Piece {
	if f.Team == "" {
		return nil
	}
	return []Piece{shape.Text(shape.OneLine(f.Team, shape.MaxNameRunes))}
}

// tagPieces shows a conversation's tags. Labels, which are tags that are to stand out, come first.
func tagPieces(list []bridge.Tag) []Piece {
	var labels, others [][]Piece
	for _, t := range list {
		if t.Label {
			name := shape.Bold(shape.OneLine(t.Name, shape.MaxNameRunes))
			labels = append(labels, []Piece{shape.Icon("label"), shape.Text(" "), name})
		} else {
			others = append(others, []Piece{shape.Tag(t)})
		}
	}
	return shape.JoinPieces(" ", append(labels, others...)...)
}

// timePieces shows who is replying just now, the times that matter, and what makes this conversation unlike others, such
// as people in copy. It returns nil if there is nothing of it.
func timePieces(f bridge.Facts) []Piece {
	groups := [][]Piece{replyingPieces(f)}
	switch {
	case f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero():
		groups = append(groups, []Piece{shape.Text("Snoozed until "), shape.At(f.SnoozedUntil, f.Zone)})
	case f.Status == bridge.StatusPending:
		groups = append(groups, []Piece{shape.Text("Waiting for customer")})
	case !f.WaitingSince.IsZero():
		groups = append(groups, []Piece{shape.Text("Waiting since "), shape.At(f.WaitingSince, f.Zone)})
	}

	groups = append(groups, windowPieces(f))
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
	if mode := modeWords(f.Account.Mode); mode != "" {
		groups = append(groups, []Piece{shape.Text(mode)})
	}

	return shape.JoinPieces(shape.Between, groups...)
}

// redirectedPieces names who gets the replies, if the customer whom the card names is not among them.
func redirectedPieces(f bridge.Facts) []Piece {
	isCustomer := func(p bridge.PartyRef) bool { return strings.EqualFold(p.Address, f.Contact.Address) }
	if len(f.Recipients.To) == 0 || slices.ContainsFunc(f.Recipients.To, isCustomer) {
		return nil
	}
	return []Piece{shape.Text("Replies go to " + shape.OneLine(strings.Join(bridge.AddressesOf(f.Recipients.To), ", "), shape.MaxNameRunes))}
}

// maxCopied is how many people in copy a card names.
const maxCopied = 3

// copiedPieces names people in copy, with a remark behind them.
func copiedPieces(list []bridge.PartyRef, remark string) []Piece {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, p := range list[:min(len(list), maxCopied)] {
		names = append(names, shape.PartyName(p))
	}
	if more := len(list) - maxCopied; more > 0 {
		remark = " and " + strconv.Itoa(more) + " more" + remark
	}
	return []Piece{shape.Text("Cc: " + strings.Join(names, ", ") + remark)}
}

// maxAlsoOpen is how many of a customer's other conversations a card names.
const maxAlsoOpen = 3

// alsoOpenPieces names the customer's other conversations, with who has them.
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

// windowPieces shows the reply window: the time in which the provider lets free text go to the customer. It names the
// time of its end, since a countdown would need updates of the card.
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

func modeWords(mode bridge.AccountMode) string {
	switch mode {
	case bridge.ModeWatch:
		return "Watching only: nothing is sent"
	case bridge.ModeTrial:
		return "Trial: sends to listed addresses only"
	case bridge.ModeLive:
	}
	return ""
}

// statusIcon returns the emoji shortcode of a conversation's state, which is the same on cards and in lists.
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
