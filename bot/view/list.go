package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// This file makes the cards that list conversations: "mine", "unassigned", search results, and so on. A row reads:
//
//   - 🟢 ✉️ #12 Eve & Co · Broken lamp · vip · Open, Ann · 09:30 · “It burns”    [More]

// maxTitleRunes limits the title of a card.
const maxTitleRunes = 24

// lateWords says what to do about customers who wait longer than they should.
const lateWords = "These customers wait longer than they should. Answer now, or send a few words that hold the conversation."

// List makes the card of one page of a list, with buttons for the other lists, or of one page of search results
// (Listing.Words). Both have a button for the next page. Times are shown in the zone of each row, and in zone for rows
// without one; nil means UTC.
func List(l bridge.Listing, zone *time.Location) Card {
	c := Card{Title: listTitle(l.List)}
	if l.Words != "" {
		const maxFoundRunes = 14 // together with "Found: " less than maxTitleRunes
		c.Title = "Found: " + shape.OneLine(l.Words, maxFoundRunes)
	}
	if words := l.ListView.Words(); words != "" {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("Filter: "+words)))
	}
	if l.List == bridge.ListLate {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text(lateWords)))
	}
	if l.Day != nil {
		c.Blocks = append(c.Blocks, dayBlock(l.Day))
	}
	if len(l.Chats) > 0 {
		c.Blocks = append(c.Blocks, chatsBlock(l.Chats))
	}
	if len(l.Rows) == 0 {
		c.Blocks = append(c.Blocks, shape.Line(shape.Text(emptyList(l))))
	}

	for _, f := range l.Rows {
		if f.Zone == nil {
			f.Zone = zone
		}
		c.Blocks = append(c.Blocks, listRow(f, l.List))
	}

	if l.More {
		c.Buttons = append(c.Buttons, nextPageButton(l))
	}
	if l.Words != "" || l.List == bridge.ListNext {
		return c
	}

	for _, other := range bridge.Lists() {
		if other == l.List || slices.Contains(l.Hidden, other) {
			continue
		}

		b := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: other}})
		b.Label = countedTitle(l, other)
		c.Buttons = append(c.Buttons, b)
	}

	c.Buttons = append(c.Buttons, verb.FilterButton(l.List, l.ListView))
	return c
}

func nextPageButton(l bridge.Listing) Button {
	args := bridge.Args{ListArgs: bridge.ListArgs{List: l.List, View: l.ListView, After: l.Next, Before: l.Before}}
	if l.Words != "" {
		args = bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound, Page: l.Page + 1}, Note: l.Words}
	}
	b := verb.NewButton(bridge.VerbList, args)
	b.Label = "Next page"
	return b
}

// listingOf returns the argument of List for a line that answers the command for a list.
func listingOf(l bridge.Line, c *bridge.ListLine) bridge.Listing {
	q := l.Args.ListQuery()
	if q.Words == "" {
		q.List = c.List
	}
	return bridge.Listing{ListQuery: q, Rows: c.Rows, More: c.More, Next: c.Next, Hidden: c.Hidden, Counts: c.Counts, Unread: c.Unread,
		Day: c.Day, Chats: c.Chats}
}

// listRow makes the row of one conversation: its title, marks and tags, its state, who has it, the time that matters (see
// ListState), and the beginning of its last message.
func listRow(f bridge.Facts, list bridge.ListName) Block {
	head := append(unreadPieces(f), shape.Icon(statusIcon(f)), shape.Text(" "))
	head = append(head, titlePieces(f)...)
	if HasLabel(f) {
		head = append([]Piece{shape.Icon("label"), shape.Text(" ")}, head...)
	}

	state, hasTime := ListState(f, list)
	if len(f.Assignees) > 0 {
		state = append(state, shape.Text(", "+shape.Assignees(f.Assignees)))
	}

	groups := [][]Piece{head, recordPieces(f), shape.Subject(f), ListMarks(f), state, teamPieces(f)}
	if !hasTime && !f.LastMessage.At.IsZero() {
		groups = append(groups, []Piece{shape.At(f.LastMessage.At, f.Zone)})
	}

	groups = append(groups, lastMessagePieces(f))
	return Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...), Buttons: []Button{detailsButton(f)}}
}

// HasLabel reports whether a conversation has a label, which is a tag that makes it stand out in lists.
func HasLabel(f bridge.Facts) bool {
	return slices.ContainsFunc(f.Tags, func(t bridge.Tag) bool { return t.Label })
}

// ListMarks shows what agents set on a conversation, what its analysis found, and its tags.
func ListMarks(f bridge.Facts) []Piece {
	return shape.JoinPieces(shape.Between, markPieces(f), tagPieces(f.Tags))
}

// titlePieces names a conversation in a list, with its channel and a link to its thread.
func titlePieces(f bridge.Facts) []Piece {
	name := shape.ThreadLink(shape.Number(f.ID)+" "+verb.Title(f), f)
	return append([]Piece{shape.Icon(channelIcon(f)), shape.Text(" ")}, name...)
}

