package message

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// Outlook sometimes packs the text and the files of a mail into one file "winmail.dat", which other mail programs can't
// open. This file unpacks it. Its format is TNEF: a sequence of attributes, some of which are lists of MAPI properties.
//
//	signature, key
//	attribute  MAPI properties   the text of the mail (propBody, propHTML)
//	attribute  rendering data    begins a file
//	attribute  attachment data   the content of this file
//	attribute  attachment        MAPI properties: name and type of this file
//	…
//
// The bytes come from strangers: all lengths are checked, and the numbers of files and properties are limited.

// tnefResult is the content of a winmail.dat.
type tnefResult struct {
	files      []channels.Attachment
	text, html string
	complete   bool   // everything could be decoded
	charset    string // of the 8-bit texts; "" if unknown
	guess      *Guesser
}

// Ids of attributes (MS-OXTNEF 2.1.2) and properties (MS-OXPROPS).
const (
	tnefSignature  = 0x223E9F78
	tnefBody       = 0x0002800C
	tnefRendData   = 0x00069002
	tnefMAPIProps  = 0x00069003
	tnefAttachment = 0x00069005
	tnefAttachData = 0x0006800F
	tnefTitle      = 0x00018010
	tnefCodePage   = 0x00069007 // of the 8-bit texts

	propBody       = 0x1000
	propRTF        = 0x1009
	propHTML       = 0x1013
	propAttachData = 0x3701
	propAttachName = 0x3704
	propAttachLong = 0x3707 // the long form of propAttachName
	propAttachMIME = 0x370E
	propAttachCID  = 0x3712
	firstNamedProp = 0x8000 // properties from here on are identified by a GUID and a number or name; see skipPropName
)

// Types of properties (MS-OXCDATA 2.11.1). Other types have 4 bytes.
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
	manyValues    = 0x1000 // a bit of the type: the property has several values
)

// Limits for one winmail.dat.
const (
	maxTNEFFiles      = 500
	maxTNEFProperties = 10000 // in one list
	maxFileWordBytes  = 2000  // of a property that names or describes a file
)

// addTNEF adds the files and the text of a winmail.dat. If it can't be decoded completely, it is also added itself.
func (c *content) addTNEF(p *Part, name string) {
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

// Sizes in bytes.
const (
	tnefStart    = 6 // signature and key
	tnefHead     = 9 // of an attribute: level (1 byte), id (4) and length (4)
	tnefChecksum = 2 // after the data of an attribute
)

// decodeTNEF decodes a winmail.dat. ok is false if b isn't one.
func decodeTNEF(b []byte, guess *Guesser) (result *tnefResult, ok bool) {
	if len(b) < tnefStart || binary.LittleEndian.Uint32(b) != tnefSignature {
		return nil, false
	}

	b = b[tnefStart:]
	result = &tnefResult{complete: true, guess: guess}
	var file *channels.Attachment // the current file; nil before the first
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
	result.finishFiles()
	return result, true
}

// finishFiles gives each file a safe name. It drops files without content: attached mails and objects, which aren't
// decoded.
func (r *tnefResult) finishFiles() {
	kept := r.files[:0]
	for i, f := range r.files {
		if f.Content == nil {
			r.complete = false
			continue
		}
		f.Name = cmp.Or(SafeFileName(f.Name), InventFileName(i+1, f.ContentType))
		kept = append(kept, f)
	}
	r.files = kept
}

// readAttribute reads an attribute of the message, or of file, which is nil before the first file.
func (r *tnefResult) readAttribute(id uint32, data []byte, file *channels.Attachment) {
	switch id {
	case tnefCodePage:
		if len(data) >= 4 {
			r.charset = fmt.Sprintf("cp%d", binary.LittleEndian.Uint32(data))
		}
		return
	case tnefBody:
		r.text = ToUTF8(data, r.charset, r.guess)
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
			file.Name = r.propText(data, false)
		}
	case tnefAttachData:
		file.Content = data
	case tnefAttachment:
		// A file is useful without its properties, so damaged ones are ignored.
		_ = readProperties(data, func(prop uint16, value []byte, unicode bool) {
			if prop != propAttachData {
				setFileProperty(file, prop, r.propText(value[:min(len(value), maxFileWordBytes)], unicode))
			}
		})
	}
}

