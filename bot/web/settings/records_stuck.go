package settings

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// The page "Errors" lists what needs a decision of an admin:
//
//	quarantine  events, such as incoming mails, that could not be applied: apply them again, or drop them
//	undecided   replies that the provider refused, or that may or may not have arrived: send them again, or mark them as sent
//
// The page "Blocked and silenced" lists blocked customers and silenced senders.

// maxRows is the maximum number of rows of a list.
const maxRows = 100

// stuckDesk is the backend of these pages.
type stuckDesk interface {
	// Quarantine returns the newest events that could not be applied. It omits the reasons of events in accounts that
	// the viewer has no access to.
	Quarantine(ctx context.Context, viewer bridge.AgentID, limit int) ([]Quarantined, error)

	// Replay applies an event again and returns the result as text.
	Replay(ctx context.Context, by web.Person, event bridge.EventID) (string, error)

	// Drop removes an event from quarantine permanently. It returns ErrNone if it isn't there.
	Drop(ctx context.Context, by web.Person, event bridge.EventID) error

	// Undecided returns messages that need a decision: first those that may or may not have arrived, then the refused
	// ones, each the oldest first. It omits the contents of conversations that the viewer may not read.
	Undecided(ctx context.Context, viewer bridge.AgentID, limit int) ([]Undecided, error)

	// Decide sends a message again or marks it as sent, like the buttons in its thread, and returns the result. It
	// returns ErrNone if there is nothing to decide any more, and *bridge.Problem if the admin may not do it.
	Decide(ctx context.Context, by web.Person, d Decision) (bridge.ActResult, error)

	// Blocked returns up to limit blocked and silenced senders, after skipping the first ones. It omits the names of
	// senders in accounts that the viewer has no access to.
	Blocked(ctx context.Context, viewer bridge.AgentID, limit, skip int) ([]Blocked, error)

	// Unblock accepts a sender's mail again. It returns ErrNone if the sender isn't blocked, and *bridge.Problem if the
	// admin has no access to the account.
	Unblock(ctx context.Context, by web.Person, sender bridge.IdentityID) error
}

// Quarantined is an event that could not be applied.
type Quarantined struct {
	Event   bridge.EventID
	Closed  bool // the viewer has no access to the account, so Reason is empty
	Account string
	Reason  string
	At      time.Time
}

// Undecided is an agent's message that the provider refused, or that may or may not have arrived.
type Undecided struct {
	Conversation bridge.ConversationID
	Delivery     bridge.DeliveryID // 0 if it can only be decided in its thread
	Attempt      int               // the number of the last attempt to send it
	Refused      bool              // refused: it did not arrive
	Closed       bool              // the viewer may not read the conversation, so Why and Delivery are empty
	Why          string
	Account      string
	By           string
	At           time.Time
}

// Decision is an admin's decision about an undecided message.
type Decision struct {
	Verb     bridge.Verb // VerbSendAgain or VerbMarkSent
	Delivery bridge.DeliveryID
	Attempt  int // the attempt that the page showed: after a later attempt, the decision is refused
}

// Blocked is an address of a blocked customer, or a sender whose automatic mail is kept without a post in a chat (silenced).
type Blocked struct {
	ID       bridge.IdentityID
	Closed   bool // the viewer has no access to the account, so Address and Name are empty
	Account  string
	Address  string
	Name     string
	Silenced bool // silenced; otherwise blocked
}

func (p recordsPages) stuckRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/stuck", For: web.Admins, Do: p.showStuck},
		{Pattern: "POST /settings/stuck/{delivery}/decide", For: web.Admins, Do: p.decideDelivery},
		{Pattern: "POST /settings/stuck/{event}/replay", For: web.Admins, Do: p.replayEvent},
		{Pattern: "POST /settings/stuck/{event}/drop", For: web.Admins, Do: p.dropEvent},
		{Pattern: "GET /settings/blocked", For: web.Unblockers, Do: p.showBlocked},
		{Pattern: "POST /settings/blocked/{sender}/unblock", For: web.Unblockers, Do: p.unblockSender},
	}
}

// shownStuck is the template data of stuck.html.
type shownStuck struct {
	Undecided  []shownUndecided
	Quarantine []shownQuarantined
	Cut        bool // there are more than are shown
}

type shownUndecided struct {
	Undecided

	When string
}

type shownQuarantined struct {
	Quarantined

	When string
}

func (p recordsPages) showStuck(v *web.Visit) error {
	undecided, err := p.desk.Undecided(v.Context(), v.Person.ID, maxRows)
	if err != nil {
		return err
	}

	quarantine, err := p.desk.Quarantine(v.Context(), v.Person.ID, maxRows)
	if err != nil {
		return err
	}

	zone := v.Now().Location()
	shown := shownStuck{
		Cut: len(undecided) == maxRows || len(quarantine) == maxRows,
	}
	for _, u := range undecided {
		shown.Undecided = append(shown.Undecided, shownUndecided{u, timeText(u.At, zone)})
	}

	for _, q := range quarantine {
		shown.Quarantine = append(shown.Quarantine, shownQuarantined{q, timeText(q.At, zone)})
	}

	return v.Show("stuck", web.Screen{
		Title: "Errors",
		Help: "What a person has to look at: messages of which nobody knows whether they arrived, or that were refused, " +
			"and events that could not be applied.",
		Data: shown,
	})
}

