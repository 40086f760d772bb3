package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// ownFact is what Parley tells itself: results and timers, applied in order like
// everything else that changes a conversation.
type ownFact struct {
	Kind         string    `json:"kind"`
	Conversation int64     `json:"conversation"`
	Message      int64     `json:"message,omitempty"`
	Delivery     int64     `json:"delivery,omitempty"`
	Class        string    `json:"class,omitempty"`
	Text         string    `json:"text,omitempty"`
	Hint         string    `json:"hint,omitempty"`
	External     string    `json:"external,omitempty"`
	Root         string    `json:"root,omitempty"`
	Surface      int64     `json:"surface,omitempty"`
	Account      int64     `json:"account,omitempty"`
	Post         string    `json:"post,omitempty"` // the kind of post that failed
	Due          time.Time `json:"due,omitzero"`   // a timer's time
}

// Kinds of own facts besides those of relay.ReportKind.
const (
	ownSnooze     = "snooze"
	ownThreadLost = "thread_lost"
	ownDigest     = "digest"
	ownAccount    = "account"
	ownPostFailed = "post_failed"
)

func decodeOwn(payload []byte) (*ownFact, error) {
	var f ownFact
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, fmt.Errorf("bridge: own fact: %w", err)
	}
	for _, s := range []*string{&f.Text, &f.Hint, &f.External} { // as a provider or a mail server said it
		*s = clean(*s)
	}
	return &f, nil
}

// event makes the journal's row of an own fact; name is unique for the fact.
func (f ownFact) event(name string) store.NewEvent {
	body, err := json.Marshal(f)
	if err != nil {
		panic("bridge: own fact: " + err.Error()) // our own plain struct
	}
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(f.Conversation), Payload: body}
}

// Timer implements relay.Handler.
func (e *Engine) Timer(t store.Timer) store.NewEvent {
	return ownFact{Kind: t.Kind, Conversation: t.ConversationID, Due: t.DueAt}.
		event(fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro()))
}

// Facts implements relay.Handler: what a delivery's result means for its
// conversation is journalled; what it means for the surface is written with it.
func (e *Engine) Facts(c store.Claimed, r relay.Report) []store.NewEvent {
	f := ownFact{Kind: string(r.Kind), Conversation: c.ConversationID, Message: c.MessageID, Delivery: c.ID,
		Class: string(r.Class), Text: r.Text, Hint: r.Hint, External: r.Sent.ExternalID}
	if c.Kind == kindReply && r.Kind == relay.ReportLanded && r.Sent.State == store.Cancelled {
		return nil // taken back before it left: what did that has said so
	}
	if c.Kind != kindReply {
		if r.Kind != relay.ReportFailed || PostKind(c.Kind) == PostEphemeral {
			return nil // the thread itself shows what was posted
		}
		f.Kind, f.Post, f.Account = ownPostFailed, c.Kind, c.AccountID
	}
	return []store.NewEvent{f.event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, r.Kind, c.Attempt))}
}

// postFailed shows people what could not be posted: a message that nobody sees
// would be lost.
func (w *work) postFailed(c *conv, f ownFact) {
	w.logParley(c, "not posted", detail{Message: f.Message, Text: f.Post, Reason: f.Text})
	switch PostKind(f.Post) {
	case PostSaid, PostFiles:
		w.line(c, Line{Kind: LineQuarantine, Text: c.account.Name, Reason: f.Text,
			Hint: fmt.Sprintf("The original is kept: parley explain '#%d'", c.ID)})
	case PostRoot, PostLine:
		w.tellCondition(ownFact{Account: f.Account, Text: fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint: fmt.Sprintf("parley explain '#%d'", c.ID)})
	}
}

// Quarantined implements relay.Handler: people are told where they will see it.
func (e *Engine) Quarantined(ctx context.Context, tx pgx.Tx, ev store.Event, reason string) error {
	dir := e.directory.Load()
	account := dir.accounts[ev.AccountID]
	if account == nil {
		return nil
	}
	w, err := e.newWork(ctx, tx, dir)
	if err != nil {
		return err
	}
	defer e.release(w)
	n := &wanted{}
	n.people(dir)
	surface, at, author := e.quarantinePlace(dir, account, ev)
	if at.Channel != "" {
		n.laneAcc, n.laneKeys = append(n.laneAcc, surface), append(n.laneKeys, channelLane(at.Channel))
	}
	if err := w.load(ctx, tx, n); err != nil {
		return err
	}
	again := fmt.Sprintf("parley replay %d", ev.ID)
	if at.Channel == "" { // no place that anybody sees
		w.tellCondition(ownFact{Account: ev.AccountID, Text: "Something could not be dealt with: " + reason, Hint: again})
		return w.flush(ctx, tx)
	}
	w.channelLine(surface, at, Line{Kind: LineQuarantine, Text: account.Name, Mentions: author, Reason: reason, Hint: again})
	return w.flush(ctx, tx)
}

// quarantinePlace says where people look for what an event was: a customer's in the
// channel of its threads, an agent's in its own thread, where it can be read that far.
func (e *Engine) quarantinePlace(dir *directory, account *store.Account, ev store.Event) (surface int64, at Place, author []AgentRef) {
	switch account.Side {
	case "channel":
		surface, at.Channel = dir.home(account, nil)
	case "surface":
		f := fact{event: ev, account: account}
		if len(ev.Payload) == 0 || e.decodeOne(&f, ev.Payload) != nil || len(f.actions) == 0 {
			return 0, Place{}, nil
		}
		a := f.actions[0]
		surface, at = account.ID, Place{Channel: a.Place.Channel, Thread: cmp.Or(a.Place.Thread, a.Place.Message)}
		if a.Actor.Kind == ActorPerson {
			author = []AgentRef{{User: a.Actor.ID, Name: "you"}}
		}
	}
	return surface, at, author
}

// apply changes the batch by one fact.
func (w *work) apply(ctx context.Context, tx pgx.Tx, f fact) error {
	for i, in := range f.inbound {
		if err := w.applyInbound(ctx, tx, f.account, i, in); err != nil {
			return err
		}
	}
	for _, a := range f.actions {
		if err := w.applyAction(ctx, tx, f.account, a); err != nil {
			return err
		}
	}
	if f.own != nil {
		return w.applyOwn(ctx, tx, *f.own)
	}
	return nil
}

func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f ownFact) error {
	switch f.Kind {
	case ownDigest:
		return w.digest(ctx, tx)
	case ownAccount:
		w.tellCondition(f)
		return nil
	}
	c := w.convs[f.Conversation]
	if c == nil {
		return nil
	}
	switch f.Kind {
	case ownSnooze:
		w.snoozeOver(c, f.Due)
	case ownThreadLost:
		return w.threadLost(c, f.Surface, f.Root)
	case ownPostFailed:
		w.postFailed(c, f)
	case string(relay.ReportLanded):
		w.replyLanded(c, f)
	case string(relay.ReportFailed):
		w.replyFailed(c, f)
	case string(relay.ReportLate):
		w.replyLate(c, f)
	case string(relay.ReportUnclear):
		w.replyUnclear(c, f)
	}
	return nil
}
