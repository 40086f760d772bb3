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
	st := newStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{textFile("zebra.txt", "one"), textFile("otter.txt", "two")}
	sent := st.mustSendAll(p)
	shown := st.fake.Message(st.channel, sent.Message).Files
	wantEqual(t, "files shown", len(shown), 2)
	gone := st.newPost(bridge.PostErased, root, "t2")
	gone.Place.Message, gone.Was = sent.Message, bridge.PostFiles
	st.mustSend(gone)
	for _, f := range shown {
		if left := st.fake.File(f.ID); left != nil && (len(left.Data) > 0 || left.Mode != "tombstone") {
			t.Errorf("of the file %s is left: %+v, want nothing but a tombstone", f.ID, left)
		}
	}
}

// When a thread's root is erased, all of our posts in it go, also those of which there is no record any more. What people wrote
// stays, and the card says only that it was erased.
//
func TestErasedThread(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	unknown := st.newPost(bridge.PostSaid, root, "t3") // there is no record of it
	unknown.Said = &bridge.Said{From: bridge.PartyRef{Name: "Zebra"}, Text: "a zebra"}
	st.mustSend(unknown)
	anns := st.postAsAnn(root.Message, "what Ann wrote")
	st.mustSend(st.newPost(bridge.PostSaid, root, "t5")) // behind hers
	last := st.newPost(bridge.PostErased, root, "t4")
	last.Place.Message, last.Was = root.Message, bridge.PostRoot
	st.mustSendAll(last)
	left := st.fake.Thread(st.channel, root.Message)
	if len(left) != 2 || !strings.HasPrefix(left[0].Text, "Erased") || left[1].TS != anns {
		t.Errorf("left in the thread: %+v, want what Ann wrote below a card that says that it was erased", left)
	}
}
