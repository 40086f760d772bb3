package inbound

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
	"parley/channels/email/bodytext"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
)

// errEmptyPayload is the only error of decode: there is no mail to show.
var errEmptyPayload = errors.New("email: decode: empty payload")

// Options is what decoding needs to know of the account.
type Options struct {
	Own  []string // own addresses, aliases included, in lower case
	Keys [][]byte // HMAC keys that verify our tokens
}

// Decoder decodes the mails of one account. Its methods may be called concurrently.
type Decoder struct {
	own    map[string]bool
	keys   [][]byte
	policy func() *bluemonday.Policy // shared: slow to make and large
}

// NewDecoder makes a decoder. policy returns the rules by which HTML is sanitised; decoders share them.
func NewDecoder(o Options, policy func() *bluemonday.Policy) *Decoder {
	d := &Decoder{own: map[string]bool{}, keys: o.Keys, policy: policy}
	for _, a := range o.Own {
		d.own[strings.ToLower(strings.TrimSpace(a))] = true
	}
	delete(d.own, "")
	return d
}

// Decode turns a stored mail into what the customer did. Every mail becomes an Inbound: one that can't
// be read is shown as raw text.
//
// Text and Quoted are canonical Markdown in which each line end is a line break. Quoted begins with the
// signature, if one was found. Text names a picture inside of the mail as ![name](cid:id), where id is
// its Attachment's ContentID; inline files that Text doesn't name belong to the signature or to the
// quoted history. InboundOwn has the id of our message in Answers. InboundStatus has subject, text and
// files of the report.
// Errors: an empty payload.
func (d *Decoder) Decode(payload []byte) ([]channels.Inbound, error) {
	return d.decodeWith(d.decodeMail, payload)
}

// decodeWith decodes a payload by read. If read panics, the mail is shown as raw text.
func (d *Decoder) decodeWith(read func(Envelope, []byte) []channels.Inbound, payload []byte) (out []channels.Inbound, err error) {
	if len(bytes.TrimSpace(payload)) == 0 {
		return nil, errEmptyPayload
	}
	e, raw := SplitPayload(payload)
	defer func() {
		if recover() != nil { // a fault in a library must not make us lose the mail
			out, err = []channels.Inbound{d.rawMessage(e, raw)}, nil
			if e.Sent {
				out = nil // it is not known who wrote it
			}
		}
	}()
	return read(e, raw), nil
}

// decodeMail decodes a mail.
func (d *Decoder) decodeMail(e Envelope, raw []byte) []channels.Inbound {
	root, limits := rawmail.Read(raw)
	root.ConvertHeader()
	c := &content{}
	c.collect(root)
	in := d.message(e, raw, root, c)
	in.Notices = append(in.Notices, limits...)
	if len(limits) > 0 || c.damaged || c.encrypted != "" {
		in.Attachments = append(in.Attachments, original(raw))
	}
	if e.Sent {
		return writtenInMailbox(in)
	}
	if statuses := d.bounce(root, c, &in, raw); len(statuses) > 0 {
		return statuses
	}
	return []channels.Inbound{in}
}

// original returns a whole mail as a file.
func original(raw []byte) channels.Attachment {
	return channels.Attachment{Name: "original.eml", ContentType: "message/rfc822", Content: raw}
}

// message makes an Inbound of a mail that was read.
func (d *Decoder) message(e Envelope, raw []byte, root *rawmail.Part, c *content) channels.Inbound {
	h := root.Header
	in := d.head(e, raw, h)
	in.Automatic = d.automatic(h, c, in.Subject, in.From)
	d.identify(&in, e, h.Raw(mailid.MessageHeader))
	if notice := authenticationNotice(h); notice != "" {
		in.Notices = append(in.Notices, notice)
	}
	d.body(&in, c)
	if e.Truncated {
		in.Notices = append(in.Notices, "This mail is larger than 50 MB: only its headers were fetched. "+
			"The whole mail is in the mailbox's folder "+e.Folder+".")
	} else if in.Text == "" && len(in.Attachments) == 0 && c.encrypted == "" {
		in.Notices = append(in.Notices, "This mail has no text.")
	}
	return in
}

// head makes an Inbound of the headers alone.
func (d *Decoder) head(e Envelope, raw []byte, h rawmail.Header) channels.Inbound {
	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: externalID(h, raw),
		At:         rawmail.Date(h, e.InternalDate),
		Subject:    h.Text("Subject"),
		Answers:    channels.Answers{References: rawmail.References(h)},
		Historical: e.Historical,
	}
	from := rawmail.Addresses(h.Guess, h.All("From")...)
	if len(from) == 0 {
		from = rawmail.Addresses(h.Guess, slices.Concat(h.All("Sender"), h.All("Return-Path"))...)
	}
	if len(from) == 0 {
		from = []channels.Party{{Key: "unknown@invalid", Name: h.Text("From")}}
		in.Notices = append(in.Notices, "This mail does not say who sent it.")
	}
	in.From = d.author(h, from[0])
	if shown := bodytext.AddressInText(strings.ToLower(in.From.Name)); shown != "" && shown != in.From.Key {
		in.Notices = append(in.Notices, "The sender's name shows another address than the mail comes from: "+in.From.Key+".")
	}
	to, cc := rawmail.Addresses(h.Guess, h.All("To")...), rawmail.Addresses(h.Guess, slices.Concat(h.All("Cc"), h.All("Bcc"))...)
	delivered := rawmail.Addresses(h.Guess, slices.Concat(h.All("Delivered-To"), h.All("X-Original-To"), h.All("Envelope-To"))...)
	in.Envelope.Via = d.via(to, cc, delivered)
	in.Answers.Conversation, in.Answers.Message = d.plusTokens(to, cc, delivered)
	in.Envelope.To, in.Envelope.Cc = d.withoutOwn(to), append(from[1:len(from):len(from)], d.withoutOwn(cc)...)
	in.Envelope.ReplyTo = d.withoutOwn(rawmail.Addresses(h.Guess, h.All("Reply-To")...))
	if len(in.Envelope.ReplyTo) == 1 && in.Envelope.ReplyTo[0].Key == in.From.Key {
		in.Envelope.ReplyTo = nil
	}
	if len(in.Envelope.Cc) == 0 {
		in.Envelope.Cc = nil
	}
	return in
}

