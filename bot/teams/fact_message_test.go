package teams

import "testing"

// A message has the time of its id, and if that is no time, the time of the activity that tells of it. An edit's activity doesn't
// tell when the message was typed.
func TestOrderOfAMessage(t *testing.T) {
	t.Parallel()
	const stamp = "2023-11-14T22:13:21.25Z"
	for _, tt := range []struct {
		name, kind, id, stamp, want string
	}{
		{name: "id in milliseconds", kind: TypeMessage, id: "1700000000001", stamp: stamp, want: "1700000000.001000"},
		{name: "edit of one", kind: TypeMessageUpdate, id: "1700000000001", stamp: stamp, want: "1700000000.001000"},
		{name: "opaque id", kind: TypeMessage, id: "f:5b9d-7", stamp: stamp, want: "1700000001.250000"},
		{name: "small number", kind: TypeMessage, id: "17", stamp: stamp, want: "1700000001.250000"},
		{name: "opaque id without a time", kind: TypeMessage, id: "f:5b9d-7"},
		{name: "edit of an opaque id", kind: TypeMessageUpdate, id: "f:5b9d-7", stamp: stamp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &Activity{
				Type:         tt.kind,
				ID:           tt.id,
				Timestamp:    tt.stamp,
				From:         &ChannelAccount{ID: "29:ann"},
				Conversation: &ConversationAccount{ID: ThreadID("19:support", "1600000000000")},
			}
			actions, err := Payload{Kind: KindActivity, Me: "28:bot"}.decodeActivity(a)
			if err != nil || len(actions) != 1 {
				t.Fatalf("got %d actions and %v, want one", len(actions), err)
			}
			if got := actions[0].Order; got != tt.want {
				t.Errorf("got the order %q, want %q", got, tt.want)
			}
		})
	}
}
