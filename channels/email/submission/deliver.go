package submission

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
	"parley/channels/email/outbound"
	"parley/channels/email/rawmail"
	"parley/channels/email/smtpcode"
)

// SMTP reply codes (RFC 5321, RFC 4954): success, and refusals with the words that we give for a server.
const (
	codeSuccess        = 250
	firstPermanentCode = 500 // from this code on, a refusal is for good
	codeNoMethod       = 504
	codeRefused        = 550
	codeTooLarge       = 552
)

// deliver sends one mail to all recipients or to none. If one recipient is refused, nothing is sent, so that
// "sent" and "failed" are always true for all of them.
// Errors: *smtpFailure; *channels.SendError if a file can't be read.
func (s *smtpSession) deliver(ctx context.Context, m *outbound.Mail) error {
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

// checkSize refuses a mail that is larger than the server takes, in the words of a server.
func (s *smtpSession) checkSize(m *outbound.Mail) error {
	size, limit := m.SizeBytes(), s.maxBytes()
	if limit <= 0 || size <= limit {
		return nil
	}
	const megabyte = 1 << 20
	return &smtpFailure{step: smtpcode.StepData, err: &textproto.Error{
		Code: codeTooLarge,
		Msg: fmt.Sprintf("5.3.4 the mail has %.1f MB, the server takes %.1f MB",
			float64(size)/megabyte, float64(limit)/megabyte),
	}}
}

// checkAddresses refuses addresses outside ASCII if the server doesn't take any.
func (s *smtpSession) checkAddresses(m *outbound.Mail) error {
	if takesUTF8, _ := s.client.Extension("SMTPUTF8"); takesUTF8 || !m.UTF8 {
		return nil
	}
	refused := &textproto.Error{Code: codeRefused, Msg: "5.6.7 the server takes no addresses outside ASCII"}
	at := slices.IndexFunc(m.Recipients, func(a string) bool { return !rawmail.IsASCII(a) })
	if at < 0 { // our own address is outside ASCII
		return &smtpFailure{step: smtpcode.StepMail, err: refused}
	}
	return &smtpFailure{step: smtpcode.StepRcpt, recipient: m.Recipients[at], err: refused}
}

// sendEnvelope names the sender and the recipients.
func (s *smtpSession) sendEnvelope(m *outbound.Mail) error {
	if err := s.client.Mail(smtpPath(m.From)); err != nil {
		return &smtpFailure{step: smtpcode.StepMail, err: err}
	}

	step := smtpcode.StepRcpt
	for _, to := range m.Recipients {
		if err := s.client.Rcpt(smtpPath(to)); err != nil {
			return &smtpFailure{step: step, recipient: to, err: err}
		}
		step = smtpcode.StepFurtherRcpt
	}
	return nil
}

// sendContent sends the mail itself. The server takes it when it answers the final dot. An error before the dot means that nothing was
// sent, because the connection ends without it.
func (s *smtpSession) sendContent(ctx context.Context, m *outbound.Mail) error {
	w, err := s.client.Data()
	if err != nil {
		return &smtpFailure{step: smtpcode.StepData, err: err}
	}

	if m.LengthBytes, err = m.Copy(ctx, w); err != nil {
		if _, ok := errors.AsType[*channels.SendError](err); ok {
			return err
		}
		return &smtpFailure{step: smtpcode.StepData, err: s.lastWords(err)}
	}

	err = w.Close() // sends the dot
	if err == nil || isSuccess(err) {
		return nil
	}
	if s.conn.writeRefused.Load() { // the fence kept the dot from being written: nothing is sent
		return &smtpFailure{step: smtpcode.StepData, err: fmt.Errorf("%w: %w", errTooLate, err)}
	}
	return &smtpFailure{step: smtpcode.StepDot, err: err}
}

// isSuccess reports whether an error is a success: a server took the mail with another code than 250. Of codes
// that it doesn't know, a client looks only at the first digit (RFC 5321 section 4.2).
func isSuccess(err error) bool {
	const codesPerClass = 100
	var tp *textproto.Error
	return errors.As(err, &tp) && tp.Code/codesPerClass == codeSuccess/codesPerClass
}

// lastWords returns the refusal that a server sent before it closed the connection in the middle of the
// mail, or cause if there is none.
func (s *smtpSession) lastWords(cause error) error {
	var tp *textproto.Error
	if _, _, err := s.client.Text.ReadResponse(codeSuccess); errors.As(err, &tp) {
		return tp
	}
	return cause
}

// smtpPath writes an address for SMTP, with its local part quoted if needed.
func smtpPath(address string) string {
	return (&netmail.Address{Address: address}).String()
}

// maxBytes returns the server's SIZE limit (RFC 1870), or 0 if the server announced none that can be read.
func (s *smtpSession) maxBytes() int64 {
	_, size := s.client.Extension("SIZE")
	n, _ := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return n
}
