package message

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
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
	r, ok := decodeTNEF(testTNEF(), NewGuesser())
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
