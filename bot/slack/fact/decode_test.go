package fact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

func testSelf() *Self { return &Self{User: "UBOT", Bot: "BBOT", App: "ABOT", Team: "T1"} }

func callbackOf(ev string) []byte {
	return []byte(`{"type":"event_callback","team_id":"T1","api_app_id":"ABOT","event_id":"Ev1","event":` + ev + `}`)
}

// actionsOf splits and decodes an event, as the journal does in between.
func actionsOf(t *testing.T, ev string) (ids []string, actions []bridge.Action) {
	t.Helper()
	for _, f := range testSelf().SplitEvent(KindEvent, callbackOf(ev)).Facts {
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

// msg makes a message event in a thread of ours. more are fields in front.
func msg(more, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"type":"message",%s"channel":"C1","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT","text":%s}`, more, quoted)
}

// oneAction decodes an event that is one action, and returns it with the id of its fact.
func oneAction(t *testing.T, ev string) (id string, a bridge.Action) {
	t.Helper()
	ids, as := actionsOf(t, ev)
	if len(ids) != 1 || len(as) != 1 {
		t.Fatalf("got the facts %v and the actions %+v, want one", ids, as)
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
	wantEqual(t, "is foreign", s.Foreign, true)
	wantEqual(t, "facts", len(s.Facts), 0)
}

func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

const annsMessage = `"user":"UANN","team":"T1",`

// Where a message stands and who wrote it is decoded with it.
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
}

func TestDecodeMessageAtTopLevel(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","text":"hi"}`)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: "C1", Message: "1700000002.000200"})
	wantEqual(t, "in a thread of ours", a.OwnThread, false)
}

// What a message asks for depends on its markers, on whom it mentions, and on Slack's kinds of messages.
func TestDecodeMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event string
		want        bridge.Action // of which the fields below are compared
	}{
		{name: "plain", event: msg(annsMessage, "On our way"), want: bridge.Action{Verb: bridge.VerbSay, Text: "On our way"}},
		{name: "4 thread_broadcast", event: msg(`"subtype":"thread_broadcast",`+annsMessage, "for all"),
			want: bridge.Action{Verb: bridge.VerbSay, Text: "for all", Context: bridge.Context{Broadcast: true}}},
		{name: "5 me_message", event: msg(`"subtype":"me_message",`+annsMessage, "waves"), want: bridge.Action{Verb: bridge.VerbSay, Text: "waves"}},
		{name: "note", event: msg(annsMessage, "note: *careful* with him"),
			want: bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "**careful** with him"}},
		{name: "bold note", event: msg(annsMessage, "*note:* careful"), want: bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "careful"}},
		{name: "slashes", event: msg(annsMessage, "// careful"), want: bridge.Action{Verb: bridge.VerbNote, Marker: bridge.MarkNote, Text: "careful"}},
		{name: "command", event: msg(annsMessage, "!snooze 2h"),
			want: bridge.Action{Verb: bridge.VerbSnooze, Marker: bridge.MarkBang, Args: bridge.Args{Until: "2h"}}},
		{name: "command with a mention", event: msg(annsMessage, "!assign <@UBEN>"),
			want: bridge.Action{Verb: bridge.VerbAssign, Marker: bridge.MarkBang, Args: bridge.Args{Agents: []string{"UBEN"}}, Mentions: []string{"UBEN"}}},
		{name: "escaped command", event: msg(annsMessage, "!!important"), want: bridge.Action{Verb: bridge.VerbSay, Text: "!important"}},
		{name: "command without its sign", event: msg(annsMessage, "resolve"),
			want: bridge.Action{Verb: bridge.VerbSay, Marker: bridge.MarkLone, Text: "resolve"}},
		{name: "command to us", event: msg(annsMessage, "<@UBOT> snooze 2h"),
			want: bridge.Action{Verb: bridge.VerbSnooze, Args: bridge.Args{Until: "2h"}, MentionsBot: true}},
		{name: "reply by us", event: msg(annsMessage, "<@UBOT>, reply: *now*"),
			want: bridge.Action{Verb: bridge.VerbReply, Text: "**now**", Explicit: true}},
		{name: "mention of us inside", event: msg(annsMessage, "ask <@UBOT> please"),
			want: bridge.Action{Verb: bridge.VerbSay, Text: "ask @Parley please", MentionsBot: true}},
		{name: "colleague", event: msg(annsMessage, "<@UBEN> look"),
			want: bridge.Action{Verb: bridge.VerbSay, Text: "@UBEN look", Mentions: []string{"UBEN"}}},
		{name: "group and everybody", event: msg(annsMessage, "<!subteam^S1|@support> <!here>"),
			want: bridge.Action{Verb: bridge.VerbSay, Text: "@support @here", Mentions: []string{"S1", "here"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, tt.event)
			got := bridge.Action{Verb: a.Verb, Marker: a.Marker, Text: a.Text, Args: a.Args, Mentions: a.Mentions, MentionsBot: a.MentionsBot,
				Explicit: a.Explicit, Context: bridge.Context{Broadcast: a.Broadcast}}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// A command that doesn't exist is told as such.
func TestDecodeUnknownCommand(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, msg(annsMessage, "!snoze 2h"))
	wantEqual(t, "verb", a.Verb, bridge.VerbUnknown)
	wantEqual(t, "marker", a.Marker, bridge.MarkBang)
}

// A command in a mention of us says that it came so.
func TestDecodeOriginOfAMention(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, msg(annsMessage, "<@UBOT> snooze 2h"))
	wantEqual(t, "origin", a.Origin, bridge.OriginMention)
}

