package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/store"
)

const maxQuarantined = 200

// Replayed tells what Replay did with one event.
type Replayed struct {
	Event int64
	State ReplayState
}

// ReplayState is an answer of Replay.
type ReplayState string

// Answers of Replay.
const (
	ReplayQueued         ReplayState = "queued"          // will be applied again at once
	ReplayNotQuarantined ReplayState = "not_quarantined" // it was applied, or waits already
	ReplayUnknown        ReplayState = "unknown"
)

// Replay puts quarantined events back into the queue; the running Parley applies them
// within a second. It answers for each event that was asked about, in that order.
func Replay(ctx context.Context, q store.Querier, list []int64) ([]Replayed, error) {
	queued, err := store.Replay(ctx, q, list)
	if err != nil {
		return nil, err
	}
	known, err := events(ctx, q, list)
	if err != nil {
		return nil, err
	}
	answers := make([]Replayed, len(list))
	for i, id := range list {
		answers[i] = Replayed{Event: id, State: ReplayUnknown}
		switch {
		case slices.Contains(queued, id):
			answers[i].State = ReplayQueued
		case slices.ContainsFunc(known, func(e event) bool { return e.ID == id }):
			answers[i].State = ReplayNotQuarantined
		}
	}
	return answers, nil
}

// Text is the answer for a terminal.
func (r Replayed) Text() string {
	switch r.State {
	case ReplayQueued:
		return fmt.Sprintf("event %d: queued, applied within a second while Parley runs (parley explain %d)", r.Event, r.Event)
	case ReplayNotQuarantined:
		return fmt.Sprintf("event %d: is not in quarantine, nothing to do (parley explain %d)", r.Event, r.Event)
	default:
		return fmt.Sprintf("event %d: there is no such event", r.Event)
	}
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
