package inbound

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// Outlook sometimes packs a mail's text and files into one file "winmail.dat", in a format of Microsoft's (TNEF). The format is a list of
// attributes. An attribute may be a list of properties (MAPI).

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

	propBody       = 0x1000
	propRTF        = 0x1009
	propHTML       = 0x1013
	propAttachData = 0x3701
	propAttachName = 0x3704
	propAttachLong = 0x3707 // the long form of propAttachName
	propAttachMIME = 0x370E
	propAttachCID  = 0x3712
	firstNamedProp = 0x8000 // a property from this number on has a set, and a number or a name in it
)

// Types of properties (MS-OXCDATA 2.11.1). Types that aren't here have 4 bytes.
const (
	typeFloat64   = 0x05
	typeCurrency  = 0x06
	typeFloatTime = 0x07
	typeObject    = 0x0D
	typeInteger64 = 0x14
	typeString8   = 0x1E
	typeUnicode   = 0x1F
	typeTime      = 0x40
	typeGUID      = 0x48
	typeBinary    = 0x102
	manyValues    = 0x1000 // a bit of the type: the property has a list of values
)

// Limits of what is read of a TNEF stream.
const (
	maxTNEFFiles      = 500
	maxTNEFProperties = 10000
	maxFileWordBytes  = 2000 // of a property that names or describes a file
)

// addTNEF adds the files and the text of a winmail.dat. If not all of it can be decoded, it is added as a file, too.
func (c *content) addTNEF(p *rawmail.Part, name string) {
	b := p.Bytes()
	result, ok := decodeTNEF(b, p.Header.Guess)
	if !ok || !result.complete {
		name = cmp.Or(name, "winmail.dat")
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
	tnefHead     = 9 // of an attribute: level (1 byte), id (4) and length (4)
	tnefChecksum = 2 // behind the data of an attribute
)

// decodeTNEF reads a winmail.dat. ok is false if it isn't one.
func decodeTNEF(b []byte, guess *rawmail.Guesser) (result *tnefResult, ok bool) {
	if len(b) < tnefStart || binary.LittleEndian.Uint32(b) != tnefSignature {
		return nil, false
	}

	b = b[tnefStart:]
	result = &tnefResult{complete: true, guess: guess}
	var file *channels.Attachment // the one to which attributes of files belong; nil before the first
	for len(b) >= tnefHead && len(result.files) < maxTNEFFiles {
		id := binary.LittleEndian.Uint32(b[1:])
		size := uint64(binary.LittleEndian.Uint32(b[1+4:]))
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
	switch id {
	case tnefBody:
		r.text = rawmail.ToUTF8(data, "", r.guess)
		return
	case tnefMAPIProps:
		r.readMessageProperties(data)
		return
	}

	if file == nil {
		return
	}

	switch id {
	case tnefTitle:
		if file.Name == "" {
			file.Name = propText(data, false, r.guess)
		}
	case tnefAttachData:
		file.Content = data
	case tnefAttachment: // damaged properties are left out: a file is useful without them
		readProperties(data, func(prop uint16, value []byte, unicode bool) {
			if prop != propAttachData {
				setFileProperty(file, prop, propText(value[:min(len(value), maxFileWordBytes)], unicode, r.guess))
			}
		})
	}
}

// readMessageProperties reads the text of the message. A text that is there only as RTF can't be decoded.
func (r *tnefResult) readMessageProperties(data []byte) {
	hasRTF := false
	isWhole := readProperties(data, func(prop uint16, value []byte, unicode bool) {
		switch prop {
		case propBody:
			r.text = propText(value, unicode, r.guess)
		case propHTML:
			r.html = propText(value, unicode, r.guess)
		case propRTF:
			hasRTF = true
		}
	})

	hasText := r.text != "" || r.html != ""
	isUnreadable := hasRTF && !hasText
	if !isWhole || isUnreadable {
		r.complete = false
	}
}

// setFileProperty sets what a property says about a file.
func setFileProperty(file *channels.Attachment, prop uint16, text string) {
	switch prop {
	case propAttachLong:
		file.Name = cmp.Or(text, file.Name)
	case propAttachName:
		file.Name = cmp.Or(file.Name, text)
	case propAttachMIME:
		if strings.Contains(text, "/") {
			file.ContentType = strings.ToLower(text)
		}
	case propAttachCID:
		file.ContentID = rawmail.CleanContentID(text)
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

// readProperties calls each with every MAPI property of a list; of a property with several values, with the first. It returns false if the
// list is damaged.
func readProperties(b []byte, each func(prop uint16, value []byte, unicode bool)) bool {
	r := &propReader{left: b}
	count := min(r.readUint32(), maxTNEFProperties)
	for i := uint32(0); i < count && !r.damaged; i++ {
		kind, prop := r.readUint16(), r.readUint16()
		if prop >= firstNamedProp {
			r.skipPropName()
		}

		values := uint32(1)
		isList := kind&manyValues != 0
		kind &^= manyValues
		size, variable := propSize(kind)
		if isList || variable {
			values = r.readUint32()
		}

		for v := uint32(0); v < values && !r.damaged; v++ {
			n := size
			if variable {
				n = r.readUint32()
			}

			value := r.next(padTo4(n))
			if !r.damaged && v == 0 {
				each(prop, value[:n], kind == typeUnicode)
			}
		}
	}

	return !r.damaged
}

// propSize returns the size of a property type in bytes; variable types carry their length.
func propSize(kind uint16) (size uint32, variable bool) {
	const size32, size64, sizeGUID = 4, 8, 16
	switch kind {
	case typeObject, typeString8, typeUnicode, typeBinary:
		return 0, true
	case typeFloat64, typeCurrency, typeFloatTime, typeInteger64, typeTime:
		return size64, false
	case typeGUID:
		return sizeGUID, false
	}
	return size32, false
}

// padTo4 rounds up to a multiple of four. Numbers that are too large for that stay: there are never so many bytes.
func padTo4(n uint32) uint32 {
	if n > math.MaxInt32+1 {
		return n
	}
	return (n + 3) &^ 3
}

// propReader reads the bytes of a list of properties.
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

// skipPropName skips what stands before the value of a named property: its set, and its number or name.
func (r *propReader) skipPropName() {
	const setBytes, numberBytes = 16, 4
	r.next(setBytes)
	isNumber := r.readUint32() == 0
	if isNumber {
		r.next(numberBytes)
	} else {
		r.next(padTo4(r.readUint32()))
	}
}

// readUint16 reads a number of two bytes.
func (r *propReader) readUint16() uint16 {
	if b := r.next(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// readUint32 reads a number of four bytes.
func (r *propReader) readUint32() uint32 {
	if b := r.next(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
