package mailfake

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
)

// maxDepth bounds nested multiparts.
const maxDepth = 30

// Received is one mail in an emulated mailbox, decoded as a mail program would show it. Tests compare it with what
// they expect, for example got.Subject == "Re: Hi" or got.Attachments[0].Name == "offer.pdf".
//
// The parser in this file uses the standard library and shares no code with Parley's own mail parser. An error in
// that parser therefore can't hide itself in the tests that use Received.
type Received struct {
	Address string    `json:"address"` // of the mailbox
	Folder  string    `json:"folder"`
	UID     uint32    `json:"uid"`
	At      time.Time `json:"at"` // when the mail arrived
	Flags   []string  `json:"flags,omitempty"`
	Raw     []byte    `json:"raw,omitempty"`

	// Header holds all decoded values by canonical name, for example "Message-Id".
	Header     map[string][]string `json:"header"`
	From       Address             `json:"from"`
	ReplyTo    []Address           `json:"reply_to,omitempty"`
	To         []Address           `json:"to,omitempty"`
	Cc         []Address           `json:"cc,omitempty"`
	Subject    string              `json:"subject"`
	Date       time.Time           `json:"date"`
	MessageID  string              `json:"message_id"` // with angle brackets
	InReplyTo  string              `json:"in_reply_to,omitempty"`
	References []string            `json:"references,omitempty"`

	Text        string       `json:"text"`
	HTML        string       `json:"html,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	// ParseError describes the first thing that is wrong with the mail. The other fields hold what could be read.
	ParseError string `json:"parse_error,omitempty"`
}

// Address is one name and mail address.
type Address struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
}

// Attachment is a MIME part that is not the text of the mail.
type Attachment struct {
	Name      string `json:"name"`
	Type      string `json:"type"` // media type without parameters
	ContentID string `json:"content_id,omitempty"`
	Inline    bool   `json:"inline,omitempty"`
	Content   []byte `json:"content,omitempty"`
}

// Get returns the first value of a header field, or "".
func (r Received) Get(field string) string {
	if v := r.Header[canonicalHeader(field)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func canonicalHeader(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

// parseReceived parses as much of a mail as it can. It reports the first error in ParseError.
func parseReceived(raw []byte) Received {
	r := Received{Raw: raw, Header: map[string][]string{}}
	p := &mailParser{out: &r}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		p.recordError("header", err)
		return r
	}

	for name, values := range msg.Header {
		for _, v := range values {
			r.Header[name] = append(r.Header[name], p.decodeWords(v))
		}
	}

	from := p.readAddresses(msg.Header, "From")
	if len(from) > 0 {
		r.From = from[0]
	}

	r.ReplyTo = p.readAddresses(msg.Header, "Reply-To")
	r.To = p.readAddresses(msg.Header, "To")
	r.Cc = p.readAddresses(msg.Header, "Cc")
	r.Subject = r.Get("Subject")
	r.MessageID = r.Get("Message-Id")
	r.InReplyTo = r.Get("In-Reply-To")
	r.References = strings.Fields(r.Get("References"))
	if msg.Header.Get("Date") != "" {
		if r.Date, err = msg.Header.Date(); err != nil {
			p.recordError("date", err)
		}
	}

	p.readPart(textproto.MIMEHeader(msg.Header), msg.Body, 0)
	return r
}

// mailParser fills out while it walks through the MIME parts of one mail.
type mailParser struct{ out *Received }

// recordError keeps the first error of the mail. where names what was being parsed: "date".
func (p *mailParser) recordError(where string, err error) {
	if p.out.ParseError == "" {
		p.out.ParseError = fmt.Sprintf("%s: %v", where, err)
	}
}

func (p *mailParser) wordDecoder() *mime.WordDecoder {
	return &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
}

func (p *mailParser) decodeWords(v string) string {
	out, err := p.wordDecoder().DecodeHeader(v)
	if err != nil {
		p.recordError("encoded word", err)
		return v
	}
	return out
}

func (p *mailParser) readAddresses(h mail.Header, field string) []Address {
	v := h.Get(field)
	if strings.TrimSpace(v) == "" {
		return nil
	}

	list, err := (&mail.AddressParser{WordDecoder: p.wordDecoder()}).ParseList(v)
	if err != nil {
		p.recordError(field, err)
		return nil
	}

	out := make([]Address, 0, len(list))
	for _, a := range list {
		out = append(out, Address{a.Name, a.Address})
	}

	return out
}

// readPart reads one MIME part and, if it is a multipart, its children. depth is 0 for the mail itself.
func (p *mailParser) readPart(h textproto.MIMEHeader, body io.Reader, depth int) {
	mediaType, params, err := mime.ParseMediaType(cmp.Or(h.Get("Content-Type"), "text/plain"))
	if err != nil {
		p.recordError("content type", err)
		mediaType = "application/octet-stream"
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		p.readParts(body, params["boundary"], depth)
		return
	}

	content, err := io.ReadAll(decodeTransfer(h.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		p.recordError("body", err)
	}

	disposition, dispositionParams, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := p.decodeWords(dispositionParams["filename"])
	if name == "" {
		name = p.decodeWords(params["name"])
	}

	isFile := disposition == "attachment" || name != ""
	if !isFile && p.useAsText(mediaType, params["charset"], content) {
		return
	}

	isShownInHTML := disposition == "" && h.Get("Content-Id") != ""
	p.out.Attachments = append(p.out.Attachments, Attachment{
		Name:      name,
		Type:      mediaType,
		Content:   content,
		ContentID: strings.Trim(h.Get("Content-Id"), "<> "),
		Inline:    isShownInHTML || disposition == "inline",
	})
}

func (p *mailParser) readParts(body io.Reader, boundary string, depth int) {
	if boundary == "" || depth >= maxDepth {
		p.recordError("multipart", errors.New("no boundary, or nested too deeply"))
		return
	}

	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			p.recordError("multipart", err)
			return
		}

		p.readPart(part.Header, part, depth+1)
	}
}

// useAsText stores the content as the mail's plain or HTML text. It returns false for other media types, and if the
// mail already has a text of that type.
func (p *mailParser) useAsText(mediaType, charsetLabel string, content []byte) bool {
	var dst *string
	switch mediaType {
	case "text/plain":
		dst = &p.out.Text
	case "text/html":
		dst = &p.out.HTML
	}

	if dst == nil || *dst != "" {
		return false
	}

	*dst = strings.ReplaceAll(string(p.toUTF8(content, charsetLabel)), "\r\n", "\n")
	return true
}

// toUTF8 converts content from the charset that the part declares. It returns content unchanged for UTF-8, and for
// no or an unknown charset.
func (p *mailParser) toUTF8(content []byte, charsetLabel string) []byte {
	if charsetLabel == "" || strings.EqualFold(charsetLabel, "utf-8") {
		return content
	}
	r, err := charset.NewReaderLabel(charsetLabel, bytes.NewReader(content))
	if err != nil {
		p.recordError("charset", err)
		return content
	}
	converted, err := io.ReadAll(r)
	if err != nil {
		p.recordError("charset", err)
	}
	return converted
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
