package engine_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine/files"
	"parley/channels"
)

// A file that an agent uploads to Parley goes to the customer with the reply. The thread names the file with a link,
// which works while the file is stored. The file is kept as long as its message.
func TestUploadedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{fileLink: func(message bridge.MessageID, file string) string { return "(" + plainLink(message, file) + ")" },
		caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	desk := w.engines[0].Desk(w.surface)
	upload := func(name, content string) bridgetest.File {
		blob, size, err := desk.StoreFile(t.Context(), strings.NewReader(content), 100)
		check(t, err)
		return bridgetest.File{Name: name, Blob: blob, Size: size}
	}

	reply := formOf(bridge.VerbReply)
	reply.Args.Conversation = bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	w.chat.Submit("ann", support, thread, reply, "", upload("plan.txt", "the plan"))
	got := w.waitSent(1)[0]
	if len(got.Files) != 1 || got.Files[0].Name != "plan.txt" || string(got.Files[0].Content) != "the plan" {
		t.Errorf("the customer got the files %+v, want the plan alone", got.Files)
	}

	_, after, _ := strings.Cut(w.waitLine(thread, bridge.LineDone).Plain(), "plan.txt (")
	link, _, _ := strings.Cut(after, ")")
	message, file := linkedTo(t, link)
	wantEqual(t, "the link is for the thread", files.IsForThread(file), true)
	f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
	body := must(f.Open(t.Context()))(t)
	if all := must(io.ReadAll(body))(t); string(all) != "the plan" {
		t.Errorf("the link leads to %q", all)
	}

	w.exec(`DELETE FROM blobs`)
	if _, err := f.Open(t.Context()); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("a file that isn't stored any more: got the error %v, want the class BadContent", err)
	}
	if n := w.count(`SELECT count(*) FROM uploads WHERE used`); n != 1 {
		t.Errorf("%d uploads are kept for their message, want 1", n)
	}
}

// If a reply stays inside, the line in the thread names its uploaded file, since it isn't shown anywhere else.
func TestUploadedFileStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage, c.MaxTextRunes = 2, 10 }})
	thread := w.openThread()
	blob, size, err := w.engines[0].Desk(w.surface).StoreFile(t.Context(), strings.NewReader("the plan"), 100)
	check(t, err)
	reply := formOf(bridge.VerbReply)
	reply.Args.Conversation = bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	w.chat.Submit("ann", support, thread, reply, "longer than it may be", bridgetest.File{Name: "plan.txt", Blob: blob, Size: size})
	wantWords(t, "the line", w.waitLine(thread, bridge.LineInside).Plain(), "longer than it may be", "plan.txt")
}

// An agent who uploads a file learns at once that the channel can't take it, or that she may not reply.
func TestUploadIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage, c.Files.MaxBytes = 2, 1000 }})
	w.openThread()
	desk, id := w.engines[0].Desk(w.surface), bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	files := func(size int64) []bridge.SurfaceFile {
		return []bridge.SurfaceFile{{Name: "plan.pdf", ContentType: "application/pdf", SizeBytes: size, Blob: "x"}}
	}
	check(t, desk.MayReply(t.Context(), id, "ann", "", files(1000)))

	for code, err := range map[string]error{
		"file_too_large": desk.MayReply(t.Context(), id, "ann", "", files(1001)),
		"not_an_agent":   desk.MayReply(t.Context(), id, "dan", "", files(1)),
	} {
		wantEqual(t, "the problem", string(wantProblem(t, code, err).Code), code)
	}
	if err := desk.MayReply(t.Context(), 1<<40, "ann", "", files(1)); !errors.Is(err, bridge.ErrNoConversation) {
		t.Errorf("MayReply in a conversation that isn't there: got the error %v, want ErrNoConversation", err)
	}
	if _, _, err := desk.StoreFile(t.Context(), strings.NewReader("too long"), 4); !errors.Is(err, bridge.ErrTooLarge) {
		t.Errorf("StoreFile of more bytes than the limit: got the error %v, want ErrTooLarge", err)
	}
}

// A reply whose file can't be read offers only to write another reply, since sending it again would fail again. The new
// reply doesn't quote the first one, which the customer never got.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	said := w.chat.Say("ann", support, thread, "Here it is", bridgetest.File{Name: "plan.txt", Unavailable: "no right to it"})
	w.waitFate(said, "failed")
	line := w.waitLine(thread, bridge.LineFailed)
	wantButtons(t, "the line", line, bridge.VerbReply)
	answer := line.Buttons[0]
	wantEqual(t, "the message that it answers", answer.Args.Message, 0)
	if answer.Args.Conversation == 0 {
		t.Error("the button names no conversation")
	}
	// The form claims that it answers the first message.
	answer.Args.Message = bridge.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, said))
	w.chat.Submit("ann", support, thread, answer, "Here is a link.")
	w.provider.WaitTexts(t, "Here is a link.")
}
