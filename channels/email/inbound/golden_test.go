package inbound

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/channels/email/mailid"
	"parley/channels/golden"
)

// mailToken stands for an id of ours in a sample mail: {{m:12.34}} a message,
// {{a:12}} an anchor, {{p:12}} the tag of a plus address, {{f:12.34}} a forgery.
var mailToken = regexp.MustCompile(`\{\{([mapf]):(\d+)(?:\.(\d+))?\}\}`)

// sampleMail reads a sample mail and puts real tokens into it.
func sampleMail(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return mailToken.ReplaceAllFunc(raw, func(b []byte) []byte {
		m := mailToken.FindSubmatch(b)
		conv, _ := strconv.ParseInt(string(m[2]), 10, 64)
		msg, _ := strconv.ParseInt(string(m[3]), 10, 64)
		switch string(m[1]) {
		case "m":
			return []byte(mailid.Message(decodeKeys[0], conv, msg, "acme.test"))
		case "a":
			return []byte(mailid.Anchor(decodeKeys[1], conv, "acme.test"))
		case "p":
			tag, _, _ := strings.Cut(mailid.Anchor(decodeKeys[0], conv, "acme.test"), "@")
			return []byte(tag)
		}
		return []byte(mailid.Message([]byte("somebody else's key"), conv, msg, "acme.test"))
	})
}

// TestGolden decodes each sample mail; what people and the engine see of it is in
// the golden file beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample mails: %v", err)
	}
	d := newTestDecoder()
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".eml"), func(t *testing.T) {
			t.Parallel()
			e, raw := SplitPayload(sampleMail(t, path))
			var out strings.Builder
			ins := d.decodeMail(e, raw)
			for i, in := range ins {
				if i > 0 {
					out.WriteString("\n===== next\n")
				}
				out.WriteString(describe(in))
			}
			if problem := unreadable(ins); problem != "" {
				t.Error(problem)
			}
			golden.Text(t, strings.TrimSuffix(path, ".eml")+".golden", out.String())
		})
	}
}
