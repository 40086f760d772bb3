package message

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"parley/channels"
)

// A mail is a tree of MIME parts. This file walks the tree and decides which parts are text to read and which are
// files. For example, the tree
//
//	multipart/mixed
//	  multipart/alternative
//	    text/plain              the same text in two forms: one segment
//	    text/html
//	  application/pdf           a file
//
// becomes a content with one segment and one file.

// content is the content of a mail, in the order of its parts.
type content struct {
	segments  []Segment // the texts
	files     []channels.Attachment
	calendars []calendar    // invitations
	reaction  *mailReaction // the emoji that a mail of Gmail is about; nil if there is none
	signed    bool          // there is an S/MIME or PGP signature; it isn't verified
	encrypted string        // "PGP" or "S/MIME"; "" if the mail is not encrypted

	isReport   bool        // a delivery status in the mail is a report about a mail of ours, not a file
	reportType string      // the report-type of a multipart/report: "delivery-status", …
	statuses   [][]byte    // the message/delivery-status parts of a report
	returned   *Part       // the mail that a report returns, or only its headers
	winmail    *tnefResult // decoded winmail.dat
	forward    []byte      // the first attached mail; shown if there is no text
	namedText  []Segment   // the first short inline text file; shown if there is no text
	damaged    bool        // a part could not be read
	unread     bool        // a text is in a charset that isn't known
	isCut      bool        // segments has only the beginning of a very long text; a file has all of it
}

// add adds the content of a part and of its children.
func (c *content) add(p *Part) {
	switch {
	case len(p.Children) == 0:
		c.addLeaf(p)
	case p.Type == "multipart/alternative":
		c.addAlternative(p)
	case p.Type == "multipart/signed":
		c.signed = true
		c.add(p.Children[0])
		for _, child := range p.Children[1:] {
			if !strings.Contains(child.Type, "signature") {
				c.add(child) // the footer of a mailing list
			}
		}
	case p.Type == "multipart/encrypted":
		c.encrypted = "PGP"
	case p.Type == "multipart/report":
		c.isReport = true
		c.reportType = strings.ToLower(p.Params["report-type"])
		for _, child := range p.Children {
			c.add(child)
		}
	default:
		for _, child := range p.Children {
			c.add(child)
		}
	}
}

// addAlternative adds a multipart/alternative, whose children are forms of the same text. It uses the last child with
// HTML together with the plain text. If two children have the same type, programs have put different texts into them,
// against the standard: addAlternative adds both.
func (c *content) addAlternative(p *Part) {
	var plain, rich *content
	richType := ""
	for _, child := range p.Children {
		form := &content{}
		form.add(child)
		hasText := len(form.segments) > 0
		switch {
		case child.Type == "text/x-amp-html": // shown by Gmail only
			continue
		case form.hasHTML():
			if rich != nil {
				c.addAllButText(rich)
				areBothHTML := child.Type == "text/html" && richType == child.Type
				if areBothHTML {
					form.segments = joinSegments(rich.segments, form.segments)
				}
			}

			rich, richType = form, child.Type
		case hasText && plain == nil:
			plain = form
		case hasText && child.Type == "text/plain":
			plain.segments = joinSegments(plain.segments, form.segments)
		default:
			c.addAllButText(form)
			continue
		}

		c.calendars = append(c.calendars, form.calendars...)
	}

	if plain != nil && rich != nil {
		if s := rich.firstWithText(); s != nil && s.Plain == "" {
			s.Plain = plain.plainText()
		}
		c.addAllButText(plain)
	}

	if best := cmp.Or(rich, plain); best != nil {
		c.segments = append(c.segments, best.segments...)
		c.addAllButText(best)
	}
}

// joinSegments returns segments followed by the new ones in more.
func joinSegments(segments, more []Segment) []Segment {
	for _, s := range more {
		if !slices.Contains(segments, s) {
			segments = append(segments, s)
		}
	}
	return segments
}

