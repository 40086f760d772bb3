package email

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"parley/channels"
)

// segment is a piece of a mail's text as plain text, as HTML, or both.
type segment struct {
	plain, html string
}

// content is the content of a mail, in its author's order.
type content struct {
	segments  []segment
	files     []channels.Attachment
	calendars []string // invitations as Markdown
	signed    bool
	encrypted string // how: "PGP", "S/MIME"; "" = not encrypted

	reportType string      // of a multipart/report: "delivery-status", …
	statuses   [][]byte    // its message/delivery-status parts
	returned   *part       // the mail that a report returns, or only its headers
	winmail    *tnefResult // decoded winmail.dat
	forward    []byte      // the first attached mail, shown when there is no text
	damaged    bool        // a part could not be read: the original is attached
	cut        bool        // a text was so long that segments have its beginning only; a file has all of it
}

// collect adds the content of a part and of all its parts.
func (c *content) collect(p *part) {
	switch {
	case len(p.children) == 0:
		c.leaf(p)
	case p.ctype == "multipart/alternative":
		c.alternative(p)
	case p.ctype == "multipart/signed":
		c.signed = true
		c.collect(p.children[0])
		for _, child := range p.children[1:] {
			if !strings.Contains(child.ctype, "signature") {
				c.collect(child) // a footer some list added
			}
		}
	case p.ctype == "multipart/encrypted":
		c.encrypted = "PGP"
	case p.ctype == "multipart/report":
		c.reportType = strings.ToLower(p.params["report-type"])
		for _, child := range p.children {
			c.collect(child)
		}
	default:
		for _, child := range p.children {
			c.collect(child)
		}
	}
}

// alternative adds one of several forms of the same text: the last one with HTML, with the plain form
// beside it.
func (c *content) alternative(p *part) {
	var plain, rich *content
	for _, child := range p.children {
		sub := &content{}
		sub.collect(child)
		switch {
		case child.ctype == "text/x-amp-html":
			continue
		case sub.hasHTML():
			if rich != nil {
				c.extras(rich)
			}
			rich = sub
		case len(sub.segments) > 0 && plain == nil:
			plain = sub
		default:
			c.extras(sub)
			continue
		}
		c.calendars = append(c.calendars, sub.calendars...)
	}
	switch {
	case rich == nil && plain == nil:
		return
	case rich == nil:
		rich = plain
	case plain != nil:
		if len(rich.segments) > 0 && rich.segments[0].plain == "" {
			rich.segments[0].plain = plain.plainText()
		}
		c.extras(plain)
	}
	c.segments = append(c.segments, rich.segments...)
	c.extras(rich)
}

// extras adds everything of sub but its text.
func (c *content) extras(sub *content) {
	c.files = append(c.files, sub.files...)
	c.signed = c.signed || sub.signed
	c.damaged = c.damaged || sub.damaged
	c.cut = c.cut || sub.cut
	if c.encrypted == "" {
		c.encrypted = sub.encrypted
	}
	if sub.winmail != nil {
		c.winmail = sub.winmail
	}
	if c.forward == nil {
		c.forward = sub.forward
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
		if s.html != "" {
			return true
		}
	}
	return false
}

// plainText joins the plain forms.
func (c *content) plainText() string {
	var all []string
	for _, s := range c.segments {
		all = append(all, s.plain)
	}
	return strings.Join(all, "\n\n")
}

// leaf adds a part that has no parts.
func (c *content) leaf(p *part) {
	disposition, params := parseParams(p.header.raw("Content-Disposition"), p.header.guess)
	name := fileName(params, p.params, p.header.guess)
	isText := p.ctype == "text/plain" || p.ctype == "text/html" || p.ctype == "text/enriched"
	switch {
	case isText && disposition != "attachment" && (name == "" || len(c.segments) == 0 && disposition != "inline"):
		c.text(p)
	case p.ctype == "text/calendar" || p.ctype == "application/ics":
		c.calendar(p, name)
	case p.ctype == "application/ms-tnef" || p.ctype == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat"):
		c.tnef(p, name)
	case p.ctype == "application/pkcs7-mime" || p.ctype == "application/x-pkcs7-mime":
		c.pkcs7(p, name)
	case p.ctype == "message/delivery-status" || p.ctype == "message/global-delivery-status":
		if b := p.bytes(); isStatusText(b) {
			c.text(p)
		} else {
			c.statuses = append(c.statuses, b)
		}
	case strings.HasPrefix(p.ctype, "multipart/"): // too deep
		c.damaged = true
	case p.ctype == "text/rfc822-headers" && c.reportType != "":
		c.returned = readReturned(p.bytes(), p.header.guess)
		c.file(p, name)
	case p.ctype == "message/rfc822" || p.ctype == "message/global":
		c.mail(p, name)
	default:
		c.file(p, name)
	}
}

