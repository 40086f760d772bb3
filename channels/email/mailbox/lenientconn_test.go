package mailbox

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// readerConn is a connection that only reads.
type readerConn struct {
	net.Conn
	io.Reader
}

func (c readerConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// Responses that the library doesn't know are left out with their literals, all else passes as it came.
func TestUnknownResponsesAreLeftOut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name, left, out string // what is left, and behind it what is left out
	}{
		{name: "known ones", left: "* ok hi\r\n+ go on\r\n* 1 Fetch (UID 1)\r\n* SEARCH\r\nT1 OK done\r\n"},
		{name: "unknown ones", out: "* XSTATS 1 2\r\n* 5 XCOUNT\r\n* LSUB () NIL x\r\n*\r\n* 7\r\n\r\n"},
		{
			name: "flags alone",
			out: "* FLAGS ([x] \\Seen)\r\n* OK [PERMANENTFLAGS ([x])] ok\r\n* 1 FETCH (FLAGS ([x]))\r\n" +
				"* 1 FETCH (UID 5 MODSEQ (7) FLAGS (\\Seen [x]))\r\n* 2 Fetch (FLAGS () UID 6 MODSEQ (8))\r\n* FLAGS (" + long + ")\r\n",
		},
		{
			name: "flags beside something else",
			left: "* OK [UIDNEXT 5] FLAGS\r\n* 1 FETCH (FLAGS (a) UID 1 RFC822.SIZE 5)\r\n* 1 FETCH (FLAGS () BODY[] {2}\r\n*\n)\r\n",
		},
		{
			name: "folders",
			left: "* LIST () NIL R&-D\r\n* LIST () \"/\" \"Entw&APw-rfe &2D3cBA-\"\r\n* LIST () NIL \"Entwürfe\"\r\n* STATUS R&D (UIDNEXT 1)\r\n",
			out: "* LIST () NIL R&D\r\n* list () NIL \"R & D\"\r\n* LIST () NIL Entw&APw\r\n* LIST () NIL Entw\xfcrfe\r\n* LIST () NIL &AEE-\r\n" +
				"* LIST () NIL &APw-&APw-\r\n* LIST () NIL &A-\r\n* LIST () NIL &AA-\r\n* LIST () NIL &2D0-\r\n* LIST () NIL &!-\r\n" +
				"* LIST () NIL \"a\tb\"\r\n* LIST () NIL &BBAEMQQyACYEMwQ0BDU-\r\n",
		},
		{name: "an unknown one with literals", out: "* X {4}\r\n\r\n* {0}\r\n {3}\r\nabc)\r\n"},
		{name: "a mail that reads like unknown ones", left: "* 1 FETCH (BODY[] {19}\r\n* X 1\r\n\r\n* 5\r\n* Y\r\n UID 1)\r\n"},
		{name: "long lines", left: "* SEARCH " + long + "\r\n", out: "* X " + long + "\r\n"},
		{name: "a long literal", left: "* 1 FETCH (BODY[] {5000}\r\n" + long + ")\r\n", out: "* X {5000}\r\n" + long + "\r\n"},
		{name: "an announcement where the buffer ends", left: "* 1 FETCH (" + long[:4080] + " {5}\r\n* X\r\n)\r\n"},
	}
	for _, tt := range tests {
		sent := tt.left + tt.out + "T2 OK\r\n"
		for _, r := range []io.Reader{strings.NewReader(sent), iotest.OneByteReader(strings.NewReader(sent))} {
			got, err := io.ReadAll(newLenientConn(readerConn{Reader: r}))
			if want := tt.left + "T2 OK\r\n"; err != nil || string(got) != want {
				t.Errorf("%s: got %q and error %v, want %q", tt.name, got, err, want)
			}
		}
	}
}
