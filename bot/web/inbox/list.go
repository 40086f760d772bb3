package inbox

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
)

// The page with lists of conversations, such as "mine" and "unassigned", and with what is found by words.

// list shows a page of a list, or of what was found by words. "#12" leads to the conversation with that number, and so
// does "12" if nothing is found by it.
func (p pages) list(v *web.Visit) error {
	q := queryOf(v)
	l, err := p.desk.List(v.Context(), v.Person.ID, q)
	isFound := err == nil && len(l.Rows) > 0
	mayBeNumber := q.Words != "" && (!isFound || strings.HasPrefix(q.Words, "#"))
	if mayBeNumber {
		if path := p.findByNumber(v, q.Words); path != "" {
			return v.Go(path)
		}
	}

	problem, _ := errors.AsType[*bridge.Problem](err)
	if isTooShort := problem != nil && problem.Code == bridge.TooShort; isTooShort {
		page := listPage{Words: q.Words, Tabs: tabsOf(q, l), Problem: problem.Text + " " + problem.Hint}
		page.addNeighbours(q, l)
		return v.ShowAgain("list", web.Screen{Title: "Inbox", Data: page})
	}
	if err != nil {
		return refuse(v, err)
	}

	page := listPage{
		Words: q.Words,
		Tabs:  tabsOf(q, l),
		Live:  listAddress("/inbox/live", q),
		Stamp: p.desk.ListStamp(l),
	}
	list := q.List
	if q.Words != "" {
		list = "" // what was found is of all lists
	}
	for i := range l.Rows {
		page.Rows = append(page.Rows, rowOf(v, l.Rows[i], list))
	}
	page.addNeighbours(q, l)
	return v.Show("list", web.Screen{Title: "Inbox", Data: page})
}

// tabsOf makes the tabs of the lists that the agent may see.
func tabsOf(q bridge.ListQuery, l bridge.Listing) []tab {
	var tabs []tab
	for _, t := range listTabs() {
		if slices.Contains(l.Hidden, t.List) {
			continue
		}
		tabs = append(tabs, tab{
			Path: listAddress("/inbox", bridge.ListQuery{List: t.List}),
			Text: t.Text,
			Here: q.Words == "" && t.List == q.List,
		})
	}
	return tabs
}

// addNeighbours adds the addresses of the pages before and after this one.
func (p *listPage) addNeighbours(q bridge.ListQuery, l bridge.Listing) {
	newer, older := q, q
	newer.Page--
	older.Page++
	if q.Page > 0 {
		p.Newer = listAddress("/inbox", newer)
	}
	if l.More {
		p.Older = listAddress("/inbox", older)
	}
}

// listPage is what list.html shows.
type listPage struct {
	Tabs  []tab
	Words string
	Rows  []row
	Live  string // the address of the stream that tells of changes (see streamChanges); "" if no list is shown
	Stamp string // a digest of what the page shows; see Desk.ListStamp
	Newer string // the address of the page before; "" if this is the first
	Older string

	Problem string // why no list is shown, for people; "" if one is
}

// tab leads to a list.
type tab struct {
	Path, Text string
	Here       bool
}

// row is one conversation of a list.
type row struct {
	Path     string
	Number   string
	Title    string // the name that an agent gave it, or else the customer's
	HasLabel bool
	Subject  string
	Marks    []view.Piece // see view.ListMarks; icons are text
	Preview  string
	IsOurs   bool // an agent spoke last
	Channel  string
	State    string
	Waits    bool
	Owners   string
	Team     string
	At       string // when the last message came; "" if State has a time that matters more
}

// listTab names a list that has a tab.
type listTab struct {
	List bridge.ListName
	Text string
}

// listTabs returns the lists that have tabs.
func listTabs() []listTab {
	return []listTab{
		{List: bridge.ListMine, Text: "Mine"},
		{List: bridge.ListUnassigned, Text: "Unassigned"},
		{List: bridge.ListTeam, Text: "Team"},
		{List: bridge.ListAll, Text: "All"},
		{List: bridge.ListSnoozed, Text: "Snoozed"},
		{List: bridge.ListResolved, Text: "Resolved"},
	}
}

// queryOf reads which list an address asks for.
func queryOf(v *web.Visit) bridge.ListQuery {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // anything else means the first page
	q := bridge.ListQuery{List: bridge.ListName(v.Value("list")), Words: v.Value("words"), Page: max(page, 0)}
	for _, t := range listTabs() {
		if t.List == q.List {
			return q
		}
	}
	q.List = listTabs()[0].List
	return q
}

// listAddress returns the address that asks for a list; path is its beginning.
func listAddress(path string, q bridge.ListQuery) string {
	values := url.Values{"list": {string(q.List)}}
	if q.Words != "" {
		values.Set("words", q.Words)
	}
	if q.Page > 0 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + values.Encode()
}

// findByNumber returns the address of the conversation whose number somebody looks for, or "" if the agent may read none.
func (p pages) findByNumber(v *web.Visit, words string) string {
	id, err := strconv.ParseInt(strings.TrimPrefix(words, "#"), 10, 64)
	if err != nil || id <= 0 {
		return ""
	}
	if _, err := p.desk.Facts(v.Context(), v.Person.ID, bridge.ConversationID(id)); err != nil {
		return ""
	}
	return "/inbox/" + strconv.FormatInt(id, 10)
}

// rowOf makes the row of a conversation. list is "" if it was found by words.
func rowOf(v *web.Visit, f bridge.Facts, list bridge.ListName) row {
	state, saysWhen := view.ListState(f, list)
	r := row{
		Path:     "/inbox/" + strconv.FormatInt(int64(f.ID), 10),
		Number:   shape.Number(f.ID),
		Title:    verb.Title(f),
		HasLabel: view.HasLabel(f),
		Subject:  f.Subject,
		Marks:    view.ListMarks(f),
		Preview:  f.Preview,
		IsOurs:   f.LastMessage.From == bridge.FromAgent,
		Channel:  f.ChannelName,
		Waits:    !f.WaitingSince.IsZero(),
		Owners:   ownersOf(&f),
		Team:     f.Team,
	}
	for _, p := range state {
		r.State += shape.Or(p.Text, timeText(v, p.At))
	}
	if !saysWhen {
		r.At = timeText(v, f.LastMessage.At)
	}
	for i := range r.Marks {
		if p := &r.Marks[i]; p.Kind == view.PieceIcon {
			*p = shape.Text(emojiOf(p.Text))
		}
	}
	return r
}

// emojiOf returns the characters of an icon of view.ListMarks. Others are left out.
func emojiOf(shortcode string) string {
	return map[string]string{
		"label":                  "🏷️",
		"exclamation":            "❗",
		"rotating_light":         "🚨",
		"slightly_smiling_face":  "🙂",
		"slightly_frowning_face": "🙁",
		"triumph":                "😤",
	}[shortcode]
}

// ownersOf names who holds a conversation; "" if nobody does, which its state says.
func ownersOf(f *bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return ""
	}
	return shape.Assignees(f.Assignees)
}
