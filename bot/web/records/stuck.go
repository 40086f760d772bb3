package records

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

// The page "What stands still" shows what needs a person. Events that could not be applied stand in quarantine: an
// admin applies them again or drops them. Undecided messages are replies that the provider refused, or of which
// nobody knows whether they arrived: an admin has them sent again, or marks them as sent. The page also shows the
// state of backups.

// maxRows is how many rows a list on these pages has at most.
const maxRows = 100

// stuckDesk is what the pages about what stands still need.
type stuckDesk interface {
	// Quarantine lists the newest events that could not be applied. It leaves out the reason if the event's account
	// is closed to the viewer.
	Quarantine(ctx context.Context, viewer bridge.AgentID, limit int) ([]Quarantined, error)

	// Replay applies an event again, and says in words what became of it.
	Replay(ctx context.Context, by web.Person, event bridge.EventID) (string, error)

	// Drop takes an event out of quarantine for good. Errors: ErrNone.
	Drop(ctx context.Context, by web.Person, event bridge.EventID) error

	// Undecided lists messages that wait for a decision: first those of which nobody knows whether they arrived, then
	// those that were refused, the oldest first in both. If the viewer may not read a conversation, it leaves out
	// what was said.
	Undecided(ctx context.Context, viewer bridge.AgentID, limit int) ([]Undecided, error)

	// Decide does for an admin what a button in the thread would do, and says what became of it.
	// Errors: ErrNone if nothing is left to decide; *bridge.Problem for what the admin may not do.
	Decide(ctx context.Context, by web.Person, d Decision) (bridge.ActResult, error)

	// Blocked lists the blocked and silenced senders: at most limit, after the first skip ones. It leaves out the
	// names of those in accounts that are closed to the viewer.
	Blocked(ctx context.Context, viewer bridge.AgentID, limit, skip int) ([]Blocked, error)

	// Unblock lets a sender's mail in again. Errors: ErrNone; *bridge.Problem if the account is closed to the admin.
	Unblock(ctx context.Context, by web.Person, sender bridge.IdentityID) error

	// Backups returns the state of the backups that Parley makes by itself.
	Backups(ctx context.Context) (Backups, error)
}

// Quarantined is an event that could not be applied.
type Quarantined struct {
	Event   bridge.EventID
	Closed  bool // the viewer may not read of the account's customers, so Reason is left out
	Account string
	Reason  string
	At      time.Time
}

// Undecided is an agent's message of which nobody knows whether it arrived, or that was refused.
type Undecided struct {
	Conversation bridge.ConversationID
	Delivery     bridge.DeliveryID // 0 if it can be decided only in its thread
	Attempt      int               // the number of the last attempt to send it
	Refused      bool              // it surely did not arrive
	Closed       bool              // the viewer may not read the conversation, so Why and Delivery are left out
	Why          string
	Account      string
	By           string
	At           time.Time
}

// Decision is what an admin chose for a delivery.
type Decision struct {
	Verb     bridge.Verb // VerbSendAgain or VerbMarkSent
	Delivery bridge.DeliveryID
	Attempt  int // the last attempt that the page showed; after a later one, the admin must look again first
}

// Blocked is a sender whose automatic mail is ignored (blocked), or kept without a post in a chat (silenced).
type Blocked struct {
	ID       bridge.IdentityID
	Closed   bool // the viewer may not read of the account's customers, so Address and Name are left out
	Account  string
	Address  string
	Name     string
	Silenced bool // silenced; otherwise blocked
}

// Backups tells of the backups that Parley makes by itself.
type Backups struct {
	Ours    bool // Parley makes them; otherwise the server's operator does
	Folder  string
	Last    time.Time // when the last one was made; zero if there is none
	File    string
	Bytes   int64
	Tried   time.Time // when one was restored on trial
	Problem string    // why the last attempt failed; "" if it succeeded
}

func (p pages) stuckRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/stuck", For: web.Admins, Do: p.showStuck},
		{Pattern: "POST /settings/stuck/{delivery}/decide", For: web.Admins, Do: p.decideDelivery},
		{Pattern: "POST /settings/stuck/{event}/replay", For: web.Admins, Do: p.replayEvent},
		{Pattern: "POST /settings/stuck/{event}/drop", For: web.Admins, Do: p.dropEvent},
		{Pattern: "GET /settings/blocked", For: web.Admins, Do: p.showBlocked},
		{Pattern: "POST /settings/blocked/{sender}/unblock", For: web.Admins, Do: p.unblockSender},
	}
}

