package slack

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// A post of files that is erased takes the files along: Slack keeps them when only the message goes. And what Slack
// repeats of a deleted message isn't kept in the journal.
//
func TestErasedFiles(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{upload("zebra.txt", "one"), upload("otter.txt", "two")}
	sent := st.sendAll(p)
	held := st.fake.Message(st.ch, sent.Message).Files
	gone := st.post(bridge.PostErased, root, "t2")
	gone.Place.Message, gone.Was = sent.Message, bridge.PostFiles
	st.send(gone)
	for _, f := range held {
		if left := st.fake.File(f.ID); len(held) != 2 || left != nil && (len(left.Data) > 0 || left.Mode != "tombstone") {
			t.Errorf("%s is left: %+v", f.ID, left)
		}
	}
	unknown := st.post(bridge.PostSaid, root, "t3") // its record is gone
	unknown.Said = &bridge.Said{From: bridge.PartyRef{Name: "Zebra"}, Text: "a zebra"}
	st.send(unknown)
	last := st.post(bridge.PostErased, root, "t4")
	last.Place.Message, last.Was = root.Message, bridge.PostRoot
	st.sendAll(last)
	if left := st.fake.Thread(st.ch, root.Message); len(left) != 1 || !strings.HasPrefix(left[0].Text, "Erased") {
		t.Errorf("left in the thread: %+v", left)
	}
	const told = `{"type":"event_callback","team_id":"T1","event":{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"2.0",` +
		`"previous_message":{"ts":"2.0","thread_ts":"1.0","user":"UANN","text":"a zebra","blocks":[{"type":"zebra"}],"files":[{"name":"zebra"}]}}}`
	kept := string(withoutWords([]byte(told)))
	if strings.Contains(kept, "zebra") || !strings.Contains(kept, `"thread_ts":"1.0"`) || !strings.Contains(kept, `"user":"UANN"`) {
		t.Errorf("kept of a deletion: %s", kept)
	}
}
