package message

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"slices"

	"github.com/wneessen/go-mail"

	"parley/channels"
)

// Mail is a composed mail. It is not held in memory as a whole: its files are read and encoded while Copy writes it.
type Mail struct {
	ID          string   // Message-ID without <>
	From        string   // envelope sender
	Recipients  []string // of the envelope, each once
	UTF8        bool     // it can only be sent with SMTPUTF8 (RFC 6531), because of an address
	LengthBytes int64    // its length as it was sent; 0 before that

	text  [][]byte        // the bytes before, between and after the files, so len(text) is len(files)+1
	files []channels.File // pictures of the signature first, then attachments
}

// Base64 in mails has lines of 76 characters (RFC 2045 section 6.8).
const (
	lineInputBytes  = 57     // bytes of the file per line
	lineOutputBytes = 76 + 2 // characters per line, including CRLF
	linesPerWrite   = 512
)

// splitAtFiles returns the encoded message split at its files. In msg, each file has the placeholder as its content. The
// library would hold the real files in memory three times.
func splitAtFiles(msg *mail.Msg, placeholder []byte) ([][]byte, error) {
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(placeholder) + "\r\n"
	return bytes.Split(raw.Bytes(), []byte(encoded)), nil
}

// newPlaceholder returns random bytes, whose encoding doesn't occur in any text.
func newPlaceholder() []byte {
	mark := make([]byte, 18)
	_, _ = rand.Read(mark) // never returns an error
	return mark
}

// SizeBytes returns the encoded length of the mail, computed from File.SizeBytes of its files.
func (m *Mail) SizeBytes() int64 {
	var total int64
	for _, t := range m.text {
		total += int64(len(t))
	}
	for _, f := range m.files {
		fullLines, rest := f.SizeBytes/lineInputBytes, f.SizeBytes%lineInputBytes
		total += fullLines * lineOutputBytes
		if rest > 0 {
			total += int64(base64.StdEncoding.EncodedLen(int(rest)) + len("\r\n"))
		}
	}
	return total
}

// MemoryBytes returns how much memory it may take to send the mail: the size of its largest file, since File.Open may load
// a file as a whole.
func (m *Mail) MemoryBytes() int64 {
	var largest int64
	for _, f := range m.files {
		largest = max(largest, f.SizeBytes)
	}
	return largest
}

// Copy writes the mail to w and returns the number of bytes written. It opens and reads the files one after the other.
// Errors: *channels.SendError if a file can't be read or is too large; otherwise those of w.
func (m *Mail) Copy(ctx context.Context, w io.Writer) (int64, error) {
	var read, written int64
	for i, text := range m.text {
		n, err := w.Write(text)
		written += int64(n)
		if err != nil {
			return written, err
		}
		if i == len(m.files) { // no file follows the last piece of text
			break
		}

		fileRead, fileWritten, err := m.writeFile(ctx, w, m.files[i], MaxBytes-read)
		read += fileRead
		written += fileWritten
		if err != nil {
			return written, err
		}
	}

	return written, nil
}

// writeFile writes one file in base64. It fails if the file has more than maxBytes bytes, whatever its SizeBytes says.
func (m *Mail) writeFile(ctx context.Context, w io.Writer, f channels.File, maxBytes int64) (read, written int64, err error) {
	if f.Open == nil {
		return 0, 0, errUnreadableFile(f, errors.New("email: attachment without content"))
	}

	r, err := f.Open(ctx)
	if err != nil {
		return 0, 0, errUnreadableFile(f, err)
	}
	defer r.Close()

	in := make([]byte, lineInputBytes*linesPerWrite)
	out := make([]byte, 0, lineOutputBytes*linesPerWrite)
	for {
		n, err := io.ReadFull(r, in)
		atEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !atEnd {
			return read, written, errUnreadableFile(f, err)
		}

		read += int64(n)
		if read > maxBytes { // the file is larger than its SizeBytes
			return read, written, errTooLarge(MaxBytes - maxBytes + read)
		}

		out = out[:0]
		for line := range slices.Chunk(in[:n], lineInputBytes) {
			out = base64.StdEncoding.AppendEncode(out, line)
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

// errUnreadableFile returns the error for a file that can't be read. If cause is a *channels.SendError that already says
// what to do, it is returned. Otherwise the mail is retried, since the file may be readable later.
func errUnreadableFile(f channels.File, cause error) *channels.SendError {
	if classified, ok := errors.AsType[*channels.SendError](cause); ok && classified.Class != channels.Ambiguous {
		return classified
	}
	return &channels.SendError{
		Class: channels.Retry, Text: "An attachment can't be read: " + OneLine(f.Name),
		Hint: "Parley tries again by itself.", Cause: cause,
	}
}
