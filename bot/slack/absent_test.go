package slack

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/shape"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// An agent who isn't in a thread's channel gets no notification of a mention there, so Parley sends a direct
// message. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its people, and
// fakeDesk, which plays the engine.

// sendLine posts a line in a new thread, and waits until everybody was told of it.
func (w *world) sendLine(l bridge.Line) {
	w.t.Helper()
	p := w.newPost(bridge.PostLine, w.postRoot(), "t1")
	p.Line = &l
	w.mustSendAll(p)
	w.surface.poster.work.Wait()
}

// assignment says that Ann assigned the conversation to these people.
func assignment(to ...bridge.AgentRef) bridge.Line {
	return bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"}, Mentions: to}
}

// An agent who isn't in the channel sees no mention in its thread. Parley sends this agent a single direct message,
// which names the conversation, about an assignment, the end of a snooze, and a reply that a customer did not get. It
// has nothing of the customer's words.
// Requirement R-239: Who is assigned something is told.
func TestOwnerOutsideTheChannelGetsADirectMessage(t *testing.T) {
	t.Parallel()
	send := []bridge.Verb{bridge.VerbSendAgain}
	for _, tt := range []struct {
		name  string
		line  bridge.Line
		words string // "" means that nothing is told
	}{
		{name: "assigned", line: assignment(), words: "Ann assigned it"},
		{
			name:  "assigned by a command in the channel",
			line:  bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"}, SourceRef: bridge.Place{Channel: "C0SUPPORT"}},
			words: "Ann assigned it",
		},
		{
			name: "not delivered, for its author in the channel as well",
			line: bridge.Line{
				Content: &bridge.FailedLine{}, Text: "Hi", Mentions: []bridge.AgentRef{{Name: "Ann", User: "U0ANN"}},
				SourceRef: bridge.Place{Channel: "C0SUPPORT"},
			},
			words: "did not get a reply of yours",
		},
		{name: "the snooze is over", line: bridge.Line{Content: &bridge.WokeLine{}}, words: "snooze"},
		{name: "not delivered",
			line:  bridge.Line{Content: &bridge.FailedLine{Trouble: "Her mailbox is full."}, Text: strings.Repeat("long ", 3000), Verbs: send},
			words: "did not get a reply of yours"},
		{name: "resolved", line: bridge.Line{Content: bridge.LineResolved, By: bridge.AgentRef{Name: "Ann"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			away := w.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
			tt.line.Mentions = append(tt.line.Mentions, bridge.AgentRef{Name: "Away", User: bridge.SurfaceUser(away.ID)})
			w.sendLine(tt.line)

			got := w.fake.Messages(w.fake.DM(away.ID))
			if tt.words == "" {
				wantEqual(t, "direct messages", len(got), 0)
				return
			}

			if len(got) != 1 {
				t.Fatalf("got %d direct messages, want one: %+v", len(got), got)
			}
			wantWords(t, got[0].Text, tt.words, w.channel, shape.Number(sampleFacts().ID))
			for _, theirs := range []string{"Eve", "mailbox", "long"} { // an erasure wouldn't find them there
				if strings.Contains(got[0].Text, theirs) {
					t.Errorf("the direct message has %q of the customer's: %s", theirs, got[0].Text)
				}
			}
		})
	}
}

func TestAudienceOfAPublicChannelIsEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	audience, err := w.surface.Audience(w.ctx(), w.channel)
	noError(t, err)
	wantEqual(t, "everyone may read the channel", audience.Everyone, true)
}

func TestAudienceOfAPrivateChannelIsItsMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vault := w.fake.Admin.AddChannel(slackfake.Channel{Name: "vault", Private: true, Members: []string{w.fake.BotUserID(), w.ann}})
	audience, err := w.surface.Audience(w.ctx(), vault.ID)
	noError(t, err)
	wantEqual(t, "everyone may read the channel", audience.Everyone, false)
	if want := []bridge.SurfaceUser{bridge.SurfaceUser(w.ann)}; !slices.Equal(audience.Users, want) {
		t.Errorf("the channel is read by %v, want %v", audience.Users, want)
	}
}
