package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Limits of what lists show.
const (
	maxTitleRunes  = 24 // of a card's title
	maxDetailRunes = 200
)

// listNames returns the names of the lists, in the order of their buttons.
func listNames() []string {
	return []string{"mine", "unassigned", "team", "all", "snoozed", "resolved", "closed"}
}

// List shows one page of a list, with buttons for the other lists, or one page of what a search found.
// Both have a button for the next page. Times are in the row's own zone, else in zone; nil means UTC.
func List(l bridge.Listing, zone *time.Location) Card {
	c := Card{Title: listTitle(l.List)}
	if l.Words != "" {
		const maxFoundRunes = 14 // "Found: " stands before them in the title
		c.Title = "Found: " + shape.OneLine(l.Words, maxFoundRunes)
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
		c.Buttons = append(c.Buttons, nextPage(l))
	}
	if l.Words != "" {
		return c
	}

	for _, other := range listNames() {
		if other == l.List || slices.Contains(l.Hidden, other) {
			continue
		}

		b := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: other}})
		b.Label = listTitle(other)
		c.Buttons = append(c.Buttons, b)
	}

	return c
}

// nextPage is the button that shows what follows.
func nextPage(l bridge.Listing) Button {
	args := bridge.Args{ListArgs: bridge.ListArgs{List: l.List, Page: l.Page + 1}}
	if l.Words != "" {
		args.List = "find"
		args.Note = l.Words
	}
	b := verb.NewButton(bridge.VerbList, args)
	b.Label = "Next page"
	return b
}

func listingOf(l bridge.Line, c *bridge.ListLine) bridge.Listing {
	q := l.Args.ListQuery()
	if q.Words == "" {
		q.List = c.List
	}
	return bridge.Listing{ListQuery: q, Rows: c.Rows, More: c.More, Hidden: c.Hidden}
}

// listRow is one conversation in a list: its title, who has it, what was said last, and a time. The time is
// when a snooze ends, since when nobody has the conversation, when it ended, or that of the last message.
func listRow(f bridge.Facts, list string) Block {
	head := append([]Piece{shape.Icon(statusIcon(f)), shape.Text(" ")}, titlePieces(f)...)
	if HasLabel(f) {
		head = append([]Piece{shape.Icon("label"), shape.Text(" ")}, head...) // the row stands out
	}

	state, saysWhen := ListState(f, list)
	if len(f.Assignees) > 0 {
		state = append(state, shape.Text(", "+shape.Assignees(f.Assignees)))
	}

	groups := [][]Piece{head, shape.Subject(f), ListMarks(f), state, teamPieces(f)}
	if !saysWhen && !f.LastMessage.At.IsZero() {
		groups = append(groups, []Piece{shape.At(f.LastMessage.At, f.Zone)})
	}

	if preview := shape.OneLine(f.LastMessage.Preview, shape.MaxPreviewRunes); preview != "" {
		from := ""
		if f.LastMessage.From == "agent" {
			from = "↩ " // we spoke last
		}
		groups = append(groups, []Piece{shape.Text(from + "“" + preview + "”")})
	}

	return Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...), Buttons: []Button{detailsButton(f)}}
}

// HasLabel reports whether a conversation has a label, so that its row in a list stands out.
func HasLabel(f bridge.Facts) bool {
	return slices.ContainsFunc(f.Tags, func(t bridge.Tag) bool { return t.Label })
}

// ListMarks shows in a list what was set on a conversation, what its analysis found, and its tags.
func ListMarks(f bridge.Facts) []Piece {
	return shape.JoinPieces(shape.Between, markPieces(f), tagPieces(f.Tags))
}

// titlePieces names a conversation in a list, with its channel and a link to its thread.
func titlePieces(f bridge.Facts) []Piece {
	name := shape.ThreadLink(shape.Number(f.ID)+" "+verb.Title(f), f)
	return append([]Piece{shape.Icon(channelIcon(f)), shape.Text(" ")}, name...)
}

// ListState shows the state of a conversation in a list. saysWhen is true if the state has a time that matters more in
// this list than that of the last message.
func ListState(f bridge.Facts, list string) (pieces []Piece, saysWhen bool) {
	pieces = []Piece{shape.Text(shape.StatusWords(f))}
	isEndedList := list == "resolved" || list == "closed"
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		return append(pieces, shape.Text(" until "), shape.At(f.SnoozedUntil, f.Zone)), false
	}
	if list == "unassigned" && !f.FreeSince.IsZero() {
		return append(pieces, shape.Text(" since "), shape.At(f.FreeSince, f.Zone)), true
	}
	if isEndedList && !f.EndedAt.IsZero() {
		return append(pieces, shape.Text(" "), shape.At(f.EndedAt, f.Zone)), true
	}
	return pieces, false
}