// bytes returns a leaf's content without its transfer encoding.
func (p *part) bytes() []byte {
	return decodeTransfer(p.body, p.header.raw("Content-Transfer-Encoding"))
}

// text adds a part as text to read.
func (c *content) text(p *part) {
	b := p.bytes()
	if p.ctype != "text/html" && len(b) > longText {
		b = c.attachLongText(b, p.params["charset"], p.header.guess)
	}
	text := toUTF8(b, p.params["charset"], p.header.guess)
	if p.ctype == "text/html" {
		c.segments = append(c.segments, segment{html: text})
		return
	}
	if strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	c.segments = append(c.segments, segment{plain: text})
}

// longText is the longest plain text, in bytes, that is shown as a whole. Of a longer one the
// beginning is shown, and the whole is attached.
const longText = 2 << 20

// attachLongText attaches a text and returns its beginning.
func (c *content) attachLongText(b []byte, charset string, guess *guesser) []byte {
	whole := b
	if !isUTF8(b, cleanLabel(charset)) {
		whole = []byte(toUTF8(b, charset, guess))
	}
	c.files = append(c.files, channels.Attachment{Name: "message.txt", ContentType: "text/plain", Content: whole})
	c.cut = true
	head := b[:longText]
	if i := bytes.LastIndexByte(head, '\n'); i > longText/2 {
		head = head[:i+1]
	}
	return head
}

// file adds a part as a file.
func (c *content) file(p *part, name string) {
	b := p.bytes()
	if name == "" {
		name = inventName(len(c.files)+1, p.ctype)
	}
	c.files = append(c.files, channels.Attachment{
		Name: name, ContentType: p.ctype, ContentID: contentID(p.header), Content: b,
	})
}

// mail adds an attached mail as a file named by the mail's subject.
func (c *content) mail(p *part, name string) {
	b := p.bytes()
	inner := readReturned(b, p.header.guess)
	if c.returned == nil {
		c.returned = inner
	}
	if c.forward == nil && c.reportType == "" {
		c.forward = b
	}
	if name == "" {
		name = safeFileName(inner.header.text("Subject"))
		if name == "" {
			name = "message"
		}
		name += ".eml"
	}
	c.files = append(c.files, channels.Attachment{
		Name: name, ContentType: "message/rfc822", ContentID: contentID(p.header), Content: b,
	})
}

// pkcs7 adds an S/MIME message as a file: Parley can't show what is in it.
func (c *content) pkcs7(p *part, name string) {
	if strings.EqualFold(p.params["smime-type"], "signed-data") {
		c.encrypted = "S/MIME, signed"
	} else {
		c.encrypted = "S/MIME"
	}
	if name == "" {
		name = "smime.p7m"
	}
	c.file(p, name)
}

// readReturned reads the headers of a mail inside a mail.
func readReturned(b []byte, guess *guesser) *part {
	head, body := splitHead(bytes.TrimLeft(b, "\r\n"))
	head = head[:min(len(head), maxHeaderBytes)]
	return &part{header: readHeader(head, guess), body: body}
}

// contentID returns the id by which HTML refers to a part; "" if it has none.
func contentID(h headers) string {
	return normaliseCID(h.raw("Content-Id"))
}

// normaliseCID makes content ids comparable: without brackets and "cid:", URL-decoded.
func normaliseCID(id string) string {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if len(id) > 4 && strings.EqualFold(id[:4], "cid:") {
		id = id[4:]
	}
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded
	}
	if len(id) > 300 {
		return ""
	}
	return cleanLine(strings.ToValidUTF8(id, "\uFFFD"))
}

// inventName names a file that came without a name.
func inventName(n int, ctype string) string {
	ext := map[string]string{
		"text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png",
		"image/gif": ".gif", "application/pdf": ".pdf", "message/rfc822": ".eml", "text/rfc822-headers": ".txt",
		"audio/mpeg": ".mp3", "video/mp4": ".mp4", "image/tiff": ".tif", "image/webp": ".webp", "image/heic": ".heic",
	}[ctype]
	if ext == "" {
		ext = ".bin" // not package mime, whose tables differ from machine to machine
	}
	return fmt.Sprintf("part-%d%s", n, ext)
}
