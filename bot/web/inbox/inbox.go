// Package inbox has the pages on which agents answer customers when Slack or Teams can't be reached: lists of
// conversations, the thread of each conversation, and forms to reply, to snooze and so on. When the chats are back,
// their threads tell what was done here.
//
// What does not belong here: what an agent may read and do, and what becomes of it (bridge/engine).
package inbox

import (
	"context"
	"embed"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// Desk is what these pages ask of the engine. Methods about a conversation return bridge.ErrNoConversation if there is none, and a
// *bridge.Problem, in words for people, for what the agent may not see or do.
type Desk interface {
	List(ctx context.Context, agent bridge.AgentID, q bridge.ListQuery) (bridge.Listing, error)
	Facts(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Facts, error)
	Spoken(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, before bridge.SpokenBefore) (bridge.SpokenPage, error)
	File(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, message bridge.MessageID, index int) (channels.File, error)
	People(ctx context.Context) (agents []bridge.AgentRef, teams []string, err error)

	// Act stores what an agent asks for, and returns a name, by which Result reports what became of it.
	Act(ctx context.Context, agent bridge.AgentID, a bridge.Act) (name string, err error)
	Result(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, name string) (bridge.ActResult, error)

	// Attaching reports whether files may be attached to a reply. StoreFile stores one for the act that will carry it.
	Attaching(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Attaching, error)
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// Stamp and ListStamp return digests of what is shown of a conversation, and of a page of a list. Another digest means
	// that something has changed.
	Stamp(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (string, error)
	ListStamp(l bridge.Listing) string

	// Stopping is closed when the process is about to end.
	Stopping() <-chan struct{}
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk    Desk
	lives   *liveStreams
	drawing chan struct{} // has one element for each picture that is being made smaller
}

// Area has the pages of the inbox.
func Area(desk Desk) web.Area {
	p := pages{desk: desk, lives: &liveStreams{byAgent: map[bridge.AgentID]int{}}, drawing: make(chan struct{}, maxDrawing)}
	return web.Area{Name: "inbox", Templates: templates, Routes: []web.Route{
		{Pattern: "GET /inbox", For: web.Agents, Do: p.list},
		{Pattern: "GET /inbox/live", For: web.Agents, Do: p.streamChanges, Streams: true},
		{Pattern: "GET /inbox/{id}", For: web.Agents, Do: p.showThread},
		{Pattern: "POST /inbox/{id}", For: web.Agents, Do: p.handleAct},
		{Pattern: "POST /inbox/{id}/reply", For: web.Agents, Do: p.reply, Reads: true},
		{Pattern: "GET /inbox/{id}/pictures/{message}/{index}", For: web.Agents, Do: p.sendPicture, Streams: true},
		{Pattern: "GET /inbox/{id}/files/{message}/{index}", For: web.Agents, Do: p.sendFile, Streams: true},
	}, Menu: []web.Link{{Path: "/inbox", Text: "Inbox", For: web.Agents, Rank: 5}}}
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

// listTabs returns the tabs; Path is the name of the list.
func listTabs() []tab {
	return []tab{
		{Path: "mine", Text: "Mine"},
		{Path: "unassigned", Text: "Unassigned"},
		{Path: "team", Text: "Team"},
		{Path: "all", Text: "All"},
		{Path: "snoozed", Text: "Snoozed"},
		{Path: "resolved", Text: "Resolved"},
	}
}

// queryOf reads which list an address asks for.
func queryOf(v *web.Visit) bridge.ListQuery {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // anything else means the first page
	q := bridge.ListQuery{List: v.Value("list"), Words: v.Value("words"), Page: max(page, 0)}
	for _, t := range listTabs() {
		if t.Path == q.List {
			return q
		}
	}
	q.List = listTabs()[0].Path
	return q
}

// listAddress returns the address that asks for a list; path is its beginning.
func listAddress(path string, q bridge.ListQuery) string {
	values := url.Values{"list": {q.List}}
	if q.Words != "" {
		values.Set("words", q.Words)
	}
	if q.Page > 0 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + values.Encode()
}

// list shows a page of a list, or of what was found by words. "#12" leads to the conversation with that number, and so does "12"
// if nothing is found by it.
func (p pages) list(v *web.Visit) error {
	q := queryOf(v)
	l, err := p.desk.List(v.Context(), v.Person.ID, q)
	isFound := err == nil && len(l.Rows) > 0
	if q.Words != "" && (!isFound || strings.HasPrefix(q.Words, "#")) {
		if path := p.findByNumber(v, q.Words); path != "" {
			return v.Go(path)
		}
	}

	problem, _ := errors.AsType[*bridge.Problem](err)
	isTooShort := problem != nil && problem.Code == bridge.TooShort
	if err != nil && !isTooShort {
		return refuse(v, err)
	}

	data := listPage{Words: q.Words}
	if isTooShort {
		data.Problem = problem.Text + " " + problem.Hint
	} else {
		data.Stamp = p.desk.ListStamp(l)
		data.Live = listAddress("/inbox/live", q)
	}
	for _, t := range listTabs() {
		if slices.Contains(l.Hidden, t.Path) {
			continue
		}
		isHere := q.Words == "" && t.Path == q.List
		data.Tabs = append(data.Tabs, tab{Path: listAddress("/inbox", bridge.ListQuery{List: t.Path}), Text: t.Text, Here: isHere})
	}

	for i := range l.Rows {
		list := q.List
		if q.Words != "" {
			list = "" // what was found is of all lists
		}
		data.Rows = append(data.Rows, rowOf(v, l.Rows[i], list))
	}

	if q.Page > 0 {
		newer := q
		newer.Page--
		data.Newer = listAddress("/inbox", newer)
	}
	if l.More {
		older := q
		older.Page++
		data.Older = listAddress("/inbox", older)
	}
	if isTooShort {
		return v.ShowAgain("list", web.Screen{Title: "Inbox", Data: data})
	}
	return v.Show("list", web.Screen{Title: "Inbox", Data: data})
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
func rowOf(v *web.Visit, f bridge.Facts, list string) row {
	state, saysWhen := view.ListState(f, list)
	r := row{
		Path:     "/inbox/" + strconv.FormatInt(int64(f.ID), 10),
		Number:   shape.Number(f.ID),
		Title:    verb.Title(f),
		HasLabel: view.HasLabel(f),
		Subject:  f.Subject,
		Marks:    view.ListMarks(f),
		Preview:  f.Preview,
		IsOurs:   f.LastMessage.From == "agent",
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

// stateWords says in which state a conversation is, and until when it is snoozed.
func stateWords(v *web.Visit, f bridge.Facts) string {
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		return "Snoozed until " + timeText(v, f.SnoozedUntil)
	}
	return shape.StatusWords(f)
}

// timeText writes a time for the person who is signed in, without the day if that is today.
func timeText(v *web.Visit, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	now := v.Now()
	at = at.In(now.Location())
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	if at.Year() == now.Year() {
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// refuse answers that something can't be seen or done.
func refuse(v *web.Visit, err error) error {
	var problem *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) {
		return v.Refuse(http.StatusNotFound, "There is no such conversation.", "Look for it in the lists.")
	}
	if errors.Is(err, channels.ErrOverloaded) {
		v.Writer.Header().Set("Retry-After", "5")
		const text = "Parley has too much to do just now: nothing was taken."
		return v.Refuse(http.StatusServiceUnavailable, text, "Go back and send it again in a moment.")
	}
	if errors.As(err, &problem) {
		return v.Refuse(http.StatusForbidden, problem.Text, problem.Hint)
	}
	return err
}

// pathNumber reads a number in the path of the address; 0 if it is none.
func pathNumber(v *web.Visit, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v.Request.PathValue(name)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
