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

// Failures that Stage.Fail can cause.
const (
	FailThrottled  = "throttled"   // status 429 with a time to wait
	FailLostBefore = "lost before" // the post is not made, and there is no answer
	FailLostAfter  = "lost after"  // the post is made, but the answer is lost
)

// Harness connects ExerciseSurface to one kind of surface.
type Harness struct {
	// New returns a new surface that is connected and has caught up with its chat. Each part of the suite calls it once.
	New func(t *testing.T) Stage
}

// Stage is a surface under test, connected to its chat platform (a Chat or an emulator of Slack or Teams) and to a Desk
// instead of the engine. Its functions act as a person in that chat, or make the platform fail.
type Stage struct {
	Surface bridge.Surface
	Desk    *Desk
	Channel string // the channel in which threads are opened
	Agent   string // user id of an agent, who types
	Other   string // user id of a colleague

	// Shown returns the messages that people see in a thread, the root (first message) first.
	Shown func(t *testing.T, root string) []Shown
	// Whispers returns the messages that only the agent sees.
	Whispers func(t *testing.T) []Shown
	// Mentioned returns how often messages mention the agent.
	Mentioned func(t *testing.T) int
	// Say types a text as the agent in a thread and returns the message's id.
	Say func(t *testing.T, thread, text string) string
	// Edit and Delete change a message of the agent.
	Edit   func(t *testing.T, message, text string)
	Delete func(t *testing.T, message string)
	// Vanish removes the root of a thread without an event.
	Vanish func(t *testing.T, root string)
	// Close closes the channel, so that nobody can post there.
	Close func(t *testing.T)
	// Fail makes the next post of a kind fail. failure is FailThrottled, FailLostBefore or FailLostAfter.
	Fail func(t *testing.T, failure string, kind bridge.PostKind)
	// Offline runs f while all events get lost. When it returns, the surface is connected again and has caught up.
	Offline func(t *testing.T, f func())
	// FindsDeleted means that catching up finds messages that were deleted while the surface was offline. Without it,
	// only Confirm finds them.
	FindsDeleted bool
	// Blind means that the platform doesn't let apps read messages. Then missed events stay missed, Confirm returns
	// bridge.Unchanged, and a post whose answer was lost counts as not made.
	Blind bool
	// Mention returns a mention of a user as people type it.
	Mention func(user string) string
}

// Shown is a message as people see it.
type Shown struct {
	ID      string
	Text    string // without markup
	Author  string // a customer's name; "" for our app
	Buttons int
	Files   []string
	Marks   int // number of emoji on it
}

// ExerciseSurface is the conformance suite for surfaces, the integrations of chats in which agents work. It checks both
// directions: how posts of the engine appear in the chat (exercise_out.go), and which actions the engine gets for what
// people do there (exercise_in.go). It also checks failures (exercise_lost.go, exercise_double.go). Each part runs in
// parallel, with a surface of its own.
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

// sampleFacts describes the conversation that the suite uses.
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

// post returns a sample post for the thread with the given root, or for a new thread if root is "". token identifies the
// post, so that Reconcile can find it.
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

// makeSaid returns a customer's message.
func makeSaid(text string) *bridge.Said {
	return &bridge.Said{MessageID: 7, From: sampleFacts().Contact, At: sampleFacts().LastMessage.At, Text: text}
}

// newContext returns a context with the timeout patience.
func newContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// send makes a post that must succeed, and marks it as our own, as the engine does.
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

// openRoot opens a thread and returns the id of its root.
func (s Stage) openRoot(t *testing.T) string {
	t.Helper()
	sent := s.send(t, s.post(bridge.PostRoot, "", "root"))
	if sent.Message == "" || sent.Thread != sent.Message {
		t.Fatalf("a root is its own thread: %+v", sent)
	}
	return sent.Message
}

// postSaid posts a customer's message.
func (s Stage) postSaid(t *testing.T, root, token, text string) bridge.Sent {
	t.Helper()
	p := s.post(bridge.PostSaid, root, token)
	p.Said = makeSaid(text)
	return s.send(t, p)
}

// checkFailure checks that err is a *channels.SendError of a class, with a text for people.
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

// count returns the number of messages in a thread that contain a text.
func (s Stage) count(t *testing.T, root, text string) int {
	n := 0
	for _, m := range s.Shown(t, root) {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}