// shownStuck is what stuck.html shows.
type shownStuck struct {
	Undecided  []shownUndecided
	Quarantine []shownQuarantined
	Cut        bool // there are more than are shown
	Backups    shownBackups
}

type shownUndecided struct {
	Undecided

	When string
}

type shownQuarantined struct {
	Quarantined

	When string
}

type shownBackups struct {
	Backups

	LastWhen, TriedWhen string
	Size                string
	Old                 bool // there should be a newer one
}

// maxBackupAge is how old the newest backup may be. They are made each night.
const maxBackupAge = 26 * time.Hour

func (p pages) showStuck(v *web.Visit) error {
	undecided, err := p.desk.Undecided(v.Context(), v.Person.ID, maxRows)
	if err != nil {
		return err
	}

	quarantine, err := p.desk.Quarantine(v.Context(), v.Person.ID, maxRows)
	if err != nil {
		return err
	}

	backups, err := p.desk.Backups(v.Context())
	if err != nil {
		return err
	}

	zone := v.Now().Location()
	shown := shownStuck{
		Cut: len(undecided) == maxRows || len(quarantine) == maxRows,
		Backups: shownBackups{
			Backups:   backups,
			LastWhen:  timeText(backups.Last, zone),
			TriedWhen: timeText(backups.Tried, zone),
			Size:      fmt.Sprintf("%.1f MB", float64(backups.Bytes)/1e6),
			Old:       !backups.Last.IsZero() && v.Now().Sub(backups.Last) > maxBackupAge,
		},
	}
	for _, u := range undecided {
		shown.Undecided = append(shown.Undecided, shownUndecided{u, timeText(u.At, zone)})
	}

	for _, q := range quarantine {
		shown.Quarantine = append(shown.Quarantine, shownQuarantined{q, timeText(q.At, zone)})
	}

	return v.Show("stuck", web.Screen{Title: "What stands still", Data: shown,
		Help: "What a person has to look at: " +
			"messages of which nobody knows whether they arrived, or that were refused, events that could not be applied, and the backups."})
}

// decideDelivery sends a message again, or marks it as sent.
func (p pages) decideDelivery(v *web.Visit) error {
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

	said := "It is sent again. Its thread tells so."
	switch {
	case done.State == bridge.ActWaits:
		said = "That is taken, and will be done in a moment."
	case done.State == bridge.ActStuck:
		said = "That can't be done just now: it is among what could not be applied."
	case d.Verb == bridge.VerbMarkSent:
		said = "It is marked as sent. Its thread tells so."
	}

	return answerChange(v, err, "/settings/stuck", said)
}

// timeText writes a time; "" for the zero time.
func timeText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2006-01-02 15:04")
}

func (p pages) replayEvent(v *web.Visit) error {
	event, err := strconv.ParseInt(v.Request.PathValue("event"), 10, 64)
	if err != nil {
		return v.NotFound()
	}
	said, err := p.desk.Replay(v.Context(), v.Person, bridge.EventID(event))
	if err != nil {
		return err
	}
	return v.GoWithText("/settings/stuck", said)
}

func (p pages) dropEvent(v *web.Visit) error {
	event, err := strconv.ParseInt(v.Request.PathValue("event"), 10, 64)
	if err == nil {
		err = p.desk.Drop(v.Context(), v.Person, bridge.EventID(event))
	}
	return answerChange(v, err, "/settings/stuck", fmt.Sprintf("Event %d is dropped: it is never applied.", event))
}

// shownBlocked is what blocked.html shows.
type shownBlocked struct {
	Rows  []Blocked
	Newer string // the address of the page before; "" if this is the first
	Older string // the address of the next page; "" if there is none
}

// maxPage is the largest number of a page that is read. Nobody turns so many pages.
const maxPage = 10_000

func (p pages) showBlocked(v *web.Visit) error {
	const path = "/settings/blocked?page="
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // 0 means the first
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

	return v.Show("blocked", web.Screen{Title: "Blocked senders", Data: shown,
		Help: "Automatic mail of these senders is passed over, or kept without a post (silenced). Colleagues block or silence a sender in the " +
			"thread of the day's automatic mail."})
}

func (p pages) unblockSender(v *web.Visit) error {
	sender, err := strconv.ParseInt(v.Request.PathValue("sender"), 10, 64)
	if err == nil {
		err = p.desk.Unblock(v.Context(), v.Person, bridge.IdentityID(sender))
	}
	return answerChange(v, err, "/settings/blocked", "The sender's mail is let in again.")
}

// answerChange answers a change: it leads to a page that shows text, or says why there was no change.
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
