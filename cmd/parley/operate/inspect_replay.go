package operate

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// An event is one thing that a provider or a chat reported, such as a new mail. Events wait in queues until Parley applies
// them, that is, processes them. An event that can't be applied, for example because of a bug, is put into quarantine, so
// that it doesn't block its queue. This file lists such events, and puts them back into their queues once the cause has
// been removed.

// maxQuarantined is the maximum number of quarantined events in a list.
const maxQuarantined = 200

// Replayed is the result of Replay for one event.
type Replayed struct {
	Event store.EventID
	State ReplayState
}

// ReplayState says what Replay did with an event.
type ReplayState string

// The results of a replay.
const (
	ReplayQueued         ReplayState = "queued"          // it is in its queue again
	ReplayNotQuarantined ReplayState = "not_quarantined" // it is applied, or in its queue already
	ReplayEmptied        ReplayState = "emptied"         // its payload was deleted, because of its age or an erasure
	ReplayHandedOver     ReplayState = "handed_over"     // it is in the queue of the account that it was meant for
	ReplayUnowned        ReplayState = "unowned"         // no account has the number or page that it was meant for
	ReplayOtherSecret    ReplayState = "other_secret"    // it wasn't signed with the secret of the account that it was meant for
	ReplayUnknown        ReplayState = "unknown"         // there is no such event
)

// Replay puts quarantined events back into their queues. A running Parley applies them within a second. The result has an
// element for each of list, in order.
//
// Several accounts may share a webhook: Meta, for example, calls the same URL for all of a company's phone numbers. An
// event for a number that no account had at the time is in quarantine, too. Replay moves it to the account that has the
// number now (channels.Spec.Owner), but only if the webhooks of both accounts are signed with the same secret. Otherwise
// the event may come from somebody who isn't that account's provider. sealer decrypts these secrets.
func Replay(ctx context.Context, q store.Querier, sealer *store.Sealer, specs []channels.Spec, list []store.EventID) ([]Replayed, error) {
	events, err := readEvents(ctx, q, list)
	if err != nil {
		return nil, err
	}

	states := map[store.EventID]ReplayState{}
	var requeued []store.EventID
	for _, e := range events {
		_, _, isUnowned := Parse(e.ExternalID)
		switch {
		case e.Erased:
			states[e.ID] = ReplayEmptied
		case e.Reason == nil:
			states[e.ID] = ReplayNotQuarantined
		case isUnowned:
			states[e.ID], err = handOver(ctx, q, sealer, specs, e)
			if err != nil {
				return nil, err
			}
		default:
			states[e.ID] = ReplayNotQuarantined // replaced below, unless another replay has been faster
			requeued = append(requeued, e.ID)
		}
	}

	queued, err := store.Replay(ctx, q, requeued)
	if err != nil {
		return nil, err
	}

	for _, id := range queued {
		states[id] = ReplayQueued
	}

	results := make([]Replayed, len(list))
	for i, id := range list {
		results[i] = Replayed{Event: id, State: cmp.Or(states[id], ReplayUnknown)}
	}

	return results, nil
}

// handOver moves an event for which there was no account to the account that it belongs to now.
func handOver(ctx context.Context, q store.Querier, sealer *store.Sealer, specs []channels.Spec, e event) (ReplayState, error) {
	accounts, err := store.ListAccounts(ctx, q)
	if err != nil {
		return "", err
	}

	owner, externalID, _ := Parse(e.ExternalID) // the caller has checked that this succeeds
	kind := ""
	for _, a := range accounts {
		if a.ID == e.AccountID {
			kind = a.Kind
		}
	}

	table := NewOwners(accounts, specs, signingSecret(sealer))
	account := table.Find(kind, owner)
	if account == 0 {
		return ReplayUnowned, nil
	}
	if !table.HaveSameSecret(account, e.AccountID) {
		return ReplayOtherSecret, nil
	}

	isHandedOver, err := store.HandOver(ctx, q, e.ID, account, externalID)
	if err != nil {
		return "", err
	}
	if !isHandedOver { // another replay was faster
		return ReplayNotQuarantined, nil
	}
	return ReplayHandedOver, nil
}

// signingSecret returns a function that reads the secret with which an account's webhook is signed. For an account whose
// settings can't be read, it returns a random text, which matches no other account's secret.
func signingSecret(sealer *store.Sealer) Secret {
	return func(account store.Account, spec channels.Spec) string {
		config, err := setup.OpenConfig(account, sealer, spec)
		if err != nil {
			return rand.Text()
		}
		return strings.TrimSpace(config[spec.SignedBy]) // channels trim it, too
	}
}

// Text formats the result for a terminal.
func (r Replayed) Text() string {
	words := map[ReplayState]string{
		ReplayQueued:     "queued, applied within a second while Parley runs (parley explain %[1]d)",
		ReplayHandedOver: "given to the account it was for, applied within a second while Parley runs",
		ReplayUnowned:    "the number or page it is for is still no account's; add the account with parley apply first",
		ReplayOtherSecret: "is signed with a secret that isn't that of the account it is for; if both accounts belong to one app, " +
			"give them the same secret first",
		ReplayNotQuarantined: "is not in quarantine, nothing to do (parley explain %[1]d)",
		ReplayEmptied:        "its payload is no longer kept, it can't be applied again",
		ReplayUnknown:        "there is no such event",
	}[r.State]
	return fmt.Sprintf("event %[1]d: "+words, r.Event)
}

// Quarantined lists the quarantined events for a terminal, the newest first and one in a line, with times in zone.
func Quarantined(ctx context.Context, q store.Querier, zone *time.Location) (string, error) {
	list, err := store.ListQuarantine(ctx, q, maxQuarantined+1)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "nothing is in quarantine\n", nil
	}

	var b strings.Builder
	for _, e := range list[:min(len(list), maxQuarantined)] {
		reason := strings.Join(strings.Fields(e.Reason), " ")
		fmt.Fprintf(&b, "%d  %s  %s: %s\n", e.EventID, e.At.In(zone).Format("2006-01-02 15:04:05 MST"), e.Account, reason)
	}
	if len(list) > maxQuarantined {
		b.WriteString("(older events are left out)\n")
	}
	b.WriteString("To apply one again: parley replay EVENT\n")
	return b.String(), nil
}
