package inbound

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"unicode/utf16"

	"parley/channels/email/rawmail"
)

// tnefWriter builds a winmail.dat, of which the format is TNEF.
type tnefWriter struct{ bytes.Buffer }

// numbers writes numbers of their sizes.
func (w *tnefWriter) numbers(values ...any) {
	for _, v := range values {
		_ = binary.Write(&w.Buffer, binary.LittleEndian, v)
	}
}

// attribute writes one attribute; the checksum is not checked by anyone.
func (w *tnefWriter) attribute(level byte, id uint32, data []byte) {
	w.numbers(level, id, uint32(len(data)))
	w.Write(data)
	w.numbers(uint16(0))
}

// property writes one variable-length MAPI property.
func (w *tnefWriter) property(kind, id uint16, value []byte) {
	w.numbers(kind, id, uint32(1), uint32(len(value)))
	w.Write(value)
	for len(value)%4 != 0 {
		value = append(value, 0)
		w.WriteByte(0)
	}
}

// utf16Bytes encodes text as Outlook does.
func utf16Bytes(s string) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune(s+"\x00")))
	return b.Bytes()
}

// testTNEF makes a winmail.dat with a text and a file.
func testTNEF() []byte {
	var message, file, w tnefWriter
	message.numbers(uint32(4))
	message.numbers(uint16(0x0003), uint16(0x0017), uint32(1))                                              // a number
	message.numbers(uint16(0x000B), uint16(0x8001), [16]byte{}, uint32(0), uint32(7), uint16(1), uint16(0)) // a named flag
	message.numbers(uint16(0x1003), uint16(0x0018), uint32(2), uint32(1), uint32(2))                        // several numbers
	message.property(0x1F, propBody, utf16Bytes("Text in Outlook's own form"))
	file.numbers(uint32(2))
	file.property(0x1F, propAttachLong, utf16Bytes("Größe.pdf"))
	file.property(0x1E, propAttachMIME, []byte("application/pdf\x00"))
	w.numbers(uint32(tnefSignature), uint16(1))
	w.attribute(1, 0x00089006, []byte{0, 0, 1, 0})
	w.attribute(1, tnefMAPIProps, message.Bytes())
	w.attribute(2, tnefRendData, make([]byte, 14))
	w.attribute(2, tnefTitle, []byte("GRE~1.PDF\x00"))
	w.attribute(2, tnefAttachData, []byte("PDF"))
	w.attribute(2, tnefAttachment, file.Bytes())
	return w.Bytes()
}

// A winmail.dat gives its text and its file.
func TestTNEF(t *testing.T) {
	t.Parallel()
	r, ok := decodeTNEF(testTNEF(), rawmail.NewGuesser())
	if !ok {
		t.Fatal("decodeTNEF fails, want a text and a file")
	}
	if len(r.files) != 1 {
		t.Fatalf("files: got %+v, want one", r.files)
	}
	wantEqual(t, "it is complete", r.complete, true)
	wantEqual(t, "text", r.text, "Text in Outlook's own form")
	wantEqual(t, "name of the file", r.files[0].Name, "Größe.pdf")
	wantEqual(t, "type of the file", r.files[0].ContentType, "application/pdf")
	wantEqual(t, "content of the file", string(r.files[0].Content), "PDF")
}

// A winmail.dat that was cut anywhere gives no half of a file.
func TestCutTNEF(t *testing.T) {
	t.Parallel()
	whole := testTNEF()
	complete := 0
	for n := range whole {
		r, ok := decodeTNEF(whole[:n], rawmail.NewGuesser())
		if !ok {
			continue
		}
		for _, f := range r.files {
			wantEqual(t, fmt.Sprintf("cut at %d: content of the file", n), string(f.Content), "PDF")
		}
		if r.complete {
			complete++
		}
	}
	const looksWhole = 4 // before the first attribute, and behind each one but for that of the file before its bytes
	wantEqual(t, "cuts that look whole", complete, looksWhole)
}

// A winmail.dat that can't be read is kept as a file.
func TestDamagedTNEF(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, "From: a@b.test\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnot TNEF at all")
	wantFiles(t, in, "winmail.dat")
}

// 8-bit texts of a winmail.dat are in the code page that it names: a short name of a file tells no charset by itself.
func TestTNEFCodePage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		codePage uint32
		name     []byte
		want     string
	}{
		{codePage: 1251, name: []byte("\xd1\xf7\xb8\xf2.doc\x00"), want: "Счёт.doc"},
		{codePage: 932, name: []byte("\x90\xbf\x8b\x81\x8f\x91.doc\x00"), want: "請求書.doc"},
		{codePage: 949, name: []byte("\xb0\xe8\xbe\xe0.doc\x00"), want: "계약.doc"},
		{codePage: 950, name: []byte("\xb1b\xb3\xe6.doc\x00"), want: "帳單.doc"},
		{codePage: 65001, name: []byte("Größe.doc\x00"), want: "Größe.doc"},
		{codePage: 1, name: []byte("Gr\xf6\xdfe.doc\x00"), want: "Größe.doc"}, // there is no such code page
	}
	for _, tt := range tests {
		var page, file, w tnefWriter
		page.numbers(tt.codePage, uint32(0))
		file.numbers(uint32(1))
		file.property(0x1E, propAttachLong, tt.name)
		w.numbers(uint32(tnefSignature), uint16(1))
		w.attribute(1, tnefCodePage, page.Bytes())
		w.attribute(2, tnefRendData, make([]byte, 14))
		w.attribute(2, tnefAttachData, []byte("DOC"))
		w.attribute(2, tnefAttachment, file.Bytes())
		r, ok := decodeTNEF(w.Bytes(), rawmail.NewGuesser())
		if !ok || len(r.files) != 1 {
			t.Fatalf("code page %d: got %+v, want one file", tt.codePage, r)
		}
		wantEqual(t, fmt.Sprintf("name in code page %d", tt.codePage), r.files[0].Name, tt.want)
	}
}

// Of a winmail.dat that can't be unpacked whole, agents are told to look into the file itself: what they don't see may be
// the text.
func TestNoticeOfAnIncompleteTNEF(t *testing.T) {
	t.Parallel()
	var message, w tnefWriter
	message.numbers(uint32(1))
	message.property(0x102, propRTF, []byte("compressed RTF"))
	w.numbers(uint32(tnefSignature), uint16(1))
	w.attribute(1, tnefMAPIProps, message.Bytes())
	in := decodeOne(t, "From: a@b.test\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"+w.String())
	wantFiles(t, in, "winmail.dat")
	want := "Came as winmail.dat from Outlook, which could not be unpacked completely: the file is attached."
	if !slices.Equal(in.Notices, []string{want}) {
		t.Errorf("notices: got %q, want %q alone", in.Notices, want)
	}
}
