package mailid

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"parley/channels/budget"
	"parley/channels/email/rawmail"
)

// newMail returns a mail with this id, whose body has this encoding.
func newMail(id, encoding, body string) []byte {
	mail := strings.NewReplacer("NUMBER", id, "ENCODING", encoding).Replace(`Message-ID: <NUMBER>
From: a@b.test
Date: Mon, 2 Nov 2026 11:00:00 +0000
Subject: x
Content-Transfer-Encoding: ENCODING

`)
	return []byte(strings.ReplaceAll(mail, "\n", "\r\n") + body)
}

func TestFactIDIsAHash(t *testing.T) {
	t.Parallel()
	got := Fact(newMail("1@x", "7bit", "hello, world\r\n"))
	if !regexp.MustCompile(`^mail:[0-9a-f]{32}$`).MatchString(got) {
		t.Errorf("Fact: got %q, want mail: and 32 hex digits", got)
	}
}

// The id of a mail's fact depends on what the mail says, not on how it is encoded.
func TestFactIDOfAMailThatWasEncodedAnew(t *testing.T) {
	t.Parallel()
	plain := Fact(newMail("1@x", "7bit", "hello, world\r\n"))
	encoded := Fact(newMail("1@x", "base64", "aGVsbG8sCndvcmxk")) // with a line break in place of the blank
	if encoded != plain {
		t.Errorf("Fact: got %s of the encoded mail, want %s as of the plain one", encoded, plain)
	}
}

func TestFactIDsOfDifferentMails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		mail, other []byte
	}{
		{name: "another text", mail: newMail("1@x", "7bit", "hello, world"), other: newMail("1@x", "7bit", "other")},
		{name: "another Message-ID", mail: newMail("1@x", "7bit", "hello, world"), other: newMail("2@x", "7bit", "hello, world")},
		{name: "no Message-ID, other bytes", mail: []byte("\r\na"), other: []byte("\r\nb")},
	}
	for _, tt := range tests {
		if got := Fact(tt.mail); got == Fact(tt.other) {
			t.Errorf("%s: both mails have the id %s, want different ones", tt.name, got)
		}
	}
}

// newScan returns a mail of a device that gives all its mails one Message-ID and date. It has this file in base64, and this
// transfer encoding of the text.
func newScan(encoding, text, file string) []byte {
	return newMail("scan@copier", "7bit\nContent-Type: multipart/mixed; boundary=b", strings.NewReplacer(
		"ENCODING", encoding, "TEXT", text, "FILE", file).Replace(`--b
Content-Transfer-Encoding: ENCODING

TEXT
--b
Content-Type: application/pdf; name=scan.pdf
Content-Transfer-Encoding: base64

FILE
--b--
`))
}

// Mails that differ only in their files are different facts. Each is known by the former id, which was that of the text.
func TestFactIDsOfMailsWithFiles(t *testing.T) {
	t.Parallel()
	one, former := FactAndFormer(newScan("7bit", "A scan.", "JVBERi0xLjQgaW52b2ljZSAx"))
	if other := Fact(newScan("7bit", "A scan.", "JVBERi0xLjQgaW52b2ljZSAy")); other == one {
		t.Errorf("mails with different files have the same id %s", one)
	}
	if again := Fact(newScan("base64", "QSBzY2FuLg==", "JVBERi0xLjQg\naW52b2ljZSAx")); again != one {
		t.Errorf("the same mail in another encoding: got %s, want %s", again, one)
	}
	text, ofText := FactAndFormer(newMail("scan@copier", "7bit", "A scan."))
	if former != text || ofText != "" {
		t.Errorf("former ids: got %s with a file and %q without, want %s and none", former, ofText, text)
	}
}

// textPart returns a part of a mail with this text, which declares this charset.
func textPart(text []byte, charset string) *rawmail.Part {
	return &rawmail.Part{
		Header: rawmail.Header{Guess: rawmail.NewGuesser()},
		Type:   "text/plain",
		Body:   text,
		Params: map[string]string{"charset": charset},
	}
}

// hashQuickly hashes a text as Fact does.
func hashQuickly(text []byte, charset string) []byte {
	hash := sha256.New()
	(&spacelessHash{to: hash}).writeTexts(textPart(text, charset))
	return hash.Sum(nil)
}

// hashPlainly hashes a text as the stored ids were made: decoded and cleaned, and then without blanks.
func hashPlainly(text []byte, charset string) []byte {
	decoded := rawmail.ToUTF8(text, charset, rawmail.NewGuesser())
	withoutBlanks := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, decoded)
	hash := sha256.Sum256([]byte("\n" + withoutBlanks))
	return hash[:]
}

// The quick way to hash a text must give the ids that were stored before it existed.
func FuzzBlankless(f *testing.F) {
	texts := []string{
		"",
		"a b\r\nc",
		"\xef\xbb\xbfa",
		"\xff\xfea\x00",
		"a\u2028\u00a0\u202eb\x7f\x1b\x0b",
		"\x1b$B$\"\x1b(B",
		"+AGE-b",
		"\xe9t\xe9",
		strings.Repeat("é \u3000", 5000),
	}
	charsets := []string{
		"", "utf-8", "us-ascii", "iso-8859-1", "iso-2022-jp", "utf-7", "gb2312", "utf-16", `"UTF-8"; x`, "charset=utf-8", "klingon", "cp932",
	}

	for _, text := range texts {
		for _, charset := range charsets {
			f.Add([]byte(text), charset)
		}
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text []byte, charset string) {
		budget.CheckRepeated(t, m, text, func(b []byte) { hashQuickly(b, charset) })
		if string(hashQuickly(text, charset)) != string(hashPlainly(text, charset)) {
			t.Errorf("%q as %q is another fact than it was", text, charset)
		}
	})
}
