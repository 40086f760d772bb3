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

// The page with a list of conversations, such as "mine" or "unassigned", or with the results of a search. The URL says
// which: /inbox?list=mine&page=2, or /inbox?words=refund.

// list shows a page of a list, or of search results. A search for "#12" leads to the conversation with that number. So
// does a search for "12" without results.
func (p pages) list(v *web.Visit) error { return p.showList(v, "") }

// showList shows the list. wrong says what is wrong with the form for several conversations that was sent; "" means nothing.
func (p pages) showList(v *web.Visit, wrong string) error {
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
	if problem != nil && (q.Words != "" || q.ListView != (bridge.ListView{})) {
		page := listPage{Words: q.Words, Tabs: tabsOf(q, l), Problem: problem.Text + " " + problem.Hint}
		if _, err := p.addFilter(v, &page, q); err != nil {
			return err
		}
		page.addNeighbours(q, l)
		return v.ShowAgain("list", web.Screen{Title: "Inbox", Data: page})
	}
	if err != nil {
		return refuse(v, err)
	}

	stamp, down, err := p.withDown(v.Context(), v.Person.ID, p.desk.ListStamp(l))
	if err != nil {
		return refuse(v, err)
	}
	page := listPage{
		Words: q.Words,
		Tabs:  tabsOf(q, l),
		Live:  listAddress("/inbox/live", q),
		Stamp: stamp,
		Down:  downSentences(v, down),
	}
	page.Wrong = wrong
	choices, err := p.addFilter(v, &page, l.ListQuery)
	if err != nil {
		return err
	}
	if err := p.addSeveral(v, &page, l, choices); err != nil {
		return refuse(v, err)
	}
	list := q.List
	if q.Words != "" {
		list = "" // a search finds conversations of all lists
	}
	for i := range l.Rows {
		r := rowOf(v, l.Rows[i], list)
		r.Chosen = wrong != "" && slices.Contains(v.Request.PostForm["of"], strconv.FormatInt(int64(r.ID), 10))
		page.Rows = append(page.Rows, r)
	}
	page.addNeighbours(q, l)
	if wrong != "" {
		return v.ShowAgain("list", web.Screen{Title: "Inbox", Data: page})
	}
	return v.Show("list", web.Screen{Title: "Inbox", Data: page})
}

// addFilter adds the form of the filter of a list, and returns the values by which lists are filtered.
func (p pages) addFilter(v *web.Visit, page *listPage, q bridge.ListQuery) (bridge.ListChoices, error) {
	choices, err := p.desk.ListChoices(v.Context(), v.Person.ID)
	if err != nil || q.Words != "" {
		return choices, err
	}
	page.List = q.List
	page.Filter = q.ListView.Words()
	page.Fields = verb.ListFields(choices, q.ListView)
	page.Unfiltered = listAddress("/inbox", bridge.ListQuery{List: q.List})
	return choices, nil
}

// tabsOf returns the tabs of the lists that the agent may see.
func tabsOf(q bridge.ListQuery, l bridge.Listing) []tab {
	var tabs []tab
	for _, t := range listTabs() {
		if slices.Contains(l.Hidden, t.List) {
			continue
		}
		tabs = append(tabs, tab{
			Path: listAddress("/inbox", bridge.ListQuery{List: t.List}),
			Text: t.Text + countOf(l, t.List) + view.UnreadMark(l, t.List),
			Here: q.Words == "" && t.List == q.List,
		})
	}
	return tabs
}

// countOf returns the number of a list's conversations after a space, or "" if it isn't known.
func countOf(l bridge.Listing, list bridge.ListName) string {
	n, ok := l.Counts[list]
	if !ok {
		return ""
	}
	return " " + view.Count(n)
}

// addNeighbours adds the URLs of the previous and the next page.
func (p *listPage) addNeighbours(q bridge.ListQuery, l bridge.Listing) {
	newer, older := q, q
	newer.Page, newer.After = max(q.Page-1, 0), ""
	if q.Words != "" {
		older.Page++
	}
	older.After = l.Next
	if q.Page > 0 || q.After != "" {
		p.Newer = listAddress("/inbox", newer)
	}
	if l.More {
		p.Older = listAddress("/inbox", older)
	}
}

