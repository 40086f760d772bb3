package fact

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"parley/bot/slack/glance"
	"parley/bridge"
)

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

// Whatever an event has, it is stored under a name that fits, and what is stored can be decoded, without words of our own.
func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(msg(`"user":"UANN",`, "<@UBOT> !snooze 2h")))
	f.Add([]byte(`{"type":"message","subtype":"message_changed","channel":"C1","message":{"ts":"1","subtype":"tombstone"}}`))
	f.Add([]byte(`{"type":"reaction_added","user":"U","reaction":"x","item":{"type":"message","channel":"C","ts":"1"}}`))
	f.Add([]byte(msg(`"user":"UANN",`, "<@U1> and <<@U2>> ask <@U3|ann> or <!subteam^S1|@team>")))
	f.Fuzz(func(t *testing.T, ev []byte) {
		me := testSelf()
		for _, fact := range me.SplitEvent(KindEvent, callbackOf(string(ev))).Facts {
			if fact.ExternalID == "" || len(fact.ExternalID) > 500 && fact.Quarantine == "" {
				t.Fatalf("stored as %q, want 1 to 500 bytes", fact.ExternalID)
			}
			if fact.Quarantine != "" {
				continue
			}
			as, err := decodeStoredTwice(t, fact.Payload)
			if err != nil {
				t.Fatalf("stored but not decodable: %v", err)
			}
			for _, a := range as {
				if a.Actor.Kind == bridge.ActorSelf && a.Verb != bridge.VerbDelete {
					t.Fatalf("our own words are an action: %+v", a)
				}
			}
		}
	})
}

// A plain message is read in one pass, without decoding all of it. It has the same facts as one that is decoded, because it has a
// field that nobody knows.
func TestPlainMessages(t *testing.T) {
	t.Parallel()
	for name, ev := range map[string]string{
		"in a thread":      msg(annsMessage, "On our way"),
		"our own":          msg(`"user":"UBOT",`, "x"),
		"a mention of us":  strings.Replace(msg(`"user":"UANN",`, "x"), `"message"`, `"app_mention"`, 1),
		"at the top level": `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","text":"x"}`,
		"a root":           `{"type":"message","user":"UANN","channel":"C1","ts":"1700000002.000200","thread_ts":"1700000002.000200","text":"x"}`,
	} {
		for _, team := range []string{"T1", "T2"} {
			body := bytes.Replace(callbackOf(ev), []byte(`"T1"`), []byte(`"`+team+`"`), 1)
			if _, isPlain := glance.Read(body); !isPlain {
				t.Errorf("%s isn't read as plain: %s", name, body)
			}
			decoded := bytes.Replace(body, []byte(`"event":{`), []byte(`"event":{"new":1,`), 1)
			got, want := testSelf().SplitEvent(KindEvent, body), testSelf().SplitEvent(KindEvent, decoded)
			for i := range want.Facts {
				want.Facts[i].Payload = bytes.Replace(want.Facts[i].Payload, decoded, body, 1)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, for the team %s:\n got %+v\nwant %+v", name, team, got, want)
			}
		}
	}
}

// A payload is Slack's bytes with what is noted beside them. Of what isn't JSON none is made.
func TestWrap(t *testing.T) {
	t.Parallel()
	me := testSelf()
	for _, body := range []string{`{"text":"a <b> \u003c@U1\u003e & \u2028"}`, ` [1] `, `null`, `""`} {
		raw, err := me.wrap(KindEvent, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Unwrap(raw)
		if err != nil {
			t.Fatalf("%s became %s, which can't be read: %v", body, raw, err)
		}
		wantEqual(t, "kind of "+body, p.Kind, KindEvent)
		wantEqual(t, "bytes of "+body, string(p.Body), strings.TrimSpace(body))
		if !reflect.DeepEqual(p.Self, *me) {
			t.Errorf("noted beside %s is %+v, want %+v", body, p.Self, *me)
		}
	}
	for _, body := range []string{``, `{`, `{}}`, `{},"kind":"command"`} {
		if raw, err := me.wrap(KindEvent, []byte(body)); err == nil {
			t.Errorf("%q became %s, want an error", body, raw)
		}
	}
}
