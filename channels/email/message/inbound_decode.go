package message

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"parley/channels"
)

// This file decodes a mail into a channels.Inbound, which Parley shows to agents in a chat thread. For example, the mail
//
//	From: Ann Lee <ann@customer.test>
//	To: help@acme.test
//	Subject: Re: Invoice
//	In-Reply-To: <c12.m34.0a1b2c3d@acme.test>   (the Message-ID of our last mail)
//
//	Thank you!
//	> Here is your invoice.
//
// becomes a message from Ann with the Text "Thank you!" and, below it, "> Here is your invoice.": who has the conversation
// decides which lines repeat it. "c12.m34.0a1b2c3d" is a token (mailid*.go). Parley puts one into the Message-ID of each
// mail that it sends; it identifies conversation 12 and message 34, which Ann answers.
//
// Mail is hostile and often malformed. Decoding never fails: it shows what it can read and attaches the original.

// errEmptyPayload is the only error of Decode.
var errEmptyPayload = errors.New("email: decode: empty payload")

// Options describes the account.
type Options struct {
	Own  []string // the addresses of the account, including aliases, in lower case
	Keys [][]byte // HMAC keys that verify our tokens
}

// Decoder decodes the mails of one account. It is safe for concurrent use.
type Decoder struct {
	ownAddresses map[string]bool
	keys         [][]byte
	policy       func() *bluemonday.Policy // see NewDecoder
}

// NewDecoder returns a decoder. policy returns the rules for sanitising HTML; they are shared and created on first use,
// because they are large.
func NewDecoder(o Options, policy func() *bluemonday.Policy) *Decoder {
	d := &Decoder{ownAddresses: map[string]bool{}, keys: o.Keys, policy: policy}
	for _, address := range o.Own {
		d.ownAddresses[strings.ToLower(strings.TrimSpace(address))] = true
	}
	delete(d.ownAddresses, "")
	return d
}

// Decode decodes a stored mail. A mail that can't be decoded is shown as raw text. A mail in the Sent folder becomes an
// Inbound only if it is from an address of the account. A delivery report about several recipients becomes several.
//
// Text is Markdown in which each line end is a line break. It refers to a picture in the mail as ![name](cid:id), where id
// is the ContentID of its Attachment. An InboundStatus has the subject, text and files of the delivery report.
//
// Decode returns an error only if payload is empty.
func (d *Decoder) Decode(payload []byte) ([]channels.Inbound, error) {
	return d.decodeWith(d.decodeMail, payload)
}

// decodeWith decodes a payload with decode. If that panics, the mail is shown as raw text.
func (d *Decoder) decodeWith(decode func(Envelope, []byte) []channels.Inbound, payload []byte) (out []channels.Inbound, err error) {
	if len(bytes.TrimSpace(payload)) == 0 {
		return nil, errEmptyPayload
	}
	e, raw := SplitPayload(payload)
	defer func() {
		if recover() == nil {
			return
		}
		// A fault in a library must not make us lose the mail.
		out, err = []channels.Inbound{d.messageOfRawText(e, raw)}, nil
		if e.Sent {
			out = nil // its author is unknown
		}
	}()
	return decode(e, raw), nil
}

func (d *Decoder) decodeMail(e Envelope, raw []byte) []channels.Inbound {
	root, limitNotices := Read(raw)
	root.ConvertHeader()
	in, c := d.newMessage(e, raw, root)
	in.Notices = append(in.Notices, limitNotices...)
	isUnreadable := c.damaged || c.unread || c.encrypted != ""
	if isUnreadable || len(limitNotices) > 0 {
		in.Attachments = append(in.Attachments, originalFile(raw))
	}
	if e.Sent {
		return keepWrittenInMailbox(in)
	}
	if statuses := d.readBounce(root, c, &in, raw); len(statuses) > 0 {
		return statuses
	}

	return []channels.Inbound{in}
}

// originalFile returns a whole mail as a file.
func originalFile(raw []byte) channels.Attachment {
	return channels.Attachment{Name: "original.eml", ContentType: "message/rfc822", Content: raw}
}

