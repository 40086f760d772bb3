package view

import (
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Root is the card that begins a conversation's thread: at most three lines and four buttons, and one
// line when the conversation is over. It mentions nobody: cards notify no one.
func Root(f bridge.Facts) Card {
	if f.Automatic {
		title := shape.Joined(shape.Between, []Piece{shape.Icon("inbox_tray"), shape.Text(" "), shape.Bold(shape.OneLine(f.Subject, shape.MaxSubjectRunes))}, []Piece{shape.Text(shape.OneLine(f.Account.Name, shape.MaxNameRunes))})
		c := Card{Title: "Automatic mail", Blocks: []Block{shape.Line(title...)}}
		if f.Collects {
			c.Title = "Very many new conversations"
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("Mails of people who opened more conversations than one does. Make one of what needs an answer.")))
		}
		return c
	}
	title := shape.Joined(shape.Between, []Piece{shape.Icon(statusIcon(f)), shape.Text(" "), shape.Icon(channelIcon(f)), shape.Text(" "), shape.Bold(verb.Title(f))},
		[]Piece{shape.Text(shape.Number(f.ID))}, shape.Subject(f))
	if f.Thread.Left {
		goesOn := append([]Piece{shape.Text(shape.Between + "goes on in ")}, shape.Whereabouts(shape.Or(shape.OneLine(f.Team, shape.MaxNameRunes), shape.Number(f.ID)), f)...)
		return Card{Title: "Conversation " + shape.Number(f.ID), Blocks: []Block{shape.Line(append(title, goesOn...)...)}}
	}
	if !f.Status.Open() {
		title = append(title, shape.Text(shape.Between+shape.StatusWords(f)))
		if f.Next > 0 {
			title = append(title, shape.Text(shape.Between+"continued in "), shape.Thread(shape.Number(f.Next), f.NextAt))
		}
		c := Card{Title: "Conversation " + shape.Number(f.ID), Blocks: []Block{shape.Line(title...)}}
		if f.Status == bridge.StatusResolved {
			c.Buttons = append(c.Buttons, verb.NewButton(bridge.VerbReopen, about(f)))
		}
		if f.Account.MayStart {
			c.Buttons = append(c.Buttons, startAgain(f))
		}
		c.Buttons = append(c.Buttons, verb.NewButton(bridge.VerbFind, about(f)))
		return c
	}
	c := Card{Title: "Conversation " + shape.Number(f.ID), Blocks: []Block{shape.Line(title...)}}
	c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Joined(shape.Between, []Piece{shape.Text(shape.Assignees(f.Assignees))}, team(f), marks(f), tags(f.Tags))...))
	if third := timing(f); len(third) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(third...))
	}
	c.Buttons = rootButtons(f)
	return c
}

// startAgain is the button that begins another conversation with the customer of an ended one.
func startAgain(f bridge.Facts) Button {
	return verb.NewButton(bridge.VerbNew, bridge.Args{StartArgs: bridge.StartArgs{Account: f.Account.Name, Recipient: f.Contact.Address}})
}

// rootButtons are Take or Assign, Snooze or Wake, Resolve, More.
func rootButtons(f bridge.Facts) []Button {
	first := verb.NewButton(bridge.VerbAssign, about(f))
	if len(f.Assignees) == 0 {
		first = verb.NewButton(bridge.VerbTake, about(f))
		first.Style = StylePrimary
	}
	second := verb.NewButton(bridge.VerbSnooze, about(f))
	if f.Status == bridge.StatusSnoozed {
		second = verb.NewButton(bridge.VerbWake, about(f))
	}
	return resolvingAtOnce(f, []Button{first, second, verb.NewButton(bridge.VerbResolve, about(f)), verb.NewButton(bridge.VerbFind, about(f))})
}

// about are the arguments of a button on a conversation's own card.
func about(f bridge.Facts) bridge.Args { return bridge.Args{Conversation: f.ID} }

