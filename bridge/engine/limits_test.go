package engine_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// file is a file of this size that an agent sends.
func file(name string, size int) bridgetest.File {
	return bridgetest.File{Name: name, Content: []byte(strings.Repeat("x", size))}
}

// sentMessage is what the provider took as one message: its text, and the names of its files.
type sentMessage struct {
	Text  string
	Files []string
}

// withFiles is a message of a text ("" means none) with these files.
func withFiles(text string, files ...string) sentMessage {
	return sentMessage{Text: text, Files: files}
}

// sentWithFiles returns what the provider took, in order.
func (w *world) sentWithFiles() []sentMessage {
	var list []sentMessage
	for _, m := range w.provider.Sent() {
		one := sentMessage{Text: m.Text}
		for _, f := range m.Files {
			one.Files = append(one.Files, f.Name)
		}
		list = append(list, one)
	}
	return list
}

// hasSent reports whether the provider took a message.
func (w *world) hasSent(want sentMessage) bool {
	return slices.ContainsFunc(w.sentWithFiles(), func(m sentMessage) bool { return reflect.DeepEqual(m, want) })
}

// wantSent waits until nothing is on its way, and checks that the provider took these messages, in this order.
func (w *world) wantSent(want ...sentMessage) {
	w.t.Helper()
	w.waitDrained()
	if got := w.sentWithFiles(); !reflect.DeepEqual(got, want) {
		w.t.Errorf("what the customer got: %+v, want %+v", got, want)
	}
}

// limitTest is a reply that a channel can't take as it is.
type limitTest struct {
	name     string
	caps     func(*channels.Capabilities)
	settings map[string]string
	text     string
	files    []bridgetest.File
	wantTold string
}

func limitTests() []limitTest {
	one := []bridgetest.File{file("a.txt", 1)}
	return []limitTest{
		{
			name:     "no files at all",
			caps:     func(c *channels.Capabilities) { c.Files.PerMessage, c.Files.MaxBytes = 0, 0 },
			text:     "Look",
			files:    one,
			wantTold: "takes no files",
		},
		{
			name:     "no way out for files",
			caps:     func(c *channels.Capabilities) { c.Files.PerMessage, c.Files.Unavailable = 0, "Nobody can fetch them." },
			text:     "Look",
			files:    one,
			wantTold: "Nobody can fetch them.",
		},
		{
			name:     "larger than the channel takes",
			text:     "Look",
			files:    []bridgetest.File{file("a.txt", 1), file("b.txt", 1<<20+1)},
			wantTold: "b.txt has a little more",
		},
		{
			name:     "larger than the account wants",
			settings: map[string]string{"file_limits": "document 1KB, image 5MB"},
			text:     "Look",
			files:    []bridgetest.File{file("a.txt", 2000)},
			wantTold: "This account takes documents of at most 1 KB",
		},
		{
			name:     "a kind that it doesn't take",
			caps:     func(c *channels.Capabilities) { c.Files.Limits = channels.FileLimits{channels.FileImage: 1 << 20} },
			text:     "Look",
			files:    one,
			wantTold: "takes no documents",
		},
		{
			name:     "a kind that the account doesn't want",
			settings: map[string]string{"file_limits": "document 0"},
			text:     "Look",
			files:    one,
			wantTold: "This account takes no documents",
		},
		{
			name:     "a type that it doesn't take",
			caps:     func(c *channels.Capabilities) { c.Files.Types = []string{"application/pdf"} },
			text:     "Look",
			files:    one,
			wantTold: "takes no files like a.txt",
		},
		{name: "a text that is too long", text: strings.Repeat("long ", 801), wantTold: "takes 4000 characters, and this has 4004"},
	}
}

// A reply that the channel can't take is refused with a reason as soon as it is typed, and isn't tried.
// Requirement R-064: Bounds for pictures.
// Requirement R-065: Bounds for documents.
// Requirement R-066: Bounds for videos.
// Requirement R-067: Bounds of each channel and account.
// Requirement R-075: What SMS can't carry becomes words or is refused.
func TestLimitsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range limitTests() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour, settings: tt.settings, caps: tt.caps})
			w.customerWrites("kim", "Hello")
			thread := w.waitThread("Hello")
			said := w.chat.Say("ann", support, thread, tt.text, tt.files...)
			w.waitFate(said, "inside")
			wantWords(t, "the line", w.waitLine(thread, bridge.LineInside).Plain(), tt.wantTold, tt.text[:4])
			w.wantNothingSent()
		})
	}
}

