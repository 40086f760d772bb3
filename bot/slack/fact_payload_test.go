package slack

import (
	"reflect"
	"strings"
	"testing"

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

// mustDecodeAlike decodes a payload twice, and checks that both succeed with the same result.
func mustDecodeAlike(t *testing.T, raw []byte) []bridge.Action {
	t.Helper()
	first, err := decodeStored(raw)
	if err != nil {
		t.Fatalf("stored but not decodable: %v", err)
	}
	second, err := decodeStored(raw)
	if err != nil {
		t.Fatalf("decoded, but not a second time: %v", err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Fatalf("decoded as %+v, then as %+v", first, second)
	}
	return first
}

// maxIDBytes is how long the id of a fact may be.
const maxIDBytes = 500

// Any event is stored under an id of at most maxIDBytes, and what is stored can be decoded. Messages of our own app never
// become actions.
func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(msg(`"user":"UANN",`, "<@UBOT> !snooze 2h")))
	f.Add([]byte(`{"type":"message","subtype":"message_changed","channel":"C1","message":{"ts":"1","subtype":"tombstone"}}`))
	f.Add([]byte(`{"type":"reaction_added","user":"U","reaction":"x","item":{"type":"message","channel":"C","ts":"1"}}`))
	f.Add([]byte(msg(`"user":"UANN",`, "<@U1> and <<@U2>> ask <@U3|ann> or <!subteam^S1|@team>")))
	f.Fuzz(func(t *testing.T, ev []byte) {
		self := testSelf()
		for _, fact := range self.SplitEvent(KindEvent, factCallbackOf(string(ev))).Facts {
			if fact.ExternalID == "" {
				t.Fatal("stored without an id")
			}
			if fact.Quarantine != "" {
				continue
			}
			if len(fact.ExternalID) > maxIDBytes {
				t.Fatalf("stored as %q, want at most %d bytes", fact.ExternalID, maxIDBytes)
			}
			for _, a := range mustDecodeAlike(t, fact.Payload) {
				if a.Actor.Kind == bridge.ActorSelf && a.Verb != bridge.VerbDelete {
					t.Fatalf("our own words are an action: %+v", a)
				}
			}
		}
	})
}

// A payload consists of Slack's bytes and of notes beside them.
func TestWrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body string
	}{
		{name: "object, as it was escaped", body: `{"text":"a <b> \u003c@U1\u003e & \u2028"}`},
		{name: "list between blanks", body: ` [1] `},
		{name: "null", body: `null`},
		{name: "text", body: `""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			self := testSelf()
			raw, err := self.wrap(KindEvent, []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			p, err := Unwrap(raw)
			if err != nil {
				t.Fatalf("the payload %s can't be read: %v", raw, err)
			}
			wantEqual(t, "kind", p.Kind, KindEvent)
			wantEqual(t, "bytes", string(p.Body), strings.TrimSpace(tt.body))
			if !reflect.DeepEqual(p.Self, *self) {
				t.Errorf("noted beside them is %+v, want %+v", p.Self, *self)
			}
		})
	}
}
