package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/parley/torture/judge"
)

// platform is the chat in which agents work, seen through its emulator's windows: what
// people do there, what they see, and what goes wrong. The oracle's process makes its own.
type platform interface {
	// traits never change.
	traits() traits

	// look shows the support channel with all its threads.
	look(ctx context.Context) ([]judge.Thread, error)
	// roots gives the threads' roots by the subject on their cards.
	roots(ctx context.Context) (map[string]root, error)
	// evidence is everything, to be kept.
	evidence(ctx context.Context) (any, error)
	// untold gives the ids of messages whose change Parley was told only after that time, or not yet.
	untold(ctx context.Context, what change, over time.Duration) (map[string]bool, error)
	// never gives the ids of messages of which Parley was never told one of these changes.
	never(ctx context.Context, what ...change) (map[string]bool, error)
	// problems are what Parley did that no user of the platform could see as it was meant.
	problems(ctx context.Context) ([]string, error)
	// pending counts what Parley still has to be told.
	pending(ctx context.Context) (int, error)

	// say lets somebody type in a thread and gives the message's id.
	say(ctx context.Context, user, root, text string) (string, error)
	edit(ctx context.Context, user, id, text string) error
	takeBack(ctx context.Context, user, id string) error
	// click presses a button of a message. Errors: errNotTaken.
	click(ctx context.Context, user, id, button string) error

	// spoil lets calls and events fail by chance, until heal.
	spoil(ctx context.Context) error
	// limit answers 429 to all posts for some time.
	limit(ctx context.Context, lasting time.Duration) error
	// upset breaks what the platform itself keeps up: connections, keys.
	upset(ctx context.Context) error
	// struck adds to counts how often the armed faults struck, by what each fault does.
	struck(ctx context.Context, counts map[string]int) error
	heal(ctx context.Context) error
}

// root is what begins a thread.
type root struct {
	ID   string
	Card string // what it shows
}

// errNotTaken is returned for a click of which the platform says that nothing came of it.
var errNotTaken = errors.New("torture: the click was not taken")

// notTaken turns errImpossible into errNotTaken: the button went away between the look and the
// click, and a person would look again.
func notTaken(err error) error {
	if errors.Is(err, errImpossible) {
		return fmt.Errorf("%w: %w", errNotTaken, err)
	}
	return err
}

// change is what a person did to a message, of which the platform may tell Parley late.
type change int

// Changes.
const (
	written change = iota
	edited
	deleted
)

// traits of a platform.
type traits struct {
	Kind string // of its account in Parley, and its keys in parley.yaml
	Name string // for people

	Ann, Ben, Zoe string // Ann and Ben are agents; Zoe is a colleague who is no agent
	Channel       string // support

	Way     string // of Parley's calls; see ways
	Posting string // the first words of an HTTP request that posts something

	// How people write in a thread.
	Reply   func(words string, n int) string // for the customer; n tells replies apart
	Command func(verb string) string
	Inside  func(t *talk, words string) []remark // the words in each form that keeps them from the customer
	Heard   func(text string) bool               // whether the platform tells Parley of such a text
}

// remark is what somebody types for inside.
type remark struct{ who, text string }

// platform gives the chat in which the agents of this run work.
func (w wire) platform() platform {
	if w.Teams != "" {
		return teamsSide{w}
	}
	return slackSide{w}
}
