package fact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/glance"
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

// msg makes a message event in a thread of ours; more are fields in front.
func msg(more, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"type":"message",%s"channel":"C1","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT","text":%s}`, more, quoted)
}

func TestDecodeMessages(t *testing.T) {
	t.Parallel()
	ann := `"user":"UANN","team":"T1",`
	person := bridge.Actor{ID: "UANN", Kind: bridge.ActorPerson}
	cases := []struct {
		name, event string
		want        func(a bridge.Action) bool
	}{
		{"plain", msg(ann, "On our way"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbSay && a.Text == "On our way" && a.Raw == a.Text && a.Actor == person && a.OwnThread && !a.MentionsBot &&
				a.Place == bridge.Place{Channel: "C1", Thread: "1700000001.000100", Message: "1700000002.000200"} && a.Order == "1700000002.000200"
		}},
		{"4 thread_broadcast", msg(`"subtype":"thread_broadcast",`+ann, "for all"), func(a bridge.Action) bool { return a.Verb == bridge.VerbSay && a.Broadcast }},
		{"5 me_message", msg(`"subtype":"me_message",`+ann, "waves"), func(a bridge.Action) bool { return a.Verb == bridge.VerbSay && a.Text == "waves" }},
		{"note", msg(ann, "note: *careful* with him"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbNote && a.Marker == bridge.MarkNote && a.Text == "**careful** with him"
		}},
		{"bold note", msg(ann, "*note:* careful"), func(a bridge.Action) bool { return a.Verb == bridge.VerbNote && a.Marker == bridge.MarkNote }},
		{"slashes", msg(ann, "// careful"), func(a bridge.Action) bool { return a.Verb == bridge.VerbNote && a.Text == "careful" }},
		{"verb", msg(ann, "!snooze 2h"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbSnooze && a.Args.Until == "2h" && a.Marker == bridge.MarkBang
		}},
		{"verb with mentions", msg(ann, "!assign <@UBEN>"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbAssign && reflect.DeepEqual(a.Args.Agents, []string{"UBEN"}) && reflect.DeepEqual(a.Mentions, []string{"UBEN"})
		}},
		{"unknown verb", msg(ann, "!snoze 2h"), func(a bridge.Action) bool { return a.Verb == bridge.VerbUnknown && a.Marker == bridge.MarkBang }},
		{"escaped verb", msg(ann, "!!important"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbSay && a.Marker == bridge.MarkNone && a.Text == "!important"
		}},
		{"lone verb", msg(ann, "resolve"), func(a bridge.Action) bool { return a.Verb == bridge.VerbSay && a.Marker == bridge.MarkLone }},
		{"mention verb", msg(ann, "<@UBOT> snooze 2h"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbSnooze && a.Origin == bridge.OriginMention && a.MentionsBot
		}},
		{"mention reply", msg(ann, "<@UBOT>, reply: *now*"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbReply && a.Explicit && !a.MentionsBot && a.Text == "**now**"
		}},
		{"mention of us inside", msg(ann, "ask <@UBOT> please"), func(a bridge.Action) bool { return a.Verb == bridge.VerbSay && a.MentionsBot }},
		{"colleague", msg(ann, "<@UBEN> look"), func(a bridge.Action) bool {
			return a.Verb == bridge.VerbSay && reflect.DeepEqual(a.Mentions, []string{"UBEN"}) && a.Text == "@UBEN look" && a.Raw == a.Text
		}},
		{"group and broadcast", msg(ann, "<!subteam^S1|@support> <!here>"), func(a bridge.Action) bool { return reflect.DeepEqual(a.Mentions, []string{"S1", "here"}) }},
		{"top level", `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","text":"hi"}`, func(a bridge.Action) bool {
			return a.Place == bridge.Place{Channel: "C1", Message: "1700000002.000200"} && !a.OwnThread
		}},
		{"26 foreign", msg(`"user":"UEVE","team":"T1","user_team":"T9","source_team":"T9",`, "hi"), func(a bridge.Action) bool { return a.Actor.Kind == bridge.ActorForeign }},
		{"26 foreign by team", msg(`"user":"UEVE","team":"T9",`, "hi"), func(a bridge.Action) bool { return a.Actor.Kind == bridge.ActorForeign }},
		{"26 other app", msg(`"user":"UAPP","bot_id":"B9","app_id":"A9",`, "hi"), func(a bridge.Action) bool { return a.Actor == bridge.Actor{ID: "UAPP", Kind: bridge.ActorBot} }},
		{"26 workflow", msg(`"subtype":"bot_message","bot_id":"B9",`, "hi"), func(a bridge.Action) bool { return a.Actor == bridge.Actor{ID: "B9", Kind: bridge.ActorBot} }},
		{"26 Slackbot", msg(`"user":"USLACKBOT",`, "hi"), func(a bridge.Action) bool { return a.Actor.Kind == bridge.ActorBot }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ids, as := actionsOf(t, c.event)
			if len(as) != 1 || ids[0] != "m:C1:1700000002.000200" || !c.want(as[0]) {
				t.Errorf("ids %v, got %+v", ids, as)
			}
		})
	}
}

