package view

import (
	"strconv"
	"strings"

	"parley/bridge"
)

// Root is a conversation's first message: at most three lines and four buttons; one line
// when it is over. It mentions nobody: cards notify no one.
func Root(f bridge.Facts) Card {
	if f.Automatic {
		title := joined(between, []Piece{icon("inbox_tray"), text(" "), bold(oneLine(f.Subject, maxSubjectRunes))}, []Piece{text(oneLine(f.Account, maxNameRunes))})
		c := Card{Title: "Automatic mail", Blocks: []Block{line(title...)}}
		if f.Collects {
			c.Title = "Very many new conversations"
			c.Blocks = append(c.Blocks, small(text("Mails of people who opened more conversations than one does. Make one of what needs an answer.")))
		}
		return c
	}
	title := joined(between, []Piece{icon(statusIcon(f)), text(" "), icon(channelIcon(f)), text(" "), bold(partyName(f.Contact))},
		[]Piece{text(number(f.ID))}, subject(f))
	if f.Left {
		goesOn := append([]Piece{text(between + "goes on in ")}, whereabouts(or(oneLine(f.Team, maxNameRunes), number(f.ID)), f)...)
		return Card{Title: "Conversation " + number(f.ID), Blocks: []Block{line(append(title, goesOn...)...)}}
	}
	if !f.Status.Open() {
		title = append(title, text(between+statusWords(f)))
		if f.Next > 0 {
			title = append(title, text(between+"continued in "), thread(number(f.Next), f.NextAt))
		}
		c := Card{Title: "Conversation " + number(f.ID), Blocks: []Block{line(title...)}}
		if f.Status == bridge.StatusResolved {
			c.Buttons = append(c.Buttons, button(bridge.VerbReopen, about(f)))
		}
		if f.MayStart {
			c.Buttons = append(c.Buttons, startAgain(f))
		}
		c.Buttons = append(c.Buttons, button(bridge.VerbFind, about(f)))
		return c
	}
	c := Card{Title: "Conversation " + number(f.ID), Blocks: []Block{line(title...)}}
	c.Blocks = append(c.Blocks, small(joined(between, []Piece{text(assignees(f))}, team(f), tags(f.Tags))...))
	if third := timing(f); len(third) > 0 {
		c.Blocks = append(c.Blocks, small(third...))
	}
	c.Buttons = rootButtons(f)
	return c
}

// startAgain is the button that begins another conversation with the customer of an ended one.
func startAgain(f bridge.Facts) Button {
	return button(bridge.VerbNew, bridge.Args{Account: f.Account, Recipient: f.Contact.Address})
}

// rootButtons are Take or Assign, Snooze or Wake, Resolve, More.
func rootButtons(f bridge.Facts) []Button {
	first := button(bridge.VerbAssign, about(f))
	if len(f.Assignees) == 0 {
		first = button(bridge.VerbTake, about(f))
		first.Style = StylePrimary
	}
	second := button(bridge.VerbSnooze, about(f))
	if f.Status == bridge.StatusSnoozed {
		second = button(bridge.VerbWake, about(f))
	}
	return resolvingAtOnce(f, []Button{first, second, button(bridge.VerbResolve, about(f)), button(bridge.VerbFind, about(f))})
}

// about are the arguments of a button on a conversation's own card.
func about(f bridge.Facts) bridge.Args { return bridge.Args{Conversation: f.ID} }

func number(id int64) string { return "#" + strconv.FormatInt(id, 10) }

func subject(f bridge.Facts) []Piece {
	if s := oneLine(f.Subject, maxSubjectRunes); s != "" {
		return []Piece{text(s)}
	}
	return nil
}

func team(f bridge.Facts) []Piece {
	if f.Team == "" {
		return nil
	}
	return []Piece{text(oneLine(f.Team, maxNameRunes))}
}

// assignees names who holds it; the lead comes first.
func assignees(f bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return "Unassigned"
	}
	names := make([]string, len(f.Assignees))
	for i, a := range f.Assignees {
		names[i] = agentName(a)
	}
	return strings.Join(names, ", ")
}

