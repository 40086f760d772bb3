package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

const (
	postRetryFor   = 7 * 24 * time.Hour
	bestEffortFor  = 10 * time.Minute
	channelClosed  = time.Minute
	waitForRoot    = time.Second
	confirmFor     = 10 * time.Second // how long a found change may take to be applied
	pausedWait     = 10 * time.Second
	confirmTimeout = 15 * time.Second
)

// Policy implements relay.Handler.
func (e *Engine) Policy(c store.Claimed) relay.Policy {
	if c.Kind == kindReply {
		p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: 48 * time.Hour, Backoff: e.opt.Backoff}
		if ch := e.channel(c.AccountID); ch != nil {
			caps := ch.Capabilities()
			p.RequestTimeout, p.RetryFor = caps.RequestTimeout, caps.RetryFor
		}
		return p
	}
	p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: postRetryFor, PreferDouble: true, Idempotent: PostKind(c.Kind).Idempotent(),
		BestEffort: PostKind(c.Kind) == PostEphemeral || strings.HasPrefix(c.Key, channelLane("@")),
		Backoff:    []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}}
	if p.BestEffort {
		p.RetryFor = bestEffortFor
	}
	if s := e.surface(c.AccountID); s != nil {
		p.RequestTimeout = s.Limits().RequestTimeout
	}
	if PostKind(c.Kind) == PostFiles {
		p.RequestTimeout = longestUpload // less where the lane's lease is shorter
	}
	return p
}

// Send implements relay.Handler.
func (e *Engine) Send(ctx context.Context, c store.Claimed) (relay.Sent, error) {
	if c.Kind == kindReply {
		return e.sendReply(ctx, c)
	}
	return e.sendPost(ctx, c)
}

// Reconcile implements relay.Handler.
func (e *Engine) Reconcile(ctx context.Context, c store.Claimed) (channels.Outcome, relay.Sent, error) {
	if c.Kind == kindReply {
		ch := e.channel(c.AccountID)
		r, err := e.reply(ctx, c)
		if err != nil || ch == nil {
			return channels.CannotTell, relay.Sent{}, err
		}
		outcome, receipt, err := ch.Reconcile(ctx, r.out)
		return outcome, relay.Sent{State: string(receipt.State), ExternalID: receipt.ExternalID, Progress: c.Progress}, err
	}
	s := e.surface(c.AccountID)
	p, t, err := e.post(ctx, c)
	if err != nil || s == nil {
		return channels.CannotTell, relay.Sent{}, err
	}
	outcome, sent, err := s.Reconcile(ctx, p)
	return outcome, landedPost(c, p, t, sent), err
}

// outgoing is a reply with what decides whether it may leave.
type outgoing struct {
	out     channels.Outbound
	message store.Message
	account *store.Account
	author  *store.Agent // nil = no agent any more
	payload payload
}

// reply reads a reply as it is to be sent now.
func (e *Engine) reply(ctx context.Context, c store.Claimed) (*outgoing, error) {
	dir := e.directory.Load()
	messages, err := store.Messages(ctx, e.pool, c.MessageID)
	if err != nil {
		return nil, retry(err)
	}
	convs, err := store.Conversations(ctx, e.pool, c.ConversationID)
	if err != nil {
		return nil, retry(err)
	}
	if len(messages) == 0 || len(convs) == 0 || dir.accounts[c.AccountID] == nil {
		return nil, retry(errors.New("bridge: the message or its account is gone"))
	}
	subject, err := store.FirstSubject(ctx, e.pool, c.ConversationID)
	if err != nil {
		return nil, retry(err)
	}
	m, conv, account := messages[0], convs[0], dir.accounts[c.AccountID]
	r := &outgoing{message: m, account: account, out: channels.Outbound{DeliveryID: c.ID, ConversationID: conv.ID, MessageID: m.ID,
		Attempt: c.Attempt, Subject: subject, Text: m.Text, Signature: account.Signature, From: conv.Via,
		InReplyTo: conv.LastExternalID, References: conv.Refs}}
	if c.FirstAt != nil && c.Attempt > 1 {
		r.out.FirstAttemptAt = *c.FirstAt
	}
	if err := json.Unmarshal(c.Payload, &r.payload); err != nil {
		return nil, retry(fmt.Errorf("bridge: delivery %d: %w", c.ID, err))
	}
	if m.AgentID != nil {
		r.out.Author, r.author = dir.ref(0, *m.AgentID).Name, dir.agents[*m.AgentID]
	}
	for _, p := range conv.Participants {
		switch {
		case p.New:
		case p.Role == "to":
			r.out.To = append(r.out.To, channels.Party{Key: p.Key, Name: p.Name})
		default:
			r.out.Cc = append(r.out.Cc, channels.Party{Key: p.Key, Name: p.Name})
		}
	}
	return r, e.addFiles(r)
}

