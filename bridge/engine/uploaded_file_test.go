package engine_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine/files"
	"parley/channels"
)

// What an agent uploads to us goes to the customer with the reply; the thread names it and
// leads to it until it is taken back, and it is kept as long as its message.
func TestUploadedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{fileLink: func(message bridge.MessageID, file string) string { return fmt.Sprintf("(%d/%s)", message, file) },
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
		t.Errorf("the customer got %+v", got)
	}
	line := w.waitLine(thread, bridge.LineDone)
	_, link, _ := strings.Cut(line.Plain(), "plan.txt (")
	link, _, _ = strings.Cut(link, ")")
	var message bridge.MessageID
	number, file, _ := strings.Cut(link, "/")
	if _, err := fmt.Sscan(number, &message); err != nil || !files.IsForThread(file) {
		t.Fatalf("the line %q leads to no file of the thread", line.Plain())
	}
	f := must(w.engines[0].Files().LinkedFile(t.Context(), message, file))(t)
	body := must(f.Open(t.Context()))(t)
	if all := must(io.ReadAll(body))(t); string(all) != "the plan" {
		t.Errorf("the link leads to %q", all)
	}
	w.exec(`DELETE FROM blobs`)
	if _, err := f.Open(t.Context()); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("a file that isn't stored any more: %v", err)
	}
	if n := w.count(`SELECT count(*) FROM uploads WHERE used`); n != 1 {
		t.Errorf("%d uploads are kept for their message, want 1", n)
	}
}

// What is uploaded and does not leave is named in the thread: it lies nowhere else.
func TestUploadedFileStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage, c.MaxTextRunes = 2, 10 }})
	thread := w.openThread()
	blob, size, err := w.engines[0].Desk(w.surface).StoreFile(t.Context(), strings.NewReader("the plan"), 100)
	check(t, err)
	reply := formOf(bridge.VerbReply)
	reply.Args.Conversation = bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	w.chat.Submit("ann", support, thread, reply, "longer than it may be", bridgetest.File{Name: "plan.txt", Blob: blob, Size: size})
	if line := w.waitLine(thread, bridge.LineInside).Plain(); !strings.Contains(line, "longer than it may be") || !strings.Contains(line, "plan.txt") {
		t.Errorf("the line %q", line)
	}
}

// Who uploads learns at once what the channel can't take, and who may not reply.
func TestUploadIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage, c.Files.MaxBytes = 2, 1000 }})
	w.openThread()
	desk, id := w.engines[0].Desk(w.surface), bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	files := func(size int64) []bridge.SurfaceFile {
		return []bridge.SurfaceFile{{Name: "plan.pdf", ContentType: "application/pdf", SizeBytes: size, Blob: "x"}}
	}
	check(t, desk.MayReply(t.Context(), id, "ann", "", files(1000)))
	for what, err := range map[string]error{
		"file_too_large": desk.MayReply(t.Context(), id, "ann", "", files(1001)),
		"not_an_agent":   desk.MayReply(t.Context(), id, "dan", "", files(1)),
	} {
		var p *bridge.Problem
		if !errors.As(err, &p) || p.Code != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := desk.MayReply(t.Context(), 1<<40, "ann", "", files(1)); !errors.Is(err, bridge.ErrNoConversation) {
		t.Errorf("no conversation: %v", err)
	}
	if _, _, err := desk.StoreFile(t.Context(), strings.NewReader("too long"), 4); !errors.Is(err, bridge.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

// A reply whose file can't be read offers another reply, not the same again; that one quotes
// nothing to the customer, who has nothing of the first.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	said := w.chat.Say("ann", support, thread, "Here it is", bridgetest.File{Name: "plan.txt", Unavailable: "no right to it"})
	w.waitFate(said, "failed")
	line := w.waitLine(thread, bridge.LineFailed)
	if len(line.Buttons) != 1 || line.Buttons[0].Verb != bridge.VerbReply || line.Buttons[0].Args.Message != 0 || line.Buttons[0].Args.Conversation == 0 {
		t.Errorf("the buttons %+v", line.Buttons)
	}
	answer := line.Buttons[0]
	answer.Args.Message = bridge.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, said)) // a claim of the form's
	w.chat.Submit("ann", support, thread, answer, "Here is a link.")
	w.provider.WaitTexts(t, "Here is a link.")
}
