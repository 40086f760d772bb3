package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// ownFact is what Parley tells itself: results and timers, applied in order like
// everything else that changes a conversation.
type ownFact struct {
	Kind         string    `json:"kind"`
	Conversation int64     `json:"conversation"`
	Message      int64     `json:"message,omitempty"`
	Delivery     int64     `json:"delivery,omitempty"`
	Attempt      int       `json:"attempt,omitempty"` // which attempt at the delivery it is the result of; 0 = nobody knows
	Class        string    `json:"class,omitempty"`
	Text         string    `json:"text,omitempty"`
	Hint         string    `json:"hint,omitempty"`
	External     string    `json:"external,omitempty"`
	Root         string    `json:"root,omitempty"`
	Surface      int64     `json:"surface,omitempty"`
	Account      int64     `json:"account,omitempty"`
	Post         string    `json:"post,omitempty"` // the kind of post that failed
	Due          time.Time `json:"due,omitzero"`   // a timer's time
	Parts        int       `json:"parts,omitempty"`
	Cost         string    `json:"cost,omitempty"`
	Followed     bool      `json:"followed,omitempty"` // a later line left with it as one message
	File         int       `json:"file,omitempty"`     // which of the message's files was fetched
	Blob         string    `json:"blob,omitempty"`     // where it is; "" = it never came: Text
	Name         string    `json:"name,omitempty"`     // what it turned out to be called, of which type and how large
	ContentType  string    `json:"type,omitempty"`
	SizeBytes    int64     `json:"size,omitempty"`

	Template int64                   `json:"template,omitempty"`
	Version  int                     `json:"version,omitempty"` // of the template that State is about
	State    *channels.TemplateState `json:"state,omitempty"`
}

// Kinds of own facts besides those of relay.ReportKind.
const (
	ownSnooze     = "snooze"
	ownThreadLost = "thread_lost"
	ownDigest     = "digest"
	ownWindow     = "window"
	ownEvening    = "evening" // with a team and a day: eveningKind
	ownAccount    = "account"
	ownPostFailed = "post_failed"
	ownTemplate   = "template" // what a provider says of a template
	ownFetched    = "fetched"
)

func decodeOwn(payload []byte) (*ownFact, error) {
	var f ownFact
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, fmt.Errorf("engine: own fact: %w", err)
	}
	for _, s := range []*string{&f.Text, &f.Hint, &f.External, &f.Cost, &f.Name, &f.ContentType} { // as a provider or a mail server said it
		*s = clean(*s)
	}
	if s := f.State; s != nil {
		cleanState(s)
	}
	return &f, nil
}

// event makes the journal's row of an own fact; name is unique for the fact.
func (f ownFact) event(name string) store.NewEvent {
	body, err := json.Marshal(f)
	if err != nil {
		panic("engine: own fact: " + err.Error()) // our own plain struct
	}
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(f.Conversation), Payload: body}
}

// Timer implements relay.Handler.
func (e *Engine) Timer(t store.Timer) store.NewEvent {
	f := ownFact{Kind: t.Kind, Conversation: t.ConversationID, Due: t.DueAt}
	if _, ok := eveningTeam(t.Kind); ok {
		return f.event("timer:" + t.Kind) // once a day, whenever it is
	}
	event := f.event(fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro()))
	if t.Kind == ownReplying { // nothing else waits for a process that knows it
		event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("replying:%d", t.ConversationID))
	}
	return event
}

// Facts implements relay.Handler: what a delivery's result means for its
// conversation is journalled; what it means for the surface is written with it.
func (e *Engine) Facts(c store.Claimed, r relay.Report) []store.NewEvent {
	f := ownFact{Kind: string(r.Kind), Conversation: c.ConversationID, Message: c.MessageID, Delivery: c.ID, Attempt: c.Attempt,
		Class: string(r.Class), Text: r.Text, Hint: r.Hint, External: r.Sent.ExternalID}
	if c.Kind == outbound.KindReply && r.Kind == relay.ReportLanded && r.Sent.State == store.Cancelled {
		return nil // taken back before it left, which people were told then
	}
	if c.Kind != outbound.KindReply {
		if r.Kind != relay.ReportFailed || bridge.PostKind(c.Kind) == bridge.PostEphemeral {
			return nil // the thread itself shows what was posted
		}
		f.Kind, f.Post, f.Account = ownPostFailed, c.Kind, c.AccountID
	} else if f.Followed = followed(c, r); c.Joined == 0 { // a message of several lines is counted once
		f.Parts, f.Cost = r.Sent.Parts, r.Sent.Cost
	}
	told := f.event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, r.Kind, c.Attempt))
	told.Share = c.AccountID
	return []store.NewEvent{told}
}