// The channel takes one file in a message. Several files leave in order, one message each, the text with the first. The
// mark of the reply changes when all of them are there (requirement R-070).
func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	said := w.chat.Say("ann", support, thread, "Three plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
	w.chat.Say("ann", support, thread, "That is all")
	w.waitFate(said, "out")
	w.provider.WaitTexts(t, "Three plans", "", "", "That is all")
	w.wantSent(withFiles("Three plans", "a.txt"), withFiles("", "b.txt"), withFiles("", "c.txt"), withFiles("That is all"))

	w.waitMarked(said, "sent")
	sent := w.provider.Sent()
	for i, m := range sent[:3] {
		if slices.Contains(w.chat.Get(support, said).Marks, "read") {
			t.Errorf("read after %d of 3", i)
		}
		w.postEvents(chat, channelstest.Event{Type: "status", ID: "s" + m.ID, State: "read", External: []string{m.ID}})
		w.eventually("the receipt", func() bool {
			return w.count(`SELECT count(*) FROM deliveries WHERE external_id = $1 AND state = 'read'`, m.ID) == 1
		})
	}
	w.waitMarked(said, "read")
}

// The line about a failed file names it. Sending it again doesn't send the others twice.
// Requirement R-070: Several files, in order.
func TestOneOfSeveralFilesFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Three plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
	failed := w.waitLine(thread, bridge.LineFailed)
	if !strings.Contains(failed.Plain(), "b.txt") {
		t.Errorf("told: %s", failed.Plain())
	}
	w.provider.WaitTexts(t, "Three plans", "")
	w.waitDrained()
	w.waitFate(said, "failed")
	if slices.Contains(w.chat.Get(support, said).Marks, "sent") {
		t.Error("marked as sent")
	}

	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Three plans", "", "")
	w.waitFate(said, "out")
	w.waitMarked(said, "sent")
	w.wantSent(withFiles("Three plans", "a.txt"), withFiles("", "c.txt"), withFiles("", "b.txt"))
}

// counting is a channel whose provider counts every ten characters as one message.
type counting struct{ *channelstest.Channel }

func (counting) Count(text, signature string) channels.Count {
	return channels.Count{Parts: (len(text+signature) + 9) / 10}
}

// The warning also comes for a text that an edit made long, for lines that leave together, and for the first message of a
// conversation.
// Requirement R-074: SMS counted in texts.
func TestTextsAreCountedWhereverTheyComeFrom(t *testing.T) {
	t.Parallel()
	const long = "More than thirty characters cost."
	begin := func(t *testing.T, o options) (w *world, thread string) {
		t.Helper()
		o.hold, o.stopped = time.Hour, true
		w = newWorld(t, o)
		w.engines[0].SetChannel(w.accounts[chat], counting{w.live[chat].Load()})
		w.start()
		w.customerWrites("kim", "Hello")
		return w, w.waitThread("Hello")
	}

	t.Run("edited", func(t *testing.T) {
		t.Parallel()
		w, thread := begin(t, options{})
		said := w.chat.Say("ann", support, thread, "Short")
		w.waitFate(said, "waiting")
		w.chat.Edit(support, said, long)
		wantWords(t, "the warning", w.waitLine(thread, bridge.LineTexts).Plain(), "4")
		w.chat.Edit(support, said, long+"!") // which costs the same
		w.waitText(said, long+"!")
		w.chat.Edit(support, said, long+long)
		w.waitLineAbout(thread, bridge.LineTexts, "7")
		wantEqual(t, "warnings", w.countLines(thread, bridge.LineTexts), 2)
	})
	t.Run("lines that leave as one", func(t *testing.T) {
		t.Parallel()
		w, thread := begin(t, options{})
		w.waitFate(w.chat.Say("ann", support, thread, "Fifteen letters"), "waiting")
		w.waitFate(w.chat.Say("ann", support, thread, "Fifteen letters"), "waiting")
		wantWords(t, "the warning", w.waitLine(thread, bridge.LineTexts).Plain(), "4")
	})
	t.Run("begun", func(t *testing.T) {
		t.Parallel()
		w, _ := begin(t, options{settings: map[string]string{"outgoing": "on"}})
		w.chat.Submit("ben", support, "", startForm(chat, "joe", ""), long)
		wantWords(t, "the line", w.waitShown(long).Plain(), "4 "+long)
	})
}