// addAllButText adds all content of sub except its text.
func (c *content) addAllButText(sub *content) {
	c.files = append(c.files, sub.files...)
	c.signed = c.signed || sub.signed
	c.damaged = c.damaged || sub.damaged
	c.unread = c.unread || sub.unread
	c.isCut = c.isCut || sub.isCut
	c.reaction = cmp.Or(c.reaction, sub.reaction)
	c.encrypted = cmp.Or(c.encrypted, sub.encrypted)
	if sub.winmail != nil {
		c.winmail = sub.winmail
	}
	if c.forward == nil {
		c.forward = sub.forward
	}
	if c.namedText == nil {
		c.namedText = sub.namedText
	}
	if c.returned == nil {
		c.returned = sub.returned
	}
	if len(sub.segments) == 0 {
		c.calendars = append(c.calendars, sub.calendars...)
	}
}

// hasHTML reports whether any segment has HTML.
func (c *content) hasHTML() bool {
	for _, s := range c.segments {
		if s.HTML != "" {
			return true
		}
	}
	return false
}

// maxEmptyHTML is the maximum length of HTML that is checked for being empty.
const maxEmptyHTML = 2 << 10

// firstWithText returns the first segment with text, because Apple Mail writes an empty one above a picture. If no
// segment has text, it returns the first one; if there are no segments, nil.
func (c *content) firstWithText() *Segment {
	for i, s := range c.segments {
		if s.Plain != "" || len(s.HTML) > maxEmptyHTML || strings.TrimSpace(StrippedHTML(s.HTML)) != "" {
			return &c.segments[i]
		}
	}
	if len(c.segments) == 0 {
		return nil
	}
	return &c.segments[0]
}

// plainText returns the plain text of all segments.
func (c *content) plainText() string {
	var all []string
	for _, s := range c.segments {
		all = append(all, s.Plain)
	}
	return strings.Join(all, "\n\n")
}

// addLeaf adds a part without children.
func (c *content) addLeaf(p *Part) {
	disposition, params := ParseParams(p.Header.Raw("Content-Disposition"), p.Header.Guess)
	name := FileName(params, p.Params, p.Header.Guess)
	if c.isToBeRead(p, disposition, name) {
		c.addText(p)
		return
	}

	ctype := p.Type
	if strings.EqualFold(name, "winmail.dat") { // mail programs give it various types
		ctype = "application/ms-tnef"
	}

	switch ctype {
	case "text/calendar", "application/ics":
		c.addCalendar(p, name)
	case "application/ms-tnef", "application/vnd.ms-tnef":
		c.addTNEF(p, name)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		c.addPKCS7(p, name)
	case "message/delivery-status", "message/global-delivery-status":
		c.addDeliveryStatus(p, name)
	case "text/rfc822-headers", "message/global-headers":
		if c.reportType != "" {
			c.returned = readReturned(p.Bytes(), p.Header.Guess)
		}
		c.addFile(p, name)
	case "message/rfc822", "message/global":
		c.addMail(p, name)
	case gmailReaction:
		if disposition == "attachment" || !c.addReaction(p) {
			c.addFile(p, name)
		}
	default:
		if strings.HasPrefix(ctype, "multipart/") { // nested too deep, or without children
			c.damaged = true
			return
		}
		if disposition == "inline" && isTextType(ctype) {
			c.keepNamedText(p)
		}
		c.addFile(p, name)
	}
}

// addDeliveryStatus adds a delivery status. It may be prose, which is text; a part of a report; or a forwarded file.
func (c *content) addDeliveryStatus(p *Part, name string) {
	b := p.Bytes()
	switch {
	case isStatusText(b):
		c.addText(p)
	case c.isReport:
		c.statuses = append(c.statuses, b)
	default:
		c.addFile(p, name)
	}
}

func isTextType(ctype string) bool {
	return ctype == "text/plain" || ctype == "text/html" || ctype == "text/enriched"
}

