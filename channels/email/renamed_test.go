package email

import (
	"testing"
	"time"
)

// A folder of sent mail that is made, or gets another name, while the channel runs is found with the next look.
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
