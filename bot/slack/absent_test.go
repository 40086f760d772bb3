package slack

import (
	"fmt"
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
	w.surface.posts.work.Wait()
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

// An agent who is in the channel is mentioned in the thread and gets no second message, even if another assignee gets
// one.
// Requirement R-239: Who is assigned something is told.
func TestAssigneeInTheChannelGetsNoDirectMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away := w.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	w.sendLine(assignment(
		bridge.AgentRef{Name: "Away", User: bridge.SurfaceUser(away.ID)}, bridge.AgentRef{Name: "Ann", User: bridge.SurfaceUser(w.ann)}))
	wantEqual(t, "direct messages to Ann", len(w.fake.Messages(w.fake.DM(w.ann))), 0)
}

// Slack limits how often it may be asked for the members of a channel. It is asked once for several lines, and not at
// all about somebody who typed there.
func TestMembersAreAskedForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := bridge.AgentRef{Name: "Ann", User: bridge.SurfaceUser(w.ann)}
	typedHere := bridge.Place{Channel: w.channel, Message: "1700000000.000100"}
	w.sendLine(bridge.Line{Content: &bridge.FailedLine{}, Mentions: []bridge.AgentRef{ann}, Text: "Hi", SourceRef: typedHere})
	wantEqual(t, "questions about what was typed there", len(w.fake.Calls("conversations.members")), 0)

	for range 3 {
		w.sendLine(assignment(ann))
	}
	wantEqual(t, "questions about three assignments", len(w.fake.Calls("conversations.members")), 1)
}

// Slack is asked for a few users one by one, and for many users all at once.
func TestAbsentUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []int{1, maxSingleAsks + 1} {
		users := []bridge.SurfaceUser{bridge.SurfaceUser(w.ann)}
		for i := range n {
			users = append(users, bridge.SurfaceUser(fmt.Sprintf("U0NOBODY%02d", i)))
		}
		absent, err := w.surface.Absent(w.ctx(), users)
		noError(t, err)
		if !slices.Equal(absent, users[1:]) {
			t.Errorf("absent are %v, want %v", absent, users[1:])
		}
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
	got, want := slices.Clone(audience.Users), []bridge.SurfaceUser{bridge.SurfaceUser(w.ann), bridge.SurfaceUser(w.fake.BotUserID())}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the channel is read by %v, want %v", got, want)
	}
}

// Slack doesn't say who is in a private channel if our app isn't in it.
func TestAudienceOfAHiddenChannelIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := w.fake.Admin.AddChannel(slackfake.Channel{Name: "hidden", Private: true, Members: []string{w.ann}})
	if audience, err := w.surface.Audience(w.ctx(), hidden.ID); err == nil {
		t.Errorf("got the audience %+v, want an error", audience)
	}
}
