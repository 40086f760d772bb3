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

// Decoder decodes the mails of one account: it finds out who wrote a mail, whether a person did, what it says, and which conversation
// it belongs to. Mails that we send have a token in their Message-ID (package mailid), which answers and bounces repeat: it names the
// conversation and our message. A Decoder's methods may be called concurrently.
type Decoder struct {
	ownAddresses map[string]bool
	keys         [][]byte
	policy       func() *bluemonday.Policy // returns a shared policy, because a policy is large and slow to make
}

// NewDecoder returns a decoder. policy returns the rules by which HTML is sanitised.
func NewDecoder(o Options, policy func() *bluemonday.Policy) *Decoder {
	d := &Decoder{ownAddresses: map[string]bool{}, keys: o.Keys, policy: policy}
	for _, a := range o.Own {
		d.ownAddresses[strings.ToLower(strings.TrimSpace(a))] = true
	}
	delete(d.ownAddresses, "")
	return d
}

// Decode turns a stored mail into what the customer did. A mail that can't be read is shown as raw text. Of the mails in the mailbox's
// folder of sent mail, only those that came from an address of the account become an Inbound.
//
// Text and Quoted are Markdown in which each line end is a line break. Quoted begins with the signature, if one was found. Text names a
// picture in the mail as ![name](cid:id), where id is its Attachment's ContentID. Inline files that Text doesn't name belong to the
// signature or to the quoted history. InboundStatus has subject, text and files of the delivery report.
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
			out, err = []channels.Inbound{d.messageOfRawText(e, raw)}, nil
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
	in, c := d.newMessage(e, raw, root)
	in.Notices = append(in.Notices, limits...)
	isUnreadable := c.damaged || c.encrypted != ""
	if isUnreadable || len(limits) > 0 {
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

// newMessage returns an Inbound for a mail that was read, and its content.
func (d *Decoder) newMessage(e Envelope, raw []byte, root *rawmail.Part) (channels.Inbound, *content) {
	h := root.Header
	in := d.readHead(e, raw, h)
	c := &content{isReport: isFromProgram(h, in.Subject, in.From.Key)}
	c.add(root)
	in.Automatic = d.whyAutomatic(h, c, in.Subject, in.From)
	if token := d.tokenInReferences(in.Answers.References); token.Conversation != 0 { // it counts more than that of an address
		in.Answers.Conversation = token.Conversation
		in.Answers.Message = token.Message
	}
	d.recogniseOwn(&in, e, cmp.Or(h.Raw(mailid.MessageHeader), h.Raw(mailid.OriginalHeader)))

	if notice := authenticationNotice(h); notice != "" {
		in.Notices = append(in.Notices, notice)
	}

	d.readBody(&in, c)
	showsSomething := in.Text != "" || len(in.Attachments) > 0
	if e.Truncated {
		in.Notices = append(in.Notices, "This mail is larger than 50 MB: only its headers were fetched. "+
			"The whole mail is in the mailbox's folder "+e.Folder+".")
	} else if !showsSomething && c.encrypted == "" {
		in.Notices = append(in.Notices, "This mail has no text.")
	}

	return in, c
}

// readHead returns an Inbound with what the headers say.
func (d *Decoder) readHead(e Envelope, raw []byte, h rawmail.Header) channels.Inbound {
	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: externalID(h, raw),
		At:         rawmail.Date(h, e.InternalDate),
		Subject:    h.Text("Subject"),
		Answers:    channels.Answers{References: rawmail.References(h)},
		Historical: e.Historical,
	}

	authors := authorsOf(h)
	if len(authors) == 0 {
		authors = []channels.Party{{Key: "unknown@invalid", Name: h.Text("From")}}
		in.Notices = append(in.Notices, "This mail does not say who sent it.")
	}

	in.From = d.findAuthor(h, authors[0])
	shown := bodytext.AddressInText(strings.ToLower(in.From.Name))
	if shown != "" && shown != in.From.Key {
		in.Notices = append(in.Notices, "The sender's name shows another address than the mail comes from: "+in.From.Key+".")
	}

	d.readRecipients(&in, h, e.Sent)
	in.Envelope.Cc = slices.Concat(d.withoutOwn(authors[1:]), in.Envelope.Cc) // a mail may have several authors
	return in
}

// authorsOf returns the authors of a mail, or its sender if it names no author.
func authorsOf(h rawmail.Header) []channels.Party {
	if authors := rawmail.Addresses(h.Guess, h.All("From")...); len(authors) > 0 {
		return authors
	}
	return rawmail.Addresses(h.Guess, slices.Concat(h.All("Sender"), h.All("Return-Path"))...)
}

