package slack

import (
	"reflect"
	"testing"
)

// checkDecodesAlike checks that a payload is decoded, or refused, in the same way each time, and that nothing
// crashes.
func checkDecodesAlike(t *testing.T, raw []byte) {
	t.Helper()
	first, firstErr := decode(raw)
	second, secondErr := decode(raw)
	if (firstErr == nil) != (secondErr == nil) {
		t.Fatalf("decoded with error %v, then with error %v", firstErr, secondErr)
	}
	if !reflect.DeepEqual(first, second) {
		t.Fatalf("decoded as %+v, then as %+v", first, second)
	}
}

// fuzzedSelf is who we are in the payloads of fuzz tests.
func fuzzedSelf() *Self { return &Self{User: "UBOT", Bot: "BBOT", App: "ABOT", Team: "T1"} }

func FuzzDecodeInteraction(f *testing.F) {
	f.Add([]byte(`{"type":"block_actions","user":{"id":"U"},"actions":[{"action_id":"b:take::1","value":""}]}`))
	f.Add([]byte(`{
		"type": "view_submission",
		"view": {"private_metadata": "{\"verb\":\"snooze\"}", "state": {"values": {"f:until": {"v": {"value": "2h"}}}}}
	}`))
	f.Add([]byte(`{"type":"message_action","callback_id":"conv_undo","message":{"ts":"1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		stored, err := fuzzedSelf().Fact(KindInteraction, "i:1", "C1:1", body)
		if err != nil {
			return // what can't be stored is never decoded
		}
		checkDecodesAlike(t, stored.Payload)
	})
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add([]byte(`{"team_id":"T1","command":"/parley","text":"#12 assign <@U1|ann> <#C1|x>"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		stored, err := fuzzedSelf().Fact(KindCommand, "i:1", "C1:1", body)
		if err != nil {
			return // what can't be stored is never decoded
		}
		checkDecodesAlike(t, stored.Payload)
	})
}
