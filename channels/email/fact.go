package email

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
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
	if ids := messageIDs(root.header.raw("Message-Id")); len(ids) > 0 {
		sum.Write([]byte(ids[0]))
		for _, name := range []string{"Date", "From", "Subject"} {
			sum.Write([]byte("\n" + squeeze(decodeHeader(root.header.raw(name)))))
		}
		hashText(sum.Write, root)
	} else {
		sum.Write(raw)
	}
	return "mail:" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// hashText feeds the decoded text of all text parts to write, without blanks:
// servers change how lines are broken.
func hashText(write func([]byte) (int, error), p *part) {
	for _, child := range p.children {
		hashText(write, child)
	}
	if len(p.children) == 0 && (p.ctype == "text/plain" || p.ctype == "text/html") {
		_, _ = write([]byte("\n" + squeeze(toUTF8(p.bytes(), p.params["charset"]))))
	}
}

// squeeze removes all blanks.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
