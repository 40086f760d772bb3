package outbound

import (
	"bytes"
	"cmp"
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/yuin/goldmark"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
)

const (
	maxReferences   = 30  // ids in References; if there are more, the oldest but the first two are left out
	maxSubjectRunes = 250 // longer subjects are cut
)

// Limits of one mail.
const (
	MaxBytes = 20 << 20 // text and files before encoding: what most mail servers take; base64 adds 37 %
	MaxFiles = 100      // a choice of ours: servers count bytes, not files
)

// Composer writes the mails of one mailbox. Each has our token in its Message-ID (package mailid), which answers and bounces repeat, so
// that they find their conversation. A Composer needs no network.
type Composer struct {
	address    string   // the main address, as configured
	own        []string // all own addresses in lower case
	domain     string   // of the main address
	senderName string
	key        []byte // signs Message-IDs
	now        func() time.Time
	markdown   func() goldmark.Markdown
}

// NewComposer returns the composer of a mailbox. key signs the Message-IDs. markdown returns the renderer of answers.
func NewComposer(set settings.Settings, key []byte, now func() time.Time, markdown func() goldmark.Markdown) *Composer {
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

// Compose writes a mail, with headers that keep it in its thread (RFC 5322 section 3.6.4). It doesn't open the mail's files.
// Errors: *channels.SendError of class BadContent or BadRecipient.
func (c *Composer) Compose(o channels.Outbound) (*Mail, error) {
	if err := checkSize(o); err != nil {
		return nil, err
	}

	h, err := c.newHeaders(o)
	if err != nil {
		return nil, err
	}

	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	h.writeTo(msg)
	md := c.markdown()
	rendered, err := bodytext.RenderHTML(md, o.Text, o.Signature.Text, o.Signature.HTML)
	if err != nil {
		return nil, errBadContent("The text can't be turned into a mail.", "Shorten or simplify it.", err)
	}

	msg.SetBodyString(mail.TypeTextPlain, bodytext.RenderText(md, o.Text, o.Signature.Text))
	msg.AddAlternativeString(mail.TypeTextHTML, rendered)
	placeholder := newPlaceholder()
	var pictures []channels.File
	for _, p := range o.Signature.Pictures {
		msg.EmbedReadSeeker(attachmentName(p.Name), bytes.NewReader(placeholder), pictureHeaders(p))
		pictures = append(pictures, p.File)
	}

	for _, f := range o.Files {
		msg.AttachReadSeeker(attachmentName(f.Name), bytes.NewReader(placeholder), fileHeaders(f))
	}

	o.Files = slices.Concat(pictures, o.Files) // all of them, in their order in the mail
	text, err := cutAtFiles(msg, placeholder)
	if err != nil {
		return nil, errBadContent("The mail can't be put together.", "Try without the attachments.", err)
	}

	return &Mail{ID: h.id, From: h.from.Address, Recipients: h.allRecipients(), text: text, order: o, UTF8: h.needsUTF8()}, nil
}

func errBadContent(text, hint string, cause error) *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: text, Hint: hint, Cause: cause}
}

// checkSize refuses a mail with too many files, or whose text and files are too large together.
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

// mailHeaders are the headers of an outgoing mail.
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

// newHeaders returns the headers of a mail. A mail that is sent again has the same Message-ID, so that the receiving server and Reconcile
// recognise it.
func (c *Composer) newHeaders(o channels.Outbound) (*mailHeaders, error) {
	from := c.address
	if slices.Contains(c.own, strings.ToLower(o.From)) {
		from = o.From
	}

	h := &mailHeaders{
		id:      mailid.Message(c.key, o.ConversationID, o.MessageID, c.domain),
		from:    &netmail.Address{Name: senderName(o.Author, c.senderName), Address: from},
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

// writeTo sets the headers of a message.
func (h *mailHeaders) writeTo(msg *mail.Msg) {
	msg.SetMessageIDWithValue(h.id)
	msg.SetGenHeader(mailid.MessageHeader, "<"+h.id+">")
	msg.SetGenHeader(mail.HeaderDate, h.date)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderFrom, h.from)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderTo, h.to...)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderCc, h.cc...)
	msg.Subject(h.subject)
	if h.inReplyTo != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+h.inReplyTo+">")
	}

	// One value: the library would join several with commas.
	msg.SetGenHeader(mail.HeaderReferences, "<"+strings.Join(h.references, "> <")+">")
	if h.automatic != "" {
		msg.SetGenHeader("Auto-Submitted", h.automatic)
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	}
}

