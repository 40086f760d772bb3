package message

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/channels/golden"
)

// mailToken matches a place for an id of ours in a sample mail. {{m:12.34}} is the id of a message, {{a:12}} an anchor by
// an older key, {{p:12}} the tag of a plus address, and {{f:12.34}} a forgery.
var mailToken = regexp.MustCompile(`\{\{([mapf]):(\d+)(?:\.(\d+))?\}\}`)

// sampleMail reads a sample mail and puts real tokens into it.
func sampleMail(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	noError(t, err)
	return mailToken.ReplaceAllFunc(raw, func(b []byte) []byte {
		m := mailToken.FindSubmatch(b)
		conversation, _ := strconv.ParseInt(string(m[2]), 10, 64)
		message, _ := strconv.ParseInt(string(m[3]), 10, 64) // 0 if it names none
		switch string(m[1]) {
		case "m":
			return []byte(messageID(conversation, message))
		case "a":
			return []byte(Anchor(decodeKeys[1], conversation, "acme.test"))
		case "p":
			tag, _, _ := strings.Cut(anchorID(conversation), "@")
			return []byte(tag)
		default:
			return []byte(Message([]byte("somebody else's key"), conversation, message, "acme.test"))
		}
	})
}

// The golden file beside each sample mail has all that people and the engine get from it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mail/*.eml")
	noError(t, err)
	if len(files) == 0 {
		t.Fatal("there are no sample mails in testdata/mail")
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
