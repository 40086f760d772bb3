package emulators

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/parley/torture/checker"
)

// Platform controls the emulator of the chat in which agents work, Slack or Teams. By it the driver lets people write
// there, the oracle reads what they see, and the injector makes the chat fail. All calls go by HTTP to the emulators'
// process, so the run and the oracle, which are two processes, each have a Platform of their own.
type Platform interface {
	// Traits never change.
	Traits() Traits

	// ReadThreads returns all threads of the support channel.
	ReadThreads(ctx context.Context) ([]checker.Thread, error)
	// ReadRoots returns the roots of threads by the subject on their cards.
	ReadRoots(ctx context.Context) (map[string]root, error)
	// Export returns everything that the emulator shows, to be kept as JSON.
	Export(ctx context.Context) (any, error)
	// EventDelays returns how long it took to tell Parley of a change of messages, by their ids: checker.NotTold if
	// it wasn't told so far. What took less than checker.PromptDelay is not in it.
	EventDelays(ctx context.Context, what Change) (map[string]time.Duration, error)
	// Problems returns what Parley did that no user of the platform could see as it was meant.
	Problems(ctx context.Context) ([]string, error)
	// CountPendingEvents counts the events of which Parley still has to be told.
	CountPendingEvents(ctx context.Context) (int, error)

	// Post lets somebody type in a thread and returns the message's id.
	Post(ctx context.Context, user, root, text string) (string, error)
	// Edit and Delete let a message's author change it.
	Edit(ctx context.Context, user, id, text string) error
	Delete(ctx context.Context, user, id string) error
	// Click presses a button of a message. Errors: ErrClickIgnored.
	Click(ctx context.Context, user, id, button string) error

	// armFaults lets calls and events fail by chance, until ClearFaults.
	armFaults(ctx context.Context) error
	// RateLimit answers 429 to all posts for some time.
	RateLimit(ctx context.Context, lasting time.Duration) error
	// EndSessions ends what the platform keeps up for the app: its connections in Slack, its tokens in Teams.
	EndSessions(ctx context.Context) error
	// countFaults adds to counts how often the armed faults occurred, by what each of them does.
	countFaults(ctx context.Context, counts map[string]int) error
	// ClearFaults ends what armFaults and RateLimit began.
	ClearFaults(ctx context.Context) error
}

// root is what begins a thread.
type root struct {
	ID   string
	Card string // what it shows
}

// ErrClickIgnored is returned for a click on a button that is gone.
var ErrClickIgnored = errors.New("torture: the click was not taken")

// asIgnoredClick turns errConflict into ErrClickIgnored: the button went away between the observation and the click,
// and a person would look again.
func asIgnoredClick(err error) error {
	if errors.Is(err, errConflict) {
		return fmt.Errorf("%w: %w", ErrClickIgnored, err)
	}
	return err
}

// Change is what a person did to a message. The platform may tell Parley late of it.
type Change int

// Changes.
const (
	Written Change = iota
	Edited
	Deleted
)

// Traits of a platform.
type Traits struct {
	Kind string // of its account in Parley, and its keys in parley.yaml
	Name string // for people

	Ann, Ben string // the ids of the two agents
	Zoe      string // the id of a colleague who is no agent
	Channel  string // the id of the support channel

	ShowsFiles  bool   // customers' files stand in the thread
	PostRequest string // how an HTTP request begins by which Parley posts, such as "POST /api/chat.postMessage"

	// How people write in a thread.
	Reply     func(words string, n int) string // for the customer; n tells replies apart
	Command   func(verb string) string
	Internal  func(agent, colleague, words string) []remark // the words in each form that keeps them from the customer
	Announced func(text string) bool                        // whether the platform tells Parley of such a text
}

// remark is what somebody types for colleagues: it must not reach the customer.
type remark struct{ Who, Text string }

// remarksOfAgents returns words in the forms that keep them from the customer in every chat that Parley may read:
// notes, a message to a colleague, and commands that there are not.
func remarksOfAgents(agent, colleague, words string) []remark {
	return []remark{
		{agent, "note: " + words},
		{agent, "// " + words},
		{colleague, "Note:" + words},
		{agent, "<@" + colleague + "> " + words},
		{agent, "!frobnicate " + words},
		{agent, "/giveup " + words},
	}
}

// Platform returns the chat in which the agents of this run work.
func (c Client) Platform() Platform {
	if c.Teams != "" {
		return teamsPlatform{c}
	}
	return slackPlatform{c}
}
