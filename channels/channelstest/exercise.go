package channelstest

import (
	"slices"
	"testing"

	"parley/channels"
)

// Harness connects ExerciseChannel to one kind of channel.
type Harness struct {
	// New makes a channel and the provider's side of it, anew for each part of the suite.
	New func(t *testing.T) Stage
	// Failures that Stage.Fail can bring about: at least two are Ambiguous, one of them with Failure.Effect.
	Failures []Failure
	// Refused makes of a good message one that the channel or its provider refuses for good. The keys name the
	// reason.
	Refused map[string]func(*channels.Outbound)
	// NoDuplicates says that the provider never delivers the same thing twice.
	NoDuplicates bool
}

// Stage is one channel under test, connected to its provider (an emulator or a Provider). The channel's own code is
// called directly; the functions act as the customer or as the provider.
type Stage struct {
	Channel channels.Channel
	// Write lets one customer, always the same, write texts one after the other. It returns the facts that the
	// channel accepted for them, in the order of acceptance.
	Write func(t *testing.T, texts ...string) []channels.Fact
	// Redeliver lets the provider deliver the last text once more. It returns the facts that the channel accepted
	// then.
	Redeliver func(t *testing.T) []channels.Fact
	// Outbound makes a message to that customer. Messages with the same id are attempts at the same one.
	Outbound func(id int64, text string) channels.Outbound
	// Got returns the texts that the customer got, in order, without what the channel adds.
	Got func(t *testing.T) []string
	// Hang lets the provider answer nothing until the test ends.
	Hang func(t *testing.T)
	// Fail brings the Failure of a name about, for the next message.
	Fail func(t *testing.T, name string)

	// What follows may be nil where the channel neither declares nor implements what stands in brackets.

	// CloseWindow lets the provider close the customer's reply window. Nil means that the channel knows by
	// Outbound.LastIn.
	CloseWindow func(t *testing.T)
	// Answered returns one id for each message that the customer got, in order: that of the message to which it is a
	// reply, or "" (ReplyTo).
	Answered func(t *testing.T) []string
	// WriteFile lets the customer send a file that stays with the provider. It returns the facts (Fetcher).
	WriteFile func(t *testing.T, content []byte) []channels.Fact
	// ForgetFiles lets the provider lose all files (Fetcher).
	ForgetFiles func(t *testing.T)
	// Attended returns the ids of the messages that the customer sees as read (Attendant).
	Attended func(t *testing.T) []string
	// Template returns an approved template, filled in (Templates).
	Template func(t *testing.T) channels.TemplateUse
	// Serve returns the public address of a file, for providers that fetch by themselves (File.Link). Nil means a
	// server of the suite's own, on loopback.
	Serve func(t *testing.T, name, contentType string, content []byte) string
}

// Failure is something that may happen to a message, and what the channel must make of it.
type Failure struct {
	Name    string
	Class   channels.Class
	Effect  bool             // the customer gets the message all the same
	Outcome channels.Outcome // what Reconcile must find in the end, if Class is Ambiguous
}

// ExerciseChannel is the suite that every channel must pass.
func ExerciseChannel(t *testing.T, h Harness) {
	h.validate(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, Harness)
	}{
		{"capabilities", exerciseCapabilities},
		{"decode", exerciseDecode},
		{"decode bad input", exerciseBadInput},
		{"order", exerciseOrder},
		{"duplicates", exerciseDuplicates},
		{"send", exerciseSend},
		{"files", exerciseFiles},
		{"refused", exerciseRefused},
		{"file limits", exerciseFileLimits},
		{"rich", exerciseRich},
		{"window", exerciseWindow},
		{"reply to", exerciseReplyTo},
		{"templates", exerciseTemplates},
		{"count", exerciseCount},
		{"fetch", exerciseFetch},
		{"attend", exerciseAttend},
		{"ended context", exerciseEndedContext},
		{"silent provider", exerciseSilentProvider},
		{"never sent", exerciseNeverSent},
		{"start", exerciseStart},
	} {
		t.Run(part.name, func(t *testing.T) { t.Parallel(); part.run(t, h) })
	}

	for _, f := range h.Failures {
		t.Run("failure "+f.Name, func(t *testing.T) { t.Parallel(); exerciseFailure(t, h, f) })
	}
}

// validate complains if the harness lacks a failure that the suite needs.
func (h Harness) validate(t *testing.T) {
	t.Helper()
	for _, effect := range []bool{false, true} {
		isWanted := func(f Failure) bool { return f.Class == channels.Ambiguous && f.Effect == effect }
		if !slices.ContainsFunc(h.Failures, isWanted) {
			t.Errorf("the harness lacks an Ambiguous failure with Effect: %t", effect)
		}
	}
}
