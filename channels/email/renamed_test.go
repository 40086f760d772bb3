package email

import (
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// A folder of sent mail that is made, or gets another name, while the channel runs is found soon.
func TestSentFolderThatIsMadeOrRenamedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pollOften()
	w.opts.Timing.RescanBad = time.Millisecond
	w.deleteSentFolder()
	w.startAndWaitActive()

	program := w.openAsMailProgram("INBOX")
	if err := program.Create("Sent", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	w.waitSentFolderRead()
	if err := program.Rename("Sent", "Gesendet", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	w.waitWatermark(`"folder":"Gesendet"`)
	w.appendReceived("Gesendet", "answer", 0)
	w.waitStored("answer")
}

// A mailbox without a folder of sent mail isn't asked for its folders at each look: it may have thousands.
func TestNoSentFolderIsSoughtNowAndThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deleteSentFolder()
	w.addFault(mailfake.Fault{Op: mailfake.OpLIST, Action: mailfake.ActionReply, Nth: 2}) // counts
	w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")
	w.deliver("two")
	w.waitStored("one", "two")
	wantEqual(t, "lists of folders", w.Faults()[0].Seen, 1)
}
