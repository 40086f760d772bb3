package email

import (
	"testing"

	"parley/channels/email/inbound"
	"parley/channels/email/mailfake"
)

// newWorldWithSentFolder makes a world whose account names its folder of sent mail.
func newWorldWithSentFolder(t *testing.T, name string) *world {
	t.Helper()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = []string{"Répondus"} })
	w.config["sent_folder"] = name
	return w
}

// A folder of sent mail that the account names is read, and its mails are known as sent ones.
func TestNamedSentFolder(t *testing.T) {
	t.Parallel()
	w := newWorldWithSentFolder(t, "Répondus")
	w.pollOften()
	w.startAndWaitActive()
	w.waitSentFolderRead()
	w.appendReceived("Répondus", "answer", 0)
	w.waitStored("answer")
	head, _ := inbound.SplitPayload(w.journal.snapshot().facts[0].Payload)
	wantEqual(t, "folder", head.Folder, "Répondus")
	wantEqual(t, "it is of the folder of sent mail", head.Sent, true)
	wantContains(t, "finding", w.findingText("Sent folder"), "Répondus;")
}

func TestCheckFindsThatTheNamedSentFolderIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorldWithSentFolder(t, "Nowhere")
	wantContains(t, "finding", w.findingText("Sent folder"), `"Nowhere" can't be opened`)
}