// detailsButton shows the details of a listed conversation. It is called Preview where nobody has the
// conversation: people look at the details before they take it.
func detailsButton(f bridge.Facts) Button {
	b := verb.NewButton(bridge.VerbFind, conversationArgs(f))
	if f.Status.Open() && len(f.Assignees) == 0 {
		b.Label = "Preview"
	}
	return b
}

// Evening lists the conversations whose reply window closes before the team is back. Each has a button
// to answer now, and buttons for what else can be done.
func Evening(l *bridge.EveningLine) Card {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
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

func listTitle(list string) string {
	switch list {
	case "":
		return "Conversations"
	case "mine":
		return "Mine"
	}
	name := shape.OneLine(list, maxTitleRunes)
	return strings.ToUpper(name[:1]) + name[1:]
}

func emptyList(l bridge.Listing) string {
	if l.Page > 0 {
		return "There are no more."
	}
	if l.Words != "" {
		return "Nothing is found for “" + shape.OneLine(l.Words, shape.MaxNameRunes) + "” in names, addresses, numbers and subjects. Words are found by how they begin."
	}

	switch l.List {
	case "mine":
		return "Nothing is waiting for you. Look into Unassigned for more."
	case "unassigned":
		return "Nothing is unassigned."
	case "snoozed":
		return "Nothing of yours is snoozed."
	case "resolved":
		return "Nothing of yours has been resolved yet."
	case "closed":
		return "Nothing of yours has been closed."
	}

	return "No conversations here."
}

// History shows a page of what was done to a conversation.
func History(f bridge.Facts, h bridge.History) Card {
	c := Card{Title: "History of " + shape.Number(f.ID)}
	switch {
	case len(h.Rows) == 0 && h.Page > 0:
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("There is nothing older.")))
	case len(h.Rows) == 0:
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("Nothing has been done yet.")))
	}

	c.Blocks = append(c.Blocks, logRows(h.Rows, f)...)
	if h.More {
		b := verb.NewButton(bridge.VerbHistory, bridge.Args{Conversation: f.ID, ListArgs: bridge.ListArgs{Page: h.Page + 1}})
		b.Label = "Older"
		c.Buttons = append(c.Buttons, b)
	}

	return c
}

// logRows are entries of a log: when, who, what, why.
func logRows(rows []bridge.LogRow, f bridge.Facts) []Block {
	var blocks []Block
	for _, r := range rows {
		what := " " + shape.OneLine(r.Actor, shape.MaxNameRunes) + " " + shape.OneLine(r.What, shape.MaxNameRunes)
		if detail := logDetail(r, f); detail != "" {
			what += ": " + detail
		}
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.At(r.At, f.Zone), shape.Text(what)}})
	}
	return blocks
}

// logDetail returns what a log entry says beside its deed: words that somebody chose, or else the reason.
func logDetail(r bridge.LogRow, f bridge.Facts) string {
	if words, isCode := wordsOfCode(r.Detail, f); isCode && !r.IsChosen {
		return words.inLine
	}
	return shape.OneLine(r.Detail, maxDetailRunes)
}

// ProblemOf returns what people are told of an error.
func ProblemOf(err error) *bridge.Problem {
	if errors.Is(err, bridge.ErrNoConversation) {
		return &bridge.Problem{Code: "no_conversation", Text: "There is no conversation here.", Hint: "Try it on a message in a conversation's thread."}
	}
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return p
	}
	return &bridge.Problem{Code: "internal", Text: "Internal error.", Hint: "Try again."}
}

// Problem shows why there is nothing else to show: the words of a *bridge.Problem, or a general sentence. typed is what its reader
// wrote into a form that it takes the place of: it is given back.
func Problem(err error, typed string) Card {
	p := ProblemOf(err)
	says := shape.Sentence(shape.Icon("warning"), " ", shape.AsSentence(p.Text), shape.NextSentence(p.Hint))
	return Card{Blocks: append([]Block{says}, shape.Quote(typed)...)}
}
