package slack

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"parley/bridge"
)

func testSelf() *Self { return &Self{User: "UBOT", Bot: "BBOT", App: "ABOT", Team: "T1"} }

func factCallbackOf(ev string) []byte {
	return []byte(`{"type":"event_callback","team_id":"T1","api_app_id":"ABOT","event_id":"Ev1","event":` + ev + `}`)
}

// actionsOf splits an event into facts and decodes these, as happens before and after the journal.
func actionsOf(t *testing.T, ev string) (ids []string, actions []bridge.Action) {
	t.Helper()
	for _, f := range testSelf().SplitEvent(KindEvent, factCallbackOf(ev)).Facts {
		ids = append(ids, f.ExternalID)
		if f.Quarantine != "" {
			continue
		}
		as, err := decodeStored(f.Payload)
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		actions = append(actions, as...)
	}
	return ids, actions
}

// msg makes the event of a message in a thread of ours. more are further fields, each followed by a comma.
func msg(more, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return `{"type":"message",` + more + `"channel":"C1","ts":"1700000002.000200",` +
		`"thread_ts":"1700000001.000100","parent_user_id":"UBOT","text":` + string(quoted) + `}`
}

// oneAction decodes an event that has to be one action, and returns it with the id of its fact.
func oneAction(t *testing.T, ev string) (id string, a bridge.Action) {
	t.Helper()
	ids, as := actionsOf(t, ev)
	if len(ids) != 1 {
		t.Fatalf("got the facts %v, want one", ids)
	}
	if len(as) != 1 {
		t.Fatalf("got %d actions, want one: %+v", len(as), as)
	}
	return ids[0], as[0]
}

// wantNoFact checks that an event isn't stored.
func wantNoFact(t *testing.T, ev string) {
	t.Helper()
	if ids, _ := actionsOf(t, ev); len(ids) != 0 {
		t.Errorf("stored as %v, want nothing", ids)
	}
}

// wantForeign checks that a callback isn't for us.
func wantForeign(t *testing.T, s Arrival) {
	t.Helper()
	wantEqual(t, "is foreign", s.ForOthers, true)
	wantEqual(t, "facts", len(s.Facts), 0)
}

const annsMessage = `"user":"UANN","team":"T1",`

// A message is decoded with its place and its author.
func TestDecodeMessage(t *testing.T) {
	t.Parallel()
	id, a := oneAction(t, msg(annsMessage, "On our way"))
	wantEqual(t, "id of the fact", id, "m:C1:1700000002.000200")
	wantEqual(t, "place", a.Place, bridge.Place{Channel: "C1", Thread: "1700000001.000100", Message: "1700000002.000200"})
	wantEqual(t, "order", a.Order, "1700000002.000200")
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: "UANN", Kind: bridge.ActorPerson})
	wantEqual(t, "in a thread of ours", a.OwnThread, true)
	wantEqual(t, "mentions us", a.MentionsBot, false)
	wantEqual(t, "text as it was typed", a.Raw, "On our way")
	wantEqual(t, "origin", a.Origin, bridge.OriginText)
}

// decodedMessage is a message of Ann's and what it is decoded as.
type decodedMessage struct {
	name  string
	event string
	want  bridge.Action // of which these fields are compared: see comparedFields
}

// comparedFields returns an action with only those fields that say what it asks for.
func comparedFields(a bridge.Action) bridge.Action {
	return bridge.Action{
		Verb:        a.Verb,
		Marker:      a.Marker,
		Text:        a.Text,
		Args:        a.Args,
		Mentions:    a.Mentions,
		MentionsBot: a.MentionsBot,
		Explicit:    a.Explicit,
		Context:     bridge.Context{Broadcast: a.Broadcast},
	}
}

// checkDecoded checks what each message asks for.
func checkDecoded(t *testing.T, messages []decodedMessage) {
	t.Helper()
	for _, tt := range messages {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, tt.event)
			if got := comparedFields(a); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// Slack has several kinds of messages that people write. All of them are said in the thread.
func TestDecodeKindsOfMessages(t *testing.T) {
	t.Parallel()
	checkDecoded(t, []decodedMessage{
		{name: "plain", event: msg(annsMessage, "On our way"), want: bridge.Action{Verb: bridge.VerbSay, Text: "On our way"}},
		{
			name:  "4 thread_broadcast",
			event: msg(`"subtype":"thread_broadcast",`+annsMessage, "for all"),
			want:  bridge.Action{Verb: bridge.VerbSay, Text: "for all", Context: bridge.Context{Broadcast: true}},
		},
		{
			name:  "5 me_message",
			event: msg(`"subtype":"me_message",`+annsMessage, "waves"),
			want:  bridge.Action{Verb: bridge.VerbSay, Text: "waves"},
		},
	})
}

// A marker at the beginning of a message makes it a note or a command.
func TestDecodeMarkers(t *testing.T) {
	t.Parallel()
	checkDecoded(t, []decodedMessage{
		{
			name:  "note",
			event: msg(annsMessage, "note: *careful* with him"),
			want:  bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "**careful** with him"},
		},
		{
			name:  "note in bold",
			event: msg(annsMessage, "*note:* careful"),
			want:  bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "careful"},
		},
		{
			name:  "slashes",
			event: msg(annsMessage, "// careful"),
			want:  bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "careful"},
		},
		{
			name:  "command",
			event: msg(annsMessage, "!snooze 2h"),
			want:  bridge.Action{Verb: bridge.VerbSnooze, Marker: bridge.MarkBang, Args: bridge.Args{Until: "2h"}},
		},
		{
			name:  "command with mentions",
			event: msg(annsMessage, "!assign <@UBEN> ask <@UCAT>"),
			want: bridge.Action{
				Verb: bridge.VerbAssign, Marker: bridge.MarkBang,
				Args: bridge.Args{Agents: []string{"UBEN"}, Note: "ask a colleague"}, Mentions: []string{"UBEN", "UCAT"},
			},
		},
		{name: "escaped command", event: msg(annsMessage, "!!important"), want: bridge.Action{Verb: bridge.VerbSay, Text: "!important"}},
		{
			name:  "command without its sign",
			event: msg(annsMessage, "resolve"),
			want:  bridge.Action{Verb: bridge.VerbSay, Marker: bridge.MarkLone, Text: "resolve"},
		},
	})
}

