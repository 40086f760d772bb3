package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/records"
	"parley/bridge"
	"parley/cmd/parley/inspect"
	"parley/store"
	"parley/store/stuck"
)

// The pages about what stands still show two lists to admins. Undecided are replies about which a person has to
// decide, for example because nobody knows whether the provider sent them. The quarantine has events that Parley
// could not apply. Words that may name a customer are left out for an admin who may not read the conversation.

// Undecided implements records.Desk. It leaves out why a reply is undecided where viewer may not read the
// conversation, because a provider's words may name the customer.
func (d *recordsDesk) Undecided(ctx context.Context, viewer store.AgentID, limit int) ([]records.Undecided, error) {
	found, err := stuck.ListUndecided(ctx, d.o.Pool, limit)
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

	list := make([]records.Undecided, len(found))
	for i, u := range found {
		list[i] = records.Undecided{Conversation: u.Conversation, Refused: u.Refused, Account: u.Account, By: u.By, At: u.At}
		if !slices.Contains(readable, u.Conversation) {
			list[i].Closed = true
			continue
		}
		list[i].Delivery, list[i].Attempt = u.Delivery, u.Attempt
		list[i].Why = strings.Replace(u.Why, ".: ", ": ", 1) // a sentence and its cause
	}

	return list, nil
}

// Decide implements records.Desk. It does what the buttons in the thread do, through the inbox, so that the same
// checks hold. The act's Form names the attempt, so that pressing a button twice decides once.
func (d *recordsDesk) Decide(ctx context.Context, by web.Person, c records.Decision) (bridge.ActResult, error) {
	u, err := stuck.FindUndecided(ctx, d.o.Pool, c.Delivery)
	if err != nil {
		return bridge.ActResult{}, err
	}
	if u == nil || d.o.Inbox == nil {
		return bridge.ActResult{}, records.ErrNone
	}
	if u.Attempt != c.Attempt {
		return bridge.ActResult{
			State: bridge.ActRefused,
			Why:   "It was sent again after you opened the page. Go back to What stands still: it shows what became of that. Then decide.",
		}, nil
	}

	name, err := d.o.Inbox.Act(ctx, by.ID, bridge.Act{
		Verb: c.Verb,
		Form: fmt.Sprintf("attempt %d of %d", c.Attempt, c.Delivery),
		Args: bridge.Args{Conversation: u.Conversation, Message: u.Message, Delivery: c.Delivery},
	})
	if err != nil {
		return bridge.ActResult{}, err
	}

	return d.o.Inbox.Result(ctx, by.ID, u.Conversation, name)
}

// Quarantine implements records.Desk. It leaves out what viewer may not read, because a reason may name a customer.
func (d *recordsDesk) Quarantine(ctx context.Context, viewer store.AgentID, limit int) ([]records.Quarantined, error) {
	found, err := store.ListQuarantine(ctx, d.o.Pool, limit)
	if err != nil {
		return nil, err
	}
	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	list := make([]records.Quarantined, len(found))
	for i, q := range found {
		list[i] = records.Quarantined{Event: q.EventID, Account: q.Account, Reason: q.Reason, At: q.At}
		if isClosed(q.AccountID) {
			list[i].Reason, list[i].Closed = "", true
		}
	}

	return list, nil
}

func (d *recordsDesk) Replay(ctx context.Context, by web.Person, event store.EventID) (string, error) {
	answers, err := inspect.Replay(ctx, d.o.Pool, d.o.Sealer, d.o.Specs, []store.EventID{event})
	if err != nil {
		return "", err
	}
	sentence := answers[0].Text()
	state := answers[0].State
	isApplied := state == inspect.ReplayQueued || state == inspect.ReplayHandedOver
	if isApplied {
		if err := logChange(ctx, d.o.Pool, by, "+ "+sentence); err != nil {
			return "", err
		}
	}
	return strings.ToUpper(sentence[:1]) + sentence[1:] + ".", nil
}

func (d *recordsDesk) Drop(ctx context.Context, by web.Person, event store.EventID) error {
	account, err := stuck.Drop(ctx, d.o.Pool, event)
	if errors.Is(err, pgx.ErrNoRows) {
		return records.ErrNone
	}
	if err != nil {
		return err
	}
	return logChange(ctx, d.o.Pool, by, fmt.Sprintf("- event %d of %s is dropped", event, account))
}

func (d *recordsDesk) Blocked(ctx context.Context, viewer store.AgentID, limit, skip int) ([]records.Blocked, error) {
	found, err := stuck.ListBlocked(ctx, d.o.Pool, limit, skip)
	if err != nil {
		return nil, err
	}
	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	list := make([]records.Blocked, len(found))
	for i, b := range found {
		list[i] = records.Blocked{ID: b.ID, Account: b.Account, Address: b.Address, Name: b.Name, Silenced: b.Silenced}
		if isClosed(b.Of) {
			list[i].Address, list[i].Name, list[i].Closed = "", "", true
		}
	}

	return list, nil
}

// Unblock implements records.Desk. The log doesn't name the sender, so that nothing of somebody who is erased later
// stands there.
func (d *recordsDesk) Unblock(ctx context.Context, by web.Person, sender store.IdentityID) error {
	isClosed, err := d.o.closedAccounts(ctx, by.ID)
	if err != nil {
		return err
	}

	var free *stuck.Blocked
	err = store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		if free, err = stuck.Unblock(ctx, tx, sender); err != nil || free == nil {
			return err
		}
		if isClosed(free.Of) {
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
	if free == nil {
		return records.ErrNone
	}

	return logChange(ctx, d.o.Pool, by, fmt.Sprintf("+ a sender of %s is blocked no more (identity %d)", free.Account, sender))
}
