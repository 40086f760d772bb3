package channelstest

import (
	"slices"
	"testing"

	"parley/channels"
)

// Harness connects the test suite, ExerciseChannel, to one kind of channel. Each channel package has a test
// that fills in a Harness, usually with an emulator of the real provider, and calls ExerciseChannel.
type Harness struct {
	// New returns a new channel with its own provider. It is called for each part of the suite.
	New func(t *testing.T) Stage
	// Failures that Stage.Fail can cause. At least two must be Ambiguous: one with Failure.Effect and one without.
	Failures []Failure
	// Refused has, by reason, functions that turn a valid message into one that the channel or its provider
	// refuses permanently.
	Refused map[string]func(*channels.Outbound)
	// NoDuplicates states that the provider never delivers the same thing twice.
	NoDuplicates bool
}

// Stage is one channel under test, connected to its provider (an emulator or a Provider). The suite calls the
// channel directly. The functions act as the customer or as the provider.
type Stage struct {
	Channel channels.Channel
	// Write sends texts from one customer, always the same, one after the other. It returns the facts (stored
	// raw events) that the channel accepted for them, in order.
	Write func(t *testing.T, texts ...string) []channels.Fact
	// Redeliver makes the provider deliver the last text again. It returns the facts that the channel
	// accepted then.
	Redeliver func(t *testing.T) []channels.Fact
	// Outbound returns a message to that customer. Messages with the same id are attempts at the same message.
	Outbound func(id int64, text string) channels.Outbound
	// Got returns the texts that the customer received, in order, without anything that the channel adds.
	Got func(t *testing.T) []string
	// Hang makes the provider stop responding until the test ends.
	Hang func(t *testing.T)
	// Fail causes the Failure with this name for the next message.
	Fail func(t *testing.T, name string)

	// The functions below may be nil if the channel doesn't declare or implement what is named in parentheses.

	// CloseWindow makes the provider close the customer's reply window. It is nil if the channel decides
	// by Outbound.LastIn.
	CloseWindow func(t *testing.T)
	// Answered returns, for each message that the customer received, the id of the message that it replies to,
	// or "" (ReplyTo).
	Answered func(t *testing.T) []string
	// WriteFile sends a file from the customer that stays at the provider. It returns the facts (Fetcher).
	WriteFile func(t *testing.T, content []byte) []channels.Fact
	// ForgetFiles makes the provider lose all files (Fetcher).
	ForgetFiles func(t *testing.T)
	// Attended returns the ids of the messages that the customer sees as read (Attendant).
	Attended func(t *testing.T) []string
	// Template returns an approved template with its values (Templates).
	Template func(t *testing.T) channels.TemplateUse
	// Serve returns the public address of a file, for providers that fetch files themselves (File.Link). If it
	// is nil, the suite runs a server on the loopback interface.
	Serve func(t *testing.T, name, contentType string, content []byte) string
}

// Failure is something that can go wrong with a message, and how the channel must report it.
type Failure struct {
	Name    string
	Class   channels.Class
	Effect  bool             // whether the customer gets the message nevertheless
	Outcome channels.Outcome // what Reconcile must report, if Class is Ambiguous
}

// ExerciseChannel runs the suite that every channel must pass. Parts for abilities that the channel doesn't
// declare are skipped.
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

// validate reports an error if the harness lacks a failure that the suite needs.
func (h Harness) validate(t *testing.T) {
	t.Helper()
	for _, effect := range []bool{false, true} {
		isWanted := func(f Failure) bool { return f.Class == channels.Ambiguous && f.Effect == effect }
		if !slices.ContainsFunc(h.Failures, isWanted) {
			t.Errorf("the harness lacks an Ambiguous failure with Effect: %t", effect)
		}
	}
}
