package mailfake

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// smtpSession is one SMTP client between EHLO and QUIT. With a login it is a mail program that submits mail to
// anybody. Without one it is another mail server, which brings mail of other domains for hosted mailboxes.
type smtpSession struct {
	connection
	post *office

	hasSender bool // MAIL was accepted
	isUTF8    bool // the mail may have addresses that are not ASCII
	from      string
	to        []string
}

var _ smtp.AuthSession = (*smtpSession)(nil)

func (s *Server) newSMTPServer(starttls *tls.Config) *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		ss := &smtpSession{connection: s.newConnection(c.Conn()), post: s.office}
		if !s.enter() {
			return nil, smtpError(codeClosing, "4.3.2", "Shutting down")
		}
		if _, err := ss.beginCommand(OpSMTPConnect); err != nil {
			s.leave()
			return nil, err
		}
		return ss, nil
	}))

	srv.Domain = s.opts.Domain
	srv.AllowInsecureAuth = true
	srv.TLSConfig = starttls
	srv.MaxMessageBytes = s.opts.MaxMessageBytes
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = quiet{}
	return srv
}

// beginCommand plays the faults that come before a command. If it returns an error, the command must not be carried out.
func (ss *smtpSession) beginCommand(op Op, recipients ...string) (hits, error) {
	h := ss.faults.strike(op, ss.address(), recipients...)
	return h, ss.applyFaults(h)
}

func (ss *smtpSession) applyFaults(h hits) error {
	if err := ss.delayOrDrop(h); err != nil {
		return err
	}

	f, ok := h.find(ActionReply)
	if !ok {
		return nil
	}

	f.Code = cmp.Or(f.Code, codeLocalError)
	if f.Code == codeClosing { // RFC 5321 section 3.8: the server closes the channel
		ss.fc.hangUp()
	}

	return smtpError(f.Code, f.Enhanced, cmp.Or(f.Text, "Refused"))
}

// SMTP reply codes (RFC 5321, RFC 4954).
const (
	codeClosing      = 421
	codeLocalError   = 451
	codeSyntax       = 501
	codeBadSequence  = 503
	codeAuthRequired = 530
	codeRefused      = 550
	codeNotAllowed   = 553
	codeNoRelay      = 554
)

// smtpError makes a refusal with an enhanced code such as "5.1.1".
func smtpError(code int, enhanced, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhancedCode(enhanced), Message: text}
}

// AuthMechanisms implements smtp.AuthSession.
func (ss *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login, "XOAUTH2"} }

