package site

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bot/web/records"
	"parley/bridge"
	"parley/store"
	"parley/store/stuck"
)

// Undecided implements records.Desk. What a provider says of a reply may name its customer.
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
	return list, err
}

// Decide implements records.Desk: it is an act of the inbox, so that the same checks hold as for the buttons in the
// thread. Its form is the attempt about which is decided: who presses twice decides once.
func (d *recordsDesk) Decide(ctx context.Context, by web.Person, c records.Decision) (bridge.ActResult, error) {
	u, err := stuck.FindUndecided(ctx, d.o.Pool, c.Delivery)
	if err != nil {
		return bridge.ActResult{}, err
	}
	if u == nil || d.o.Inbox == nil {
		return bridge.ActResult{}, records.ErrNone
	}
	if u.Attempt != c.Attempt {
		return bridge.ActResult{State: bridge.ActRefused, Why: "It was sent again meanwhile. Open the page anew and look at what became of that."}, nil
	}

	act := bridge.Act{Verb: c.Verb, Form: fmt.Sprintf("attempt %d of %d", c.Attempt, c.Delivery),
		Args: bridge.Args{Conversation: u.Conversation, Message: u.Message, Delivery: c.Delivery}}
	name, err := d.o.Inbox.Act(ctx, by.ID, act)
	if err != nil {
		return bridge.ActResult{}, err
	}

	return d.o.Inbox.Result(ctx, by.ID, u.Conversation, name)
}
