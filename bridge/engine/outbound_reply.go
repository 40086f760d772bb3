package engine

import (
	"context"
	"slices"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// An agent's reply leaves by the customer's channel, such as SMTP. Before each attempt it is built from the
// current rows (outgoing_reply.go) and checked (check.go): while it waited, its author may have edited or deleted
// it, or its recipients may have changed. The provider is called only after the claim of the attempt is committed.
// If the provider's response is lost, Reconcile looks for the message before it is sent again.

// replyAttempt is one attempt to send a reply to a customer.
type replyAttempt struct {
	attempt
	unreadable unreadableFile
}

// Send implements relay.Attempt.
func (a *replyAttempt) Send(ctx context.Context) (relay.Sent, error) {
	ch := a.engine.Channel(a.claim.AccountID)
	r, err := a.prepareReply(ctx, ch)
	if err != nil {
		return relay.Sent{Uncalled: true}, Retry(err) // no request was made, so nothing has left
	}

	wasTakenBack := len(r.lines) == 0
	if wasTakenBack { // a line (one typed text) of which a piece has left counts as accepted
		sent := a.sentLines(r, store.Accepted, "")
		sent.Uncalled = true
		return sent, nil
	}

	receipt, err := ch.Send(ctx, r.out)
	err = a.boundUnreadable(err)
	a.sender.reportSending(a.claim.AccountID, receipt, err)
	sent := a.sentLines(r, store.DeliveryState(receipt.State), receipt.ExternalID)
	sent.More = receipt.More
	sent.Parts = receipt.Parts
	sent.Cost = receipt.Cost
	return sent, err
}

// prepareReply builds the reply and checks whether it may leave now; the error says why not, or not yet. If all
// lines (typed texts) of the reply were taken back, it returns a reply without lines and no error. ch is the
// account's channel, or nil while it isn't connected.
func (a *replyAttempt) prepareReply(ctx context.Context, ch channels.Channel) (*outgoingReply, error) {
	r, err := a.makeReply()
	if err != nil || len(r.lines) == 0 {
		return r, err
	}
	if ch == nil || r.account.Paused {
		return nil, &channels.SendError{
			Class: channels.Held,
			Wait:  PausedWait,
			Text:  "The account is paused or not connected.",
			Hint:  "Resume it, or look at parley doctor.",
		}
	}
	if err := checkReply(r); err != nil {
		return nil, err
	}

	source := sourceCheck{replyAttempt: a}
	for _, l := range r.lines {
		if a.behind[l.message.ID] {
			return nil, &channels.SendError{
				Class: channels.Retry,
				Wait:  threadRetry(a.claim),
				Text:  "Waiting for what was said in the thread before.",
			}
		}
		if !r.mayLeave(l.message) {
			continue // it was taken back after a piece of it had left; its author has been notified
		}
		if err := source.confirmReply(ctx, r, l); err != nil {
			return nil, err
		}
	}

	if err := a.giveWay(ctx); err != nil {
		return nil, err
	}
	return r, a.checkTemplate(r)
}

// giveWay returns an error if a message that was typed before this one was queued only after an earlier attempt at this
// one, which sent nothing. The message that was typed first also leaves first (invariant 3).
func (a *replyAttempt) giveWay(ctx context.Context) error {
	isFirstAttempt, wasTyped := a.claim.Attempt < 2, a.claim.OrderBy != ""
	hasLeftPartly := a.claim.Part > 0
	if isFirstAttempt || hasLeftPartly || !wasTyped {
		return nil
	}
	gaveWay, err := store.GiveWay(ctx, a.sender.Pool, a.claim)
	if err != nil {
		return Retry(err)
	}
	if gaveWay {
		return &channels.SendError{
			Class: channels.Retry,
			Wait:  time.Millisecond,
			Text:  "A message that was typed before leaves first.",
		}
	}
	return nil
}

// threadRetry returns the pause before a reply is retried that waits for earlier events of its thread. It is
// short at first, since these are mostly applied within a moment.
func threadRetry(c store.ClaimedDelivery) time.Duration {
	return min(max(store.Seconds(c.FirstAgo)/2, 100*time.Millisecond), 5*time.Second)
}

// reportSending notifies the admins, once, that a provider refuses an account or of a problem besides sending
// (receipt.Trouble), and later that it works again.
func (e *Sender) reportSending(account store.AccountID, receipt channels.Receipt, err error) {
	if err == nil {
		e.Engine.Trouble(account, "send", nil)
		e.Engine.Trouble(account, "beside sending", receipt.Trouble)
		return
	}
	if condition := BrokenBy(err); condition != nil {
		e.Engine.Trouble(account, "send", condition)
	}
}

// Reconcile implements relay.Attempt. It asks the provider about a message whose attempt had no response.
func (a *replyAttempt) Reconcile(ctx context.Context) (channels.Outcome, relay.Sent, error) {
	c := a.claim
	ch := a.engine.Channel(c.AccountID)
	r, err := a.makeReply()
	if err != nil || ch == nil {
		return channels.CannotTell, relay.Sent{}, err
	}

	if c.Joined == 0 { // for messages that left as one, ids have no single owner
		r.out.Attempt.Owners = func(ctx context.Context, external []string) (map[string]int64, error) {
			return a.sender.ownersOf(ctx, c.AccountID, external)
		}
	}
	r.out.Attempt.Reworded = a.isReworded(r)

	outcome, receipt, err := ch.Reconcile(ctx, r.out)
	found := relay.Sent{
		State:      store.DeliveryState(receipt.State),
		ExternalID: receipt.ExternalID,
		Progress:   c.Progress,
		More:       receipt.More,
	}
	return outcome, found, err
}

// isReworded reports whether the attempt that is looked for may have sent other words than the reply has now,
// because a text of it was edited or taken back since. Once a piece of a reply has left, its words stay the same.
func (a *replyAttempt) isReworded(r *outgoingReply) bool {
	if a.claim.Part > 0 {
		return false
	}
	isOfAttempt := func(e EarlierText) bool { return e.Attempt == a.claim.Attempt }
	for _, d := range append([]store.Delivery{a.claim.Delivery}, a.claim.With...) {
		if slices.ContainsFunc(PayloadOf(&d).Earlier, isOfAttempt) {
			return true
		}
	}
	return r.leftOut > 0
}

// begunMark returns the checksum of a line's words if a piece of them has left, and "" otherwise. progress is
// what the last attempt recorded of the line.
func (a *replyAttempt) begunMark(progress string) string {
	if a.claim.Part == 0 {
		return ""
	}
	return progress
}

// sentLines returns the result of each line of a reply. state is that of the message as a whole.
func (a *replyAttempt) sentLines(r *outgoingReply, state store.DeliveryState, external string) relay.Sent {
	resultOf := func(m *store.Message, s *Span, progress string) store.DeliveryPart {
		if begun := a.begunMark(progress); begun != "" {
			return store.DeliveryPart{State: state, Progress: begun}
		}
		if !r.mayLeave(m) {
			return store.DeliveryPart{State: store.Cancelled}
		}
		return store.DeliveryPart{State: state, Progress: WordsOf(m, s).Mark()}
	}

	first := resultOf(&r.message, r.payload.Span, a.claim.Progress)
	sent := relay.Sent{State: first.State, ExternalID: external, Progress: first.Progress}
	for _, d := range a.claim.With {
		p := resultOf(a.messages[d.MessageID], nil, d.Progress)
		p.ID = d.ID
		sent.With = append(sent.With, p)
	}

	return sent
}

// ownersOf returns our messages by the given ids of a provider. Unknown ids are left out.
func (e *Sender) ownersOf(ctx context.Context, account store.AccountID, external []string) (map[string]int64, error) {
	asked := make([]store.ExternalID, len(external))
	for i, id := range external {
		asked[i] = store.ExternalID{AccountID: account, ExternalID: id}
	}

	var noPosts []store.Post
	known, _, err := store.FilterRecorded(ctx, e.Pool, asked, noPosts)
	if err != nil {
		return nil, err
	}
	owners := map[string]int64{}
	for _, k := range known {
		owners[k.ExternalID] = int64(k.MessageID)
	}
	return owners, nil
}
