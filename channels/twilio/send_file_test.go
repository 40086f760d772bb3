package twilio

import (
	"fmt"
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