// ListState shows the state of a conversation, with the time that matters in the list: until when it is snoozed, since when
// nobody has it, or when it ended. hasTime means that the row should not show the time of the last message as well.
func ListState(f bridge.Facts, list bridge.ListName) (pieces []Piece, hasTime bool) {
	pieces = []Piece{shape.Text(shape.StatusWords(f))}
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		return append(pieces, shape.Text(" until "), shape.At(f.SnoozedUntil, f.Zone)), false
	}
	if list == bridge.ListUnassigned && !f.FreeSince.IsZero() {
		return append(pieces, shape.Text(" since "), shape.At(f.FreeSince, f.Zone)), true
	}
	isEndedList := list == bridge.ListResolved || list == bridge.ListClosed || list == bridge.ListArchived || list == bridge.ListBlocked
	if isEndedList && !f.EndedAt.IsZero() {
		return append(pieces, shape.Text(" "), shape.At(f.EndedAt, f.Zone)), true
	}
	return pieces, false
}

// detailsButton makes the button that opens the details. If nobody has the conversation, it is called Preview, because
// agents look at the details before they take it.
func detailsButton(f bridge.Facts) Button {
	b := verb.NewButton(bridge.VerbFind, conversationArgs(f))
	if f.Status.Open() && len(f.Assignees) == 0 {
		b.Label = "Preview"
	}
	return b
}

// Evening makes the card that a team gets before its working hours end. It lists the conversations whose reply window
// closes before the team is back. After that, the provider does not allow free text to the customer.
func Evening(l *bridge.EveningLine) Card {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil { // this machine's zone database doesn't have it
		zone = time.UTC
	}

	count := len(l.Rows)
	windows, closes := shape.Plural(count, "reply window", "reply windows"), shape.Plural(count, "closes", "close")
	headline := shape.Bold(fmt.Sprintf("%d %s %s before you are back", count, windows, closes))
	c := Card{Title: "Closing windows", Blocks: []Block{
		shape.Line(shape.Icon("city_sunset"), shape.Text(" "), headline),
		shape.SmallPrint(shape.Text("These customers wait for an answer. Answer now, send a few words that hold the conversation, or leave it.")),
	}}
	for _, f := range l.Rows {
		f.Zone = zone
		c.Blocks = append(c.Blocks, eveningRow(f))
	}

	return c
}

// eveningRow is one conversation whose reply window closes.
func eveningRow(f bridge.Facts) Block {
	groups := [][]Piece{titlePieces(f), windowPieces(f), {shape.Text(shape.Assignees(f.Assignees))}, lastMessagePieces(f)}
	reply := verb.NewButton(bridge.VerbReply, conversationArgs(f))
	reply.Label = "Answer now"
	buttons := []Button{reply}
	if f.Window.Templates {
		buttons = append(buttons, verb.NewButton(bridge.VerbTemplate, conversationArgs(f)))
	}
	buttons = append(buttons, verb.NewButton(bridge.VerbLeave, conversationArgs(f)))
	return Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...), Buttons: buttons}
}

func listTitle(list bridge.ListName) string {
	switch list {
	case "":
		return "Conversations"
	case bridge.ListMine:
		return "Mine"
	case bridge.ListLate:
		return "Past the reply target"
	default:
		name := []rune(shape.OneLine(string(list), maxTitleRunes))
		return strings.ToUpper(string(name[:1])) + string(name[1:])
	}
}

// countedTitle is the title of a list with the number of its conversations, if it is known, and a mark if something in it is unread.
func countedTitle(l bridge.Listing, list bridge.ListName) string {
	title := listTitle(list)
	if n, ok := l.Counts[list]; ok {
		title += " " + Count(n)
	}
	return title + UnreadMark(l, list)
}

// UnreadMark returns a mark for the name of a list in which something is unread, or "".
func UnreadMark(l bridge.Listing, list bridge.ListName) string {
	if slices.Contains(l.Unread, list) {
		return " 🔴"
	}
	return ""
}

// Count writes a number of conversations of a list, which was counted up to bridge.MaxListCount.
func Count(n int) string {
	if n >= bridge.MaxListCount {
		return strconv.Itoa(bridge.MaxListCount-1) + "+"
	}
	return strconv.Itoa(n)
}

func emptyList(l bridge.Listing) string {
	if l.Page > 0 || l.After != "" {
		return "There are no more."
	}
	if l.Words != "" {
		return "Nothing is found for “" + shape.OneLine(l.Words, shape.MaxNameRunes) +
			"”: all words must be in one message, or in names, addresses, numbers, subject and tags. Words are found by how they begin."
	}

	if l.ListView != (bridge.ListView{}) {
		return "Nothing fits the filter."
	}

	switch l.List {
	case bridge.ListNext:
		return "Nobody else waits for you, and nothing else waits for you or your teams in Unassigned."
	case bridge.ListMine, bridge.ListToday:
		return "Nothing is waiting for you. Look into Unassigned for more."
	case bridge.ListUnassigned:
		return "Nothing is unassigned."
	case bridge.ListWaiting:
		return "None of yours waits for the customer."
	case bridge.ListSnoozed:
		return "Nothing of yours is snoozed."
	case bridge.ListResolved:
		return "You have resolved nothing yet."
	case bridge.ListClosed:
		return "You have closed nothing."
	default:
		return "No conversations here."
	}
}
