package message

import (
	"bytes"
	"cmp"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/yuin/goldmark"

	"parley/channels"
)

const (
	maxReferences   = 30  // IDs in References; of a longer list, the first two and the newest ones are kept
	maxSubjectRunes = 250 // longer subjects are cut
)

// The limits of one mail.
const (
	MaxBytes = 20 << 20 // text and files before base64 adds 37 %; most mail servers accept this size
	MaxFiles = 100      // an arbitrary limit: servers limit bytes, not files
)

// Composer composes the mails that Parley sends from one mailbox, mostly agents' replies to customers. The Message-ID of
// each mail contains a signed token (mailid*.go). Answers and bounces quote the Message-ID, so that Parley can match
// them to the conversation. A Composer makes no network calls and is safe for concurrent use.
type Composer struct {
	address    string   // the main address, as configured
	own        []string // all addresses of the mailbox, in lower case
	domain     string   // of the main address
	senderName string
	key        []byte // signs the Message-IDs
	now        func() time.Time
	markdown   func() goldmark.Markdown
}

// NewComposer returns the Composer of a mailbox. key signs the Message-IDs. markdown returns the renderer for texts, which
// agents write in Markdown.
func NewComposer(set Settings, key []byte, now func() time.Time, markdown func() goldmark.Markdown) *Composer {
	return &Composer{
		address:    set.Address,
		own:        set.Own,
		domain:     set.Domain(),
		senderName: set.SenderName,
		key:        key,
		now:        now,
		markdown:   markdown,
	}
}

// Compose composes a mail, with headers that keep it in its thread (RFC 5322 section 3.6.4). It doesn't read the attached
// files: Mail.Copy does.
// Errors: *channels.SendError of class BadContent or BadRecipient.
func (c *Composer) Compose(o channels.Outbound) (*Mail, error) {
	if err := checkSize(o); err != nil {
		return nil, err
	}

	h, err := c.newHeaders(o)
	if err != nil {
		return nil, err
	}

	md := c.markdown()
	html, err := RenderHTML(md, o.Text, o.Signature.Text, o.Signature.HTML)
	if err != nil {
		return nil, errBadContent("The text can't be turned into a mail.", "Shorten or simplify it.", err)
	}

	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	h.writeTo(msg)
	msg.SetBodyString(mail.TypeTextPlain, RenderText(md, o.Text, o.Signature.Text))
	msg.AddAlternativeString(mail.TypeTextHTML, html)

	placeholder := newPlaceholder()
	var pictures []channels.File
	for _, p := range o.Signature.Pictures {
		msg.EmbedReadSeeker(attachmentName(p.Name), bytes.NewReader(placeholder), pictureOption(p))
		pictures = append(pictures, p.File)
	}

	for _, f := range o.Files {
		msg.AttachReadSeeker(attachmentName(f.Name), bytes.NewReader(placeholder), fileOption(f))
	}

	o.Files = slices.Concat(pictures, o.Files) // in their order in the mail
	text, err := splitAtFiles(msg, placeholder)
	if err != nil {
		return nil, errBadContent("The mail can't be put together.", "Try without the attachments.", err)
	}

	return &Mail{
		ID:         h.id,
		From:       h.from.Address,
		Recipients: h.recipients(),
		UTF8:       h.needsUTF8(),
		text:       text,
		files:      o.Files,
	}, nil
}

func errBadContent(text, hint string, cause error) *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: text, Hint: hint, Cause: cause}
}

// checkSize returns an error if a mail has too many files, or if its text and files are too large together.
func checkSize(o channels.Outbound) error {
	if len(o.Files) > MaxFiles {
		return errBadContent(fmt.Sprintf("The mail has %d files; %d is the most.", len(o.Files), MaxFiles),
			"Pack the files into one archive.", nil)
	}

	total := int64(len(o.Text) + len(o.Signature.Text) + len(o.Signature.HTML))
	for _, p := range o.Signature.Pictures {
		total += p.SizeBytes
	}

	for _, f := range o.Files {
		total += max(f.SizeBytes, 0)
	}

	if total > MaxBytes {
		return errTooLarge(total)
	}

	return nil
}

func errTooLarge(total int64) *channels.SendError {
	const megabyte = 1 << 20
	return errBadContent(fmt.Sprintf("The mail has %.1f MB; mail servers take about %d MB.", float64(total)/megabyte, MaxBytes/megabyte),
		"Send a link to the files, or send them in several mails.", nil)
}

// mailHeaders holds the headers of an outgoing mail.
type mailHeaders struct {
	id         string
	from       *netmail.Address
	to, cc     []*netmail.Address
	subject    string
	inReplyTo  string
	references []string
	date       string
	automatic  string // the value of Auto-Submitted; "" if a person wrote the mail
}

