package inspect

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/owners"
	"parley/store"
)

// maxQuarantined is how many quarantined events are listed.
const maxQuarantined = 200

// Replayed is what Replay did with one event.
type Replayed struct {
	Event store.EventID
	State ReplayState
}

// ReplayState is the result of Replay for an event.
type ReplayState string

// Results of Replay.
const (
	ReplayQueued         ReplayState = "queued"          // will be applied again at once
	ReplayNotQuarantined ReplayState = "not_quarantined" // it was applied, or waits already
	ReplayEmptied        ReplayState = "emptied"         // too old, or erased: nothing is left to apply
	ReplayHandedOver     ReplayState = "handed_over"     // to the account it was for, applied at once
	ReplayUnowned        ReplayState = "unowned"         // the number or page it was for is still no account's
	ReplayOtherSecret    ReplayState = "other_secret"    // it was signed with a secret that isn't that of the account it was for
	ReplayUnknown        ReplayState = "unknown"
)

// Replay puts quarantined events back into their queues; the running Parley applies them within a second.
//
// An event may have come by a shared callback, for a number or page that belonged to no account. It is handed to the
// account to which it belongs now (channels.Spec.Owner), but only if callbacks for both accounts are signed with the same
// secret: otherwise whoever signed it need not be that account's provider. sealer opens these secrets.
//
// The result has an element for each of list, in order.
func Replay(ctx context.Context, q store.Querier, sealer *store.Sealer, specs []channels.Spec, list []store.EventID) ([]Replayed, error) {
	events, err := readEvents(ctx, q, list)
	if err != nil {
		return nil, err
	}

	states := map[store.EventID]ReplayState{}
	var requeued []store.EventID
	for _, e := range events {
		_, _, isUnowned := owners.Parse(e.ExternalID)
		switch {
		case e.Erased:
			states[e.ID] = ReplayEmptied
		case e.Reason == nil:
			states[e.ID] = ReplayNotQuarantined
		case isUnowned:
			if states[e.ID], err = handOver(ctx, q, sealer, specs, e); err != nil {
				return nil, err
			}
		default:
			states[e.ID] = ReplayNotQuarantined // unless store.Replay still finds it in quarantine
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

// handOver hands an event that was set aside, as owners.Parse says, to the account to which it belongs now.
func handOver(ctx context.Context, q store.Querier, sealer *store.Sealer, specs []channels.Spec, e event) (ReplayState, error) {
	accounts, err := store.ListAccounts(ctx, q)
	if err != nil {
		return "", err
	}

	owner, externalID, _ := owners.Parse(e.ExternalID) // the caller has checked that it was set aside
	kind := ""
	for _, a := range accounts {
		if a.ID == e.AccountID {
			kind = a.Kind
		}
	}

	table := owners.New(accounts, specs, signingSecret(sealer))
	account := table.Find(kind, owner)
	if account == 0 {
		return ReplayUnowned, nil
	}
	if !table.HaveSameSecret(account, e.AccountID) {
		return ReplayOtherSecret, nil
	}

	isHandedOver, err := store.HandOver(ctx, q, e.ID, account, externalID)
	if err != nil || !isHandedOver { // another replay was faster
		return ReplayNotQuarantined, err
	}

	return ReplayHandedOver, nil
}

// signingSecret reads the secret with which callbacks for an account are signed. An account whose settings can't be read gets one
// that no other account has, so that nothing is handed to it.
func signingSecret(sealer *store.Sealer) owners.Secret {
	return func(account store.Account, spec channels.Spec) string {
		config, err := setup.OpenConfig(account, sealer, spec)
		if err != nil {
			return rand.Text()
		}
		return strings.TrimSpace(config[spec.SignedBy]) // as channels use it
	}
}

// Text writes the result for a terminal.
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

// Quarantined lists the events that could not be applied, newest first, for a terminal.
func Quarantined(ctx context.Context, q store.Querier, zone *time.Location) (string, error) {
	list, err := store.ListQuarantine(ctx, q, maxQuarantined)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "nothing is in quarantine\n", nil
	}
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%d  %s  %s: %s\n", e.EventID, e.At.In(zone).Format("2006-01-02 15:04:05 MST"), e.Account, e.Reason)
	}
	b.WriteString("To apply one again: parley replay EVENT\n")
	return b.String(), nil
}
