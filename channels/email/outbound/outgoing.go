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
	ID          string   // Message-ID without <>
	From        string   // envelope sender
	Recipients  []string // of the envelope, each once
	UTF8        bool     // an address needs SMTPUTF8 (RFC 6531)
	LengthBytes int64    // its length as it was sent; 0 before that

	text  [][]byte          // the bytes before, between and behind the files: one piece more than there are files
	order channels.Outbound // the message; its Files are in the order of the mail, with the pictures first
}

// Base64 in mails has lines of 76 characters (RFC 2045 section 6.8).
const (
	lineInputBytes  = 57     // bytes of a file in a line
	lineOutputBytes = 76 + 2 // characters of a line with its end
	linesAtOnce     = 512    // lines that are encoded at a time
)

// cutAtFiles writes a message in which the placeholder stands for each file, and splits it at the placeholders. So the files themselves
// never pass through the library, which would hold each of them in memory three times.
func cutAtFiles(msg *mail.Msg, placeholder []byte) ([][]byte, error) {
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(placeholder) + "\r\n"
	return bytes.Split(raw.Bytes(), []byte(encoded)), nil
}

// newPlaceholder returns random bytes that occur in no message.
func newPlaceholder() []byte {
	mark := make([]byte, 18)
	_, _ = rand.Read(mark) // never fails, by its documentation
	return mark
}

// SizeBytes returns the length of the mail, provided that its files have the sizes that they announce.
func (m *Mail) SizeBytes() int64 {
	var total int64
	for _, t := range m.text {
		total += int64(len(t))
	}
	for _, f := range m.order.Files {
		fullLines, rest := f.SizeBytes/lineInputBytes, f.SizeBytes%lineInputBytes
		total += fullLines * lineOutputBytes
		if rest > 0 {
			total += int64(base64.StdEncoding.EncodedLen(int(rest)) + len("\r\n"))
		}
	}
	return total
}

// MemoryBytes returns how much memory sending the mail may take: the size of its largest file, which File.Open may read as a whole.
func (m *Mail) MemoryBytes() int64 {
	var largest int64
	for _, f := range m.order.Files {
		largest = max(largest, f.SizeBytes)
	}
	return largest
}

// Copy writes the mail and returns how many bytes it wrote. It reads the files meanwhile.
// Errors: *channels.SendError if a file can't be read, otherwise w's.
func (m *Mail) Copy(ctx context.Context, w io.Writer) (int64, error) {
	var read, written int64
	for i, text := range m.text {
		n, err := w.Write(text)
		written += int64(n)
		if err != nil {
			return written, err
		}
		if i == len(m.order.Files) {
			break
		}

		fileRead, fileWritten, err := m.writeFile(ctx, w, m.order.Files[i], MaxBytes-read)
		read += fileRead
		written += fileWritten
		if err != nil {
			return written, err
		}
	}

	return written, nil
}

// writeFile writes one file in base64. Errors: those of Copy; the file has more than maxBytes bytes.
func (m *Mail) writeFile(ctx context.Context, w io.Writer, f channels.File, maxBytes int64) (read, written int64, err error) {
	if f.Open == nil {
		return 0, 0, errUnreadableFile(f, errors.New("email: attachment without content"))
	}

	r, err := f.Open(ctx)
	if err != nil {
		return 0, 0, errUnreadableFile(f, err)
	}
	defer r.Close()
	in := make([]byte, lineInputBytes*linesAtOnce)
	out := make([]byte, 0, lineOutputBytes*linesAtOnce)
	for {
		n, err := io.ReadFull(r, in)
		atEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !atEnd {
			return read, written, errUnreadableFile(f, err)
		}

		read += int64(n)
		if read > maxBytes { // the file is longer than it said
			return read, written, errTooLarge(MaxBytes - maxBytes + read)
		}

		out = out[:0]
		for left := in[:n]; len(left) > 0; left = left[min(lineInputBytes, len(left)):] {
			out = base64.StdEncoding.AppendEncode(out, left[:min(lineInputBytes, len(left))])
			out = append(out, "\r\n"...)
		}

		count, err := w.Write(out)
		written += int64(count)
		if err != nil {
			return read, written, err
		}
		if atEnd {
			return read, written, nil
		}
	}
}

// errUnreadableFile returns the error for a file that can't be read. It keeps cause if that has a class already. Otherwise the file may be
// readable later.
func errUnreadableFile(f channels.File, cause error) *channels.SendError {
	if classified, ok := errors.AsType[*channels.SendError](cause); ok && classified.Class != channels.Ambiguous {
		return classified
	}
	return &channels.SendError{
		Class: channels.Retry, Text: "An attachment can't be read: " + rawmail.OneLine(f.Name),
		Hint: "Parley tries again by itself.", Cause: cause,
	}
}
