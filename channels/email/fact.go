package email

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"unicode"
	"unicode/utf8"
)

// factID returns the external id of the fact that a mail arrived. All copies of a mail in the mailbox
// have the same one; another mail with the same Message-ID has another one. Servers may write MIME
// anew, so the id is a hash of the decoded text and some headers. Only for a mail without a Message-ID
// is it a hash of the bytes. What goes into the hash must never change: stored ids depend on it.
// Shape: mail:0123456789abcdef0123456789abcdef
func factID(raw []byte) string {
	sum := sha256.New()
	root, _ := readMail(raw)
	if ids := messageIDs(root.header.raw("Message-Id"), root.header.guess); len(ids) > 0 {
		sum.Write([]byte(ids[0]))
		h := &blankless{to: sum}
		for _, name := range []string{"Date", "From", "Subject"} {
			blanklessText(h, decodeHeader(root.header.raw(name), root.header.guess))
		}
		h.texts(root)
	} else {
		sum.Write(raw)
	}
	return "mail:" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// sentFactID returns the external id of the fact that a mail is in the folder of sent mail. It differs
// from factID, because a copy of the mail in another folder doesn't prove that we sent it.
// Shape: sent:0123456789abcdef0123456789abcdef
func sentFactID(raw []byte) string { return "sent:" + strings.TrimPrefix(factID(raw), "mail:") }

// blankless writes text without its white space into a hash, because servers change where lines break.
type blankless struct {
	to  hash.Hash
	buf [4096]byte // collects what is written next, so that large texts are not copied
}

// texts writes the decoded text of all text parts.
func (h *blankless) texts(p *part) {
	for _, child := range p.children {
		h.texts(child)
	}
	if len(p.children) == 0 && (p.ctype == "text/plain" || p.ctype == "text/html") {
		b, charset := p.bytes(), p.params["charset"]
		if isUTF8(b, cleanLabel(charset)) {
			blanklessText(h, b) // as it is: no copies of a large one
		} else {
			blanklessText(h, toUTF8(b, charset, p.header.guess))
		}
	}
}

// blanklessText writes a line end, and all characters of s but white space and those that toUTF8
// removes. s must be valid UTF-8.
func blanklessText[T string | []byte](h *blankless, s T) {
	n := copy(h.buf[:], "\n")
	for i := 0; i < len(s); {
		if n+utf8.UTFMax > len(h.buf) {
			h.to.Write(h.buf[:n])
			n = 0
		}
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			if c > ' ' && c != 0x7f {
				h.buf[n] = c
				n++
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if i += size; !unicode.IsSpace(r) && !dropRune(r) {
			n += utf8.EncodeRune(h.buf[n:], r)
		}
	}
	h.to.Write(h.buf[:n])
}
