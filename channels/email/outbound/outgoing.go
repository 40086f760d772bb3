package outbound

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"

	"github.com/wneessen/go-mail"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// Mail is a mail that is ready to be sent. Its files are read while it is sent.
type Mail struct {
	ID         string            // Message-ID without <>
	From       string            // envelope sender
	Recipients []string          // of the envelope, each once
	text       [][]byte          // the bytes before, between and behind the files
	order      channels.Outbound // the message; its Files are in the order of the mail
	UTF8       bool              // an address needs SMTPUTF8 (RFC 6531)

	LengthBytes int64 // its length as it was sent; 0 if not sent yet
}

// Base64 in mails has lines of 76 characters (RFC 2045 section 6.8).
const (
	lineInput  = 57     // bytes of a file in a line
	lineOutput = 76 + 2 // characters of a line with its end
	linesAhead = 512    // lines that are encoded at a time
)

// cutAtFiles writes a message in which each file is replaced by mark, and splits it at the marks. So
// the files need not be in memory, where the library would hold each of them three times.
func cutAtFiles(msg *mail.Msg, mark []byte) ([][]byte, error) {
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, err
	}
	return bytes.Split(raw.Bytes(), []byte(base64.StdEncoding.EncodeToString(mark)+"\r\n")), nil
}

// newMark returns random bytes that occur in no message.
func newMark() []byte {
	mark := make([]byte, 18)
	_, _ = rand.Read(mark) // never fails
	return mark
}

// SizeBytes returns the length of the mail, provided that its files have the sizes that they announce.
func (m *Mail) SizeBytes() int64 {
	var total int64
	for _, t := range m.text {
		total += int64(len(t))
	}
	for _, f := range m.order.Files {
		full, rest := f.SizeBytes/lineInput, f.SizeBytes%lineInput
		total += full * lineOutput
		if rest > 0 {
			total += (rest+2)/3*4 + 2
		}
	}
	return total
}

// HeldBytes returns how much memory sending the mail may take: that of the largest file, because File.Open
// may read a file as a whole.
func (m *Mail) HeldBytes() int64 {
	var most int64
	for _, f := range m.order.Files {
		most = max(most, f.SizeBytes)
	}
	return most
}

// Copy writes the mail and returns how many bytes it wrote. It reads the files meanwhile.
// Errors: *channels.SendError for the files, else w's.
func (m *Mail) Copy(ctx context.Context, w io.Writer) (int64, error) {
	var read, written int64
	for i, text := range m.text {
		n, err := w.Write(text)
		if written += int64(n); err != nil {
			return written, err
		}
		if i == len(m.order.Files) {
			break
		}
		from, to, err := m.writeFile(ctx, w, m.order.Files[i], MaxBytes-read)
		read, written = read+from, written+to
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// writeFile writes one file in base64. Errors: as Copy.
func (m *Mail) writeFile(ctx context.Context, w io.Writer, f channels.File, most int64) (read, written int64, err error) {
	if f.Open == nil {
		return 0, 0, unreadableFile(f, errors.New("email: attachment without content"))
	}
	r, err := f.Open(ctx)
	if err != nil {
		return 0, 0, unreadableFile(f, err)
	}
	defer r.Close()
	in, out := make([]byte, lineInput*linesAhead), make([]byte, 0, lineOutput*linesAhead)
	for {
		n, err := io.ReadFull(r, in)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return read, written, unreadableFile(f, err)
		}
		if read += int64(n); read > most { // longer than it said
			return read, written, tooLarge(MaxBytes - most + read)
		}
		out = out[:0]
		for left := in[:n]; len(left) > 0; left = left[min(lineInput, len(left)):] {
			out = base64.StdEncoding.AppendEncode(out, left[:min(lineInput, len(left))])
			out = append(out, "\r\n"...)
		}
		k, werr := w.Write(out)
		if written += int64(k); werr != nil {
			return read, written, werr
		}
		if err != nil {
			return read, written, nil
		}
	}
}

// unreadableFile is the error for a file that can't be read. It may be readable later.
func unreadableFile(f channels.File, cause error) *channels.SendError {
	return &channels.SendError{
		Class: channels.Retry, Text: "An attachment can't be read: " + rawmail.OneLine(f.Name),
		Hint: "Parley tries again by itself.", Cause: cause,
	}
}
