package message

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A fact is an event, such as the arrival of a mail, that is stored only once under its id. The mailbox may deliver
// the same mail many times, from several folders or after a restart. The id is the same each time, so the copies are
// recognised as duplicates.

// Fact returns the id of the fact that a mail arrived, such as mail:0123456789abcdef0123456789abcdef. All copies of a
// mail in the mailbox have the same id. A different mail has a different id, even if its Message-ID is the same.
//
// Servers may re-encode the parts of a mail, so the id is a hash of the decoded texts and files and some headers. For a
// mail without a Message-ID, it is a hash of the raw bytes. The input of the hash must never change, because stored ids
// depend on it.
func Fact(raw []byte) string {
	sum := sha256.New()
	root, _ := Read(raw)
	ids := MessageIDs(root.Header.Raw("Message-Id"), root.Header.Guess)
	if len(ids) == 0 {
		sum.Write(raw)
		return factID(sum)
	}

	sum.Write([]byte(ids[0]))
	h := &spacelessHash{to: sum}
	for _, name := range []string{"Date", "From", "Subject"} {
		writeSpaceless(h, DecodeHeader(root.Header.Raw(name), root.Header.Guess))
	}
	h.writeTexts(root)
	h.writeFiles(root)
	return factID(sum)
}

// factID returns the id of a fact with this hash.
func factID(sum hash.Hash) string {
	const hashBytes = 16 // enough to make collisions practically impossible
	return "mail:" + hex.EncodeToString(sum.Sum(nil)[:hashBytes])
}

// Sent returns the id of the fact that a mail is in the folder of sent mail, such as
// sent:0123456789abcdef0123456789abcdef. fact is the id of the mail from Fact. It isn't used itself, because a
// copy of the mail in another folder doesn't prove that we sent it.
func Sent(fact string) string { return strings.Replace(fact, "mail:", "sent:", 1) }

// spacelessHash writes text without its white space into a hash, because servers change where lines break.
type spacelessHash struct {
	to  hash.Hash
	buf [bufferBytes]byte // filtered text that is not yet written to the hash
}

// bufferBytes is large enough that hash.Hash.Write is called rarely.
const bufferBytes = 4096

// writeTexts writes the decoded text of all text parts, in a fixed order.
func (h *spacelessHash) writeTexts(p *Part) {
	for _, child := range p.Children {
		h.writeTexts(child)
	}
	if isText(p) {
		h.writeText(p)
	}
}

// isText reports whether a part is one of those that writeTexts writes.
func isText(p *Part) bool {
	return len(p.Children) == 0 && (p.Type == "text/plain" || p.Type == "text/html")
}

// writeFiles writes all other parts, in a fixed order. Of files that are texts or mails, too, servers change line breaks.
func (h *spacelessHash) writeFiles(p *Part) {
	for _, child := range p.Children {
		h.writeFiles(child)
	}
	switch major, _, _ := strings.Cut(p.Type, "/"); {
	case major == "multipart", isText(p):
	case major == "text", major == "message":
		h.writeText(p)
	default:
		file := sha256.Sum256(p.Bytes())
		h.to.Write(file[:])
	}
}

// writeText writes the decoded text of a part.
func (h *spacelessHash) writeText(p *Part) {
	b, charset := p.Bytes(), p.Params["charset"]
	if IsUTF8(b, CharsetLabel(charset)) {
		writeSpaceless(h, b) // unconverted, which saves copying a large text
	} else {
		writeSpaceless(h, ToUTF8(b, charset, p.Header.Guess))
	}
}

// writeSpaceless writes a newline, which separates s from the text before it, and then s without white space, ASCII
// control characters and the characters that rawmail.ToUTF8 removes. s must be valid UTF-8.
func writeSpaceless[T string | []byte](h *spacelessHash, s T) {
	n := copy(h.buf[:], "\n")
	for i := 0; i < len(s); {
		if n+utf8.UTFMax > len(h.buf) {
			h.to.Write(h.buf[:n])
			n = 0
		}

		c := s[i]
		if c < utf8.RuneSelf {
			i++

			if c > ' ' && c != '\x7f' {
				h.buf[n] = c
				n++
			}

			continue
		}

		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		i += size

		if !unicode.IsSpace(r) && !IsDropped(r) {
			n += utf8.EncodeRune(h.buf[n:], r)
		}
	}

	h.to.Write(h.buf[:n])
}
