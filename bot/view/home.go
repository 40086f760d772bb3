package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Home makes the card of an agent's own page in a chat that has such pages. It shows one list, and has buttons for the other lists,
// for each conversation, and for what isn't about one.
func Home(l bridge.Listing, zone *time.Location) Card {
	list := List(l, zone)
	top := Block{Kind: BlockItem, Pieces: []Piece{shape.Bold(list.Title)}}
	for i, name := range bridge.Lists() {
		if slices.Contains(l.Hidden, name) {
			continue
		}
		b := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: name}})
		b.Label, b.Apart = countedTitle(l, name), i == 0
		if name == l.List && l.Words == "" {
			b.Style = StylePrimary
		}
		top.Buttons = append(top.Buttons, b)
	}

	c := Card{Blocks: append([]Block{top}, list.Blocks...)}
	rows := l.Rows
	for i := range list.Blocks {
		if list.Blocks[i].Kind == BlockItem {
			c.Blocks[i+1].Buttons, rows = homeButtons(rows[0]), rows[1:]
		}
	}

	page := bridge.Args{ListArgs: bridge.ListArgs{List: l.List, View: l.ListView}}
	if l.Words != "" {
		page = bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound}, Note: l.Words}
	}
	addPage := func(label, after, before string, number int) {
		page.After, page.Before, page.Page = after, before, number
		b := verb.NewButton(bridge.VerbList, page)
		b.Label = label
		c.Buttons = append(c.Buttons, b)
	}
	back := strings.FieldsFunc(l.Before, func(r rune) bool { return r == ',' })
	if l.After != "" || l.Page > 0 {
		after, before := "", ""
		if n := len(back); n > 0 {
			after, before = back[n-1], strings.Join(back[:n-1], ",")
		}
		addPage("← Previous", after, before, max(l.Page-1, 0))
	}
	if len(back) > 0 || l.Page > 1 {
		addPage("First page", "", "", 0)
	}
	if l.More {
		if l.After != "" {
			back = append(back, l.After)
		}
		next := l
		next.Before = strings.Join(back[max(0, len(back)-maxPagesBack):], ",")
		c.Buttons = append(c.Buttons, nextPageButton(next))
	}
	addPage("Refresh", l.After, l.Before, l.Page)
	search := verb.NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound}})
	search.Label, search.Opens = "Search", OpensForm
	start := verb.NewButton(bridge.VerbNew, bridge.Args{})
	start.Label = "New conversation"
	c.Buttons = append(c.Buttons, search, verb.FilterButton(l.List, l.ListView))
	if len(l.Rows) > 1 {
		c.Buttons = append(c.Buttons, verb.NewButton(bridge.VerbSeveral, page))
	}
	c.Buttons = append(c.Buttons, start)
	return c
}

// maxPagesBack is how many pages a button of a home page can lead back, one by one.
const maxPagesBack = 8

// homeButtons makes the menu of a conversation on the home page.
func homeButtons(f bridge.Facts) []Button {
	verbs := []bridge.Verb{bridge.VerbFind}
	if shape.IsHeldBy(f, f.Viewer) || !f.Status.Open() {
		verbs = append(verbs, mainVerbs(f)...)
		verbs = slices.DeleteFunc(verbs, func(v bridge.Verb) bool { return v == bridge.VerbAssign || v == bridge.VerbTake })
	} else {
		verbs = append(verbs, slices.DeleteFunc(mainVerbs(f), func(v bridge.Verb) bool { return v == bridge.VerbReply })...)
	}
	verbs = append(verbs, bridge.VerbTag)

	var buttons []Button
	for _, name := range verbs {
		b := verb.NewButton(name, conversationArgs(f))
		if name == bridge.VerbFind {
			b.Label = "Open"
		}
		buttons = append(buttons, b)
	}
	return skipResolveForm(f, buttons)
}

// NoHome makes the page of somebody for whom there are no lists: most often, because they are not an agent.
func NoHome(err error) Card {
	c := Problem(err, "")
	again := verb.NewButton(bridge.VerbList, bridge.Args{})
	again.Label = "Look again"
	c.Buttons = []Button{again}
	return c
}

// dayBlock says what the day has for an agent: "2 urgent · 5 customers wait · 1 promised for today".
func dayBlock(t *bridge.Today) Block {
	var parts []string
	add := func(count int, one, many string) {
		if count > 0 {
			parts = append(parts, fmt.Sprint(count, " ", shape.Plural(count, one, many)))
		}
	}
	add(t.Urgent, "urgent", "urgent")
	add(t.Waiting, "customer waits", "customers wait")
	add(t.Closing, "reply window closes today", "reply windows close today")
	add(t.Promised, "promised for today", "promised for today")
	add(t.Woken, "woke today", "woke today")
	add(t.Given, "given to you today", "given to you today")
	if parts == nil {
		parts = []string{"nothing of yours is pressing"}
	}
	return shape.SmallPrint(shape.Icon("sunny"), shape.Text(" Today: "+strings.Join(parts, shape.Between)))
}