// decideDelivery sends a message again, or marks it as sent.
func (p recordsPages) decideDelivery(v *web.Visit) error {
	delivery, err := strconv.ParseInt(v.Request.PathValue("delivery"), 10, 64)
	if err != nil {
		return v.NotFound()
	}

	attempt, err := strconv.Atoi(v.Value("attempt"))
	if err != nil {
		return v.NotFound()
	}

	d := Decision{Verb: bridge.Verb(v.Value("verb")), Delivery: bridge.DeliveryID(delivery), Attempt: attempt}
	if d.Verb != bridge.VerbSendAgain && d.Verb != bridge.VerbMarkSent {
		return v.NotFound()
	}

	done, err := p.desk.Decide(v.Context(), v.Person, d)
	if errors.Is(err, channels.ErrOverloaded) {
		v.Writer.Header().Set("Retry-After", "5")
		return v.Refuse(http.StatusServiceUnavailable, "Parley has too much to do just now: nothing was done.", "Try again in a moment.")
	}
	if err == nil && done.State == bridge.ActRefused {
		return v.Refuse(http.StatusConflict, "That was not done.", done.Why)
	}

	text := "It is sent again. Its thread tells so."
	switch {
	case done.State == bridge.ActWaits:
		text = "That is taken, and will be done in a moment."
	case done.State == bridge.ActStuck:
		text = "That can't be done just now: it is among what could not be applied."
	case d.Verb == bridge.VerbMarkSent:
		text = "It is marked as sent. Its thread tells so."
	}

	return answerChange(v, err, "/settings/stuck", text)
}

// timeText formats a time; "" for the zero time.
func timeText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2006-01-02 15:04")
}

// replayEvent applies an event in quarantine again.
func (p recordsPages) replayEvent(v *web.Visit) error {
	event, err := strconv.ParseInt(v.Request.PathValue("event"), 10, 64)
	if err != nil {
		return v.NotFound()
	}
	text, err := p.desk.Replay(v.Context(), v.Person, bridge.EventID(event))
	if err != nil {
		return err
	}
	return v.GoWithText("/settings/stuck", text)
}

// dropEvent removes an event from quarantine.
func (p recordsPages) dropEvent(v *web.Visit) error {
	event, err := strconv.ParseInt(v.Request.PathValue("event"), 10, 64)
	if err == nil {
		err = p.desk.Drop(v.Context(), v.Person, bridge.EventID(event))
	}
	return answerChange(v, err, "/settings/stuck", fmt.Sprintf("Event %d is dropped: it is never applied.", event))
}

// shownBlocked is the template data of blocked.html.
type shownBlocked struct {
	Rows  []Blocked
	Newer string // the URL of the previous page; "" if this is the first
	Older string // the URL of the next page; "" if this is the last
}

// maxPage is the maximum page number, which keeps the offset of the database query in bounds.
const maxPage = 10_000

// showBlocked shows a page of the blocked and silenced senders. It reads one row more than it shows, to see whether there
// is another page.
func (p recordsPages) showBlocked(v *web.Visit) error {
	const path = "/settings/blocked?page="
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // an invalid number means the first page, 0
	page = min(max(page, 0), maxPage)
	list, err := p.desk.Blocked(v.Context(), v.Person.ID, maxRows+1, page*maxRows)
	if err != nil {
		return err
	}

	shown := shownBlocked{Rows: list[:min(len(list), maxRows)]}
	if page > 0 {
		shown.Newer = path + strconv.Itoa(page-1)
	}
	if len(list) > maxRows {
		shown.Older = path + strconv.Itoa(page+1)
	}

	return v.Show("blocked", web.Screen{Title: "Blocked and silenced", Data: shown,
		Help: "What blocked customers write is stored and shown in no thread: the list *Blocked* of the inbox has it. " +
			"Of silenced senders, only automatic mail is kept without a post."})
}

// unblockSender accepts a sender's mail again.
func (p recordsPages) unblockSender(v *web.Visit) error {
	sender, err := strconv.ParseInt(v.Request.PathValue("sender"), 10, 64)
	if err == nil {
		err = p.desk.Unblock(v.Context(), v.Person, bridge.IdentityID(sender))
	}
	return answerChange(v, err, "/settings/blocked", "The sender's mail is let in again.")
}

// answerChange responds to the result of a change. It redirects to path, which shows text, or explains the error.
func answerChange(v *web.Visit, err error, path, text string) error {
	if errors.Is(err, ErrNone) || errors.Is(err, strconv.ErrSyntax) || errors.Is(err, strconv.ErrRange) {
		return v.Refuse(http.StatusNotFound, "It isn't there any more.", "Somebody else may have done this already. Reload the page.")
	}
	if refused, ok := errors.AsType[*bridge.Problem](err); ok {
		return v.Refuse(http.StatusForbidden, refused.Text, refused.Hint)
	}
	if err != nil {
		return err
	}
	return v.GoWithText(path, text)
}
