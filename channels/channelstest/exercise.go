package channelstest

import (
	"testing"

	"parley/channels"
)

// Harness connects ExerciseChannel to one kind of channel.
type Harness struct {
	// New makes a channel and the provider's side of it, anew for each part of the suite.
	New func(t *testing.T) Stage
	// Failures that the provider's side can bring about, at least one Ambiguous with and
	// one without effect.
	Failures []Failure
	// Refused are messages that the channel or its provider refuses for good, by name.
	Refused map[string]func(channels.Outbound) channels.Outbound
	// NoDuplicates says that the provider never delivers the same thing twice.
	NoDuplicates bool
}

// Stage is one channel with its provider's side.
type Stage struct {
	Channel channels.Channel
	// Write lets one customer, always the same, write texts one after the other, and gives
	// the facts that the channel accepted for them, in the order of acceptance.
	Write func(t *testing.T, texts ...string) []channels.Fact
	// Again lets the provider deliver the last text once more and gives what the channel
	// accepted then.
	Again func(t *testing.T) []channels.Fact
	// Outbound makes a message to that customer; equal ids make attempts at the same one.
	Outbound func(id int64, text string) channels.Outbound
	// Got returns the texts that the customer got, in order, without what the channel adds.
	Got func(t *testing.T) []string
	// Hang lets the provider answer nothing until the test ends.
	Hang func(t *testing.T)
	// Fail brings a failure about, for the next message.
	Fail func(t *testing.T, name string)

	// What follows is needed only where the channel declares or implements what it proves.

	// CloseWindow lets the provider close the customer's reply window; nil means the channel
	// knows by Outbound.LastIn.
	CloseWindow func(t *testing.T)
	// Answered returns for each message that the customer got the id of the one that it
	// answers, "" if there is none (ReplyTo).
	Answered func(t *testing.T) []string
	// WriteFile lets the customer send a file that stays with the provider, and gives the
	// facts (Fetcher). ForgetFiles lets the provider lose all of them.
	WriteFile   func(t *testing.T, content []byte) []channels.Fact
	ForgetFiles func(t *testing.T)
	// Attended returns the ids of the messages that the customer sees as read (Attendant).
	Attended func(t *testing.T) []string
	// Template returns an approved template, filled in (Templates).
	Template func(t *testing.T) channels.TemplateUse
	// Serve returns the public address of a file for providers that fetch by themselves
	// (File.Link); nil means a server of the suite's own, on loopback.
	Serve func(t *testing.T, name, contentType string, content []byte) string
}

// Failure is something that may happen to a message, and what the channel must make of it.
type Failure struct {
	Name    string
	Class   channels.Class
	Effect  bool             // the customer got it all the same
	Outcome channels.Outcome // Ambiguous: what Reconcile must find in the end
}

// ExerciseChannel is the suite that every channel must pass.
func ExerciseChannel(t *testing.T, h Harness) {
	t.Run("capabilities", func(t *testing.T) { t.Parallel(); exerciseCapabilities(t, h) })
	t.Run("decode", func(t *testing.T) { t.Parallel(); exerciseDecode(t, h) })
	t.Run("decode bad input", func(t *testing.T) { t.Parallel(); exerciseBadInput(t, h) })
	t.Run("order", func(t *testing.T) { t.Parallel(); exerciseOrder(t, h) })
	t.Run("duplicates", func(t *testing.T) { t.Parallel(); exerciseDuplicates(t, h) })
	t.Run("send", func(t *testing.T) { t.Parallel(); exerciseSend(t, h) })
	t.Run("files", func(t *testing.T) { t.Parallel(); exerciseFiles(t, h) })
	t.Run("refused", func(t *testing.T) { t.Parallel(); exerciseRefused(t, h) })
	t.Run("file limits", func(t *testing.T) { t.Parallel(); exerciseFileLimits(t, h) })
	t.Run("rich", func(t *testing.T) { t.Parallel(); exerciseRich(t, h) })
	t.Run("window", func(t *testing.T) { t.Parallel(); exerciseWindow(t, h) })
	t.Run("reply to", func(t *testing.T) { t.Parallel(); exerciseReplyTo(t, h) })
	t.Run("templates", func(t *testing.T) { t.Parallel(); exerciseTemplates(t, h) })
	t.Run("count", func(t *testing.T) { t.Parallel(); exerciseCount(t, h) })
	t.Run("fetch", func(t *testing.T) { t.Parallel(); exerciseFetch(t, h) })
	t.Run("attend", func(t *testing.T) { t.Parallel(); exerciseAttend(t, h) })
	t.Run("ended context", func(t *testing.T) { t.Parallel(); exerciseEndedContext(t, h) })
	t.Run("silent provider", func(t *testing.T) { t.Parallel(); exerciseSilentProvider(t, h) })
	t.Run("never sent", func(t *testing.T) { t.Parallel(); exerciseNeverSent(t, h) })
	t.Run("start", func(t *testing.T) { t.Parallel(); exerciseStart(t, h) })
	ambiguous := map[bool]bool{}
	for _, f := range h.Failures {
		if f.Class == channels.Ambiguous {
			ambiguous[f.Effect] = true
		}
		t.Run("failure "+f.Name, func(t *testing.T) { t.Parallel(); exerciseFailure(t, h, f) })
	}

	if len(ambiguous) != 2 {
		t.Error("the harness lacks an ambiguous failure with effect, or one without")
	}
}