// addFiles gives the reply the files that its author attached in the surface.
func (e *Engine) addFiles(r *outgoing) error {
	s := e.surface(r.message.AccountID)
	for _, ref := range r.message.Files {
		var f SurfaceFile
		if err := json.Unmarshal(ref.Surface, &f); err != nil {
			return fmt.Errorf("bridge: file of message %d: %w", r.message.ID, err)
		}
		if f.Unavailable != "" {
			return &channels.SendError{Class: channels.BadContent, Text: f.Name + " can't be read: " + f.Unavailable,
				Hint: "Upload the file itself and send again."}
		}
		if s == nil {
			return retry(errors.New("bridge: the surface of the file isn't connected"))
		}
		r.out.Files = append(r.out.Files, channels.File{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes,
			Open: opener(s, f)})
	}
	return nil
}

func (e *Engine) sendReply(ctx context.Context, c store.Claimed) (relay.Sent, error) {
	ch := e.channel(c.AccountID)
	r, err := e.reply(ctx, c)
	if err != nil {
		return relay.Sent{}, retry(err) // nothing left yet: certain
	}
	if r.message.Fate != store.FateWaiting {
		return relay.Sent{State: store.Cancelled}, nil // taken back in the meantime
	}
	if ch == nil || r.account.Paused {
		return relay.Sent{}, &channels.SendError{Class: channels.Retry, Wait: pausedWait, Text: "The account is paused or not connected.",
			Hint: "Resume it, or look at parley doctor."}
	}
	if err := mayLeave(r); err != nil {
		return relay.Sent{}, err
	}
	if err := e.confirmReply(ctx, c, r); err != nil {
		return relay.Sent{}, err
	}
	receipt, err := ch.Send(ctx, r.out)
	e.sendingWorks(c.AccountID, err)
	return relay.Sent{State: string(receipt.State), ExternalID: receipt.ExternalID, Progress: textMark(r.message.Text)}, err
}

// sendingWorks reports an account whose credentials don't, once, and its recovery.
func (e *Engine) sendingWorks(account int64, err error) {
	var se *channels.SendError
	switch {
	case err == nil:
		e.trouble(account, "send", nil)
	case errors.As(err, &se) && (se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked):
		e.trouble(account, "send", &channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
	}
}

// mayLeave checks once more what may have changed during the hold.
func mayLeave(r *outgoing) error {
	if r.account.Mode == "watch" {
		return &channels.SendError{Class: channels.BadContent, Text: "The account only watches: nothing is sent.", Hint: "An admin can switch it to live."}
	}
	if r.message.Reason != clickedReason && r.message.Reason != revivedReason && (r.author == nil || !r.author.Active) {
		return &channels.SendError{Class: channels.BadContent, Text: "Its author is no agent any more.", Hint: "Copy the text and send it as your own."}
	}
	reached := slices.Concat(r.out.To, r.out.Cc)
	for _, key := range r.payload.Meant {
		if !slices.ContainsFunc(reached, func(p channels.Party) bool { return p.Key == key }) {
			return &channels.SendError{Class: channels.BadRecipient, Text: "The recipients changed while it waited: it would not reach " + key + ".",
				Hint: "Send it again to the new ones, or set them first: !to " + key}
		}
	}
	if len(r.out.To) == 0 {
		return &channels.SendError{Class: channels.BadRecipient, Text: "Nobody is left to send it to.", Hint: "Set the recipient: !to ann@example.org"}
	}
	if r.account.Mode == "trial" {
		for _, p := range slices.Concat(r.out.To, r.out.Cc) {
			if !slices.Contains(r.account.TrialTo, p.Key) {
				return &channels.SendError{Class: channels.BadRecipient, Text: "The account is on trial and " + p.Key + " is not on its list.",
					Hint: "Add the address to trial_to, or switch the account to live."}
			}
		}
	}
	return nil
}

// confirmReply reads the source message again when its surface missed events since
// the message was typed, or when the message itself came late.
func (e *Engine) confirmReply(ctx context.Context, c store.Claimed, r *outgoing) error {
	m := r.message
	s := e.surface(m.AccountID)
	if s == nil || m.Place == "" || m.Reason == revivedReason {
		return nil
	}
	d := e.deskOf(m.AccountID)
	if !r.payload.Late && !d.gapWithin(store.Seconds(c.CreatedAgo)) {
		return nil
	}
	filling, err := d.filling(ctx, e.opt.GapWait)
	if err != nil {
		return retry(err)
	}
	if filling {
		return &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: "Waiting for the messages missed while disconnected."}
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	found, err := s.Confirm(ctx, Place{Channel: m.Channel, Message: m.Place}, m.Text)
	switch {
	case err != nil:
		return retry(err)
	case found == Unchanged:
		return nil
	case store.Seconds(c.FirstAgo) > e.opt.GapWait+confirmFor:
		return &channels.SendError{Class: channels.BadContent, Text: "The message was changed after it was typed.", Hint: "Type it again."}
	}
	return &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: "The message was changed; the change is being read."}
}

// retry marks an error before the first byte left as certain.
func retry(err error) error {
	var se *channels.SendError
	if err == nil || errors.As(err, &se) {
		return err
	}
	return &channels.SendError{Class: channels.Retry, Text: "Parley could not prepare the message.", Cause: err}
}
