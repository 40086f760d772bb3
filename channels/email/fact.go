package email

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"unicode"
	"unicode/utf8"
)

// factID names the fact that a mail arrived, the same for every copy of it in the
// mailbox: the same mail in two folders is one fact, another mail with the same
// Message-ID is not. Servers write MIME anew, so the text counts, not the bytes;
// a mail without a Message-ID is known by its bytes. What this function reads must
// never change: stored ids depend on it.
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

// sentFactID names the fact that a mail stands in the folder of sent mail. Its copy in another
// folder is another fact: that one proves nothing about who wrote it.
// Shape: sent:0123456789abcdef0123456789abcdef
func sentFactID(raw []byte) string { return "sent:" + strings.TrimPrefix(factID(raw), "mail:") }

// blankless feeds lines to a hash without their blanks: servers change how lines are
// broken.
type blankless struct {
	to  hash.Hash
	buf [4096]byte // large texts are not copied for it
}

// texts feeds the decoded text of all text parts.
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

// blanklessText feeds a line end and all of s that is no blank and that toUTF8 keeps.
// s is valid UTF-8.
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
