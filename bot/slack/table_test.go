package slack

import (
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// TestPasteTable: a person pastes a table in Slack's client, and it comes here whole, also alone. A cell has no formatting, so
// that the address of a link stands behind its words.
func TestPasteTable(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	for text, want := range map[string]string{
		"":            "| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19 (https://x.test/19) |",
		"Our prices:": "Our prices:\n\n| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19 (https://x.test/19) |",
	} {
		ts, err := st.fake.As(st.ann).Post(slackfake.Post{
			Channel: st.ch, Thread: root.Message, Text: text, Table: [][]string{{"Lamp", "EUR | net"}, {"_Desk_", "<https://x.test/19|19>"}},
		})
		must(t, err)
		if a := st.decode(st.desk.First(t, fact.MessageID(st.ch, ts))); a.Verb != bridge.VerbSay || a.Text != want {
			t.Errorf("got %q, want %q", a.Text, want)
		}
	}
}
