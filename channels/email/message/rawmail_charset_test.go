package message

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

	"parley/channels/golden"
)

// encode writes a text in a charset.
func encode(t *testing.T, e encoding.Encoding, text string) string {
	t.Helper()
	encoded, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// charsetTest says as what a text should be read.
type charsetTest struct {
	declared string // charset; "" means that none is declared
	raw      string
	want     string
}

func checkCharsets(t *testing.T, tests []charsetTest) {
	t.Helper()
	for _, tt := range tests {
		if got := ToUTF8([]byte(tt.raw), tt.declared, NewGuesser()); got != tt.want {
			t.Errorf("ToUTF8(%q, %q) = %q, want %q", tt.raw, tt.declared, got, tt.want)
		}
	}
}

// A text is read in the charset that it declares, by any of the charset's names.
func TestDeclaredCharsets(t *testing.T) {
	t.Parallel()
	checkCharsets(t, []charsetTest{
		{declared: "utf-8", raw: "Größe", want: "Größe"},
		{declared: "UTF-8", raw: "\xef\xbb\xbfmark", want: "mark"},
		{declared: `"charset=utf-8"`, raw: "ok", want: "ok"},
		{declared: "utf-7", raw: "Gr+APYA3w-e 1 +- 1", want: "Größe 1 + 1"},
		{declared: "utf-16", raw: encode(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "注文"), want: "注文"},

		{declared: "iso-8859-15", raw: encode(t, charmap.ISO8859_15, "50 €"), want: "50 €"},
		{declared: "windows-1251", raw: encode(t, charmap.Windows1251, "Привет, мир"), want: "Привет, мир"},
		{declared: "cp1252", raw: encode(t, charmap.Windows1252, "€"), want: "€"},
		{declared: "koi8-r", raw: encode(t, charmap.KOI8R, "Привет"), want: "Привет"},
		{declared: "cp850", raw: encode(t, charmap.CodePage850, "Größe"), want: "Größe"},

		{declared: "ISO-2022-JP", raw: encode(t, japanese.ISO2022JP, "注文"), want: "注文"},
		{declared: "cp50220", raw: encode(t, japanese.ISO2022JP, "注文"), want: "注文"},
		{declared: "shift_jis", raw: encode(t, japanese.ShiftJIS, "注文"), want: "注文"},
		{declared: "cp932", raw: encode(t, japanese.ShiftJIS, "注文"), want: "注文"},
		{declared: "windows-31j", raw: encode(t, japanese.ShiftJIS, "ﾂｩ"), want: "ﾂｩ"}, // valid UTF-8 by accident
		{declared: "cp950", raw: encode(t, traditionalchinese.Big5, "帳單"), want: "帳單"},
		{declared: "euc-jp", raw: encode(t, japanese.EUCJP, "注文"), want: "注文"},

		{declared: "gb2312", raw: encode(t, simplifiedchinese.GB18030, "订单㐀"), want: "订单㐀"},
		{declared: "hz-gb-2312", raw: encode(t, simplifiedchinese.HZGB2312, "订单 1"), want: "订单 1"},
		{declared: "HZ", raw: encode(t, simplifiedchinese.HZGB2312, "订单 1"), want: "订单 1"},
		{declared: "big5", raw: encode(t, traditionalchinese.Big5, "訂單"), want: "訂單"},

		{declared: "ks_c_5601-1987", raw: encode(t, korean.EUCKR, "주문"), want: "주문"},
		{declared: "iso-2022-kr", raw: "\x1b$)CLamp: \x0eAV9.\x0f!\n\x0eAV9.\n1", want: "Lamp: 주문!\n주문\n1"},
		{declared: "csISO2022KR", raw: "\x1b$)C\x0eAV9.\x0f", want: "주문"},
	})
}

// A text that declares no charset, a wrong one or an unknown one is read in the likeliest one.
func TestUndeclaredAndWrongCharsets(t *testing.T) {
	t.Parallel()
	const russianPage = `<html><head><meta charset="windows-1251"></head>`
	checkCharsets(t, []charsetTest{
		{declared: "", raw: "Größe", want: "Größe"},
		{declared: "", raw: encode(t, japanese.ISO2022JP, "注文"), want: "注文"},
		{declared: "", raw: "\x1b$)C\x0eAV9.\x0f", want: "주문"},
		{declared: "", raw: russianPage + encode(t, charmap.Windows1251, "Да"), want: russianPage + "Да"},

		{declared: "us-ascii", raw: "Größe", want: "Größe"},
		{declared: "iso-8859-1", raw: "Größe", want: "Größe"},
		{declared: "iso-8859-1", raw: encode(t, charmap.Windows1252, "50 € “so”"), want: "50 € “so”"}, // as browsers read it
		{declared: "utf-8", raw: encode(t, charmap.Windows1252, "Größe, Länge und Tür"), want: "Größe, Länge und Tür"},

		{declared: "klingon", raw: encode(t, charmap.Windows1252, "Größe"), want: "Größe"},
	})
}

// A text in a charset that isn't known says so, and one that is read all the same doesn't.
func TestUnreadCharset(t *testing.T) {
	t.Parallel()
	tests := []struct {
		charset, text string
		want          bool
	}{
		{charset: "utf-7", text: "Gr+APY-n"},
		{charset: "utf-7", text: "a +!", want: true},
		{charset: "iso-2022-cn", text: "\x1b$)A\x0e=;;;\x0f", want: true},
		{charset: "utf-32", text: "\x00\x00\x00a", want: true},
		{charset: "klingon", text: "Gr\xf6\xdfe", want: true},
		{charset: "klingon", text: "Größe"},
		{charset: "x-unknown", text: "Gr\xf6\xdfe"},
		{charset: "utf-8", text: "Gr\xf6\xdfe"},
		{text: "Gr\xf6\xdfe"},
	}
	for _, tt := range tests {
		in := decodeOne(t, "From: a@b.test\r\nContent-Type: text/plain; charset="+tt.charset+"\r\n\r\n"+tt.text)
		got := strings.Contains(strings.Join(in.Notices, ""), "charset that cannot be read") && in.Attachments[0].Name == "original.eml"
		if got != tt.want {
			t.Errorf("a text %q in %q: got the notices %q and %d files, want a notice: %v", tt.text, tt.charset, in.Notices, len(in.Attachments), tt.want)
		}
	}
}

// Control characters, and characters that turn or hide text, are dropped.
func TestControlsAreDropped(t *testing.T) {
	t.Parallel()
	checkCharsets(t, []charsetTest{
		{declared: "utf-8", raw: "a\x00b\x1bc\r\nd\re", want: "abc\nd\ne"},
		{declared: "utf-8", raw: "exe\u202egpj\ufeff", want: "exegpj"},
	})
}

// DecodeHeader turns the encoded words of a header into one line of text.
func TestHeaderWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{in: "plain", want: "plain"},
		{in: "=?utf-8?Q?Gr=C3=B6=C3=9Fe_x?=", want: "Größe x"},
		{in: "=?UTF-8?B?R3LDtsOfZQ==?= und =?iso-8859-1*de?q?mehr?=", want: "Größe und mehr"},
		{in: "=?utf-8?Q?a?=  =?utf-8?Q?b?=", want: "ab"},
		{in: "=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", want: "ä"},
		{in: "=?utf-8?q?with blank?=", want: "with blank"},
		{in: "=?utf-8?q?what??=", want: "what?"},
		{in: "=?broken", want: "=?broken"},
		{in: "Gr\xf6\xdfe", want: "Größe"},
		{in: "a\r\n b\t\tc", want: "a b c"},
		{in: "=?utf-8?Q?a=0D=0ABcc:_x?=", want: "a Bcc: x"},
		{in: "", want: ""},
	}

	for _, tt := range tests {
		if got := DecodeHeader(tt.in, NewGuesser()); got != tt.want {
			t.Errorf("DecodeHeader(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A body is decoded as its encoding says, up to the point where it doesn't follow that encoding.
func TestTransferEncodings(t *testing.T) {
	t.Parallel()
	tests := []struct{ encoding, in, want string }{
		{encoding: "base64", in: "aGVsbG8=\r\nd29ybGQ=", want: "helloworld"},
		{encoding: " Base64 ; x", in: "aGVs bG8", want: "hello"},
		{encoding: "base64", in: "aGVs*bG8=\n-- list footer", want: "hello"},
		{encoding: "quoted-printable", in: "a=3Db=\r\nc =\n=C3=A4 = =zz", want: "a=bc ä = =zz"},
		{encoding: "quoted printable", in: "a=3Db", want: "a=3Db"},
		{encoding: "x-uuencode", in: "begin 644 a.txt\n%:&5L;&\\\n`\nend\n", want: "hello"},
		{encoding: "UUENCODE", in: "\r\nbegin 0644 a b\r\n%:&5L;&\\\r\n`\r\nend\r\n", want: "hello"},
		{encoding: "uuencode", in: "above\nbegin 644 a\n%:&5L;&\\\n`\nend\n", want: "above\nbegin 644 a\n%"},
		{encoding: "x-uue", in: "begin 644 a\n%:&5L;&\\", want: "hello"},
		{encoding: "x-uuencode", in: "begin 644 a\n%:&5L;&\\\n`\nend\n\n-- \nlist\n", want: "hello-- \nlist"},
		{encoding: "x-uuencode", in: "no file", want: "no file"},
		{encoding: "x-uuencode", in: "begin 644 a.txt", want: "begin 644 a.txt"},
		{encoding: "7bit", in: "a=3D", want: "a=3D"},
		{encoding: "", in: "a", want: "a"},
	}
	for _, tt := range tests {
		if got := string(decodeTransfer([]byte(tt.in), tt.encoding)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("decodeTransfer(%q, %q) = %q, want it to begin with %q", tt.in, tt.encoding, got, tt.want)
		}
	}
}

// A line of a flowed text that ends with a blank is joined with the next one. With delsp=yes the blank is removed (RFC
// 3676).
func TestFlowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		delsp bool
		want  string
	}{
		{in: "one \ntwo\nthree", want: "one two\nthree"},
		{in: "one \ntwo", delsp: true, want: "onetwo"},
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

// A text that the standard library has encoded is decoded without loss, and no other input makes decoding fail.
func FuzzTransfer(f *testing.F) {
	f.Add([]byte("hello\r\nworld"), "base64")
	for _, s := range append(golden.Seeds(), "begin 644 a\n#86)C\n", "+AGE", "\x1b$B$\"", "\x81\x30") {
		for _, encoding := range []string{"base64", "quoted-printable", "uuencode", "utf-7", "iso-2022-jp", "gb18030"} {
			f.Add([]byte(s), encoding)
		}
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, b []byte, encoding string) {
		golden.CheckRepeated(t, m, b, func(b []byte) { decodeTransfer(b, encoding) })
		golden.CheckRepeated(t, m, b, func(b []byte) { ToUTF8(b, encoding, NewGuesser()) })
		golden.CheckRepeated(t, m, string(b), func(s string) { Unflow(s, len(encoding)%2 == 0) })

		if got := DecodeBase64([]byte(base64.StdEncoding.EncodeToString(b))); !bytes.Equal(got, b) {
			t.Fatalf("base64 of %q: got %q back", b, got)
		}

		var out bytes.Buffer
		w := quotedprintable.NewWriter(&out)
		w.Binary = true
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := decodeQuotedPrintable(out.Bytes()); !bytes.Equal(got, b) {
			t.Fatalf("quoted-printable of %q: got %q back", b, got)
		}

		if s := ToUTF8(b, encoding, NewGuesser()); !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
			t.Fatalf("ToUTF8(%q, %q) = %q, want valid UTF-8 without controls", b, encoding, s)
		}
	})
}
