package rawmail

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"parley/channels/budget"
)

// A text is read in the charset that it declares, or in the likeliest one if that can't be.
func TestCharsets(t *testing.T) {
	t.Parallel()
	encode := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tests := []struct{ declared, bytes, want string }{
		{"utf-8", "Größe", "Größe"},
		{"UTF-8", "\xef\xbb\xbfmark", "mark"},
		{"", "Größe", "Größe"},
		{"us-ascii", "Größe", "Größe"},
		{"iso-8859-1", encode(charmap.Windows1252, "50 € “so”"), "50 € “so”"},
		{"iso-8859-1", "Größe", "Größe"},
		{"iso-8859-15", encode(charmap.ISO8859_15, "50 €"), "50 €"},
		{"windows-1251", encode(charmap.Windows1251, "Привет, мир"), "Привет, мир"},
		{"cp1252", encode(charmap.Windows1252, "€"), "€"},
		{"koi8-r", encode(charmap.KOI8R, "Привет"), "Привет"},
		{"cp850", encode(charmap.CodePage850, "Größe"), "Größe"},
		{"ISO-2022-JP", encode(japanese.ISO2022JP, "注文"), "注文"},
		{"", encode(japanese.ISO2022JP, "注文"), "注文"},
		{"shift_jis", encode(japanese.ShiftJIS, "注文"), "注文"},
		{"cp932", encode(japanese.ShiftJIS, "注文"), "注文"},
		{"euc-jp", encode(japanese.EUCJP, "注文"), "注文"},
		{"gb2312", encode(simplifiedchinese.GB18030, "订单㐀"), "订单㐀"},
		{"big5", encode(traditionalchinese.Big5, "訂單"), "訂單"},
		{"ks_c_5601-1987", encode(korean.EUCKR, "주문"), "주문"},
		{"iso-2022-kr", "\x1b$)CLamp: \x0eAV9.\x0f!\n\x0eAV9.\n1", "Lamp: 주문!\n주문\n1"},
		{"csISO2022KR", "\x1b$)C\x0eAV9.\x0f", "주문"},
		{"", "\x1b$)C\x0eAV9.\x0f", "주문"},
		{"hz-gb-2312", encode(simplifiedchinese.HZGB2312, "订单 1"), "订单 1"},
		{"HZ", encode(simplifiedchinese.HZGB2312, "订单 1"), "订单 1"},
		{"cp50220", encode(japanese.ISO2022JP, "注文"), "注文"},
		// Charsets that browsers don't read for their users' safety, and that we can't decode: what is ASCII is shown.
		{"iso-2022-cn", "Order 4711 \x1b$)A\x0e6)5%\x0f", "Order 4711 $)A6)5%"},
		{"replacement", "Order 4711", "Order 4711"},
		{"utf-16", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "注文"), "注文"},
		{"utf-7", "Gr+APYA3w-e 1 +- 1", "Größe 1 + 1"},
		{"", `<html><head><meta charset="windows-1251"></head>` + encode(charmap.Windows1251, "Да"), `<html><head><meta charset="windows-1251"></head>Да`},
		{"klingon", encode(charmap.Windows1252, "Größe"), "Größe"},
		{`"charset=utf-8"`, "ok", "ok"},
		{"utf-8", "a\x00b\x1bc\r\nd\re", "abc\nd\ne"},
		{"utf-8", "exe\u202egpj\ufeff", "exegpj"},
		// Text that somebody cut in the middle of a character, or that has one byte of another charset.
		{"utf-8", "Größe, Länge und Tür\xc3", "Größe, Länge und Tür\uFFFD"},
		{"utf-8", "Юникод запрещен\xf1", "Юникод запрещен\uFFFD"},
		{"", "Картинка с очень длинным именем\xd1", "Картинка с очень длинным именем\uFFFD"},
		{"utf-8", encode(charmap.Windows1252, "Größe, Länge und Tür"), "Größe, Länge und Tür"},
	}
	for _, tt := range tests {
		if got := ToUTF8([]byte(tt.bytes), tt.declared, NewGuesser()); got != tt.want {
			t.Errorf("%q declared as %q = %q, want %q", tt.bytes, tt.declared, got, tt.want)
		}
	}
	russian := encode(charmap.Windows1251, "Здравствуйте, где мой заказ номер пятнадцать? Спасибо за ответ, жду.")
	if got := ToUTF8([]byte(russian), "", NewGuesser()); !strings.Contains(got, "заказ") {
		t.Errorf("undeclared Russian = %q, want the word for order in it", got)
	}
}

// A mail that is read again is the same mail: an address in bytes of no declared
// charset is spelt one way, also where two charsets are equally likely.
func TestUndeclaredBytesAreReadOneWay(t *testing.T) {
	t.Parallel()
	raw := []byte("Ann Lee <ann@custom\xf1r.test>")
	for range 500 {
		if got := ToUTF8(raw, "", NewGuesser()); got != "Ann Lee <ann@customñr.test>" {
			t.Fatalf("the address became %q", got)
		}
	}
}

// A mail of more undeclared texts than are guessed at is read as its first ones were.
func TestUndeclaredTextsBeyondTheBound(t *testing.T) {
	t.Parallel()
	guess := NewGuesser()
	russian, err := charmap.Windows1251.NewEncoder().Bytes([]byte("Здравствуйте, где мой заказ номер пятнадцать? Спасибо за ответ, жду."))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * maxGuesses {
		if got := ToUTF8(russian, "", guess); !strings.Contains(got, "заказ") {
			t.Fatalf("text %d = %q, want the word for order in it", n, got)
		}
	}
}

