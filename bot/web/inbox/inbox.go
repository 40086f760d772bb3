// Package inbox has the pages on which agents answer customers when no chat can be reached: lists, threads, and what
// can be done in them. What is done here is told in the chats' threads when they are back.
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
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// Desk is what these pages ask of the engine. Errors of all, where they are about a conversation:
// bridge.ErrNoConversation; *bridge.Problem, for people, for what the agent may not see or do.
type Desk interface {
	List(ctx context.Context, agent bridge.AgentID, q bridge.ListQuery) (bridge.Listing, error)
	Facts(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Facts, error)
	Spoken(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, before bridge.SpokenBefore) (bridge.SpokenPage, error)
	File(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, message bridge.MessageID, index int) (channels.File, error)
	People(ctx context.Context) (agents []bridge.AgentRef, teams []string, err error)

	// Act stores what an agent asks for and gives it a name, by which Result tells what became of it.
	Act(ctx context.Context, agent bridge.AgentID, a bridge.Act) (name string, err error)
	Result(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, name string) (bridge.ActResult, error)

	// Attaching reports whether files may be attached to a reply, and StoreFile keeps one for the act that will carry it.
	Attaching(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Attaching, error)
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// Stamp and ListStamp give digests of what is shown, of a conversation and of a page of a list: another one means that
	// something has changed.
	Stamp(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (string, error)
	ListStamp(l bridge.Listing) string

	// Stopping is closed when the process is about to end.
	Stopping() <-chan struct{}
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk    Desk
	lives   *lives
	drawing chan struct{} // holds one for each picture that is made smaller now
}

// Area has the pages of the inbox.
func Area(desk Desk) web.Area {
	p := pages{desk, newLives(), make(chan struct{}, drawnTogether)}
	return web.Area{Name: "inbox", Templates: templates, Routes: []web.Route{
		{Pattern: "GET /inbox", For: web.Agents, Do: p.list},
		{Pattern: "GET /inbox/live", For: web.Agents, Do: p.live, Streams: true},
		{Pattern: "GET /inbox/{id}", For: web.Agents, Do: p.thread},
		{Pattern: "POST /inbox/{id}", For: web.Agents, Do: p.act},
		{Pattern: "POST /inbox/{id}/reply", For: web.Agents, Do: p.reply, Reads: true},
		{Pattern: "GET /inbox/{id}/pictures/{message}/{index}", For: web.Agents, Do: p.picture, Streams: true},
		{Pattern: "GET /inbox/{id}/files/{message}/{index}", For: web.Agents, Do: p.file, Streams: true},
	}, Menu: []web.Link{{Path: "/inbox", Text: "Inbox", For: web.Agents, Rank: 5}}}
}

// listPage is what the list shows.
type listPage struct {
	Tabs  []tab
	Words string
	Rows  []row
	Live  string // the address of its changes
	Stamp string
	Newer string // the address of the page before; "" = this is the first
	Older string
}

// tab leads to a list.
type tab struct {
	Path, Text string
	Here       bool
}

// row is a conversation in a list.
type row struct {
	Path     string
	Number   string
	Customer string
	Subject  string
	Preview  string
	Channel  string
	Status   string
	Waits    bool
	Owners   string
	Team     string
	At       string
}

// lists are the tabs.
func lists() []tab {
	return []tab{{Path: "mine", Text: "Mine"}, {Path: "unassigned", Text: "Unassigned"}, {Path: "team", Text: "Team"}, {Path: "all", Text: "All"},
		{Path: "snoozed", Text: "Snoozed"}, {Path: "resolved", Text: "Resolved"}}
}

// queryOf reads which list an address asks for.
func queryOf(v *web.Visit) bridge.ListQuery {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // 0 = the first
	q := bridge.ListQuery{List: v.Value("list"), Words: v.Value("words"), Page: max(page, 0)}
	for _, t := range lists() {
		if t.Path == q.List {
			return q
		}
	}
	q.List = lists()[0].Path
	return q
}

// address returns the query of an address that asks for a list.
func address(path string, q bridge.ListQuery) string {
	values := url.Values{"list": {q.List}}
	if q.Words != "" {
		values.Set("words", q.Words)
	}
	if q.Page > 0 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + values.Encode()
}

// list shows a page of a list, or of what was found.
func (p pages) list(v *web.Visit) error {
	q := queryOf(v)
	l, err := p.desk.List(v.Context(), v.Person.ID, q)
	if err != nil {
		return refuse(v, err)
	}
	data := listPage{Words: q.Words, Stamp: p.desk.ListStamp(l), Live: address("/inbox/live", q)}
	for _, t := range lists() {
		hidden := false
		for _, name := range l.Hidden {
			hidden = hidden || name == t.Path
		}
		if !hidden {
			data.Tabs = append(data.Tabs, tab{address("/inbox", bridge.ListQuery{List: t.Path}), t.Text, q.Words == "" && t.Path == q.List})
		}
	}
	for i := range l.Rows {
		data.Rows = append(data.Rows, rowOf(v, &l.Rows[i]))
	}
	if q.Page > 0 {
		newer := q
		newer.Page--
		data.Newer = address("/inbox", newer)
	}
	if l.More {
		older := q
		older.Page++
		data.Older = address("/inbox", older)
	}
	return v.Show("list", web.Screen{Title: "Inbox", Data: data})
}

func rowOf(v *web.Visit, f *bridge.Facts) row {
	return row{Path: "/inbox/" + strconv.FormatInt(int64(f.ID), 10), Number: shape.Number(f.ID), Customer: shape.PartyName(f.Contact), Subject: f.Subject,
		Preview: f.Preview, Channel: f.ChannelName, Status: shape.StatusWords(*f), Waits: !f.WaitingSince.IsZero(), Owners: ownersOf(f),
		Team: f.Team, At: clock(v, f.LastMessage.At)}
}

// ownersOf names who holds a conversation; "" = nobody, as its state says.
func ownersOf(f *bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return ""
	}
	return shape.Assignees(f.Assignees)
}

// clock returns a time as whoever is signed in reads it: of another day with the day.
func clock(v *web.Visit, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	now := v.Now()
	at = at.In(now.Location())
	switch {
	case at.YearDay() == now.YearDay() && at.Year() == now.Year():
		return at.Format("15:04")
	case at.Year() == now.Year():
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// refuse answers that something can't be seen or done.
func refuse(v *web.Visit, err error) error {
	var problem *bridge.Problem
	switch {
	case errors.Is(err, bridge.ErrNoConversation):
		return v.Refuse(http.StatusNotFound, "There is no such conversation.", "Look for it in the lists.")
	case errors.Is(err, channels.ErrOverloaded):
		v.Writer.Header().Set("Retry-After", "5")
		return v.Refuse(http.StatusServiceUnavailable, "Parley has too much to do just now: nothing was taken.", "Go back and send it again in a moment.")
	case errors.As(err, &problem):
		return v.Refuse(http.StatusForbidden, problem.Text, problem.Hint)
	}
	return err
}

// number reads a number of the address; 0 = it is none.
func number(v *web.Visit, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v.Request.PathValue(name)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
