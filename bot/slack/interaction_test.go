package slack

import (
	"reflect"
	"testing"

	"parley/bot/slack/fact"
	"parley/bridge"
)

// decodeTwice decodes a payload, which says the same each time.
func decodeTwice(t *testing.T, raw []byte) ([]bridge.Action, error) {
	t.Helper()
	first, err := decode(raw)
	if again, err2 := decode(raw); (err == nil) != (err2 == nil) || !reflect.DeepEqual(first, again) {
		t.Fatalf("decoded as %+v, %v, then as %+v, %v", first, err, again, err2)
	}
	return first, err
}

// fuzzedSelf is who we are in the payloads of fuzz tests.
func fuzzedSelf() *fact.Self { return &fact.Self{User: "UBOT", Bot: "BBOT", App: "ABOT", Team: "T1"} }

func FuzzDecodeInteraction(f *testing.F) {
	f.Add([]byte(`{"type":"block_actions","user":{"id":"U"},"actions":[{"action_id":"b:take::1","value":""}]}`))
	f.Add([]byte(`{"type":"view_submission","view":{"private_metadata":"{\"verb\":\"snooze\"}","state":{"values":{"f:until":{"v":{"value":"2h"}}}}}}`))
	f.Add([]byte(`{"type":"message_action","callback_id":"conv_undo","message":{"ts":"1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if f, err := fuzzedSelf().Fact(fact.KindInteraction, "i:1", "C1:1", body); err == nil {
			_, _ = decodeTwice(t, f.Payload) //nolint:errcheck // must not crash
		}
	})
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add([]byte(`{"team_id":"T1","command":"/parley","text":"#12 assign <@U1|ann> <#C1|x>"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if f, err := fuzzedSelf().Fact(fact.KindCommand, "i:1", "C1:1", body); err == nil {
			_, _ = decodeTwice(t, f.Payload) //nolint:errcheck // must not crash
		}
	})
}
