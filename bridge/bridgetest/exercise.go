package bridgetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// Failures that Stage.Fail can bring about for the next post.
const (
	FailThrottled  = "throttled"   // 429 with a time
	FailLostBefore = "lost before" // the answer is lost, nothing was posted
	FailLostAfter  = "lost after"  // the answer is lost, it was posted
)

// Harness connects ExerciseSurface to one kind of surface.
type Harness struct {
	// New makes another surface and the platform's side of it for each part of the suite, connected and caught up.
	New func(t *testing.T) Stage
}

// Stage is one surface under test, connected to its chat platform (a Chat or an emulator) and to a Desk in place of
// the engine. Its functions act as a person does in that chat, or make the platform fail.
type Stage struct {
	Surface bridge.Surface
	Desk    *Desk
	Channel string // where threads open
	Agent   string // user id of a person of the team, who types
	Other   string // user id of a colleague

	// Shown returns what people see in a thread, the root first.
	Shown func(t *testing.T, root string) []Shown
	// Whispers returns what only the agent saw.
	Whispers func(t *testing.T) []Shown
	// Mentioned says how often the agent was notified by name.
	Mentioned func(t *testing.T) int
	// Say lets the agent type in a thread and returns the message's id.
	Say func(t *testing.T, thread, text string) string
	// Edit and Delete change a message of the agent.
	Edit   func(t *testing.T, message, text string)
	Delete func(t *testing.T, message string)
	// Vanish removes the first message of a thread. No event tells of it.
	Vanish func(t *testing.T, root string)
	// Close closes the channel: nobody can post.
	Close func(t *testing.T)
	// Fail makes the next post of a kind fail as FailThrottled, FailLostBefore or FailLostAfter says.
	Fail func(t *testing.T, name string, kind bridge.PostKind)
	// Offline loses all events while f runs; when it returns the surface is connected again
	// and caught up.
	Offline func(t *testing.T, f func())
	// FindsDeleted says that a catch-up finds what was deleted meanwhile. If it doesn't, Confirm finds it before a
	// reply leaves.
	FindsDeleted bool
	// Blind says that the platform lets nobody read what was posted. Then what was missed stays missed, Confirm
	// answers bridge.Unchanged, and a post whose answer was lost counts as not made.
	Blind bool
	// Mention returns a mention of a user as one types it.
	Mention func(user string) string
}

// Shown is a message as people see it.
type Shown struct {
	ID      string
	Text    string // as read, without markup
	Author  string // a customer's name, "" for ours
	Buttons int
	Files   []string
	Marks   int
}

// ExerciseSurface is the suite that every surface must pass.
func ExerciseSurface(t *testing.T, h Harness) {
	for name, part := range map[string]func(*testing.T, Stage){
		"thread":            exerciseThread,
		"card":              exerciseCard,
		"erased":            exerciseErased,
		"files":             exerciseFiles,
		"whisper":           exerciseWhisper,
		"long text":         exerciseLongText,
		"hostile text":      exerciseHostile,
		"limits":            exerciseLimits,
		"deadline":          exerciseDeadline,
		"throttled":         exerciseThrottled,
		"thread lost":       exerciseThreadLost,
		"channel closed":    exerciseClosed,
		"lost answers":      exerciseLostAnswers,
		"double":            exerciseDouble,
		"reconcile nothing": exerciseNothing,
		"speech":            exerciseSpeech,
		"changes":           exerciseChanges,
		"own posts":         exerciseOwnPosts,
		"order":             exerciseOrder,
		"gap":               exerciseGap,
		"confirm":           exerciseConfirm,
		"bad input":         exerciseBadInput,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, h.New(t))
		})
	}
}

// sampleFacts returns the facts of the suite's conversation.
func sampleFacts() bridge.Facts {
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	return bridge.Facts{
		ID:      12,
		Status:  bridge.StatusOpen,
		Subject: "Printer on fire",
		Account: bridge.Account{
			Name: "support-mail", Mode: bridge.ModeLive,
			ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email",
		},
		People:      bridge.People{Team: "Support"},
		Contact:     bridge.PartyRef{Name: "Kim Lee", Address: "kim@example.org"},
		Times:       bridge.Times{CreatedAt: at, WaitingSince: at},
		LastMessage: bridge.LastMessage{At: at, From: "customer", Preview: "Help"},
		Zone:        time.UTC,
	}
}

// post makes a post of the suite in the thread of a root; root is "" if the post opens a thread.
func (s Stage) post(kind bridge.PostKind, root, token string) bridge.Post {
	p := bridge.Post{
		Kind:           kind,
		DeliveryID:     1,
		Token:          token,
		Attempt:        1,
		FirstAttemptAt: time.Now(),
		Place:          bridge.Place{Channel: s.Channel, Thread: root},
		Facts:          sampleFacts(),
	}
	p.Facts.Thread.Root = bridge.Place{Channel: s.Channel, Thread: root, Message: root}
	switch kind {
	case bridge.PostSaid, bridge.PostFiles:
		p.Said = makeSaid("Help")
	case bridge.PostLine, bridge.PostEphemeral:
		p.Line = &bridge.Line{Content: bridge.LineReopened, By: bridge.AgentRef{ID: 2, Name: "Ben", User: bridge.SurfaceUser(s.Other)}}
	case bridge.PostCard:
		p.Place.Thread, p.Place.Message = "", root
	case bridge.PostRoot, bridge.PostMark, bridge.PostErased:
	}
	return p
}

// makeSaid returns a customer's text.
func makeSaid(text string) *bridge.Said {
	return &bridge.Said{MessageID: 7, From: sampleFacts().Contact, At: sampleFacts().LastMessage.At, Text: text}
}

// newContext returns a context that ends before the test does.
func newContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// send sends what must succeed, and remembers it as the engine would.
func (s Stage) send(t *testing.T, p bridge.Post) bridge.Sent {
	t.Helper()
	sent, err := s.Surface.Send(newContext(t), p)
	if err != nil {
		t.Fatalf("send %s: %v", p.Kind, err)
	}
	if sent.Message != "" {
		s.Desk.Own(p.Place.Channel, sent.Message)
	}
	return sent
}

// openRoot opens a thread.
func (s Stage) openRoot(t *testing.T) string {
	t.Helper()
	sent := s.send(t, s.post(bridge.PostRoot, "", "root"))
	if sent.Message == "" || sent.Thread != sent.Message {
		t.Fatalf("a root is its own thread: %+v", sent)
	}
	return sent.Message
}

// postSaid posts a customer's text.
func (s Stage) postSaid(t *testing.T, root, token, text string) bridge.Sent {
	t.Helper()
	p := s.post(bridge.PostSaid, root, token)
	p.Said = makeSaid(text)
	return s.send(t, p)
}

// checkFailure checks the class of an error that a person can read.
func checkFailure(t *testing.T, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("error %v, want class %s with words", err, want)
	}
	if se.Class != want || se.Text == "" {
		t.Fatalf("error %v, want class %s with words", err, want)
	}
	return se
}

// count says how many messages of a thread contain a text.
func (s Stage) count(t *testing.T, root, text string) int {
	n := 0
	for _, m := range s.Shown(t, root) {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}
