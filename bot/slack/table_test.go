package slack

import (
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// A table that is pasted in Slack's client comes here whole, also alone. A cell has no formatting, so that the address of a link
// stands behind its words.
func TestPasteTable(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	const table = "| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19 (https://x.test/19) |"
	for text, want := range map[string]string{"": table, "Our prices:": "Our prices:\n\n" + table} {
		ts, err := st.fake.As(st.ann).Post(slackfake.Post{
			Channel: st.channel, Thread: root.Message, Text: text, Table: [][]string{{"Lamp", "EUR | net"}, {"_Desk_", "<https://x.test/19|19>"}},
		})
		must(t, err)
		a := st.waitAction(fact.MessageID(st.channel, ts))
		wantEqual(t, "verb", a.Verb, bridge.VerbSay)
		wantEqual(t, "text", a.Text, want)
	}
}