// Case 26: who isn't of ours, or is no person, is told apart.
func TestDecodeActors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fields string
		want   bridge.Actor
	}{
		"of another organisation":            {fields: `"user":"UEVE","team":"T1","user_team":"T9","source_team":"T9",`, want: bridge.Actor{ID: "UEVE", Kind: bridge.ActorForeign}},
		"of another organisation, by a team": {fields: `"user":"UEVE","team":"T9",`, want: bridge.Actor{ID: "UEVE", Kind: bridge.ActorForeign}},
		"another app":                        {fields: `"user":"UAPP","bot_id":"B9","app_id":"A9",`, want: bridge.Actor{ID: "UAPP", Kind: bridge.ActorBot}},
		"a workflow":                         {fields: `"subtype":"bot_message","bot_id":"B9",`, want: bridge.Actor{ID: "B9", Kind: bridge.ActorBot}},
		"Slackbot":                           {fields: `"user":"USLACKBOT",`, want: bridge.Actor{ID: "USLACKBOT", Kind: bridge.ActorBot}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, msg(tt.fields, "hi"))
			wantEqual(t, "actor", a.Actor, tt.want)
		})
	}
}

// Of files it is kept where they can be had, or why not.
func TestDecodeFiles(t *testing.T) {
	t.Parallel()
	files := `"subtype":"file_share","user":"UANN","files":[
		{"id":"F1","name":"a.pdf","mimetype":"application/pdf","size":9,"mode":"hosted","url_private":"https://files.slack.com/p","url_private_download":"https://files.slack.com/d"},
		{"id":"F2","name":"b","mode":"external","is_external":true,"url_private":"https://drive.test/b"},
		{"id":"F3","mode":"hidden_by_limit"},{"id":"F4","mode":"tombstone"},
		{"id":"F5","mode":"hosted","file_access":"check_file_info"},
		{"id":"F6","name":"-","title":"Prices","mode":"quip","size":9,"url_private":"https://files.slack.com/c"},
		{"id":"F7","name":"-","mode":"hosted","mimetype":"application/vnd.slack-list"}],`
	_, as := actionsOf(t, msg(files, ""))
	want := []bridge.SurfaceFile{
		{ID: "F1", Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 9, URL: "https://files.slack.com/d"},
		{ID: "F2", Name: "b", Unavailable: "external link"},
		{ID: "F3", Name: "file-F3", Unavailable: "hidden by the limit of the Slack plan"},
		{ID: "F4", Name: "file-F4", Unavailable: "deleted"},
		{ID: "F5", Name: "file-F5"},
		{ID: "F6", Name: "Prices", SizeBytes: 9, Unavailable: "a Slack canvas or list, which only Slack can show"},
		{ID: "F7", Name: "file-F7", ContentType: "application/vnd.slack-list", Unavailable: "a Slack canvas or list, which only Slack can show"},
	}
	if len(as) != 1 {
		t.Fatalf("got %d actions, want 1", len(as))
	}
	if !reflect.DeepEqual(as[0].Files, want) {
		t.Errorf("got  %+v\nwant %+v", as[0].Files, want)
	}
}