// via returns the first of our own addresses to which a mail was sent.
func (d *Decoder) via(lists ...[]channels.Party) string {
	for _, list := range lists {
		for _, p := range list {
			if own := d.ownAddress(p.Key); own != "" {
				return own
			}
		}
	}
	return ""
}

// plusTokens finds conversation and message by our token in an address: support+TOKEN@acme.test.
func (d *Decoder) plusTokens(lists ...[]channels.Party) (conversation, message int64) {
	for _, list := range lists {
		for _, p := range list {
			if c, m, ok := mailid.InAddress(d.keys, p.Key); ok {
				return c, m
			}
		}
	}
	return 0, 0
}

// identify sets the conversation by our tokens, and the kind of our own mails. Tokens in the ids that
// a mail answers count more than a token in the address to which it was sent. token is the value of
// mailid.MessageHeader, in which our mails repeat their Message-ID; "" if the mail doesn't have it.
func (d *Decoder) identify(in *channels.Inbound, e Envelope, token string) {
	tagged, answered := in.Answers.Conversation, in.Answers.Message
	in.Answers.Conversation, in.Answers.Message = 0, 0
	for _, id := range in.Answers.References {
		c, m, ok := mailid.Parse(d.keys, id)
		switch {
		case !ok:
		case in.Answers.Conversation == 0:
			in.Answers.Conversation, in.Answers.Message = c, m
		case in.Answers.Message == 0 && in.Answers.Conversation == c:
			in.Answers.Message = m
		}
	}
	if in.Answers.Conversation == 0 {
		in.Answers.Conversation, in.Answers.Message = tagged, answered
	}
	if d.ownAddress(in.From.Key) == "" {
		return
	}
	for _, id := range []string{in.ExternalID, mailid.Clean(token)} {
		if c, m, ok := mailid.Parse(d.keys, id); ok {
			in.Kind, in.Answers.Conversation, in.Answers.Message, in.Automatic = channels.InboundOwn, c, m, ""
			return
		}
	}
	if e.Sent && in.Automatic == channels.AutomaticOwn {
		in.Kind, in.Automatic = channels.InboundForeign, ""
	}
}

// writtenInMailbox decides what to do with a mail in the folder of sent mail. It keeps mails that came
// from an address of the account. It drops mails that a program sent, and mails that were moved there
// from other folders.
func writtenInMailbox(in channels.Inbound) []channels.Inbound {
	if in.Kind == channels.InboundForeign {
		in.Foreign.Author = cmp.Or(in.From.Name, in.From.Key)
		in.Foreign.Origin = "from the mailbox by " + in.From.Key
		in.From, in.Envelope.ReplyTo = channels.Party{}, nil // To and Cc name the customer
	}
	if in.Kind == channels.InboundMessage {
		return nil
	}
	return []channels.Inbound{in}
}

// externalID returns the Message-ID of a mail, or a hash of the mail if it has none.
func externalID(h rawmail.Header, raw []byte) string {
	if ids := rawmail.MessageIDs(h.Raw("Message-Id"), h.Guess); len(ids) > 0 {
		return ids[0]
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:16])
}

// rawBytes is how much of an unreadable mail is shown.
const rawBytes = 20_000

// rawMessage shows a mail as it came: its headers as far as they can be read and
// the raw text. The mail itself is attached.
func (d *Decoder) rawMessage(e Envelope, raw []byte) channels.Inbound {
	head, _ := rawmail.SplitHead(raw)
	guess := rawmail.NewGuesser()
	in := d.head(e, raw, rawmail.ReadHeader(head[:min(len(head), rawmail.MaxHeaderBytes)], guess))
	in.Automatic = "damaged"
	in.Text = bodytext.Markdown(rawmail.ToUTF8(raw[:min(len(raw), rawBytes)], "", guess))
	in.Notices = append(in.Notices, "This mail could not be read: it is shown as it came, and attached.")
	in.Attachments = []channels.Attachment{original(raw)}
	return in
}

// ownAddress returns which of the account's own addresses a is, with or without a +tag; "" if it is
// none.
func (d *Decoder) ownAddress(a string) string {
	if d.own[a] {
		return a
	}
	if bare := rawmail.WithoutTag(a); d.own[bare] {
		return bare
	}
	return ""
}

// withoutOwn returns a list of recipients without the account's own addresses.
func (d *Decoder) withoutOwn(list []channels.Party) []channels.Party {
	var out []channels.Party
	for _, p := range list {
		if d.ownAddress(p.Key) == "" {
			out = append(out, p)
		}
	}
	return out
}