// followed says that a delivery left in one message with a later line.
func followed(c store.Claimed, r relay.Report) bool {
	for i := len(c.With) - 1; i >= 0; i-- {
		if i < len(r.Sent.With) && r.Sent.With[i].State == store.Cancelled {
			continue // taken back before it left
		}
		return c.With[i].ID != c.ID
	}
	return false
}

// postFailed shows people what could not be posted: a message that nobody sees
// would be lost.
func (w *work) postFailed(c *conv, f ownFact) {
	w.log.byParley(c, store.DeedNotPosted, detail{Message: f.Message, Text: f.Post, Reason: f.Text})
	if d := w.outbox.deliveries[f.Delivery]; d != nil && d.payload().Changes != 0 {
		return // the line that it was to change stands
	}
	switch bridge.PostKind(f.Post) {
	case bridge.PostSaid, bridge.PostFiles:
		w.line(c, bridge.Line{Content: &bridge.QuarantineLine{Account: c.account.Name, Reason: f.Text,
			Hint: fmt.Sprintf("The original is kept: parley explain '#%d'", c.ID)}})
	case bridge.PostRoot, bridge.PostLine:
		w.tellCondition(ownFact{Account: f.Account, Text: fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint: fmt.Sprintf("parley explain '#%d'", c.ID)})
	}
}

// applyOwn applies an own fact.
// Errors: notYet for a kind that only a newer version of Parley knows, for an hour, in which that
// version may take over; *relay.EventError after that.
func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f ownFact) error {
	switch {
	case knownOwn(f.Kind):
	case w.age() < unknownFor:
		return w.wait(unknownFor - w.age())
	default:
		return &relay.EventError{EventID: w.event.ID, Err: fmt.Errorf("engine: this version knows no fact of kind %q; start the version that wrote it, then replay", f.Kind)}
	}
	if team, ok := eveningTeam(f.Kind); ok {
		return w.evening(ctx, tx, team, f.Due)
	}
	switch f.Kind {
	case ownDigest:
		return w.digest(ctx, tx)
	case ownAccount:
		w.tellCondition(f)
		return nil
	case ownTemplate:
		return w.templateLearned(ctx, tx, f)
	}
	c := w.convs.rows[f.Conversation]
	if c == nil {
		return nil
	}
	switch f.Kind {
	case ownSnooze:
		w.snoozeOver(c, f.Due)
	case ownWindow:
		w.windowOver(c)
	case ownThreadLost:
		return w.threadLost(c, f.Surface, f.Root)
	case ownPostFailed:
		w.postFailed(c, f)
	case ownFetched:
		w.fetched(c, f)
	case ownReplying:
		w.replies.outdate(c)
	case string(relay.ReportLanded):
		w.replyLanded(c, f)
	case string(relay.ReportFailed):
		return w.replyFailed(ctx, tx, c, f)
	case string(relay.ReportLate):
		w.replyLate(c, f)
	case string(relay.ReportUnclear):
		w.replyUnclear(c, f)
	}
	return nil
}

// knownOwn says that this version knows what to do with a kind of own fact.
func knownOwn(kind string) bool {
	if _, evening := eveningTeam(kind); evening {
		return true
	}
	switch kind {
	case ownDigest, ownAccount, ownTemplate, ownSnooze, ownWindow, ownThreadLost, ownPostFailed, ownFetched, ownReplying,
		string(relay.ReportLanded), string(relay.ReportFailed), string(relay.ReportLate), string(relay.ReportUnclear):
		return true
	}
	return false
}
