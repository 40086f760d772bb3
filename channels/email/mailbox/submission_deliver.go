package mailbox

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/email/message"
)

// SMTP reply codes (RFC 5321, RFC 4954). The refusals are those that this package generates itself, in the form of a
// server's reply, before it asks the server.
const (
	codeSuccess        = 250
	firstPermanentCode = 500 // refusals from this code on are permanent
	codeNoMethod       = 504
	codeRefused        = 550
	codeTooLarge       = 552
)

// deliver sends one mail to all recipients or to none. If the server refuses one recipient, nothing is sent, so that a
// mail is never sent to some and failed for others.
// Errors: *smtpFailure; *channels.SendError if a file can't be read.
func (s *smtpSession) deliver(ctx context.Context, m *message.Mail) error {
	if err := s.checkSize(m); err != nil {
		return err
	}
	if err := s.checkAddresses(m); err != nil {
		return err
	}
	if err := s.sendEnvelope(m); err != nil {
		return err
	}
	return s.sendContent(ctx, m)
}

// checkSize returns a refusal if the mail is larger than the server accepts.
func (s *smtpSession) checkSize(m *message.Mail) error {
	size, limit := m.SizeBytes(), s.maxBytes()
	if limit <= 0 || size <= limit {
		return nil
	}
	const megabyte = 1 << 20
	return &smtpFailure{step: message.StepData, err: &textproto.Error{
		Code: codeTooLarge,
		Msg: fmt.Sprintf("5.3.4 the mail has %.1f MB, the server takes %.1f MB",
			float64(size)/megabyte, float64(limit)/megabyte),
	}}
}

// checkAddresses returns a refusal if the mail has non-ASCII addresses and the server doesn't accept any.
func (s *smtpSession) checkAddresses(m *message.Mail) error {
	acceptsUTF8, _ := s.client.Extension("SMTPUTF8")
	if acceptsUTF8 || !m.UTF8 {
		return nil
	}

	refused := &textproto.Error{Code: codeRefused, Msg: "5.6.7 the server takes no addresses outside ASCII"}
	i := slices.IndexFunc(m.Recipients, func(a string) bool { return !message.IsASCII(a) })
	if i < 0 { // it is the sender's address
		return &smtpFailure{step: message.StepMail, err: refused}
	}
	return &smtpFailure{step: message.StepRcpt, recipient: m.Recipients[i], err: refused}
}

// sendEnvelope sends MAIL FROM, and RCPT TO for each recipient.
func (s *smtpSession) sendEnvelope(m *message.Mail) error {
	if err := s.client.Mail(smtpPath(m.From)); err != nil {
		return &smtpFailure{step: message.StepMail, err: err}
	}

	step := message.StepRcpt
	for _, to := range m.Recipients {
		if err := s.client.Rcpt(smtpPath(to)); err != nil {
			return &smtpFailure{step: step, recipient: to, err: err}
		}
		step = message.StepFurtherRcpt
	}
	return nil
}

// sendContent sends the content of the mail, followed by the final dot. The server accepts the mail when it replies to
// the dot. After an error before the dot, it is certain that nothing was sent, since the connection is closed.
func (s *smtpSession) sendContent(ctx context.Context, m *message.Mail) error {
	w, err := s.client.Data()
	if err != nil {
		return &smtpFailure{step: message.StepData, err: err}
	}

	if m.LengthBytes, err = m.Copy(ctx, w); err != nil {
		if _, ok := errors.AsType[*channels.SendError](err); ok {
			return err
		}
		return &smtpFailure{step: message.StepData, err: s.readRefusal(err)}
	}

	err = w.Close() // sends the dot and reads the reply
	if err == nil || isSuccess(err) {
		return nil
	}
	if s.conn.writeRefused.Load() { // the dot was never sent
		return &smtpFailure{step: message.StepData, err: fmt.Errorf("%w: %w", errTooLate, err)}
	}
	return &smtpFailure{step: message.StepDot, err: err}
}

// isSuccess reports whether an error means that the server accepted the mail with another code than 250. If a client
// doesn't know a code, only the first digit counts (RFC 5321 section 4.2).
func isSuccess(err error) bool {
	const codesPerClass = 100
	reply, ok := errors.AsType[*textproto.Error](err)
	return ok && reply.Code/codesPerClass == codeSuccess/codesPerClass
}

// readRefusal returns the reply that a server sent before it closed the connection in the middle of the mail, or cause,
// the error of the connection, if there is none.
func (s *smtpSession) readRefusal(cause error) error {
	_, _, err := s.client.Text.ReadResponse(codeSuccess)
	if refusal, ok := errors.AsType[*textproto.Error](err); ok {
		return refusal
	}
	return cause
}

// smtpPath returns an address in the form of SMTP commands: in angle brackets, with quotes where they are needed.
func smtpPath(address string) string {
	return (&netmail.Address{Address: address}).String()
}

// maxBytes returns the server's SIZE limit (RFC 1870), or 0 if it declared none or an invalid one.
func (s *smtpSession) maxBytes() int64 {
	_, size := s.client.Extension("SIZE")
	n, _ := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return n
}