func TestDecodeChanges(t *testing.T) {
	t.Parallel()
	changed := func(now, before string) string {
		return `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000","message":` + now + `,"previous_message":` + before + `}`
	}
	m := func(more, text string) string {
		return fmt.Sprintf(`{"type":"message","user":"UANN","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT",%s"text":%q}`, more, text)
	}
	e1, e2 := `"edited":{"user":"UANN","ts":"1700000005.000000"},`, `"edited":{"user":"UANN","ts":"1700000006.000000"},`

	t.Run("1 edit", func(t *testing.T) {
		t.Parallel()
		ids, as := actionsOf(t, changed(m(e1, "new"), m("", "old")))
		if len(as) != 1 || as[0].Verb != bridge.VerbEdit || as[0].Text != "new" || as[0].Version != "1700000005.000000+1700000009.000000" || !strings.HasPrefix(ids[0], "e:C1:1700000002.000200:") {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
	t.Run("1 edit back is another fact", func(t *testing.T) {
		t.Parallel()
		a, _ := actionsOf(t, changed(m(e1, "x"), m("", "y")))
		b, _ := actionsOf(t, changed(m(e2, "x"), m(e1, "z")))
		if a[0] == b[0] {
			t.Errorf("both %s", a[0])
		}
	})
	t.Run("a file was deleted", func(t *testing.T) { // what is left of it keeps its id
		t.Parallel()
		file := func(mode string) string { return `"files":[{"id":"F1","name":"a.pdf","mode":"` + mode + `"}],` }
		_, as := actionsOf(t, changed(m(file("tombstone"), "see"), m(file("hosted"), "see")))
		if len(as) != 1 || as[0].Verb != bridge.VerbEdit || len(as[0].Files) != 1 || as[0].Files[0].Unavailable != "deleted" {
			t.Errorf("got %+v", as)
		}
	})
	t.Run("two edits in one second", func(t *testing.T) { // edited.ts tells seconds
		t.Parallel()
		later := strings.Replace(changed(m(e1, "third"), m(e1, "second")), "1700000009.000000", "1700000009.000100", 1)
		caught := strings.Replace(changed(m(e1, "fourth"), m(e1, "third")), `"event_ts":"1700000009.000000",`, "", 1)
		var versions []string
		for _, event := range []string{changed(m(e1, "second"), m("", "first")), later, caught, changed(m(e2, "last"), m(e1, "fourth"))} {
			_, as := actionsOf(t, event)
			versions = append(versions, as[0].Version)
		}
		if !slices.IsSorted(versions) || len(slices.Compact(slices.Clone(versions))) != len(versions) {
			t.Errorf("the versions are %q", versions)
		}
	})
	t.Run("three edits in one second, the last back to the words of the first", func(t *testing.T) {
		t.Parallel()
		at := func(event, stamp string) string { return strings.Replace(event, "1700000009.000000", stamp, 1) }
		known := map[string]bool{}
		for n, event := range []string{
			changed(m(e1, "second"), m("", "first")), at(changed(m(e1, "third"), m(e1, "second")), "1700000009.000100"),
			at(changed(m(e1, "second"), m(e1, "third")), "1700000009.000200"),
		} {
			ids, _ := actionsOf(t, event)
			again, _ := actionsOf(t, event)
			caught, _ := actionsOf(t, strings.Replace(at(event, ""), `,"previous_message":{`, `,"other":{`, 1))
			isNew := slices.ContainsFunc(ids, func(id string) bool { return !known[id] })
			if !isNew || !slices.Equal(ids, again) || len(caught) != 1 || !slices.Contains(ids, caught[0]) {
				t.Errorf("edit %d is the facts %v, told again %v, in history %v", n+1, ids, again, caught)
			}
			for _, id := range ids {
				known[id] = true
			}
		}
	})
	t.Run("35 edit into a note", func(t *testing.T) {
		t.Parallel()
		_, as := actionsOf(t, changed(m(e1, "note: he is rude"), m("", "Dear customer")))
		if len(as) != 1 || as[0].Verb != bridge.VerbEdit || as[0].Marker != bridge.MarkNote {
			t.Errorf("got %+v", as)
		}
	})
	t.Run("3 unfurl only", func(t *testing.T) {
		t.Parallel()
		if ids, as := actionsOf(t, changed(m(`"attachments":[{"id":1}],`, "see https://x.test"), m("", "see https://x.test"))); len(ids)+len(as) != 0 {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
	t.Run("3 unfurl after an edit", func(t *testing.T) {
		t.Parallel()
		if ids, as := actionsOf(t, changed(m(`"attachments":[{"id":1}],`+e1, "x"), m(e1, "x"))); len(ids)+len(as) != 0 {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
	t.Run("file removed", func(t *testing.T) {
		t.Parallel()
		_, as := actionsOf(t, changed(m(`"files":[{"id":"F1","mode":"tombstone"}],`, "x"), m(`"files":[{"id":"F1"},{"id":"F2"}],`, "x")))
		if len(as) != 1 || as[0].Files[0].Unavailable != "deleted" {
			t.Errorf("got %+v", as)
		}
	})
	t.Run("7 tombstone", func(t *testing.T) {
		t.Parallel()
		tomb := `{"type":"message","subtype":"tombstone","user":"USLACKBOT","ts":"1700000001.000100","thread_ts":"1700000001.000100","text":"This message was deleted."}`
		before := `{"type":"message","user":"UBOT","bot_id":"BBOT","ts":"1700000001.000100","thread_ts":"1700000001.000100","text":"card"}`
		ids, as := actionsOf(t, changed(tomb, before))
		if len(as) != 1 || as[0].Verb != bridge.VerbDelete || as[0].Place != (bridge.Place{Channel: "C1", Message: "1700000001.000100"}) ||
			as[0].Actor.Kind != bridge.ActorSelf || ids[0] != "d:C1:1700000001.000100" {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
	t.Run("2 deleted reply", func(t *testing.T) {
		t.Parallel()
		ids, as := actionsOf(t, `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"1700000009.000000","deleted_ts":"1700000002.000200","previous_message":`+m("", "x")+`}`)
		if len(as) != 1 || as[0].Verb != bridge.VerbDelete || as[0].Place.Thread != "1700000001.000100" || as[0].Place.Message != "1700000002.000200" ||
			as[0].Actor.ID != "UANN" || ids[0] != "d:C1:1700000002.000200" {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
	t.Run("our own card changed", func(t *testing.T) {
		t.Parallel()
		own := `{"type":"message","user":"UBOT","bot_id":"BBOT","app_id":"ABOT","ts":"1700000001.000100","text":"card"}`
		if ids, as := actionsOf(t, changed(own, own)); len(ids)+len(as) != 0 {
			t.Errorf("ids %v, got %+v", ids, as)
		}
	})
}

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
	if len(as) != 1 || !reflect.DeepEqual(as[0].Files, want) {
		t.Errorf("got %+v", as)
	}
}

func TestDecodeReactions(t *testing.T) {
	t.Parallel()
	ev := func(kind, user, emoji string) string {
		return fmt.Sprintf(`{"type":%q,"user":%q,"reaction":%q,"item":{"type":"message","channel":"C1","ts":"1700000002.000200"},"item_user":"UBOT","event_ts":"1700000003.000300"}`, kind, user, emoji)
	}
	ids, as := actionsOf(t, ev("reaction_added", "UANN", "eyes"))
	if len(as) != 1 || as[0].Verb != bridge.VerbTake || as[0].Origin != bridge.OriginEmoji || as[0].Args.Emoji != "eyes" || as[0].Place.Message != "1700000002.000200" ||
		ids[0] != "r:C1:1700000002.000200:UANN:eyes:1700000003.000300" {
		t.Errorf("ids %v, got %+v", ids, as)
	}
	if _, as := actionsOf(t, ev("reaction_added", "UANN", "tada")); len(as) != 1 || as[0].Verb != bridge.VerbReact || as[0].Args.Emoji != "tada" {
		t.Errorf("got %+v", as)
	}
	if _, as := actionsOf(t, ev("reaction_removed", "UANN", "eyes")); len(as) != 1 || as[0].Verb != bridge.VerbUnreact {
		t.Errorf("got %+v", as)
	}
	if ids, _ := actionsOf(t, ev("reaction_added", "UBOT", "eyes")); len(ids) != 0 {
		t.Errorf("own mark stored as %v", ids)
	}
}

// Only what is addressed to our app in our workspace is taken.
func TestForeignCallbacks(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		strings.Replace(string(callbackOf(msg(`"user":"UANN",`, "x"))), "T1", "T9", 1),
		strings.Replace(string(callbackOf(msg(`"user":"UANN",`, "x"))), "ABOT", "A9", 1),
		`{"type":"event_callback","event":{"type":"message"}}`,
	} {
		if a := testSelf().SplitEvent(KindEvent, []byte(body)); !a.Foreign || len(a.Facts) != 0 {
			t.Errorf("%s gave %+v", body, a)
		}
	}
}

// Case 8: of own uploads only the message's id is learned.
func TestOwnUploadIsLearned(t *testing.T) {
	t.Parallel()
	a := testSelf().SplitEvent(KindEvent, callbackOf(msg(`"subtype":"file_share","user":"UBOT","bot_id":"BBOT","files":[{"id":"F1"}],`, "")))
	want := []Share{{File: "F1", Channel: "C1", Thread: "1700000001.000100", TS: "1700000002.000200"}}
	if len(a.Facts) != 0 || !reflect.DeepEqual(a.Learned, want) {
		t.Errorf("got %+v", a)
	}
}

// What Slack repeats of a deleted message isn't kept in the journal.
//
func TestDeletedWordsAreNotKept(t *testing.T) {
	t.Parallel()
	const told = `{"type":"event_callback","team_id":"T1","event":{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"2.0",` +
		`"previous_message":{"ts":"2.0","thread_ts":"1.0","user":"UANN","text":"a zebra","blocks":[{"type":"zebra"}],"files":[{"name":"zebra"}]}}}`
	kept := string(withoutWords([]byte(told)))
	if strings.Contains(kept, "zebra") || !strings.Contains(kept, `"thread_ts":"1.0"`) || !strings.Contains(kept, `"user":"UANN"`) {
		t.Errorf("kept of a deletion: %s", kept)
	}
}

// decodeStored reads the payload of an event.
func decodeStored(raw []byte) ([]bridge.Action, error) {
	p, err := Unwrap(raw)
	if err != nil {
		return nil, err
	}
	return p.Self.DecodeEvent(p.Kind, p.Body)
}

// decodeStoredTwice decodes a payload, which says the same each time.
func decodeStoredTwice(t *testing.T, raw []byte) ([]bridge.Action, error) {
	t.Helper()
	first, err := decodeStored(raw)
	if again, err2 := decodeStored(raw); (err == nil) != (err2 == nil) || !reflect.DeepEqual(first, again) {
		t.Fatalf("decoded as %+v, %v, then as %+v, %v", first, err, again, err2)
	}
	return first, err
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(msg(`"user":"UANN",`, "<@UBOT> !snooze 2h")))
	f.Add([]byte(`{"type":"message","subtype":"message_changed","channel":"C1","message":{"ts":"1","subtype":"tombstone"}}`))
	f.Add([]byte(`{"type":"reaction_added","user":"U","reaction":"x","item":{"type":"message","channel":"C","ts":"1"}}`))
	f.Add([]byte(msg(`"user":"UANN",`, "<@U1> and <<@U2>> ask <@U3|ann> or <!subteam^S1|@team>")))
	f.Fuzz(func(t *testing.T, ev []byte) {
		me := testSelf()
		for _, fact := range me.SplitEvent(KindEvent, callbackOf(string(ev))).Facts {
			if fact.ExternalID == "" || len(fact.ExternalID) > 500 && fact.Quarantine == "" {
				t.Fatalf("id %q", fact.ExternalID)
			}
			if fact.Quarantine != "" {
				continue
			}
			as, err := decodeStoredTwice(t, fact.Payload)
			if err != nil {
				t.Fatalf("accepted but not decodable: %v", err)
			}
			for _, a := range as {
				if a.Actor.Kind == bridge.ActorSelf && a.Verb != bridge.VerbDelete {
					t.Fatalf("our own words: %+v", a)
				}
			}
		}
	})
}

// A plain message, which is read in one pass, has the fact that it has when it is decoded, as it is beside a field that
// nobody knows.
func TestPlainMessages(t *testing.T) {
	t.Parallel()
	for name, ev := range map[string]string{
		"in a thread": msg(`"user":"UANN","team":"T1",`, "On our way"), "own": msg(`"user":"UBOT",`, "x"), "mention": strings.Replace(msg(`"user":"UANN",`, "x"), `"message"`, `"app_mention"`, 1),
		"at the top level": `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","text":"x"}`,
		"root":             `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","thread_ts":"1700000002.000200","text":"x"}`,
	} {
		for _, team := range []string{"T1", "T2"} {
			body := bytes.Replace(callbackOf(ev), []byte(`"T1"`), []byte(`"`+team+`"`), 1)
			if _, plain := glance.Read(body); !plain {
				t.Errorf("%s isn't plain: %s", name, body)
			}
			decoded := bytes.Replace(body, []byte(`"event":{`), []byte(`"event":{"new":1,`), 1)
			got, want := testSelf().SplitEvent(KindEvent, body), testSelf().SplitEvent(KindEvent, decoded)
			for i := range want.Facts {
				want.Facts[i].Payload = bytes.Replace(want.Facts[i].Payload, decoded, body, 1)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s: %+v, want %+v", name, team, got, want)
			}
		}
	}
}

// A payload is Slack's bytes with what is noted beside them, and what isn't JSON makes none.
func TestWrap(t *testing.T) {
	t.Parallel()
	me := testSelf()
	for _, body := range []string{`{"text":"a <b> \u003c@U1\u003e & \u2028"}`, ` [1] `, `null`, `""`} {
		raw, err := me.wrap(KindEvent, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Unwrap(raw)
		if err != nil || p.Kind != KindEvent || !reflect.DeepEqual(p.Self, *me) || string(p.Body) != strings.TrimSpace(body) {
			t.Errorf("%s became %s: %+v %v", body, raw, p, err)
		}
	}
	for _, body := range []string{``, `{`, `{}}`, `{},"kind":"command"`} {
		if raw, err := me.wrap(KindEvent, []byte(body)); err == nil {
			t.Errorf("%q became %s", body, raw)
		}
	}
}
