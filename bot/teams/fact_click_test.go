package teams

import (
	"strings"
	"testing"
)

// A click or a filled form that is told again is the same fact, even if its fields come in another order. Another person,
// button or value makes another fact. If the client names no button of ours, another activity makes another fact, too.
func TestInvokeID(t *testing.T) {
	t.Parallel()
	const first, nonce, data = "1700000000001", "n1", `{"a":1,"b":"x"}`
	idOf := func(activity, user, nonce, data string) string {
		p := Payload{Who: map[string]Person{"29:someone": {User: user}}}
		a := Activity{ID: activity, From: &ChannelAccount{ID: "29:someone"}}
		return p.InvokeID(&a, nonce, []byte(data))
	}
	long := strings.Repeat("n", maxNonceInID+1)
	for _, tt := range []struct {
		name, activity, user, nonce, data string
		before                            string // the nonce of the click before, which is Ann's with data
		isSame                            bool
	}{
		{name: "told again", activity: "1700000000002", user: "ann", nonce: nonce, data: data, before: nonce, isSame: true},
		{name: "another order", activity: first, user: "ann", nonce: nonce, data: `{"b":"x","a":1}`, before: nonce, isSame: true},
		{name: "another person", activity: first, user: "ben", nonce: nonce, data: data, before: nonce},
		{name: "another button", activity: first, user: "ann", nonce: "n2", data: data, before: nonce},
		{name: "another value", activity: first, user: "ann", nonce: nonce, data: `{"a":1,"b":"y"}`, before: nonce},
		{name: "no button", activity: "1700000000002", user: "ann", data: data},
		{name: "none of our buttons", activity: "1700000000002", user: "ann", nonce: long, data: data, before: long},
	} {
		was, is := idOf(first, "ann", tt.before, data), idOf(tt.activity, tt.user, tt.nonce, tt.data)
		if (is == was) != tt.isSame {
			t.Errorf("%s: got the ids %q and %q; they are the same: %t, want %t", tt.name, was, is, is == was, tt.isSame)
		}
	}
}
