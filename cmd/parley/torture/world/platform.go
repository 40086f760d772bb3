package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/parley/torture/judge"
)

// Platform is the chat in which agents work, seen through its emulator's windows: what
// people do there, what they see, and what goes wrong. The oracle's process makes its own.
type Platform interface {
	// Traits never change.
	Traits() Traits

	// Look shows the support channel with all its threads.
	Look(ctx context.Context) ([]judge.Thread, error)
	// Roots gives the threads' roots by the subject on their cards.
	Roots(ctx context.Context) (map[string]root, error)
	// Evidence is everything, to be kept.
	Evidence(ctx context.Context) (any, error)
	// Untold gives the ids of messages whose change Parley was told only after that time, or not yet.
	Untold(ctx context.Context, what change, over time.Duration) (map[string]bool, error)
	// Never gives the ids of messages of which Parley was never told one of these changes.
	Never(ctx context.Context, what ...change) (map[string]bool, error)
	// Problems are what Parley did that no user of the platform could see as it was meant.
	Problems(ctx context.Context) ([]string, error)
	// Pending counts what Parley still has to be told.
	Pending(ctx context.Context) (int, error)

	// Say lets somebody type in a thread and gives the message's id.
	Say(ctx context.Context, user, root, text string) (string, error)
	Edit(ctx context.Context, user, id, text string) error
	TakeBack(ctx context.Context, user, id string) error
	// Click presses a button of a message. Errors: ErrNotTaken.
	Click(ctx context.Context, user, id, button string) error

	// armFaults lets calls and events fail by chance, until Heal.
	armFaults(ctx context.Context) error
	// Limit answers 429 to all posts for some time.
	Limit(ctx context.Context, lasting time.Duration) error
	// Upset breaks what the platform itself keeps up: connections, keys.
	Upset(ctx context.Context) error
	// addStruck adds to counts how often the armed faults struck, by what each fault does.
	addStruck(ctx context.Context, counts map[string]int) error
	Heal(ctx context.Context) error
}

// root is what begins a thread.
type root struct {
	ID   string
	Card string // what it shows
}

// ErrNotTaken is returned for a click of which the platform says that nothing came of it.
var ErrNotTaken = errors.New("torture: the click was not taken")

// notTaken turns errImpossible into ErrNotTaken: the button went away between the look and the
// click, and a person would look again.
func notTaken(err error) error {
	if errors.Is(err, errImpossible) {
		return fmt.Errorf("%w: %w", ErrNotTaken, err)
	}
	return err
}

// change is what a person did to a message, of which the platform may tell Parley late.
type change int

// Changes.
const (
	Written change = iota
	Edited
	Deleted
)

// Traits of a platform.
type Traits struct {
	Kind string // of its account in Parley, and its keys in parley.yaml
	Name string // for people

	Ann, Ben, Zoe string // Ann and Ben are agents; Zoe is a colleague who is no agent
	Channel       string // support

	Posting string // the first words of an HTTP request that posts something

	// How people write in a thread.
	Reply   func(words string, n int) string // for the customer; n tells replies apart
	Command func(verb string) string
	Inside  func(agent, colleague, words string) []remark // the words in each form that keeps them from the customer
	Heard   func(text string) bool                        // whether the platform tells Parley of such a text
}

// remark is what somebody types for colleagues: it must not reach the customer.
type remark struct{ Who, Text string }

// Platform returns the chat in which the agents of this run work.
func (w Wire) Platform() Platform {
	if w.Teams != "" {
		return teamsSide{w}
	}
	return slackSide{w}
}