// readRecipients reads to whom a mail was sent, and to whom answers go. wasSentHere says that somebody sent it from our mailbox.
func (d *Decoder) readRecipients(in *channels.Inbound, h rawmail.Header, wasSentHere bool) {
	to := rawmail.Addresses(h.Guess, h.All("To")...)
	cc := rawmail.Addresses(h.Guess, h.All("Cc")...)
	bcc := rawmail.Addresses(h.Guess, h.All("Bcc")...)
	delivered := rawmail.Addresses(h.Guess, slices.Concat(h.All("Delivered-To"), h.All("X-Original-To"), h.All("Envelope-To"))...)
	all := slices.Concat(to, cc, bcc, delivered)
	token := d.tokenInAddresses(all)
	in.Answers.Conversation = token.Conversation
	in.Answers.Message = token.Message
	in.Envelope.Via = d.viaAddress(all)
	in.Envelope.Blind = !wasSentHere && !d.isNamed(slices.Concat(to, cc), delivered)
	if wasSentHere { // what a customer hides from the other recipients stays hidden (RFC 5322 section 3.6.3)
		cc = slices.Concat(cc, bcc)
	}

	in.Envelope.To = d.withoutOwn(to)
	in.Envelope.Cc = d.withoutOwn(cc)
	replyTo := d.withoutOwn(rawmail.Addresses(h.Guess, h.All("Reply-To")...))
	isAuthor := len(replyTo) == 1 && replyTo[0].Key == in.From.Key
	if !isAuthor {
		in.Envelope.ReplyTo = replyTo
	}
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

// isNamed reports whether the recipients whom a mail names can know that we got it: one is an address of ours, or an address to which the
// mail was delivered before it was forwarded to us.
func (d *Decoder) isNamed(named, delivered []channels.Party) bool {
	return slices.ContainsFunc(named, func(p channels.Party) bool {
		isForwarder := slices.ContainsFunc(delivered, func(q channels.Party) bool { return q.Key == p.Key })
		return isForwarder || d.ownAddress(p.Key) != ""
	})
}

// tokenInAddresses returns our token in the address of a recipient: support+TOKEN@acme.test. It is zero if there is none.
func (d *Decoder) tokenInAddresses(recipients []channels.Party) mailid.Token {
	for _, p := range recipients {
		if token, ok := mailid.InAddress(d.keys, p.Key); ok {
			return token
		}
	}
	return mailid.Token{}
}

// tokenInReferences returns the conversation of the first of our tokens in the ids that a mail answers, and the first message of that
// conversation that they name. It is zero if there is none.
func (d *Decoder) tokenInReferences(ids []string) mailid.Token {
	var found mailid.Token
	for _, id := range ids {
		token, ok := mailid.Parse(d.keys, id)
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

// recogniseOwn sets the kind of a mail that came from an address of ours: Parley has sent it, or somebody wrote it in the mailbox itself.
// sentAs is a further header that has the Message-ID with which we sent the mail, in case a server has replaced it; "" if there is none.
func (d *Decoder) recogniseOwn(in *channels.Inbound, e Envelope, sentAs string) {
	if d.ownAddress(in.From.Key) == "" {
		return
	}

	for _, id := range []string{in.ExternalID, mailid.Clean(sentAs)} {
		if token, ok := mailid.Parse(d.keys, id); ok {
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

// keepWrittenInMailbox returns a mail of the folder of sent mail if it came from an address of the account, and otherwise nothing. So it
// drops mails that a program sent, and mails that were moved there from other folders.
func keepWrittenInMailbox(in channels.Inbound) []channels.Inbound {
	switch in.Kind {
	case channels.InboundMessage:
		return nil
	case channels.InboundElsewhere:
		in.Elsewhere.Author = cmp.Or(in.From.Name, in.From.Key)
		in.Elsewhere.Origin = "from the mailbox by " + in.From.Key
		in.From = channels.Party{} // To and Cc name the customer
		in.Envelope.ReplyTo = nil
	default: // a mail that Parley sent stays as it is
	}
	return []channels.Inbound{in}
}

// externalID returns the Message-ID of a mail, or a hash of the mail if it has none.
func externalID(h rawmail.Header, raw []byte) string {
	if ids := rawmail.MessageIDs(h.Raw("Message-Id"), h.Guess); len(ids) > 0 {
		return ids[0]
	}
	const hashBytes = 16 // enough that no two mails have the same
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:hashBytes])
}

// maxRawBytes is how much of an unreadable mail is shown.
const maxRawBytes = 20_000

// messageOfRawText returns an Inbound that shows a mail as it came: its headers as far as they can be read,
// and the raw text. The mail itself is attached.
func (d *Decoder) messageOfRawText(e Envelope, raw []byte) channels.Inbound {
	head, _ := rawmail.SplitHead(raw)
	guess := rawmail.NewGuesser()
	in := d.readHead(e, raw, rawmail.ReadHeader(head[:min(len(head), rawmail.MaxHeaderBytes)], guess))
	in.Automatic = automaticDamaged
	in.Text = bodytext.Markdown(rawmail.ToUTF8(raw[:min(len(raw), maxRawBytes)], "", guess))
	in.Notices = append(in.Notices, "This mail could not be read: it is shown as it came, and attached.")
	in.Attachments = []channels.Attachment{originalFile(raw)}
	return in
}

// ownAddress returns the account's own address that a is, perhaps with a +tag. It returns "" if a isn't one of the account's.
func (d *Decoder) ownAddress(a string) string {
	if d.ownAddresses[a] {
		return a
	}
	if bare := rawmail.WithoutTag(a); d.ownAddresses[bare] {
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
