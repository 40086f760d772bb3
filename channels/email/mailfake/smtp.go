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

// smtpSession is the server's side of one SMTP connection of the emulator. It implements the interface of go-smtp,
// which calls one method for each command: Mail, Rcpt, Data.
//
// A client that logs in is a mail program. It may send mail to anybody, and from any address (but see StrictSender). A
// client that doesn't is another mail server. It may bring mail from other domains to the hosted ones, as a server does
// that looked up the MX record. Each command plays the faults that a test has injected for it.
type smtpSession struct {
	connection
	post *office // accepts and delivers mail

	hasSender bool // MAIL was accepted
	isUTF8    bool // the mail was announced as SMTPUTF8, so its addresses need not be ASCII
	from      string
	to        []string
}

var _ smtp.AuthSession = (*smtpSession)(nil)

func (s *Server) newSMTPServer(starttls *tls.Config) *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		ss := &smtpSession{connection: s.newConnection(c.Conn()), post: s.office}
		if !s.enter() { // the server is closing
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

// beginCommand plays the faults that take effect before a command. If it returns an error, the command must not be
// executed. Otherwise the caller passes the faults to endCommand afterwards, which plays the remaining ones.
func (ss *smtpSession) beginCommand(op Op, recipients ...string) (hits, error) {
	matching := ss.faults.strike(op, ss.address(), recipients...)
	return matching, ss.applyFaults(matching)
}

// applyFaults waits, drops the connection or returns the SMTP error that the faults demand.
func (ss *smtpSession) applyFaults(matching hits) error {
	if err := ss.delayOrDrop(matching); err != nil {
		return err
	}

	fault, ok := matching.find(ActionReply)
	if !ok {
		return nil
	}

	code := cmp.Or(fault.Code, codeLocalError)
	if code == codeClosing { // RFC 5321 section 3.8: the server closes the channel
		ss.fc.hangUp()
	}

	return smtpError(code, fault.Enhanced, cmp.Or(fault.Text, "Refused"))
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

// smtpError returns an error reply. enhanced is an enhanced status code such as "5.1.1", or "".
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

// login opens the mailbox of a user if isGood accepts the secret, which is a password or an access token.
func (ss *smtpSession) login(username, secret string, isGood loginCheck) error {
	matching := ss.faults.strike(OpAUTH, ss.boxes.addressOf(username))
	if err := ss.applyFaults(matching); err != nil {
		return err
	}
	if !ss.openMailbox(username, secret, isGood) {
		return smtp.ErrAuthFailed
	}
	ss.endCommand(matching)
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
	matching, err := ss.beginCommand(OpMAIL)
	if err != nil {
		return err
	}
	isLoggedIn := ss.acct != nil
	if !isLoggedIn && ss.boxes.isHosted(from) {
		return smtpError(codeAuthRequired, "5.7.0", "Authentication required")
	}
	if isLoggedIn && !ss.maySendAs(from) {
		return smtpError(codeRefused, "5.7.60", "SMTP; Client does not have permissions to send as this sender")
	}
	ss.hasSender, ss.isUTF8, ss.from = true, options.UTF8, from
	ss.endCommand(matching)
	return nil
}

// checkASCII refuses an address outside ASCII unless the mail was announced as SMTPUTF8 (RFC 6531 section 3.5).
func checkASCII(address string, isUTF8 bool) error {
	isNotASCII := func(r rune) bool { return r > unicode.MaxASCII }
	if !isUTF8 && strings.ContainsFunc(address, isNotASCII) {
		return smtpError(codeNotAllowed, "5.6.7", "Address is not ASCII, and the mail is not SMTPUTF8")
	}
	return nil
}

// maySendAs reports whether the mailbox that is logged in may use a sender address. Only mailboxes with StrictSender
// are limited to their own addresses.
func (ss *smtpSession) maySendAs(from string) bool {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	return !ss.acct.cfg.StrictSender || ss.boxes.findLocked(from) == ss.acct
}

// Rcpt implements smtp.Session.
func (ss *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := checkASCII(to, ss.isUTF8); err != nil {
		return err
	}
	matching, err := ss.beginCommand(OpRCPT, to)
	if err != nil {
		return err
	}
	if ss.acct == nil && !ss.boxes.isHosted(to) {
		return smtpError(codeNoRelay, "5.7.1", "<"+to+">: Relay access denied") // the text of Postfix
	}
	if err := ss.post.checkRecipient(to); err != nil {
		return err
	}
	ss.to = append(ss.to, to)
	ss.endCommand(matching)
	return nil
}

// Data implements smtp.Session. Faults other than ActionDropBefore take effect after the content was read.
func (ss *smtpSession) Data(r io.Reader) error {
	matching := ss.faults.strike(OpDATA, ss.address(), ss.to...)
	if fault, ok := matching.find(ActionDropBefore); ok {
		_, _ = io.CopyN(io.Discard, r, int64(max(fault.Bytes, 1)))
		_ = ss.fc.Close()
		return net.ErrClosed
	}

	raw, err := io.ReadAll(r)
	if err != nil {
		var known *smtp.SMTPError
		if errors.As(err, &known) {
			return known // not wrapped, because go-smtp compares the type without unwrapping
		}
		return fmt.Errorf("mailfake: data: %w", err)
	}

	if err := ss.applyFaults(matching); err != nil {
		return err
	}

	ss.post.submit(ss.acct, ss.from, ss.to, raw)
	ss.endCommand(matching)
	return nil
}

// Reset implements smtp.Session.
func (ss *smtpSession) Reset() { ss.hasSender, ss.isUTF8, ss.from, ss.to = false, false, "", nil }

// Logout implements smtp.Session.
func (ss *smtpSession) Logout() error {
	ss.clients.leave()
	return nil
}

// submit accepts a mail. Like the provider of the sender's mailbox, it may replace the Message-ID, store a copy in the
// folder of sent mail and remove headers. Then it delivers the mail. sender is nil if another mail server brought it.
func (o *office) submit(sender *account, from string, to []string, raw []byte) {
	head := parseReceived(headerOf(raw))
	sub := Submission{
		At: o.clock(), From: from, To: slices.Clone(to), Bytes: len(raw),
		MessageID: head.MessageID, StoredID: head.MessageID, Subject: head.Subject, Automatic: head.Get("Auto-Submitted") != "",
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if sender != nil {
		sub.Mailbox = sender.address
		if sender.cfg.RewriteMessageID {
			sub.StoredID = o.newMessageIDLocked("rewritten." + o.opts.Domain)
			raw = replaceMessageID(raw, sub.StoredID)
		}
		if sender.cfg.SaveToSent {
			o.saveSentLocked(sender, raw)
		}
		if sender.cfg.StripHeaders {
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

// headerOf returns a copy of a mail's header, including the empty line that ends it.
func headerOf(raw []byte) []byte {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return slices.Concat(head, []byte("\r\n\r\n"))
}

// Both patterns match a whole field with its folded lines.
var (
	messageIDField = regexp.MustCompile(`(?im)^message-id:[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n`)
	xField         = regexp.MustCompile(`(?im)^x-[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n`)
)

// withoutXHeaders removes the X- header fields.
func withoutXHeaders(raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	fields := slices.Concat(head, []byte("\r\n"))
	kept := bytes.TrimSuffix(xField.ReplaceAll(fields, nil), []byte("\r\n"))
	return slices.Concat(kept, []byte("\r\n\r\n"), body)
}

// replaceMessageID removes the Message-ID of a mail and adds another one at the top.
func replaceMessageID(raw []byte, id string) []byte {
	others := messageIDField.ReplaceAllString(string(headerOf(raw)), "")
	others = strings.TrimSuffix(others, "\r\n\r\n")
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return append([]byte("Message-ID: "+id+"\r\n"+others+"\r\n\r\n"), body...)
}