// newMessage returns the Inbound of a parsed mail, and its content.
func (d *Decoder) newMessage(e Envelope, raw []byte, root *Part) (channels.Inbound, *content) {
	h := root.Header
	in := d.readHead(e, raw, h)
	c := &content{isReport: isFromProgram(h, in.Subject, in.From.Key)}
	c.add(root)
	in.Automatic = d.whyAutomatic(h, c, in.Subject, in.From)
	if token := d.tokenInReferences(in.Answers.References); token.Conversation != 0 { // overrides the token of an address
		in.Answers.Conversation = token.Conversation
		in.Answers.Message = token.Message
	}
	d.recogniseOwn(&in, e, cmp.Or(h.Raw(MessageHeader), h.Raw(OriginalHeader)))

	if notice := authenticationNotice(h); notice != "" {
		in.Notices = append(in.Notices, notice)
		in.Disowned = true
	}

	d.readBody(&in, c)
	d.recogniseReaction(&in, c)
	showsNothing := in.Text == "" && len(in.Attachments) == 0 && c.encrypted == ""
	switch {
	case e.Truncated:
		in.Notices = append(in.Notices, "This mail is larger than 50 MB: only its headers were fetched. "+
			"The whole mail is in the mailbox's folder "+e.Folder+".")
	case showsNothing && in.Subject != "":
		in.Text = Markdown(in.Subject) // its only words
	case showsNothing:
		in.Notices = append(in.Notices, "This mail has no text.")
	}

	return in, c
}

// readHead returns an Inbound with the content of the headers.
func (d *Decoder) readHead(e Envelope, raw []byte, h Header) channels.Inbound {
	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: externalID(h, raw),
		At:         Date(h, e.InternalDate),
		Subject:    h.Text("Subject"),
		Answers:    channels.Answers{References: References(h)},
		Historical: e.Historical,
	}

	authors := authorsOf(h)
	if len(authors) == 0 {
		authors = []channels.Party{{Key: "unknown@invalid", Name: h.Text("From")}}
		in.Notices = append(in.Notices, "This mail does not say who sent it.")
	}

	in.From = d.findAuthor(e, raw, h, authors[0])
	shown := mailInText.FindString(strings.ToLower(in.From.Name))
	if shown != "" && shown != in.From.Key {
		in.Notices = append(in.Notices, "The sender's name shows another address than the mail comes from: "+in.From.Key+".")
	}

	d.readRecipients(&in, h, e.Sent)
	in.Envelope.Cc = slices.Concat(d.answerable(authors[1:]), in.Envelope.Cc) // a mail may have several authors
	return in
}

// authorsOf returns the authors of a mail or, if it has none, its sender.
func authorsOf(h Header) []channels.Party {
	if authors := Addresses(h.Guess, h.All("From")...); len(authors) > 0 {
		return authors
	}
	return Addresses(h.Guess, slices.Concat(h.All("Sender"), h.All("Return-Path"))...)
}

// readRecipients sets in.Envelope, and the conversation if a recipient address has a token. wasSentHere is true for
// mails in our Sent folder.
func (d *Decoder) readRecipients(in *channels.Inbound, h Header, wasSentHere bool) {
	to := Addresses(h.Guess, h.All("To")...)
	cc := Addresses(h.Guess, h.All("Cc")...)
	bcc := Addresses(h.Guess, h.All("Bcc")...)
	delivered := Addresses(h.Guess, slices.Concat(h.All("Delivered-To"), h.All("X-Original-To"), h.All("Envelope-To"))...)
	all := slices.Concat(to, cc, bcc, delivered)
	token := d.tokenInAddresses(all)
	in.Answers.Conversation = token.Conversation
	in.Answers.Message = token.Message
	in.Envelope.Via = d.viaAddress(all)
	in.Envelope.Blind = !wasSentHere && !d.isNamed(slices.Concat(to, cc), delivered)
	if wasSentHere { // the Bcc of a customer must stay hidden (RFC 5322 section 3.6.3); our own may be shown to agents
		cc = slices.Concat(cc, bcc)
	}

	in.Envelope.To = d.answerable(to)
	in.Envelope.Cc = d.answerable(cc)
	replyTo := d.answerable(Addresses(h.Guess, h.All("Reply-To")...))
	isAuthor := len(replyTo) == 1 && replyTo[0].Key == in.From.Key
	if !isAuthor {
		in.Envelope.ReplyTo = replyTo
	}
}

// answerable returns those recipients that aren't ours and that have a valid address. Answers to all go to them, and one
// invalid address, which somebody has mistyped, would keep each answer from being sent.
func (d *Decoder) answerable(recipients []channels.Party) []channels.Party {
	return slices.DeleteFunc(d.withoutOwn(recipients), func(p channels.Party) bool {
		_, ok := SendableAddress(cmp.Or(p.Address, p.Key))
		return !ok
	})
}

// viaAddress returns the first of our own addresses among a mail's recipients, or "".
func (d *Decoder) viaAddress(recipients []channels.Party) string {
	for _, p := range recipients {
		if own := d.ownAddress(p.Key); own != "" {
			return own
		}
	}
	return ""
}