// newHeaders returns the headers of a mail. A mail that is sent again gets the same Message-ID, by which the receiving
// server can recognise the duplicate.
func (c *Composer) newHeaders(o channels.Outbound) (*mailHeaders, error) {
	from := c.address
	if slices.Contains(c.own, strings.ToLower(o.From)) {
		from = o.From
	}

	h := &mailHeaders{
		id:      Message(c.key, o.ConversationID, o.MessageID, c.domain),
		from:    &netmail.Address{Name: senderName(o.Author, cmp.Or(o.FromName, c.senderName)), Address: from},
		subject: subjectLine(o),
		date:    c.now().Format("Mon, 02 Jan 2006 15:04:05 -0700"),
	}

	var err error
	if h.to, err = mailAddresses(o.To); err != nil {
		return nil, err
	}
	if h.cc, err = mailAddresses(o.Cc); err != nil {
		return nil, err
	}
	if len(h.to)+len(h.cc) == 0 {
		return nil, errBadRecipient("The message has no recipient.", "Enter an e-mail address for this contact.")
	}

	h.inReplyTo = cleanMessageID(o.InReplyTo)
	h.references = c.referenceChain(o, h.inReplyTo)
	if o.Automatic {
		h.automatic = "auto-generated"
		if o.InReplyTo != "" {
			h.automatic = "auto-replied"
		}
	}

	return h, nil
}

func errBadRecipient(text, hint string) *channels.SendError {
	return &channels.SendError{Class: channels.BadRecipient, Text: text, Hint: hint}
}

// writeTo sets the headers of msg.
func (h *mailHeaders) writeTo(msg *mail.Msg) {
	msg.SetMessageIDWithValue(h.id)
	msg.SetGenHeader(MessageHeader, "<"+h.id+">")
	msg.SetGenHeader(mail.HeaderDate, h.date)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderFrom, h.from)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderTo, h.to...)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderCc, h.cc...)
	msg.Subject(h.subject)
	if h.inReplyTo != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+h.inReplyTo+">")
	}

	// A single value, because the library would join several with commas.
	msg.SetGenHeader(mail.HeaderReferences, "<"+strings.Join(h.references, "> <")+">")
	if h.automatic != "" {
		msg.SetGenHeader("Auto-Submitted", h.automatic)
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	}
}

// recipients returns the addresses of all recipients without duplicates.
func (h *mailHeaders) recipients() []string {
	var out []string
	for _, a := range slices.Concat(h.to, h.cc) {
		if !slices.Contains(out, a.Address) {
			out = append(out, a.Address)
		}
	}
	return out
}

// needsUTF8 reports whether an address has non-ASCII characters, which require SMTPUTF8 (RFC 6531).
func (h *mailHeaders) needsUTF8() bool {
	all := append(h.recipients(), h.from.Address)
	return slices.ContainsFunc(all, func(address string) bool { return !IsASCII(address) })
}

// senderName returns the name that customers see as the sender, such as "Ann Lee (Acme Support)".
func senderName(author, account string) string {
	author, account = OneLine(author), OneLine(account)
	if author == "" || author == account {
		return account
	}
	if account == "" {
		return author
	}
	return author + " (" + account + ")"
}

// mailAddresses converts the parties of a message, such as its recipients, to mail addresses. If one has no valid
// address, it returns a *channels.SendError of class BadRecipient.
func mailAddresses(parties []channels.Party) ([]*netmail.Address, error) {
	var out []*netmail.Address
	for _, p := range parties {
		address, ok := SendableAddress(cmp.Or(p.Address, p.Key))
		if !ok {
			return nil, errBadRecipient(fmt.Sprintf("%q is not an e-mail address.", Excerpt(p.Key)),
				"Correct the contact's address.")
		}
		name := OneLine(p.Name)
		if strings.EqualFold(name, p.Key) { // the address again
			name = ""
		}
		out = append(out, &netmail.Address{Name: name, Address: address})
	}
	return out, nil
}

// cleanMessageID returns a Message-ID without its angle brackets. It returns "" for an invalid one, such as the internal
// ID that Parley assigns to a mail without a Message-ID.
// Source: RFC 5322 section 3.6.4.
func cleanMessageID(id string) string {
	id = Clean(id)
	left, right, _ := strings.Cut(id, "@")
	if left == "" || right == "" {
		return ""
	}
	return id
}

// referenceChain returns the IDs for References: our anchor, the thread's IDs, and last the ID of the answered mail. The
// anchor is an ID whose token names only the conversation. It identifies the conversation even if a mail server replaces
// our Message-IDs. Other anchors are left out: they would lead the customer's answer to another conversation.
func (c *Composer) referenceChain(o channels.Outbound, answered string) []string {
	out := []string{Anchor(c.key, o.ConversationID, c.domain)}
	add := func(id string) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range o.References {
		token, isOurs := Parse([][]byte{c.key}, id)
		isAnchor := isOurs && token.Message == 0
		if id = cleanMessageID(id); id != answered && !isAnchor {
			add(id)
		}
	}

	add(answered)

	excess := len(out) - maxReferences
	if excess > 0 { // RFC 5537 section 3.4.4: keep the first ones and the last
		out = slices.Delete(out, 2, 2+excess)
	}
	return out
}