func tags(list []bridge.Tag) []Piece {
	groups := make([][]Piece, len(list))
	for i, t := range list {
		groups[i] = []Piece{tag(t)}
	}
	return joined(" ", groups...)
}

// timing is who writes just now, what has a time, and what makes this conversation unlike others.
func timing(f bridge.Facts) []Piece {
	groups := [][]Piece{replying(f)}
	switch {
	case f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero():
		groups = append(groups, []Piece{text("Snoozed until "), at(f.SnoozedUntil, f.Zone)})
	case f.Status == bridge.StatusPending:
		groups = append(groups, []Piece{text("Waiting for customer")})
	case !f.WaitingSince.IsZero():
		groups = append(groups, []Piece{text("Waiting since "), at(f.WaitingSince, f.Zone)})
	}
	if w := window(f); len(w) > 0 {
		groups = append(groups, w)
	}
	if f.Previous > 0 {
		groups = append(groups, []Piece{text("Continues "), thread(number(f.Previous), f.PreviousAt)})
	}
	if f.Next > 0 {
		groups = append(groups, []Piece{text("Continued in "), thread(number(f.Next), f.NextAt)})
	}
	groups = append(groups, copied("Cc: ", f.Cc, ""), copied("Cc: ", f.Copied, " (gets no replies)"))
	if others := alsoOpen(f); len(others) > 0 {
		groups = append(groups, append([]Piece{text("Also open: ")}, others...))
	}
	if w := modeWords(f.AccountMode); w != "" {
		groups = append(groups, []Piece{text(w)})
	}
	return joined(between, groups...)
}

// maxCopied is how many people in copy a card names.
const maxCopied = 3

// copied names people in copy.
func copied(lead string, list []bridge.PartyRef, then string) []Piece {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, p := range list[:min(len(list), maxCopied)] {
		names = append(names, partyName(p))
	}
	if more := len(list) - maxCopied; more > 0 {
		then = " and " + strconv.Itoa(more) + " more" + then
	}
	return []Piece{text(lead + strings.Join(names, ", ") + then)}
}

// alsoOpen names the customer's other conversations, with who has them.
func alsoOpen(f bridge.Facts) []Piece {
	var groups [][]Piece
	for i, o := range f.AlsoOpen {
		if i == mostAlsoOpen {
			groups = append(groups, []Piece{text("…")})
			break
		}
		groups = append(groups, []Piece{thread(number(o.ID), o.Root), text(" (" + assignees(bridge.Facts{Assignees: o.Assignees}) + ")")})
	}
	return joined(", ", groups...)
}

// mostAlsoOpen is how many of a customer's other conversations a card names.
const mostAlsoOpen = 3

// window says until when the customer can be answered: as a time, so that the card never
// has to tick.
func window(f bridge.Facts) []Piece {
	switch {
	case f.WindowClosed:
		return []Piece{icon("lock"), text(" Reply window closed")}
	case f.WindowUntil.IsZero():
		return nil
	case f.WindowPeople:
		return []Piece{text("Only a person may reply, until "), at(f.WindowUntil, f.Zone)}
	}
	return []Piece{text("Reply by "), at(f.WindowUntil, f.Zone)}
}

func modeWords(mode string) string {
	switch mode {
	case "watch":
		return "Watching only: nothing is sent"
	case "trial":
		return "Trial: sends to listed addresses only"
	}
	return ""
}

// statusIcon is the mark that a conversation's state has everywhere.
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

// statusWords say the state: Queued and Active are open without and with an owner.
func statusWords(f bridge.Facts) string {
	switch f.Status {
	case bridge.StatusPending:
		return "Waiting for customer"
	case bridge.StatusSnoozed:
		return "Snoozed"
	case bridge.StatusResolved:
		return "Resolved"
	case bridge.StatusClosed:
		if r := oneLine(f.CloseReason, maxNameRunes); r != "" {
			return "Closed (" + r + ")"
		}
		return "Closed"
	case bridge.StatusOpen:
	}
	if len(f.Assignees) == 0 {
		return "Open, unassigned"
	}
	return "Open"
}

func channelIcon(f bridge.Facts) string {
	if f.ChannelIcon == "" {
		return "grey_question"
	}
	return strings.Trim(f.ChannelIcon, ":")
}