// allRecipients returns the address of every recipient, each once.
func (h *mailHeaders) allRecipients() []string {
	var out []string
	for _, a := range slices.Concat(h.to, h.cc) {
		if !slices.Contains(out, a.Address) {
			out = append(out, a.Address)
		}
	}
	return out
}

// needsUTF8 reports whether an address has characters outside ASCII, which only SMTPUTF8 allows.
func (h *mailHeaders) needsUTF8() bool {
	return slices.ContainsFunc(append(h.allRecipients(), h.from.Address), func(a string) bool { return !rawmail.IsASCII(a) })
}

// senderName returns the sender that customers see: "Ann Lee (Acme Support)".
func senderName(author, account string) string {
	author, account = rawmail.OneLine(author), rawmail.OneLine(account)
	if author == "" || author == account {
		return account
	}
	if account == "" {
		return author
	}
	return author + " (" + account + ")"
}

// localWithDots matches the part of an address before the "@" that may have dots where only quotes allow them. Japanese phones had such
// addresses until 2009: ann..lee@docomo.test, ann.@docomo.test.
// Source: https://github.com/KumoCorp/kumomta/issues/77; https://odashinsuke.hatenablog.com/entry/20090403/1238758307.
var localWithDots = regexp.MustCompile(`^[\w.+\-]*$`)

// mailAddresses converts parties to mail addresses. Errors: *channels.SendError of class BadRecipient.
func mailAddresses(parties []channels.Party) ([]*netmail.Address, error) {
	var out []*netmail.Address
	for _, p := range parties {
		address, ok := mailAddress(cmp.Or(p.Address, p.Key))
		if !ok {
			return nil, errBadRecipient(fmt.Sprintf("%q is not an e-mail address.", rawmail.Excerpt(p.Key)),
				"Correct the contact's address.")
		}
		name := rawmail.OneLine(p.Name)
		if strings.EqualFold(name, p.Key) {
			name = ""
		}
		out = append(out, &netmail.Address{Name: name, Address: address})
	}
	return out, nil
}

// mailAddress returns an address as mails have it, with its domain in ASCII. ok is false if plain isn't an address.
func mailAddress(plain string) (address string, ok bool) {
	parsed, err := netmail.ParseAddress("<" + plain + ">")
	if err != nil {
		at := strings.LastIndexByte(plain, '@')
		if at > 0 && localWithDots.MatchString(plain[:at]) {
			parsed, err = netmail.ParseAddress(`<"` + plain[:at] + `"` + plain[at:] + ">")
		}
	}
	if err != nil || strings.ContainsAny(plain, "<>\r\n\x00") {
		return "", false
	}
	address = rawmail.ASCIIDomain(parsed.Address)
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return address, rawmail.IsASCII(domain)
}

// cleanMessageID returns a Message-ID without its brackets. It returns "" for an id that isn't one, such as the id that Parley gives a mail
// without a Message-ID.
// Source: RFC 5322 section 3.6.4.
func cleanMessageID(id string) string {
	id = mailid.Clean(id)
	left, right, _ := strings.Cut(id, "@")
	if left == "" || right == "" {
		return ""
	}
	return id
}

// referenceChain returns the ids for References: our anchor, the thread's ids, the id that is answered. The anchor is an id with a token
// that names the conversation only; it helps if a server replaces our Message-IDs. Anchors of other conversations are left out, because
// the customer's answer would go there.
func (c *Composer) referenceChain(o channels.Outbound, answered string) []string {
	out := []string{mailid.Anchor(c.key, o.ConversationID, c.domain)}
	add := func(id string) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range o.References {
		token, isOurs := mailid.Parse([][]byte{c.key}, id)
		isAnchor := isOurs && token.Message == 0
		if id = cleanMessageID(id); id != answered && !isAnchor {
			add(id)
		}
	}

	add(answered)

	if over := len(out) - maxReferences; over > 0 { // RFC 5537 section 3.4.4: keep the first ones and the last
		out = slices.Delete(out, 2, 2+over)
	}

	return out
}
