package slack

import (
	"testing"

	"parley/bridge"
)

// newErasePost makes the post that erases another post, of the kind was, in a root's thread.
func (w *world) newErasePost(root bridge.Place, message string, was bridge.PostKind) bridge.Post {
	p := w.newPost(bridge.PostErased, root, "erase")
	p.Place.Message, p.Was = message, was
	return p
}

// If a post of files is erased, its files are deleted, too. Slack would keep them if only the message was deleted.
// Requirement R-276: Erase and export a person.
func TestErasedPostTakesItsFilesAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	sent := w.mustSendAll(w.newFilesPost(root, textFile("zebra.txt", "one"), textFile("otter.txt", "two")))
	shown := w.wantMessage(sent.Message, root.Message, 2).Files

	w.mustSend(w.newErasePost(root, sent.Message, bridge.PostFiles))
	for _, f := range shown {
		left := w.fake.File(f.ID)
		if left == nil {
			continue
		}
		wantEqual(t, "mode of what is left of "+f.Name, left.Mode, "tombstone")
		wantEqual(t, "bytes that are left of "+f.Name, len(left.Data), 0)
	}
}

// If a thread's root is erased, all of Parley's posts in it are deleted, including those that aren't recorded any
// more. People's messages stay, and the card only says that it was erased.
// Requirement R-276: Erase and export a person.
func TestErasedThreadKeepsWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	unrecorded := w.newPost(bridge.PostSaid, root, "t3") // the engine doesn't name it when it erases the root
	unrecorded.Said = &bridge.Said{From: bridge.PartyRef{Name: "Zebra"}, Text: "a zebra"}
	w.mustSend(unrecorded)
	anns := w.postAsAnn(root.Message, "what Ann wrote")
	w.mustSend(w.newPost(bridge.PostSaid, root, "t5")) // another one of ours, behind hers

	w.mustSendAll(w.newErasePost(root, root.Message, bridge.PostRoot))

	left := w.fake.Thread(w.channel, root.Message)
	if len(left) != 2 {
		t.Fatalf("got %d messages in the thread, want the card and what Ann wrote: %+v", len(left), left)
	}
	wantPrefix(t, "text of the card", left[0].Text, "Erased")
	wantEqual(t, "message below the card", left[1].TS, anns)
}
