package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// A table that is pasted in Slack's client arrives whole, alone or below the message's text. Cells have no
// formatting, so the address of a link is put behind its words.
func TestPastedTable(t *testing.T) {
	t.Parallel()
	const table = `| Lamp | EUR \| net |
| - | - |
| Desk | 19 (https://x.test/19) |`
	for _, tt := range []struct {
		name string
		text string
		want string
	}{
		{name: "alone", text: "", want: table},
		{name: "below a text", text: "Our prices:", want: "Our prices:\n\n" + table},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := newConnectedWorld(t)
			ts, err := w.fake.As(w.ann).Post(slackfake.Post{
				Channel: w.channel,
				Thread:  w.postRoot().Message,
				Text:    tt.text,
				Table:   [][]string{{"Lamp", "EUR | net"}, {"_Desk_", "<https://x.test/19|19>"}},
			})
			noError(t, err)

			a := w.waitAction(w.messageID(ts))
			wantEqual(t, "verb", a.Verb, bridge.VerbSay)
			wantEqual(t, "text", a.Text, tt.want)
		})
	}
}
