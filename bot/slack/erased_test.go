package slack

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// A post of files that is erased takes the files along: Slack keeps them when only the message goes.
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
}