// isNamed reports whether the visible recipients of a mail include us: an address of ours, or an address to which the
// mail was delivered before it was forwarded to us. Otherwise we got a blind copy.
func (d *Decoder) isNamed(visible, delivered []channels.Party) bool {
	return slices.ContainsFunc(visible, func(recipient channels.Party) bool {
		isForwarder := slices.ContainsFunc(delivered, func(p channels.Party) bool { return p.Key == recipient.Key })
		return isForwarder || d.ownAddress(recipient.Key) != ""
	})
}

// tokenInAddresses returns the token in a recipient address such as help+TOKEN@acme.test, or the zero Token.
func (d *Decoder) tokenInAddresses(recipients []channels.Party) Token {
	for _, p := range recipients {
		if token, ok := InAddress(d.keys, p.Key); ok {
			return token
		}
	}
	return Token{}
}

// tokenInReferences returns the first token in the ids to which a mail refers, or the zero Token. If that token has no
// message, it adds the first message of the same conversation that another token names.
func (d *Decoder) tokenInReferences(ids []string) Token {
	var found Token
	for _, id := range ids {
		token, ok := Parse(d.keys, id)
		if !ok {
			continue
		}
		if found.Conversation == 0 {
			found = token
		}
		if token.Conversation == found.Conversation && found.Message == 0 {
			found.Message = token.Message
		}
	}
	return found
}

// recogniseOwn sets the kind of a mail from an address of ours. InboundOwn is a copy of a mail that Parley sent;
// InboundElsewhere is a mail that a person wrote in the mailbox itself, without Parley. sentAs is the Message-ID with which
// Parley sent the mail, from another header: servers may replace the real one. It may be empty.
func (d *Decoder) recogniseOwn(in *channels.Inbound, e Envelope, sentAs string) {
	if d.ownAddress(in.From.Key) == "" {
		return
	}

	for _, id := range []string{in.ExternalID, Clean(sentAs)} {
		if token, ok := Parse(d.keys, id); ok {
			in.Kind = channels.InboundOwn
			in.Automatic = ""
			in.Answers.Conversation = token.Conversation
			in.Answers.Message = token.Message
			return
		}
	}

	if e.Sent && in.Automatic == channels.AutomaticOwn {
		in.Kind = channels.InboundElsewhere
		in.Automatic = ""
	}
}

// keepWrittenInMailbox returns a mail of the Sent folder if it is from an address of the account. It drops mails that
// programs sent, and mails that were moved to the folder.
func keepWrittenInMailbox(in channels.Inbound) []channels.Inbound {
	switch in.Kind {
	case channels.InboundMessage:
		return nil
	case channels.InboundElsewhere:
		in.Elsewhere.Author = cmp.Or(in.From.Name, in.From.Key)
		in.Elsewhere.Origin = "from the mailbox by " + in.From.Key
		in.From = channels.Party{} // To and Cc name the customer
		in.Envelope.ReplyTo = nil
	default: // InboundOwn
	}
	return []channels.Inbound{in}
}

// externalID returns the Message-ID of a mail, or a hash of the mail if it has none.
func externalID(h Header, raw []byte) string {
	if ids := MessageIDs(h.Raw("Message-Id"), h.Guess); len(ids) > 0 {
		return ids[0]
	}
	const hashBytes = 16 // enough to make collisions impossible in practice
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:hashBytes])
}

// maxRawBytes is how much of an unreadable mail is shown.
const maxRawBytes = 20_000

// messageOfRawText returns an Inbound that shows the raw text of a mail, for mails that can't be decoded. The mail is
// also attached.
func (d *Decoder) messageOfRawText(e Envelope, raw []byte) channels.Inbound {
	head, _ := SplitHead(raw)
	guess := NewGuesser()
	in := d.readHead(e, raw, ReadHeader(head[:min(len(head), MaxHeaderBytes)], guess))
	in.Automatic = automaticDamaged
	in.Text = Markdown(ToUTF8(raw[:min(len(raw), maxRawBytes)], "", guess))
	in.Notices = append(in.Notices, "This mail could not be read: it is shown as it came, and attached.")
	in.Attachments = []channels.Attachment{originalFile(raw)}
	return in
}

// ownAddress returns the address of the account that matches address, which may have a +tag. It returns "" for addresses
// of other people.
func (d *Decoder) ownAddress(address string) string {
	if d.ownAddresses[address] {
		return address
	}
	if bare := WithoutTag(address); d.ownAddresses[bare] {
		return bare
	}
	return ""
}

// withoutOwn returns a list of people without the addresses of the account.
func (d *Decoder) withoutOwn(list []channels.Party) []channels.Party {
	var out []channels.Party
	for _, p := range list {
		if d.ownAddress(p.Key) == "" {
			out = append(out, p)
		}
	}
	return out
}
