package emulators

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/parley/torture/checker"
)

// Platform is the chat in which agents work, Slack or Teams, as a run and its oracle use it. All calls go by HTTP to the process
// of the emulators, so the run and its oracle, which are two processes, each have a Platform of their own.
type Platform interface {
	// Traits says in what Slack and Teams differ. It never changes.
	Traits() Traits

	Writer
	Reader

	// RateLimit answers 429 to all posts for some time.
	RateLimit(ctx context.Context, lasting time.Duration) error
	// EndSessions ends what the chat keeps up for Parley: its connections in Slack, its tokens in Teams.
	EndSessions(ctx context.Context) error
}

// Writer lets people act in the chat. A user and a message are meant by their ids.
type Writer interface {
	// Post lets somebody type in the thread of a root, and returns the new message's id.
	Post(ctx context.Context, user, root, text string) (string, error)
	// Edit lets a message's author change its text.
	Edit(ctx context.Context, user, id, text string) error
	// Delete lets a message's author delete it.
	Delete(ctx context.Context, user, id string) error
	// Click presses a button of a message. Errors: ErrClickIgnored.
	Click(ctx context.Context, user, id, button string) error
}

// Reader reads what stands in the support channel, and what Parley was told of it.
type Reader interface {
	// ReadThreads returns all threads.
	ReadThreads(ctx context.Context) ([]checker.Thread, error)
	// ReadRoots returns the roots of threads by the subject on their cards.
	ReadRoots(ctx context.Context) (map[string]Root, error)
	// Export returns everything that the emulator shows, to be kept as JSON.
	Export(ctx context.Context) (any, error)
	// Problems returns what Parley did that no user of the chat could see as it was meant.
	Problems(ctx context.Context) ([]string, error)

	// EventDelays returns how long it took to tell Parley of a change of messages, by their ids: checker.NotTold if
	// it wasn't told so far. What took less than checker.PromptDelay is not in it.
	EventDelays(ctx context.Context, what Change) (map[string]time.Duration, error)
	// CountPendingEvents counts the events of which Parley still has to be told.
	CountPendingEvents(ctx context.Context) (int, error)
}

// chat is a Platform that can be made to fail. ArmFaults, CountFaults and ClearFaults of Client call it.
type chat interface {
	Platform

	// armFaults lets calls and events fail by chance, until clearFaults.
	armFaults(ctx context.Context) error
	// countFaults adds to counts how often the armed faults occurred, by what each of them does.
	countFaults(ctx context.Context, counts map[string]int) error
	// clearFaults ends what armFaults and RateLimit began.
	clearFaults(ctx context.Context) error
}

// Platform returns the chat in which the agents of this run work.
func (c Client) Platform() Platform { return c.chat() }

func (c Client) chat() chat {
	if c.Teams != "" {
		return teamsPlatform{c}
	}
	return slackPlatform{c}
}

// Root is the message that begins a thread.
type Root struct {
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

// Change is what a person did to a message. The chat may tell Parley late of it.
type Change int

// The changes of messages.
const (
	Written Change = iota
	Edited
	Deleted
)

// Traits say in what Slack and Teams differ for a run.
type Traits struct {
	Kind string // of the chat's account in Parley, and its keys in parley.yaml
	Name string // for people

	Ann, Ben string // the ids of the two agents
	Zoe      string // the id of a colleague who isn't an agent
	Channel  string // the id of the support channel

	ShowsFiles  bool   // customers' files stand in the thread
	PostRequest string // the beginning of the HTTP request by which Parley posts: "POST /api/chat.postMessage"

	// Reply returns what an agent types so that the customer gets these words. n tells replies apart.
	Reply func(words string, n int) string
	// Command returns what an agent types to give a command.
	Command func(verb string) string
	// Internal returns the words in each form that keeps them from the customer. The first is a note of the agent's.
	Internal func(agent, colleague, words string) []Remark
	// Announced reports whether the chat tells Parley of such a text.
	Announced func(text string) bool
}

// Remark is what somebody types for colleagues: it must not reach the customer.
type Remark struct{ Who, Text string }

// remarksOfAgents returns words in the forms that keep them from the customer in every chat that Parley may read:
// notes, a message to a colleague, and commands that there are not.
func remarksOfAgents(agent, colleague, words string) []Remark {
	return []Remark{
		{agent, "note: " + words},
		{agent, "// " + words},
		{colleague, "Note:" + words},
		{agent, "<@" + colleague + "> " + words},
		{agent, "!frobnicate " + words},
		{agent, "/giveup " + words},
	}
}