// isToBeRead reports whether a part is text and not a file. A text with a name is a file, unless it is the first one:
// some mail programs name every part.
func (c *content) isToBeRead(p *Part, disposition, name string) bool {
	if !isTextType(p.Type) || disposition == "attachment" {
		return false
	}
	isFirstText := len(c.segments) == 0 && disposition != "inline"
	return name == "" || isFirstText
}

// keepNamedText keeps the text of the first short text file, for a mail that has no other text.
func (c *content) keepNamedText(p *Part) {
	if c.namedText != nil || len(p.Body) > maxNamedTextBytes {
		return
	}
	sub := &content{}
	sub.addText(p)
	c.namedText = sub.segments
	c.unread = c.unread || sub.unread
}

// maxNamedTextBytes is the maximum encoded length of a text file that is shown if there is no other text.
const maxNamedTextBytes = 8 << 10

// addText adds a part as text to read.
func (c *content) addText(p *Part) {
	b := p.Bytes()
	if p.Type != "text/html" && len(b) > maxPlainBytes {
		b = c.attachLongText(b, p.Params["charset"], p.Header.Guess)
	}
	c.unread = c.unread || isUnread(b, p.Params["charset"])
	text := ToUTF8(b, p.Params["charset"], p.Header.Guess)
	if p.Type == "text/html" {
		c.segments = append(c.segments, Segment{HTML: text})
		return
	}
	if strings.EqualFold(p.Params["format"], "flowed") {
		text = Unflow(text, strings.EqualFold(p.Params["delsp"], "yes"))
	}
	c.segments = append(c.segments, Segment{Plain: text})
}

// maxPlainBytes is the maximum length of plain text. A longer text is attached, and only its beginning is read.
const maxPlainBytes = 2 << 20

// attachLongText attaches a text and returns its beginning.
func (c *content) attachLongText(b []byte, charset string, guess *Guesser) []byte {
	whole := b
	if !IsUTF8(b, CharsetLabel(charset)) {
		whole = []byte(ToUTF8(b, charset, guess))
	}
	c.files = append(c.files, channels.Attachment{Name: "message.txt", ContentType: "text/plain", Content: whole})
	c.isCut = true
	head := b[:maxPlainBytes]
	if i := bytes.LastIndexByte(head, '\n'); i > maxPlainBytes/2 {
		head = head[:i+1]
	}
	return head
}

// addFile adds a part as a file.
func (c *content) addFile(p *Part, name string) {
	b := p.Bytes()
	if name == "" {
		name = InventFileName(len(c.files)+1, p.Type)
	}
	c.files = append(c.files, channels.Attachment{
		Name: name, ContentType: p.Type, ContentID: ContentID(p.Header), Content: b,
	})
}

// addMail adds an attached mail as a file. If the part has no name, the mail's subject names the file.
func (c *content) addMail(p *Part, name string) {
	b := p.Bytes()
	inner := readReturned(b, p.Header.Guess)
	if c.returned == nil {
		c.returned = inner
	}
	if c.forward == nil && c.reportType == "" {
		c.forward = b
	}
	if name == "" {
		name = cmp.Or(SafeFileName(inner.Header.Text("Subject")), "message")
		name += ".eml"
	}

	c.files = append(c.files, channels.Attachment{
		Name: name, ContentType: "message/rfc822", ContentID: ContentID(p.Header), Content: b,
	})
}

// addPKCS7 adds an S/MIME message as a file. Its content can't be shown.
func (c *content) addPKCS7(p *Part, name string) {
	c.encrypted = "S/MIME"
	if strings.EqualFold(p.Params["smime-type"], "signed-data") {
		c.encrypted = "S/MIME, signed"
	}
	name = cmp.Or(name, "smime.p7m")
	c.addFile(p, name)
}

// readReturned parses the headers of a mail inside a mail. It doesn't parse the body.
func readReturned(b []byte, guess *Guesser) *Part {
	head, body := SplitHead(bytes.TrimLeft(b, "\r\n"))
	head = head[:min(len(head), MaxHeaderBytes)]
	return &Part{Header: ReadHeader(head, guess), Body: body}
}
