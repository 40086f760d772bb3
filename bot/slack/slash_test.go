package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// These tests type slash commands such as "/parley #12 resolve", and check the action that is stored, or the
// form that opens. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its people,
// and fakeDesk, which plays the engine.

// wantAction checks what a command asks for: verb, text, mentions, and the arguments that the commands of these tests
// have.
func wantAction(t *testing.T, got, want bridge.Action) {
	t.Helper()
	wantEqual(t, "verb", got.Verb, want.Verb)
	wantEqual(t, "text", got.Text, want.Text)
	wantEqual(t, "conversation", got.Args.Conversation, want.Args.Conversation)
	wantEqual(t, "list", got.Args.List, want.Args.List)
	wantEqual(t, "note", got.Args.Note, want.Args.Note)
	wantEqual(t, "until", got.Args.Until, want.Args.Until)
	if !slices.Equal(got.Mentions, want.Mentions) {
		t.Errorf("mentions: got %q, want %q", got.Mentions, want.Mentions)
	}
}

// A command is stored as the action for which it asks.
func TestCommandBecomesAnAction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		typed string
		want  bridge.Action
	}{
		{
			name:  "list",
			typed: "mine",
			want:  bridge.Action{Verb: bridge.VerbList, Args: bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}}},
		},
		{
			name:  "words to find, as they were typed",
			typed: "find lamp <b>",
			want:  bridge.Action{Verb: bridge.VerbFind, Args: bridge.Args{Note: "lamp <b>"}},
		},
		{name: "conversation", typed: "#12 resolve", want: bridge.Action{Verb: bridge.VerbResolve, Args: bridge.Args{Conversation: 12}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.letAnnSee()
			w.typeCommand(tt.typed)

			a := w.lastAction()
			wantAction(t, a, tt.want)
			wantEqual(t, "channel", a.Place.Channel, w.channel)
		})
	}
}

// A command has no thread. Without a number it asks which conversation is meant (case 36).
func TestCommandAsksWhichConversation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed string
		want  bridge.Action
	}{
		{typed: "snooze 2h", want: bridge.Action{Verb: bridge.VerbSnooze, Args: bridge.Args{Conversation: 12, Until: "2h"}}},
		{
			typed: "note careful *now*",
			want:  bridge.Action{Verb: bridge.VerbNote, Text: `careful \*now\*`, Args: bridge.Args{Conversation: 12}},
		},
	} {
		t.Run(tt.typed, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.letAnnSee()
			w.typeCommand(tt.typed)
			w.pickConversation("12")

			w.wantFacts(interactionFacts, 1)
			wantAction(t, w.lastAction(), tt.want)
		})
	}
}

// newWorldWithBen connects a surface to a workspace in which Ben is a colleague and the only other agent.
func newWorldWithBen(t *testing.T) *world {
	t.Helper()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.postRoot()
	ben := w.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Kim", Email: "ben@acme.test"})
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.people = []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: bridge.SurfaceUser(ben.ID)}}
	return w
}

// If a command mentions a colleague, its text gets the colleague's name, as in a message. The engine learns of the
// mention, so that it can ask before the customer reads it.
func TestCommandNamesMentions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed string
		want  bridge.Action
	}{
		{
			typed: "#12 reply: Ok, @ben calls you",
			want: bridge.Action{
				Verb: bridge.VerbReply, Text: "Ok, @Ben Kim calls you", Args: bridge.Args{Conversation: 12}, Mentions: []string{"U0BEN"},
			},
		},
		{
			typed: "#12 reply: + 20 EUR, 2*3*4, <https://shop.example/a_b>",
			want: bridge.Action{
				Verb: bridge.VerbReply, Text: `\+ 20 EUR, 2\*3\*4, <https://shop.example/a_b>`, Args: bridge.Args{Conversation: 12},
			},
		},
		{
			typed: "new kim@example.org Hi, @ben is ill",
			want:  bridge.Action{Verb: bridge.VerbNew, Text: "Hi, @Ben Kim is ill", Mentions: []string{"U0BEN"}},
		},
		{
			typed: "#12 note @ben look",
			want: bridge.Action{
				Verb: bridge.VerbNote, Text: "@Ben Kim look", Args: bridge.Args{Conversation: 12}, Mentions: []string{"U0BEN"},
			},
		},
		{
			typed: "#12 resolve @ben did it",
			want: bridge.Action{
				Verb: bridge.VerbResolve, Args: bridge.Args{Conversation: 12, Note: "@Ben Kim did it"}, Mentions: []string{"U0BEN"},
			},
		},
		{
			typed: "#12 assign @ben",
			want:  bridge.Action{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 12}, Mentions: []string{"U0BEN"}},
		},
		{
			typed: "#12 reply: <!here> it is open again",
			want: bridge.Action{
				Verb: bridge.VerbReply, Text: "@here it is open again", Args: bridge.Args{Conversation: 12}, Mentions: []string{"here"},
			},
		},
	} {
		t.Run(tt.typed, func(t *testing.T) {
			t.Parallel()
			w := newWorldWithBen(t)
			w.typeCommand(tt.typed)
			wantAction(t, w.lastAction(), tt.want)
		})
	}
}