// Auth implements smtp.AuthSession.
func (ss *smtpSession) Auth(mech string) (sasl.Server, error) {
	password := func(user, password string) error { return ss.login(user, password, ss.boxes.isGoodPassword) }
	token := func(user, token string) error { return ss.login(user, token, ss.boxes.isGoodToken) }
	malformed := smtpError(codeSyntax, "5.5.2", "Malformed response")
	if srv := saslServer(mech, password, token, refusals{login: smtp.ErrAuthFailed, malformed: malformed}); srv != nil {
		return srv, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (ss *smtpSession) login(username, secret string, isGood loginCheck) error {
	h := ss.faults.strike(OpAUTH, ss.boxes.addressOf(username))
	if err := ss.applyFaults(h); err != nil {
		return err
	}
	if !ss.openMailbox(username, secret, isGood) {
		return smtp.ErrAuthFailed
	}
	ss.endCommand(h)
	return nil
}

// Mail implements smtp.Session.
func (ss *smtpSession) Mail(from string, options *smtp.MailOptions) error {
	if ss.hasSender {
		return smtpError(codeBadSequence, "5.5.1", "Nested MAIL command")
	}
	if err := checkASCII(from, options.UTF8); err != nil {
		return err
	}
	h, err := ss.beginCommand(OpMAIL)
	if err != nil {
		return err
	}
	if ss.acct == nil && ss.boxes.isHosted(from) {
		return smtpError(codeAuthRequired, "5.7.0", "Authentication required")
	}
	if ss.acct != nil && !ss.mayUse(from) {
		return smtpError(codeRefused, "5.7.60", "SMTP; Client does not have permissions to send as this sender")
	}
	ss.hasSender, ss.isUTF8, ss.from = true, options.UTF8, from
	ss.endCommand(h)
	return nil
}

// checkASCII refuses an address that needs SMTPUTF8 in a mail that was not announced so (RFC 6531 section 3.5).
func checkASCII(address string, isUTF8 bool) error {
	isForeign := func(r rune) bool { return r > unicode.MaxASCII }
	if !isUTF8 && strings.ContainsFunc(address, isForeign) {
		return smtpError(codeNotAllowed, "5.6.7", "Address is not ASCII, and the mail is not SMTPUTF8")
	}
	return nil
}

func (ss *smtpSession) mayUse(from string) bool {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	return !ss.acct.cfg.StrictSender || ss.boxes.findLocked(from) == ss.acct
}

// Rcpt implements smtp.Session.
func (ss *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := checkASCII(to, ss.isUTF8); err != nil {
		return err
	}
	h, err := ss.beginCommand(OpRCPT, to)
	if err != nil {
		return err
	}
	if ss.acct == nil && !ss.boxes.isHosted(to) {
		return smtpError(codeNoRelay, "5.7.1", "<"+to+">: Relay access denied") // so says Postfix
	}
	if err := ss.post.checkRecipient(to); err != nil {
		return err
	}
	ss.to = append(ss.to, to)
	ss.endCommand(h)
	return nil
}

// Data implements smtp.Session.
func (ss *smtpSession) Data(r io.Reader) error {
	h := ss.faults.strike(OpDATA, ss.address(), ss.to...)
	if f, ok := h.find(ActionDropBefore); ok {
		_, _ = io.CopyN(io.Discard, r, int64(max(f.Bytes, 1)))
		_ = ss.fc.Close()
		return net.ErrClosed
	}

	raw, err := io.ReadAll(r)
	if err != nil {
		var known *smtp.SMTPError
		if errors.As(err, &known) {
			return known // the library compares the type, without unwrapping
		}
		return fmt.Errorf("mailfake: data: %w", err)
	}

	if err := ss.applyFaults(h); err != nil {
		return err
	}

	ss.post.submit(ss.acct, ss.from, ss.to, raw)
	ss.endCommand(h)
	return nil
}

// Reset implements smtp.Session.
func (ss *smtpSession) Reset() { ss.hasSender, ss.isUTF8, ss.from, ss.to = false, false, "", nil }

// Logout implements smtp.Session.
func (ss *smtpSession) Logout() error {
	ss.clients.leave()
	return nil
}

// submit takes a mail. It changes the mail as the provider of the sender's mailbox would, stores the copy in the folder of sent mail, and
// delivers the mail. a is nil if another mail server brings the mail.
func (o *office) submit(a *account, from string, to []string, raw []byte) {
	head := parseReceived(headerOf(raw))
	sub := Submission{
		At: o.clock(), From: from, To: slices.Clone(to), Bytes: len(raw),
		MessageID: head.MessageID, StoredID: head.MessageID, Subject: head.Subject,
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if a != nil {
		sub.Mailbox = a.address
		if a.cfg.RewriteMessageID {
			sub.StoredID = o.newMessageIDLocked("rewritten." + o.opts.Domain)
			raw = replaceMessageID(raw, sub.StoredID)
		}
		if a.cfg.SaveToSent {
			o.saveSentLocked(a, raw)
		}
		if a.cfg.StripHeaders {
			raw = withoutXHeaders(raw)
		}
	}

	for _, addr := range to {
		if o.ruleLocked(addr).Policy == PolicyBounce {
			sub.Bounced = append(sub.Bounced, addr)
		}
	}

	sub.Seq = len(o.submissions) + 1
	o.submissions = append(o.submissions, sub)
	if _, _, err := o.deliverLocked(envelope{from: from, to: to, raw: raw}); err != nil {
		o.log.Warn("mail emulator lost its recipients between RCPT and DATA", "error", err)
	}
}

// headerOf returns a copy of a mail's header, with the empty line that ends it.
func headerOf(raw []byte) []byte {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return slices.Concat(head, []byte("\r\n\r\n"))
}

var messageIDField = regexp.MustCompile(`(?im)^message-id:[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n`)

var xField = regexp.MustCompile(`(?im)^x-[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n`)

// withoutXHeaders removes the headers that no standard names.
func withoutXHeaders(raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	kept := bytes.TrimSuffix(xField.ReplaceAll(append(head[:len(head):len(head)], "\r\n"...), nil), []byte("\r\n"))
	return slices.Concat(kept, []byte("\r\n\r\n"), body)
}

// replaceMessageID puts another Message-ID on top of the mail.
func replaceMessageID(raw []byte, id string) []byte {
	head := string(headerOf(raw))
	head = "Message-ID: " + id + "\r\n" + strings.TrimSuffix(messageIDField.ReplaceAllString(head, ""), "\r\n\r\n") + "\r\n\r\n"
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return append([]byte(head), body...)
}