// listPage is the template data of list.html.
type listPage struct {
	Tabs  []tab
	Words string // the search; "" means the list of the current tab
	Rows  []row
	Live  string // the URL of the stream that reports changes (see streamChanges); "" if no list is shown
	Stamp string // see Desk.ListStamp
	Down  []string
	Newer string // the URL of the previous page of what was found, or of the first page of a list; "" if this is the first
	Older string // the URL of the next page; "" if this is the last

	List       bridge.ListName
	Filter     string // in words
	Fields     []shape.Field
	Unfiltered string // the URL of the list without a filter

	Problem string // why no list is shown, as text for the page; "" if one is shown

	severalForm
}

// tab is a link to a list.
type tab struct {
	Path, Text string
	Here       bool // its list is shown now
}

// row is a conversation in a list.
type row struct {
	ID       bridge.ConversationID
	Path     string
	Number   string
	Chosen   bool   // for what is to be done with several
	Title    string // the title from an agent, or else the customer's name
	Unread   bool   // no agent has dealt with what the customer wrote last
	HasLabel bool
	Subject  string
	Marks    []view.Piece // see view.ListMarks; icons are text
	Preview  string
	IsOurs   bool // an agent spoke last
	Channel  string
	State    string
	Waits    bool // the customer waits for an answer
	Owners   string
	Team     string
	At       string // the time of the last message; "" if State has a more important time
}

// listTab is a list that has a tab.
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
		{List: bridge.ListWaiting, Text: "Waiting"},
		{List: bridge.ListSnoozed, Text: "Snoozed"},
		{List: bridge.ListResolved, Text: "Resolved"},
		{List: bridge.ListClosed, Text: "Closed"},
		{List: bridge.ListArchived, Text: "Archived"},
		{List: bridge.ListBlocked, Text: "Blocked"},
	}
}

// queryOf parses the list or search in the query of a URL. An unknown list means the first tab.
func queryOf(v *web.Visit) bridge.ListQuery {
	// A form has fields of these names.
	value := func(name string) string { return strings.TrimSpace(v.Request.URL.Query().Get(name)) }
	page, _ := strconv.Atoi(value("page")) //nolint:errcheck // an invalid number means the first page
	q := bridge.ListQuery{
		List: bridge.ListName(value("list")), Words: value("words"), Page: max(page, 0), After: value("after"), Counts: true,
	}
	q.ListView = verb.ReadListFields(value)
	for _, t := range listTabs() {
		if t.List == q.List {
			return q
		}
	}
	q.List = listTabs()[0].List
	return q
}

// listAddress returns the URL of a list or search, which queryOf parses. path is the URL without the query.
func listAddress(path string, q bridge.ListQuery) string {
	values := url.Values{"list": {string(q.List)}}
	if q.Words != "" {
		values.Set("words", q.Words)
	}
	if q.Page > 0 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	for _, key := range bridge.ListKeys() {
		if value := q.ListView.Value(key); value != "" {
			values.Set(key, value)
		}
	}
	if q.After != "" {
		values.Set("after", q.After)
	}
	return path + "?" + values.Encode()
}

// findByNumber returns the URL of the conversation with the number "12" or "#12". It returns "" if words isn't a number
// or the agent may not read the conversation.
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

// rowOf returns the row of a conversation. list is the list that contains it, or "" for search results.
func rowOf(v *web.Visit, f bridge.Facts, list bridge.ListName) row {
	state, hasTime := view.ListState(f, list)
	r := row{
		ID:       f.ID,
		Path:     "/inbox/" + strconv.FormatInt(int64(f.ID), 10),
		Number:   shape.Number(f.ID),
		Title:    verb.Title(f),
		Unread:   f.Unread,
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
	if !hasTime {
		r.At = timeText(v, f.LastMessage.At)
	}
	for i := range r.Marks {
		if p := &r.Marks[i]; p.Kind == view.PieceIcon {
			*p = shape.Text(emojiOf(p.Text))
		}
	}
	return r
}

// emojiOf returns the emoji with a name from view.ListMarks, or "" for other names.
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

// ownersOf returns the names of a conversation's owners. Without an owner it returns "", since the state says so.
func ownersOf(f *bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return ""
	}
	return shape.Assignees(f.Assignees)
}