// readMessageProperties reads the text of the message. Text in RTF isn't decoded.
func (r *tnefResult) readMessageProperties(data []byte) {
	hasRTF := false
	isIntact := readProperties(data, func(prop uint16, value []byte, unicode bool) {
		switch prop {
		case propBody:
			r.text = r.propText(value, unicode)
		case propHTML:
			r.html = r.propHTMLText(value, unicode)
		case propRTF:
			hasRTF = true
		}
	})

	hasText := r.text != "" || r.html != ""
	isUnreadable := hasRTF && !hasText
	if !isIntact || isUnreadable {
		r.complete = false
	}
}

// setFileProperty sets the field of a file for one property.
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
		file.ContentID = CleanContentID(text)
	}
}

// propText decodes a string property, which ends with NUL.
func (r *tnefResult) propText(b []byte, unicode bool) string {
	if unicode {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return DropControls(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
	}
	return ToUTF8(bytes.TrimRight(b, "\x00"), r.charset, r.guess)
}

// propHTMLText is propText for HTML. The charset of 8-bit HTML is that of its <meta> tag.
func (r *tnefResult) propHTMLText(b []byte, unicode bool) string {
	if unicode {
		return r.propText(b, unicode)
	}
	return ToUTF8(bytes.TrimRight(b, "\x00"), "", r.guess)
}

// readProperties calls each for every MAPI property in a list. Of several values it passes only the first. It returns
// false if the list is damaged.
func readProperties(b []byte, each func(prop uint16, value []byte, unicode bool)) bool {
	r := &propReader{rest: b}
	count := min(r.readUint32(), maxTNEFProperties)
	for i := uint32(0); i < count && !r.damaged; i++ {
		kind, prop := r.readUint16(), r.readUint16()
		if prop >= firstNamedProp {
			r.skipPropName()
		}

		values := uint32(1)
		hasManyValues := kind&manyValues != 0
		kind &^= manyValues
		size, isVariable := propSize(kind)
		if hasManyValues || isVariable {
			values = r.readUint32()
		}

		for v := uint32(0); v < values && !r.damaged; v++ {
			length := size
			if isVariable {
				length = r.readUint32()
			}

			value := r.next(padTo4(length))
			if !r.damaged && v == 0 {
				each(prop, value[:length], kind == typeUnicode)
			}
		}
	}

	return !r.damaged
}

// propSize returns the size of a property type in bytes. Values of variable types are preceded by their length.
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

// padTo4 rounds up to a multiple of four. It doesn't round huge lengths, which are invalid anyway, to avoid an overflow.
func padTo4(n uint32) uint32 {
	if n > math.MaxInt32+1 {
		return n
	}
	return (n + 3) &^ 3
}

// propReader reads a list of properties. After reading beyond its end, it is damaged and returns only zeros.
type propReader struct {
	rest    []byte
	damaged bool
}

// next returns the next n bytes, or nil if there are fewer.
func (r *propReader) next(n uint32) []byte {
	if r.damaged || uint64(n) > uint64(len(r.rest)) {
		r.damaged = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

// skipPropName skips the identity of a named property: a GUID, and a number or a name.
func (r *propReader) skipPropName() {
	const guidBytes, numberBytes = 16, 4
	r.next(guidBytes)
	isNumber := r.readUint32() == 0
	if isNumber {
		r.next(numberBytes)
		return
	}
	r.next(padTo4(r.readUint32()))
}

func (r *propReader) readUint16() uint16 {
	if b := r.next(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *propReader) readUint32() uint32 {
	if b := r.next(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
