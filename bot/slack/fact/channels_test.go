package fact

import "testing"

// A channel's id is replaced, given back, and replaced again. Each change is a fact of its own, and one that Slack reports
// twice is one.
func TestChannelThatGetsItsIDBack(t *testing.T) {
	t.Parallel()
	changed := func(former, current, at string) string {
		id, _ := oneAction(t, `{"type":"channel_id_changed","old_channel_id":"`+former+`","new_channel_id":"`+current+`","event_ts":"`+at+`"}`)
		return id
	}
	first := changed("C1", "C2", "1700000000.000100")
	wantEqual(t, "reported again", changed("C1", "C2", "1700000000.000100"), first)
	seen := map[string]bool{first: true}
	for _, id := range []string{changed("C2", "C1", "1700000100.000100"), changed("C1", "C2", "1700000200.000100")} {
		if seen[id] {
			t.Errorf("the later change is the fact %s, too, want another one", id)
		}
		seen[id] = true
	}
}
