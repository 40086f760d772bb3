package torture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Platform is the emulated chat in which the agents of a test run work, Slack or Teams. The run uses it to act as agents
// (Post, Edit, Click), its oracle to see what agents see (ReadThreads). Both are processes of their own and call the
// emulators by HTTP, each with its own Platform.
//
// A root is the first message of a thread. Parley posts it as a card that shows the state of a conversation.
type Platform interface {
	// Traits returns the differences between Slack and Teams. It always returns the same.
	Traits() Traits

	Writer
	Reader

	// RateLimit rejects all posts with status 429 for some time.
	RateLimit(ctx context.Context, lasting time.Duration) error
	// EndSessions closes Parley's connections in Slack, and revokes its tokens in Teams.
	EndSessions(ctx context.Context) error
}

// Writer acts as a person in the chat. Users, roots and messages are ids.
type Writer interface {
	// Post types a text in the thread of a root, and returns the id of the new message.
	Post(ctx context.Context, user, root, text string) (string, error)
	// Edit changes the text of the user's own message.
	Edit(ctx context.Context, user, id, text string) error
	// Delete deletes the user's own message.
	Delete(ctx context.Context, user, id string) error
	// Click presses a button of a message. It returns ErrClickIgnored if the button is gone.
	Click(ctx context.Context, user, id, button string) error
}

// Reader reads the contents of the support channel, and when Parley was notified of them.
type Reader interface {
	// ReadThreads returns all threads.
	ReadThreads(ctx context.Context) ([]Thread, error)
	// ReadRoots returns the roots of threads by the subject on their cards.
	ReadRoots(ctx context.Context) (map[string]Root, error)
	// Export returns everything that the emulator shows, for a JSON file.
	Export(ctx context.Context) (any, error)
	// Problems describes posts of Parley that the real chat would not display as intended.
	Problems(ctx context.Context) ([]string, error)

	// EventDelays returns how long it took to notify Parley of changes, by message id. A delay below
	// checker.PromptDelay is left out; checker.NotTold means that Parley has not been notified so far.
	EventDelays(ctx context.Context, what Change) (map[string]time.Duration, error)
	// CountPendingEvents returns the number of notifications that are still to be sent.
	CountPendingEvents(ctx context.Context) (int, error)
}

// chat is a Platform that can be made to fail. ArmFaults, CountFaults and ClearFaults of Client call it.
type chat interface {
	Platform

	// armFaults makes calls and notifications fail by chance until clearFaults is called.
	armFaults(ctx context.Context) error
	// countFaults adds to counts how often the armed faults occurred, by their effect.
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

// asIgnoredClick wraps errConflict in ErrClickIgnored: the button disappeared between the observation and the click, and
// a person would look again.
func asIgnoredClick(err error) error {
	if errors.Is(err, errConflict) {
		return fmt.Errorf("%w: %w", ErrClickIgnored, err)
	}
	return err
}

// Change is what a person did to a message.
type Change int

// The kinds of changes.
const (
	Written Change = iota
	EmulatorsEdited
	EmulatorsDeleted
)

// Traits are the differences between Slack and Teams that matter to a run.
type Traits struct {
	Kind string // of the account, as in parley.yaml: "slack" or "teams"
	Name string // for people: "Slack"

	Ann, Ben string // the ids of the two agents
	Zoe      string // the id of a colleague who isn't an agent
	Channel  string // the id of the support channel

	ShowsFiles  bool   // customers' attachments are shown in the thread
	PostRequest string // prefix of the HTTP request by which Parley posts: "POST /api/chat.postMessage"

	// Reply returns what an agent types to send words to the customer. n, the number of the reply, selects the form.
	Reply func(words string, n int) string
	// Command returns what an agent types to give a command, such as "!resolve".
	Command func(verb string) string
	// Internal returns messages with these words in each form that must not reach the customer, such as
	// "note: …". The first is the agent's own note.
	Internal func(agent, colleague, words string) []Remark
	// Announced reports whether the chat notifies Parley of a message with this text.
	Announced func(text string) bool
}

// Remark is a message for colleagues, which must not reach the customer.
type Remark struct{ Who, Text string }

// remarksOfAgents returns the internal forms of a message in any chat whose messages Parley can read: notes, a message
// to a colleague, and unknown commands.
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