// Some emoji are commands, all others are reactions.
func TestDecodeReactions(t *testing.T) {
	t.Parallel()
	reaction := func(kind, user, emoji string) string {
		return fmt.Sprintf(`{"type":%q,"user":%q,"reaction":%q,"item":{"type":"message","channel":"C1","ts":"1700000002.000200"},`+
			`"item_user":"UBOT","event_ts":"1700000003.000300"}`, kind, user, emoji)
	}
	id, a := oneAction(t, reaction("reaction_added", "UANN", "eyes"))
	wantEqual(t, "id of the fact", id, "r:C1:1700000002.000200:UANN:eyes:1700000003.000300")
	wantEqual(t, "verb of eyes", a.Verb, bridge.VerbTake)
	wantEqual(t, "origin", a.Origin, bridge.OriginEmoji)
	wantEqual(t, "emoji", a.Args.Emoji, "eyes")
	wantEqual(t, "message", a.Place.Message, "1700000002.000200")
	_, a = oneAction(t, reaction("reaction_added", "UANN", "tada"))
	wantEqual(t, "verb of tada", a.Verb, bridge.VerbReact)
	wantEqual(t, "emoji", a.Args.Emoji, "tada")
	_, a = oneAction(t, reaction("reaction_removed", "UANN", "eyes"))
	wantEqual(t, "verb of eyes that are removed", a.Verb, bridge.VerbUnreact)
	wantNoFact(t, reaction("reaction_added", "UBOT", "eyes")) // our own mark
}

// What isn't addressed to our app in our workspace is left to others.
func TestForeignCallbacks(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		strings.Replace(string(callbackOf(msg(`"user":"UANN",`, "x"))), "T1", "T9", 1),
		strings.Replace(string(callbackOf(msg(`"user":"UANN",`, "x"))), "ABOT", "A9", 1),
		`{"type":"event_callback","event":{"type":"message"}}`,
	} {
		t.Run(body, func(t *testing.T) { wantForeign(t, testSelf().SplitEvent(KindEvent, []byte(body))) })
	}
}

// What our app wrote is no fact, whichever of the names that Slack has for it the message bears.
func TestOwnMessages(t *testing.T) {
	t.Parallel()
	for _, by := range []string{`"user":"UBOT",`, `"bot_id":"BBOT",`, `"app_id":"ABOT",`, `"user":"UOLD","bot_id":"BOLD","app_id":"ABOT",`} {
		wantNoFact(t, msg(by, "x"))
	}
	ids, _ := actionsOf(t, msg(`"user":"UOLD","bot_id":"BOLD","app_id":"A9",`, "x"))
	wantEqual(t, "facts of another app's message", len(ids), 1)
}

// Case 8: a file that we uploaded is no fact. What is learned of it is in which message it stands.
func TestOwnUploadIsLearned(t *testing.T) {
	t.Parallel()
	split := testSelf().SplitEvent(KindEvent, callbackOf(msg(`"subtype":"file_share","user":"UBOT","bot_id":"BBOT","files":[{"id":"F1"}],`, "")))
	wantEqual(t, "facts", len(split.Facts), 0)
	if want := []Share{{File: "F1", Channel: "C1", Thread: "1700000001.000100", TS: "1700000002.000200"}}; !slices.Equal(split.Learned, want) {
		t.Errorf("learned is %+v, want %+v", split.Learned, want)
	}
}

// What Slack repeats of a deleted message isn't kept in the journal, whether a reply was deleted or a root, which leaves a tombstone.
//
func TestDeletedWordsAreNotKept(t *testing.T) {
	t.Parallel()
	const previous = `"previous_message":{"ts":"2.0","thread_ts":"1.0","user":"UANN","text":"a zebra","blocks":[{"type":"zebra"}],"files":[{"name":"zebra"}]}}`
	for name, event := range map[string]string{
		"a reply": `{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"2.0",` + previous,
		"a root": `{"type":"message","subtype":"message_changed","channel":"C1",` +
			`"message":{"subtype":"tombstone","ts":"2.0","thread_ts":"1.0","text":"This message was deleted."},` + previous,
	} {
		facts := testSelf().SplitEvent(KindEvent, callbackOf(event)).Facts
		if len(facts) != 1 {
			t.Fatalf("%s: got the facts %+v, want one", name, facts)
		}
		kept := string(facts[0].Payload)
		if strings.Contains(kept, "zebra") {
			t.Errorf("%s: the words are kept: %s", name, kept)
		}
		for _, want := range []string{`"thread_ts":"1.0"`, `"user":"UANN"`} {
			if !strings.Contains(kept, want) {
				t.Errorf("%s: kept is %s, want %s in it", name, kept, want)
			}
		}
	}
}