// Encoded words of a header become one line of text.
func TestHeaderWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"=?utf-8?Q?Gr=C3=B6=C3=9Fe_x?=", "Größe x"},
		{"=?UTF-8?B?R3LDtsOfZQ==?= und =?iso-8859-1*de?q?mehr?=", "Größe und mehr"},
		{"=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab"},
		{"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "ä"},
		{"=?utf-8?q?with blank?=", "with blank"},
		{"=?utf-8?q?what??=", "what?"},
		{"=?broken", "=?broken"},
		{"Gr\xf6\xdfe", "Größe"},
		{"a\r\n b\t\tc", "a b c"},
		{"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := DecodeHeader(tt.in, NewGuesser()); got != tt.want {
			t.Errorf("DecodeHeader(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Bodies are decoded by what their encoding says, as far as they keep to it.
func TestTransferEncodings(t *testing.T) {
	t.Parallel()
	tests := []struct{ encoding, in, want string }{
		{"base64", "aGVsbG8=\r\nd29ybGQ=", "helloworld"},
		{" Base64 ; x", "aGVs bG8", "hello"},
		{"base64", "aGVs*bG8=\n-- list footer", "hello"},
		{"quoted-printable", "a=3Db=\r\nc =\n=C3=A4 = =zz", "a=bc ä = =zz"},
		{"quoted printable", "a=3Db", "a=3Db"},
		{"x-uuencode", "begin 644 a.txt\n%:&5L;&\\\n`\nend\n", "hello"},
		{"x-uuencode", "no file", "no file"},
		{"7bit", "a=3D", "a=3D"},
		{"", "a", "a"},
	}
	for _, tt := range tests {
		if got := string(decodeTransfer([]byte(tt.in), tt.encoding)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q in %q = %q, want it to begin with %q", tt.in, tt.encoding, got, tt.want)
		}
	}
}

// TestFooterBelowBase64: a list or a virus scanner wrote plain text below a body in base64. It is read as it
// stands: decoded, it would be bytes of no charset, and spoil the umlauts of the whole text.
func TestFooterBelowBase64(t *testing.T) {
	t.Parallel()
	const plain, padded = "R3LDvMOfZSBhdXMgS8O2bG4h", "R3LDvMOfZSBhdXMgS8O2bG4uCg=="
	long := strings.Repeat("QUJD", 19) + "\n"
	tests := []struct{ in, want string }{
		{padded + "\n-- list footer\nJohn\n", "Grüße aus Köln.\n-- list footer\nJohn\n"},
		{plain + "\r\n\r\n_______________\r\nThe list\r\nhttp://lists.test/x\r\n", "Grüße aus Köln!\n_______________\r\nThe list\r\nhttp://lists.test/x\r\n"},
		{plain + "\n" + padded + "\n", "Grüße aus Köln!Grüße aus Köln.\n"},
		{padded + "\n\n", "Grüße aus Köln.\n"},
		{long + "QUJD*\n" + long, strings.Repeat("ABC", 39)}, // a damaged line in the middle of a file
		{"Just words, not in base64 at all.", string(DecodeBase64([]byte("Just words, not in base64 at all.")))},
	}
	for _, tt := range tests {
		if got := string(decodeTransfer([]byte(tt.in), "base64")); got != tt.want {
			t.Errorf("%q = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// The lines of a flowed text are joined where they end with a blank, which goes with delsp=yes (RFC 3676).
func TestFlowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		delsp    bool
	}{
		{in: "one \ntwo\nthree", want: "one two\nthree"},
		{in: "one \ntwo", want: "onetwo", delsp: true},
		{in: "> a \n> b\n>> c \n>> d\ne", want: "> a b\n>> c d\ne"},
		{in: "a \n> b", want: "a \n> b"},
		{in: "x\n-- \nsig", want: "x\n-- \nsig"},
		{in: " > stuffed\n From x", want: "> stuffed\nFrom x"},
		{in: "", want: ""},
	}
	for _, tt := range tests {
		if got := Unflow(tt.in, tt.delsp); got != tt.want {
			t.Errorf("Unflow(%q, %v) = %q, want %q", tt.in, tt.delsp, got, tt.want)
		}
	}
}

// FuzzTransfer: what an encoder of the standard library wrote comes back whole, and
// nothing else makes decoding fail.
func FuzzTransfer(f *testing.F) {
	f.Add([]byte("hello\r\nworld"), "base64")
	f.Add([]byte("begin 644 a\n%:&5L;&\\\nend"), "x-uuencode")
	for _, s := range append(budget.Seeds(), "begin 644 a\n#86)C\n", "+AGE", "\x1b$B$\"", "\x81\x30") {
		for _, encoding := range []string{"base64", "quoted-printable", "uuencode", "utf-7", "iso-2022-jp", "gb18030"} {
			f.Add([]byte(s), encoding)
		}
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, b []byte, encoding string) {
		budget.CheckRepeated(t, m, b, func(b []byte) { decodeTransfer(b, encoding) })
		budget.CheckRepeated(t, m, b, func(b []byte) { ToUTF8(b, encoding, NewGuesser()) })
		budget.CheckRepeated(t, m, string(b), func(s string) { Unflow(s, len(encoding)%2 == 0) })
		if got := DecodeBase64([]byte(base64.StdEncoding.EncodeToString(b))); !bytes.Equal(got, b) {
			t.Fatalf("base64 of %q = %q", b, got)
		}
		var out bytes.Buffer
		w := quotedprintable.NewWriter(&out)
		w.Binary = true
		if _, err := w.Write(b); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		if got := decodeQuotedPrintable(out.Bytes()); !bytes.Equal(got, b) {
			t.Fatalf("quoted-printable of %q = %q", b, got)
		}
		if s := ToUTF8(b, encoding, NewGuesser()); !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
			t.Fatalf("%q of %q = %q", encoding, b, s)
		}
	})
}
