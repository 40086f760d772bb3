package twilio

import (
	"fmt"
	"slices"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// withMMS switches MMS on.
func withMMS(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = "true" }

// No file is sent by SMS.
// Requirement R-075: What SMS can't carry becomes words or is refused.
func TestSendFileBySMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	o := w.outbound(1, "look")
	o.Files = []channels.File{publicFile(t, "a.png", "image/png", "png")}
	w.wantSendFails("a picture", o, channels.BadContent)
	wantEqual(t, "number of files that a message may have", w.channel.Capabilities().Files.PerMessage, 0)
}

// By MMS, several files are sent in one message with the text.
// Requirement R-075: What SMS can't carry becomes words or is refused.
func TestSendFilesByMMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS, withMMS)
	picture := publicFile(t, "a.png", "image/png", "png")
	o := w.outbound(1, "look")
	o.Files = []channels.File{picture, picture}
	w.mustSend(o)
	w.waitSettled()

	got := w.takeInbox(1)[0]
	wantEqual(t, "text", got.Text, "look")
	if len(got.Media) != 2 {
		t.Fatalf("the message has %d files, want 2", len(got.Media))
	}
	wantEqual(t, "second file", string(got.Media[1].Content), "png")
}

// By WhatsApp, a picture is sent with its text as caption.
func TestSendPictureByWhatsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(1, "look")
	o.Files = []channels.File{publicFile(t, "a.png", "image/png", "png")}
	wantEqual(t, "more to send", w.mustSend(o).More, false)
	w.wantAnnGot("look")
}

// By WhatsApp, a picture is sent before a message with the text and the buttons. A picture without a text has no
// signature.
func TestSendPictureAndButtonsByWhatsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.richMessage("well?", channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}})
	o.Files = []channels.File{publicFile(t, "a.png", "image/png", "png")}
	w.mustSendAll(o)

	picture := w.outbound(2, "")
	picture.Signature.Text = "Acme"
	picture.Files = o.Files
	w.mustSendAll(picture)
	w.wantAnnGot("", "well?", "")
}

// By WhatsApp, the text of a document is sent as a message of its own before it. The address for a part's statuses has
// the part's number and an m if more parts follow, or an e if it is the last.
func TestSendDocumentByWhatsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(1, "look")
	o.Files = []channels.File{publicFile(t, "a.pdf", "application/pdf", "pdf")}

	wantEqual(t, "more to send after the text", w.mustSend(o).More, true)
	wantEqual(t, "Body of the text", w.lastForm().Get("Body"), "look")
	wantText(t, "StatusCallback of the text", w.lastForm().Get("StatusCallback"), ".0m.")

	o.Attempt.Part = 1
	wantEqual(t, "more to send after the document", w.mustSend(o).More, false)
	wantEqual(t, "Body of the document", w.lastForm().Get("Body"), "")
	if w.lastForm().Get("MediaUrl") == "" {
		t.Error("the document was sent without its address")
	}
	wantText(t, "StatusCallback of the document", w.lastForm().Get("StatusCallback"), ".1e.")

	w.waitSettled()
	document := w.takeInbox(2)[1]
	if len(document.Media) != 1 {
		t.Fatalf("the document has %d files, want 1", len(document.Media))
	}
	wantEqual(t, "content of the document", string(document.Media[0].Content), "pdf")
}

// A picture's or video's text is a message of its own if it is too long for a caption, or if Twilio has no captions for
// the type.
func TestSendCaptions(t *testing.T) {
	t.Parallel()
	longest := gsmText(maxCaption)
	tooLong := gsmText(maxCaption + 1)
	tests := []struct {
		name        string
		contentType string
		text        string
		want        []string // texts that Ann's phone shows, "" for a file without one
	}{
		{name: "JPEG", contentType: "image/jpeg", text: "look", want: []string{"look"}},
		{name: "MP4", contentType: "video/mp4", text: "look", want: []string{"look"}},
		{name: "GIF, without captions", contentType: "image/gif", text: "look", want: []string{"look", ""}},
		{name: "HEIC, without captions", contentType: "image/heic", text: "look", want: []string{"look", ""}},
		{name: "QuickTime, without captions", contentType: "video/quicktime", text: "look", want: []string{"look", ""}},
		{name: "PNG with the longest caption", contentType: "image/png", text: longest, want: []string{longest}},
		{name: "PNG with a longer text", contentType: "image/png", text: tooLong, want: []string{tooLong, ""}},
		{name: "PDF without a text", contentType: "application/pdf", text: "", want: []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaWhatsApp)
			w.annWrites("hi")
			o := w.outbound(1, tt.text)
			o.Files = []channels.File{publicFile(t, "a", tt.contentType, "x")}
			w.mustSendAll(o)
			w.wantAnnGot(tt.want...)
		})
	}
}

