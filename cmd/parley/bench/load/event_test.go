package load

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

// Events are distinct, about 1 kB, and carry the ids that the journal will have.
func TestEventMaker(t *testing.T) {
	t.Parallel()
	w := &rig.Workspace{Server: slackfake.New(slackfake.Options{Users: lab.SlackPeople()})}
	defer func() { _ = w.Close() }()
	seen := map[string]bool{}
	for lane := range 3 {
		m := NewEventMaker(w, lane)
		for n := range 20_000 {
			channel, thread, text := everywhere(n)
			body, ts := m.Message(lab.Ann, channel, thread, text)
			if id := factID(rig.SupportChannel(0), ts); seen[id] {
				t.Fatalf("%s twice", id)
			} else {
				seen[id] = true
			}
			if n%5000 == 0 && (len(body) < 900 || len(body) > 1500 || !strings.Contains(string(body), `"ts":"`+ts+`"`)) {
				t.Errorf("%d bytes: %s", len(body), body)
			}
		}
	}
}