// A message that begins with a mention of our app is a command. Other mentions are listed with the message.
func TestDecodeMentions(t *testing.T) {
	t.Parallel()
	checkDecoded(t, []decodedMessage{
		{
			name:  "command to us",
			event: msg(annsMessage, "<@UBOT> snooze 2h"),
			want:  bridge.Action{Verb: bridge.VerbSnooze, Args: bridge.Args{Until: "2h"}, MentionsBot: true},
		},
		{
			name:  "explicit reply to us",
			event: msg(annsMessage, "<@UBOT>, reply: *now*"),
			want:  bridge.Action{Verb: bridge.VerbReply, Text: "**now**", Explicit: true},
		},
		{
			name:  "no command to us, which its author may send", // without the mention
			event: msg(annsMessage, "\u200b\ufe0f <@UBOT>, qqqqqqqq"),
			want: bridge.Action{
				Verb: bridge.VerbUnknown, Text: "qqqqqqqq", MentionsBot: true,
				Args: bridge.Args{Note: "There is no command “qqqqqqqq”."},
			},
		},
		{
			name:  "mention of us inside",
			event: msg(annsMessage, "ask <@UBOT> please"),
			want:  bridge.Action{Verb: bridge.VerbSay, Text: "ask @Parley please", MentionsBot: true},
		},
		{
			name:  "colleague",
			event: msg(annsMessage, "<@UBEN> look"),
			want:  bridge.Action{Verb: bridge.VerbSay, Text: "a colleague look", Mentions: []string{"UBEN"}},
		},
		{
			name:  "group and everybody",
			event: msg(annsMessage, "<!subteam^S1|@support> <!here>"),
			want:  bridge.Action{Verb: bridge.VerbSay, Text: "@support @here", Mentions: []string{"S1", "here"}},
		},
	})
}

// An author from another organisation, and one that isn't a person, are recognised (edge case 26).
func TestDecodeActors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fields string // of the message, that say who wrote it
		want   bridge.Actor
	}{
		{
			name:   "of another organisation",
			fields: `"user":"UEVE","team":"T1","user_team":"T9","source_team":"T9",`,
			want:   bridge.Actor{ID: "UEVE", Kind: bridge.ActorForeign},
		},
		{
			name:   "of another organisation, told briefly",
			fields: `"user":"UEVE","team":"T9",`,
			want:   bridge.Actor{ID: "UEVE", Kind: bridge.ActorForeign},
		},
		{
			name:   "another app",
			fields: `"user":"UAPP","bot_id":"B9","app_id":"A9",`,
			want:   bridge.Actor{ID: "UAPP", Kind: bridge.ActorBot},
		},
		{
			name:   "a workflow",
			fields: `"subtype":"bot_message","bot_id":"B9",`,
			want:   bridge.Actor{ID: "B9", Kind: bridge.ActorBot},
		},
		{
			name:   "Slackbot",
			fields: `"user":"USLACKBOT",`,
			want:   bridge.Actor{ID: "USLACKBOT", Kind: bridge.ActorBot},
		},
		{name: "nobody whom Slack names", want: bridge.Actor{Kind: bridge.ActorBot}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, msg(tt.fields, "hi"))
			wantEqual(t, "actor", a.Actor, tt.want)
		})
	}
}

// reaction is the event of somebody's reaction to a post of ours: reaction_added or reaction_removed.
func reaction(kind, user, emoji string) string {
	return fmt.Sprintf(`{
		"type": %q, "user": %q, "reaction": %q, "item_user": "UBOT", "event_ts": "1700000003.000300",
		"item": {"type": "message", "channel": "C1", "ts": "1700000002.000200"}
	}`, kind, user, emoji)
}

// Some emoji are commands.
func TestDecodeReactionThatIsACommand(t *testing.T) {
	t.Parallel()
	id, a := oneAction(t, reaction("reaction_added", "UANN", "eyes"))
	wantEqual(t, "id of the fact", id, "r:C1:1700000002.000200:UANN:eyes:1700000003.000300")
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "origin", a.Origin, bridge.OriginEmoji)
	wantEqual(t, "emoji", a.Args.Emoji, "eyes")
	wantEqual(t, "message", a.Place.Message, "1700000002.000200")
}

func TestDecodeReactionThatIsRemoved(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, reaction("reaction_removed", "UANN", "eyes"))
	wantEqual(t, "verb", a.Verb, bridge.VerbUnreact)
}

// Our own marks are reactions in Slack, too. They aren't facts.
func TestOurOwnReactionIsNoFact(t *testing.T) {
	t.Parallel()
	wantNoFact(t, reaction("reaction_added", "UBOT", "eyes"))
}
