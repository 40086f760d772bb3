package inbound

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// tnefResult is the content of a winmail.dat.
type tnefResult struct {
	files      []channels.Attachment
	text, html string
	complete   bool // all of it could be read
	guess      *rawmail.Guesser
}

// TNEF numbers (MS-OXTNEF 2.1.2, MS-OXPROPS).
const (
	tnefSignature  = 0x223E9F78
	tnefBody       = 0x0002800C
	tnefRendData   = 0x00069002
	tnefMAPIProps  = 0x00069003
	tnefAttachment = 0x00069005
	tnefAttachData = 0x0006800F
	tnefTitle      = 0x00018010

	propBody          = 0x1000
	propRTF           = 0x1009
	propHTML          = 0x1013
	propAttachData    = 0x3701
	propAttachName    = 0x3704
	propAttachLong    = 0x3707
	propAttachMIME    = 0x370E
	propAttachCID     = 0x3712
	maxTNEFFiles      = 500
	maxTNEFProperties = 10000
)

// addTNEF adds the files and the text of a winmail.dat. If not all of it can be decoded, it is added as a
// file, too.
func (c *content) addTNEF(p *rawmail.Part, name string) {
	b := p.Bytes()
	result, ok := decodeTNEF(b, p.Header.Guess)
	if !ok || !result.complete {
		if name == "" {
			name = "winmail.dat"
		}
		c.files = append(c.files, channels.Attachment{Name: name, ContentType: "application/ms-tnef", Content: b})
	}
	if ok {
		c.files = append(c.files, result.files...)
		c.winmail = result
	}
}

// Sizes of parts of a TNEF stream in bytes.
const (
	tnefStart    = 6 // signature and key
	tnefHead     = 9 // of an attribute: level, id and length
	tnefChecksum = 2 // behind the data of an attribute
)

// decodeTNEF reads a winmail.dat. ok is false if it is none. It checks every length against the bytes that
// are left.
func decodeTNEF(b []byte, guess *rawmail.Guesser) (result *tnefResult, ok bool) {
	if len(b) < tnefStart || binary.LittleEndian.Uint32(b) != tnefSignature {
		return nil, false
	}
	b = b[tnefStart:]
	result = &tnefResult{complete: true, guess: guess}
	var file *channels.Attachment // the one to which attributes of files belong; nil before the first
	for len(b) >= tnefHead && len(result.files) < maxTNEFFiles {
		id := binary.LittleEndian.Uint32(b[1:])
		size := uint64(binary.LittleEndian.Uint32(b[5:]))
		if tnefHead+size+tnefChecksum > uint64(len(b)) {
			result.complete = false
			break
		}
		data := b[tnefHead : tnefHead+size]
		b = b[tnefHead+size+tnefChecksum:]
		if id == tnefRendData {
			result.files = append(result.files, channels.Attachment{ContentType: "application/octet-stream"})
			file = &result.files[len(result.files)-1]
			continue
		}
		result.readAttribute(id, data, file)
	}
	result.complete = result.complete && len(b) == 0
	kept := result.files[:0]
	for i, f := range result.files {
		if f.Content == nil {
			result.complete = false // an attached mail or object, which is not decoded
			continue
		}
		f.Name = rawmail.SafeFileName(f.Name)
		if f.Name == "" {
			f.Name = rawmail.InventFileName(i+1, f.ContentType)
		}
		kept = append(kept, f)
	}
	result.files = kept
	return result, true
}

// readAttribute reads one attribute of the message or of the current file.
func (r *tnefResult) readAttribute(id uint32, data []byte, file *channels.Attachment) {
	switch {
	case id == tnefBody:
		r.text = rawmail.ToUTF8(data, "", r.guess)
	case id == tnefMAPIProps:
		hasRTF := false
		r.complete = readProperties(data, func(prop uint16, value []byte, unicode bool) {
			switch prop {
			case propBody:
				r.text = propText(value, unicode, r.guess)
			case propHTML:
				r.html = propText(value, unicode, r.guess)
			case propRTF:
				hasRTF = true
			}
		}) && r.complete
		if hasRTF && r.text == "" && r.html == "" {
			r.complete = false
		}
	case file == nil:
	case id == tnefTitle && file.Name == "":
		file.Name = propText(data, false, r.guess)
	case id == tnefAttachData:
		file.Content = data
	case id == tnefAttachment:
		readProperties(data, func(prop uint16, value []byte, unicode bool) {
			text := ""
			if prop != propAttachData {
				text = propText(value[:min(len(value), 2000)], unicode, r.guess)
			}
			switch {
			case prop == propAttachLong && text != "", prop == propAttachName && file.Name == "":
				file.Name = text
			case prop == propAttachMIME && strings.Contains(text, "/"):
				file.ContentType = strings.ToLower(text)
			case prop == propAttachCID:
				file.ContentID = rawmail.CleanContentID(text)
			}
		})
	}
}

// propText reads a string property, which ends in NUL.
func propText(b []byte, unicode bool, guess *rawmail.Guesser) string {
	if unicode {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return rawmail.DropControls(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
	}
	return rawmail.ToUTF8([]byte(strings.TrimRight(string(b), "\x00")), "", guess)
}

// readProperties calls each for all MAPI properties of a list. It returns false if the list is damaged.
func readProperties(b []byte, each func(prop uint16, value []byte, unicode bool)) bool {
	r := &propReader{left: b}
	count := r.uint32()
	for i := uint32(0); i < count && i < maxTNEFProperties && !r.damaged; i++ {
		kind, prop := r.uint16(), r.uint16()
		if prop >= 0x8000 { // a named property: its set, and a number or a name
			r.next(16)
			if r.uint32() == 0 {
				r.next(4)
			} else {
				r.next(pad4(r.uint32()))
			}
		}
		values := uint32(1)
		multi := kind&0x1000 != 0
		kind &^= 0x1000
		size, variable := propSize(kind)
		if multi || variable {
			values = r.uint32()
		}
		for v := uint32(0); v < values && !r.damaged; v++ {
			n := size
			if variable {
				n = r.uint32()
			}
			value := r.next(pad4(n))
			if !r.damaged && v == 0 {
				each(prop, value[:n], kind == 0x1F)
			}
		}
	}
	return !r.damaged
}

// propSize returns the size of a property type in bytes; variable types carry their length.
// Source: MS-OXCDATA 2.11.1.
func propSize(kind uint16) (size uint32, variable bool) {
	switch kind {
	case 0x0D, 0x1E, 0x1F, 0x102: // object, string8, string, binary
		return 0, true
	case 0x05, 0x06, 0x07, 0x14, 0x40: // floating 64, currency, floating time, integer 64, time
		return 8, false
	case 0x48: // GUID
		return 16, false
	}
	return 4, false
}

// pad4 rounds up to a multiple of four. Numbers that are too large for that stay.
func pad4(n uint32) uint32 {
	if n > 1<<31 {
		return n
	}
	return (n + 3) &^ 3
}

// propReader reads numbers.
type propReader struct {
	left    []byte // the bytes that aren't read yet
	damaged bool   // more was read than there is: from then on, all numbers are 0
}

// next returns the next n bytes, or nil if there aren't so many.
func (r *propReader) next(n uint32) []byte {
	if r.damaged || uint64(n) > uint64(len(r.left)) {
		r.damaged = true
		return nil
	}
	out := r.left[:n]
	r.left = r.left[n:]
	return out
}

func (r *propReader) uint16() uint16 {
	if b := r.next(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *propReader) uint32() uint32 {
	if b := r.next(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