// A file that Twilio can't fetch is refused before anything leaves. The hint names the setting that is missing.
func TestSendFileWithoutAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(2, "look")
	o.Files = []channels.File{{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 3}}
	se := w.wantSendFails("a file without an address", o, channels.BadContent)
	wantText(t, "hint", se.Hint, "PARLEY_PUBLIC_URL")
	wantEqual(t, "number of messages at Twilio, Ann's alone", len(w.fake.Messages()), 1)
}

// A file of a type that Twilio doesn't accept is refused before anything leaves. WhatsApp takes some types that MMS
// doesn't.
func TestSendFileOfAType(t *testing.T) {
	t.Parallel()
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	tests := []struct {
		name        string
		contentType string
		byWhatsApp  bool
		byMMS       bool
	}{
		{name: "a.pdf", contentType: "application/pdf", byWhatsApp: true, byMMS: true},
		{name: "a.heic", contentType: "image/heic", byWhatsApp: true, byMMS: true},
		{name: "a.docx", contentType: word, byWhatsApp: true, byMMS: false},
		{name: "a.zip", contentType: "application/zip", byWhatsApp: false, byMMS: false},
		{name: "a.zip", contentType: "application/octet-stream", byWhatsApp: false, byMMS: false},
	}
	for _, tt := range tests {
		for by, isTaken := range map[medium]bool{viaWhatsApp: tt.byWhatsApp, viaSMS: tt.byMMS} {
			t.Run(fmt.Sprint(tt.contentType, by), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, by, withMMS)
				w.annWrites("hi")
				o := w.outbound(1, "look")
				o.Files = []channels.File{publicFile(t, tt.name, tt.contentType, "x")}

				if isTaken {
					w.mustSendAll(o)
					w.waitSettled()
					got := w.takeInbox(len(w.fake.Messages()) - 1)
					wantEqual(t, "files that Ann got with the last message", len(got[len(got)-1].Media), 1)
					return
				}

				wantText(t, "refusal", w.wantSendFails("such a file", o, channels.BadContent).Text, tt.name)
				wantEqual(t, "number of messages at Twilio, Ann's alone", len(w.fake.Messages()), 1)
			})
		}
	}
}

// A file that is too large for Twilio is refused before anything leaves.
func TestSendTooLargeFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(2, "look")
	o.Files = []channels.File{{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: maxWhatsApp + 1<<20}}
	w.wantSendFails("a large file", o, channels.BadContent)

	o.Files = []channels.File{{Name: "a.jpg", ContentType: "application/octet-stream", SizeBytes: maxImage + 1}}
	wantText(t, "refusal", w.wantSendFails("a large picture of which only the name says that it is one", o, channels.BadContent).Text,
		"is too large")
	wantEqual(t, "number of messages at Twilio, Ann's alone", len(w.fake.Messages()), 1)
}

// An MMS may have ten files, with five megabytes together.
func TestSendTooManyFiles(t *testing.T) {
	t.Parallel()
	const tooMany, megabyte = maxMMSFiles + 1, 1 << 20
	for n, size := range map[int]int64{tooMany: 1, 2: 3 * megabyte} {
		w := newWorld(t, viaSMS, withMMS)
		o := w.outbound(1, "look")
		picture := publicFile(t, "a.png", "image/png", "png")
		picture.SizeBytes = size
		o.Files = slices.Repeat([]channels.File{picture}, n)
		w.wantSendFails(fmt.Sprintf("%d files of %d bytes", n, size), o, channels.BadContent)
		wantEqual(t, "number of messages at Twilio", len(w.fake.Messages()), 0)
	}
}

// Files are offered if Parley has an address from which Twilio can fetch them.
// Requirement R-266: Without a public address.
func TestFilesAreOffered(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		t.Run(by.String(), func(t *testing.T) {
			files := newWorld(t, by, withMMS).base.Capabilities().Files
			if files.PerMessage == 0 {
				t.Error("a message may have no file, want at least one")
			}
			wantEqual(t, "reason for no files", files.Unavailable, "")
		})
	}
}

// If Parley has no address from which Twilio can fetch files, files are not offered, and the reason is told.
// Requirement R-266: Without a public address.
func TestNoFilesWithoutAPublicAddress(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		t.Run(by.String(), func(t *testing.T) {
			w := newWorld(t, by, withMMS)
			w.base.callbacks.address = ""
			files := w.base.Capabilities().Files
			wantEqual(t, "number of files that a message may have", files.PerMessage, 0)
			wantText(t, "reason for no files", files.Unavailable, "PARLEY_PUBLIC_URL")
		})
	}
}
