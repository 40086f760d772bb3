package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge"
	"parley/cmd/parley/operate"
	"parley/store"
)

// The page "Errors" and its neighbours show admins three lists of things that need a person:
//
//   - undecided replies: for example, the connection broke while a reply was sent, so Parley doesn't know whether the
//     provider received it, and a person must decide whether to send it again
//   - the quarantine: incoming events that Parley could not process
//   - blocked senders
//
// Conversations can be closed to an admin. The lists then omit every text that may name the customer, and mark the entry
// as Closed.

// Undecided returns the replies about which a person must decide. It omits the reason if viewer may not read the conversation,
// because the reason may quote a provider's error, which may name the customer.
func (d *recordsDesk) Undecided(ctx context.Context, viewer store.AgentID, limit int) ([]settings.Undecided, error) {
	found, err := store.UndecidedDeliveries(ctx, d.o.Pool, limit)
	if err != nil {
		return nil, err
	}
	var conversations []store.ConversationID
	for _, u := range found {
		conversations = append(conversations, u.Conversation)
	}
	readable, err := d.o.readable(ctx, viewer, conversations)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Undecided, len(found))
	for i, u := range found {
		list[i] = settings.Undecided{Conversation: u.Conversation, Refused: u.Refused, Account: u.Account, By: u.By, At: u.At}
		if !slices.Contains(readable, u.Conversation) {
			list[i].Closed = true
			continue
		}
		list[i].Delivery, list[i].Attempt = u.Delivery, u.Attempt
		list[i].Why = strings.Replace(u.Why, ".: ", ": ", 1) // joins a sentence and its cause: "It failed.: timeout" becomes "It failed: timeout"
	}

	return list, nil
}

// Decide carries out a person's decision about an undecided reply. It goes through the inbox, like the buttons in the
// conversation's thread, so the same checks apply. The act's Form identifies the attempt to send the reply, so that
// pressing a button twice has one effect.
func (d *recordsDesk) Decide(ctx context.Context, by web.Person, c settings.Decision) (bridge.ActResult, error) {
	u, err := store.FindUndecided(ctx, d.o.Pool, c.Delivery)
	if err != nil {
		return bridge.ActResult{}, err
	}
	if u == nil || d.o.Inbox == nil {
		return bridge.ActResult{}, settings.ErrNone
	}
	if u.Attempt != c.Attempt {
		return bridge.ActResult{
			State: bridge.ActRefused,
			Why:   "It was sent again after you opened the page. Go back to Errors: it shows what became of that. Then decide.",
		}, nil
	}

	act, err := d.o.Inbox.Act(ctx, by.ID, bridge.Act{
		Verb: c.Verb,
		Form: fmt.Sprintf("attempt %d of %d", c.Attempt, c.Delivery),
		Args: bridge.Args{Conversation: u.Conversation, Message: u.Message, Delivery: c.Delivery},
	})
	if err != nil {
		return bridge.ActResult{}, err
	}

	return d.o.Inbox.Result(ctx, by.ID, u.Conversation, act)
}

// Quarantine returns the events in the quarantine. It omits the reason, which may name a customer, if the account is closed to
// viewer.
func (d *recordsDesk) Quarantine(ctx context.Context, viewer store.AgentID, limit int) ([]settings.Quarantined, error) {
	found, err := store.ListQuarantine(ctx, d.o.Pool, limit)
	if err != nil {
		return nil, err
	}
	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Quarantined, len(found))
	for i, q := range found {
		list[i] = settings.Quarantined{Event: q.EventID, Account: q.Account, Reason: q.Reason, At: q.At}
		if isClosed(q.AccountID) {
			list[i].Reason, list[i].Closed = "", true
		}
	}

	return list, nil
}

// Replay queues a quarantined event again and returns a sentence about the result. It logs the replay unless it was refused.
func (d *recordsDesk) Replay(ctx context.Context, by web.Person, event store.EventID) (string, error) {
	results, err := operate.Replay(ctx, d.o.Pool, d.o.Sealer, d.o.Specs, []store.EventID{event})
	if err != nil {
		return "", err
	}
	sentence := results[0].Text()
	state := results[0].State
	isAccepted := state == operate.ReplayQueued || state == operate.ReplayHandedOver
	if isAccepted {
		if err := logChange(ctx, d.o.Pool, by, "+ "+sentence); err != nil {
			return "", err
		}
	}
	return strings.ToUpper(sentence[:1]) + sentence[1:] + ".", nil
}

// Drop discards a quarantined event. It returns records.ErrNone if the event isn't in the quarantine.
func (d *recordsDesk) Drop(ctx context.Context, by web.Person, event store.EventID) error {
	account, err := store.DropStuck(ctx, d.o.Pool, event)
	if errors.Is(err, pgx.ErrNoRows) {
		return settings.ErrNone
	}
	if err != nil {
		return err
	}
	return logChange(ctx, d.o.Pool, by, fmt.Sprintf("- event %d of %s is dropped", event, account))
}

// Blocked returns the blocked senders. It omits name and address of those at accounts that are closed to viewer.
func (d *recordsDesk) Blocked(ctx context.Context, viewer store.AgentID, limit, skip int) ([]settings.Blocked, error) {
	found, err := store.BlockedQueues(ctx, d.o.Pool, limit, skip)
	if err != nil {
		return nil, err
	}
	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Blocked, len(found))
	for i, b := range found {
		list[i] = settings.Blocked{ID: b.ID, Account: b.Account, Address: b.Address, Name: b.Name, Silenced: b.Silenced}
		if isClosed(b.Of) {
			list[i].Address, list[i].Name, list[i].Closed = "", "", true
		}
	}

	return list, nil
}

// Unblock unblocks a sender. The log identifies the sender only by a number, because log entries stay when a customer is
// erased.
func (d *recordsDesk) Unblock(ctx context.Context, by web.Person, sender store.IdentityID) error {
	isClosed, err := d.o.closedAccounts(ctx, by.ID)
	if err != nil {
		return err
	}

	var unblocked *store.BlockedQueue // nil if the sender wasn't blocked
	err = store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		if unblocked, err = store.UnblockQueue(ctx, tx, sender); err != nil || unblocked == nil {
			return err
		}
		if isClosed(unblocked.Of) {
			return &bridge.Problem{
				Code: "not_allowed",
				Text: "The customers of this account are not open to you.",
				Hint: "Ask an admin who is in its channel or its team.",
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if unblocked == nil {
		return settings.ErrNone
	}

	return logChange(ctx, d.o.Pool, by, fmt.Sprintf("+ a sender of %s is blocked no more (identity %d)", unblocked.Account, sender))
}