func team(f bridge.Facts) []Piece {
	if f.Team == "" {
		return nil
	}
	return []Piece{shape.Text(shape.OneLine(f.Team, shape.MaxNameRunes))}
}

// tags are a conversation's tags, labels first: these stand out.
func tags(list []bridge.Tag) []Piece {
	var labels, others [][]Piece
	for _, t := range list {
		if t.Label {
			labels = append(labels, []Piece{shape.Icon("label"), shape.Text(" "), shape.Bold(shape.OneLine(t.Name, shape.MaxNameRunes))})
		} else {
			others = append(others, []Piece{shape.Tag(t)})
		}
	}
	return shape.Joined(" ", append(labels, others...)...)
}

// timing tells who is replying just now, the times that matter, and what makes this conversation unlike others.
func timing(f bridge.Facts) []Piece {
	groups := [][]Piece{replying(f)}
	switch {
	case f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero():
		groups = append(groups, []Piece{shape.Text("Snoozed until "), shape.At(f.SnoozedUntil, f.Zone)})
	case f.Status == bridge.StatusPending:
		groups = append(groups, []Piece{shape.Text("Waiting for customer")})
	case !f.WaitingSince.IsZero():
		groups = append(groups, []Piece{shape.Text("Waiting since "), shape.At(f.WaitingSince, f.Zone)})
	}
	if w := window(f); len(w) > 0 {
		groups = append(groups, w)
	}
	if f.Previous > 0 {
		groups = append(groups, []Piece{shape.Text("Continues "), shape.Thread(shape.Number(f.Previous), f.PreviousAt)})
	}
	if f.Next > 0 {
		groups = append(groups, []Piece{shape.Text("Continued in "), shape.Thread(shape.Number(f.Next), f.NextAt)})
	}
	groups = append(groups, copied("Cc: ", f.Recipients.Cc, ""), copied("Cc: ", f.Recipients.Copied, " (gets no replies)"))
	if others := alsoOpen(f); len(others) > 0 {
		groups = append(groups, append([]Piece{shape.Text("Also open: ")}, others...))
	}
	if w := modeWords(f.Account.Mode); w != "" {
		groups = append(groups, []Piece{shape.Text(w)})
	}
	return shape.Joined(shape.Between, groups...)
}

// maxCopied is how many people in copy a card names.
const maxCopied = 3

// copied names people in copy, between the words of lead and then.
func copied(lead string, list []bridge.PartyRef, then string) []Piece {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, p := range list[:min(len(list), maxCopied)] {
		names = append(names, shape.PartyName(p))
	}
	if more := len(list) - maxCopied; more > 0 {
		then = " and " + strconv.Itoa(more) + " more" + then
	}
	return []Piece{shape.Text(lead + strings.Join(names, ", ") + then)}
}

// alsoOpen names the customer's other conversations, with who has them.
func alsoOpen(f bridge.Facts) []Piece {
	var groups [][]Piece
	for i, o := range f.AlsoOpen {
		if i == mostAlsoOpen {
			groups = append(groups, []Piece{shape.Text("…")})
			break
		}
		groups = append(groups, []Piece{shape.Thread(shape.Number(o.ID), o.Root), shape.Text(" (" + shape.Assignees(o.Assignees) + ")")})
	}
	return shape.Joined(", ", groups...)
}

// mostAlsoOpen is how many of a customer's other conversations a card names.
const mostAlsoOpen = 3

// window says until when the customer can be answered. It shows a time rather than a countdown, so
// that the card needs no updates.
func window(f bridge.Facts) []Piece {
	switch {
	case f.Window.Closed:
		return []Piece{shape.Icon("lock"), shape.Text(" Reply window closed")}
	case f.Window.Until.IsZero():
		return nil
	case f.Window.PeopleOnly:
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

func channelIcon(f bridge.Facts) string {
	if f.Account.ChannelIcon == "" {
		return "grey_question"
	}
	return strings.Trim(f.Account.ChannelIcon, ":")
}
