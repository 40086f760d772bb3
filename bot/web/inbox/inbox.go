// Package inbox serves the pages on which agents answer customers while Slack or Teams is down: lists of conversations,
// the thread of each conversation, and forms to reply, to snooze and so on. When the chat is back, its thread shows what
// was done here.
//
// The engine (bridge/engine) decides what an agent may read and do, and does it. This package only presents it.
package inbox

import (
	"context"
	"embed"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// Desk is the part of the engine that these pages use. Methods with a conversation return bridge.ErrNoConversation if
// it doesn't exist, and a *bridge.Problem with text for the agent if the agent may not see or do something.
type Desk interface {
	List(ctx context.Context, agent bridge.AgentID, q bridge.ListQuery) (bridge.Listing, error)
	ListChoices(ctx context.Context, agent bridge.AgentID) (bridge.ListChoices, error)
	Facts(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Facts, error)
	ReadSpoken(
		ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, before bridge.SpokenBefore,
	) (bridge.SpokenPage, error)
	File(
		ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, message bridge.MessageID, index int,
	) (channels.File, error)
	Canned(ctx context.Context, agent bridge.AgentID, f bridge.Facts) ([]bridge.Canned, error)
	Assignable(
		ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID,
	) (agents []bridge.AgentRef, teams []string, err error)

	// Act stores an action of an agent, which is performed later. Result reports its outcome by the returned name; conversation is 0
	// for bridge.VerbSeveral.
	Act(ctx context.Context, agent bridge.AgentID, a bridge.Act) (name string, err error)
	Result(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, name string) (bridge.ActResult, error)

	// Attaching reports whether files may be attached to a reply. StoreFile stores one of them for a later Act.
	Attaching(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (bridge.Attaching, error)
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// Stamp and ListStamp return a digest of what a page shows: a conversation, or a page of a list. If the digest
	// changes, the page has changed.
	Stamp(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID) (string, error)
	ListStamp(l bridge.Listing) string

	// Down returns the chats and accounts that don't work now.
	Down(ctx context.Context, agent bridge.AgentID) ([]bridge.Down, error)

	// Stopping is closed when the process is about to end.
	Stopping() <-chan struct{}
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk    Desk
	streams *liveStreams
	drawing chan struct{} // a semaphore: one element for each thumbnail that is being made
}

// Area returns the area of the inbox.
func Area(desk Desk) web.Area {
	p := pages{
		desk:    desk,
		streams: &liveStreams{byAgent: map[bridge.AgentID]int{}},
		drawing: make(chan struct{}, maxDrawing),
	}
	return web.Area{
		Name:      "inbox",
		Templates: templates,
		Routes: []web.Route{
			{Pattern: "GET /inbox", For: web.Agents, Do: p.list},
			{Pattern: "POST /inbox", For: web.Agents, Do: p.doSeveral},
			{Pattern: "GET /inbox/live", For: web.Agents, Do: p.streamChanges, Streams: true},
			{Pattern: "GET /inbox/{id}", For: web.Agents, Do: p.showThread},
			{Pattern: "POST /inbox/{id}", For: web.Agents, Do: p.handleAct},
			{Pattern: "POST /inbox/{id}/reply", For: web.Agents, Do: p.reply, Reads: true},
			{Pattern: "GET /inbox/{id}/pictures/{message}/{index}", For: web.Agents, Do: p.sendPicture, Streams: true},
			{Pattern: "GET /inbox/{id}/files/{message}/{index}", For: web.Agents, Do: p.sendFile, Streams: true},
		},
	}
}

// stateWords returns the state of a conversation as text: "Snoozed until 3 Nov 09:00".
func stateWords(v *web.Visit, f bridge.Facts) string {
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		return "Snoozed until " + timeText(v, f.SnoozedUntil)
	}
	return shape.StatusWords(f)
}

// timeText formats a time in the person's time zone, without the date if it is today: "15:04" or "2 Jan 15:04". It
// returns "" for the zero time.
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

// refuse responds to an error of Desk with a page that explains it. It returns unexpected errors unchanged.
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

// pathNumber returns a number from the URL's path, or 0 if it isn't one.
func pathNumber(v *web.Visit, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v.Request.PathValue(name)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
